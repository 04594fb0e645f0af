#![forbid(unsafe_code)]
// `!(x > 0.0)` is meant: a NaN must fail the check, too.
#![allow(clippy::neg_cmp_op_on_partial_ord)]
#![cfg_attr(test, allow(clippy::unwrap_used))]
//! Two-parameter logistic item response theory, estimated by marginal maximum likelihood.
//!
//! ```text
//! P(x_ij = 1 | θ_i) = 1 / (1 + exp(−a_j (θ_i − b_j))),   θ ~ N(0, 1)
//! ```
//!
//! An *item* is answered by a *person* and gives a *response*. a is the item's
//! discrimination in logits per standard deviation of ability (D = 1), b its
//! difficulty in standard deviations of ability; inside, d = −a·b is its
//! intercept. No I/O, no clock, no Postgres, no unseeded randomness, and the
//! same bits on any number of threads.
//!
//! # Where to look
//!
//! | question | module |
//! |---|---|
//! | What goes in, what comes out? | [`Responses`], [`calibrate()`], [`Calibration`], [`IrtError`], [`Monitor`] |
//! | What is the model? | [`two_pl`], [`quadrature`], `resolution`, [`priors`] |
//! | In which form are responses computed with? | [`patterns`] |
//! | What if memory is refused? | [`memory`] |
//! | How is the optimum found? | [`e_step`], `m_step`, `objective`, `newton`, `cholesky`, `quasi_newton`, [`em`] |
//! | How sure is it? | `standard_errors`, `observed_information`, [`bootstrap`] |
//! | What else is said of an item? | `eligibility`, `item_statistics`, `identification` |
//! | Who can do how much, given the parameters? Which item comes next? | [`item_parameters`], [`scoring`] |
//! | How do two calibrations get onto one scale? | [`linking`] |
//! | Where do tests get data? | [`simulate`] |

mod ability;
mod calibrate;
mod data;
mod error;
mod fit;
mod flag;
mod likelihood;
pub mod linking;
pub mod memory;
mod model;
mod monitor;
mod numeric;
mod results;
pub mod scoring;
mod settings;
pub mod simulate;
mod statistics;
mod uncertainty;

pub use ability::population::Population;
pub use ability::quadrature::{MAX_NODES, Quadrature};
pub use calibrate::calibrate;
pub use data::grouped::{GroupedResponses, RepeatedResponses};
pub use data::response::Response;
pub use data::responses::{Pattern, Responses};
pub use data::rows::{NO_TIME, ResponseRows};
pub use error::IrtError;
pub use flag::Flag;
pub use likelihood::by_node::{CountsByNode, counts_by_node};
pub use likelihood::marginal::marginal_log_likelihood;
pub use model::item_parameters::{ItemParameters, MAX_DIFFICULTY, MAX_DISCRIMINATION};
pub use model::priors::Priors;
pub use model::two_pl;
pub use monitor::{Monitor, Phase, Unmonitored};
pub use results::{Calibration, ItemResult, ItemStatus};
pub use settings::{CalibrationSettings, StandardErrors};
pub use uncertainty::bootstrap::ENOUGH_REPLICATES;

/// Names the arithmetic behind the numbers: the same version of the crate and
/// the same kernel give the same bits. The vectorised code keeps one order of
/// operations on every processor, so there is one kernel.
pub const KERNEL: &str = "lanes8-3";
