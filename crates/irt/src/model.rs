//! What an item is: its response model, and what is believed of it beforehand.
//!
//! # Where another model would stand
//! [`response_model::ResponseModel`] is what any model of a correct response is asked for: ln P and
//! ln (1 − P). With that alone the general E-step (`likelihood::by_node`) works, and what follows
//! from its expected counts. The fast E-step (`likelihood::expectation`) wants an exponential
//! family: a 1PL is one (its items share their slope), a 3PL is not, and would be fitted by the
//! counts of the general one. `one_pl` and `three_pl` would stand beside [`two_pl`], each with its
//! own block of parameters ([`crate::numeric::vector::Block`]), priors and M-step of one item.

pub(crate) mod anchors;
pub(crate) mod item_parameters;
pub(crate) mod priors;
pub(crate) mod response_model;
pub mod two_pl;
