//! Responses: from rows as they are read to the distinct patterns that are computed with.
//!
//! | step | what | where |
//! |---|---|---|
//! | 1 | one response in four bytes | `response` |
//! | 2 | rows in any order, or person by person | `rows`, `person_rows` |
//! | 3 | by person, repeats resolved, items in the order of their labels | `grouped`, `labels` |
//! | 3b | the same for scoring, where every person counts by itself | `by_person` |
//! | 4 | distinct patterns in an order that follows from the data alone | `sources`, `canonical_order`, `patterns`, `responses` |
//! | 5 | which population a person belongs to | `groups` |
//! | 6 | whose responses are looked at: all, a sample, a resample | `persons`, `item_totals` |
//! | 7 | which items persons join | `components` |

pub(crate) mod by_person;
pub(crate) mod canonical_order;
pub(crate) mod components;
pub(crate) mod grouped;
pub(crate) mod groups;
pub(crate) mod item_totals;
pub(crate) mod labels;
pub(crate) mod patterns;
pub(crate) mod person_rows;
pub(crate) mod persons;
pub(crate) mod response;
pub(crate) mod responses;
pub(crate) mod rows;
mod sources;
