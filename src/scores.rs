//! Abilities from answers, with parameters that are in force or that the caller has.
//!
//! | module | what it does |
//! |---|---|
//! | [`aggregates`] | irt_eap, irt_map, irt_mle, irt_wle: one person's answers, however the query groups them |
//! | [`arithmetic`] | irt_probability, irt_information; which numbers can be computed with |
//! | [`of_bank`] | irt_score: everybody in a bank |
//! | [`next_items`] | irt_next_items: which item comes next |
//! | [`test_information`] | irt_test_information: how much items tell, and where |
//! | `method` | the names of the methods |

pub mod aggregates;
mod answers;
pub mod arithmetic;
mod items_in_force;
mod method;
pub mod next_items;
pub mod of_bank;
pub mod test_information;
