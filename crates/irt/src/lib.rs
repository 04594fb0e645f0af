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
//! # What one does with it
//!
//! Simulate, calibrate, read the results:
//!
//! ```
//! use irt::simulate::{Simulation, simulate};
//! use irt::{CalibrationSettings, StandardErrors, Unmonitored, calibrate};
//!
//! let design = Simulation { persons: 1000, items: 10, answered: 0.8, seed: 1 };
//! let (responses, truth) = simulate(&design);
//! let settings = CalibrationSettings {
//!     standard_errors: StandardErrors::ObservedInformation,
//!     ..CalibrationSettings::default()
//! };
//! let calibration = calibrate(&responses, &settings, &Unmonitored)?;
//! for (item, truth) in calibration.calibrated().zip(&truth) {
//!     let (b, error) = (item.difficulty.unwrap(), item.se_difficulty.unwrap());
//!     assert!((b - truth.difficulty()).abs() < 4.0 * error, "{} has b = {b}", item.item);
//! }
//! # Ok::<(), irt::IrtError>(())
//! ```
//!
//! Score a response pattern with the items' parameters:
//!
//! ```
//! use irt::scoring::{Answer, ScorePrior, eap};
//! use irt::{ItemParameters, Quadrature};
//!
//! let answers = [(1.0, -0.5, true), (1.4, 0.2, true), (0.8, 1.0, false)].map(|(a, b, correct)| {
//!     Answer { item: ItemParameters::new(a, b), correct }
//! });
//! let score = eap(&answers, ScorePrior::default(), &Quadrature::default())?;
//! assert!(score.standard_error < Some(1.0), "the answers tell something");
//! assert!(score.ability > 0.0, "two of three were correct");
//! # Ok::<(), irt::IrtError>(())
//! ```
//!
//! Link two calibrations by the items that they share:
//!
//! ```
//! use irt::linking::{CommonItem, LinkingMethod, link_scales};
//! use irt::{ItemParameters, Quadrature};
//!
//! let common = [(0.8, -1.0), (1.1, -0.2), (1.0, 0.1), (1.6, 0.9)].map(|(a, b)| {
//!     // The other calibration's persons are .5 better on average.
//!     CommonItem::new(ItemParameters::new(a, b - 0.5), ItemParameters::new(a, b))
//! });
//! let found = link_scales(&common, LinkingMethod::default(), &Quadrature::default())?;
//! assert!((found.link.slope - 1.0).abs() < 1e-9 && (found.link.intercept - 0.5).abs() < 1e-9);
//! # Ok::<(), irt::IrtError>(())
//! ```
//!
//! # Where to look
//!
//! | question | room |
//! |---|---|
//! | What goes in, what comes out? | [`CalibrationSettings`], [`Responses`], [`calibrate()`], [`Calibration`], [`Flag`], [`IrtError`], [`Monitor`] |
//! | In which form are responses computed with? | `data` |
//! | Where is ability looked at, and who is where? | `ability`: [`Quadrature`], [`Population`] |
//! | What is the model, what the priors? Where would another model stand? | `model`: [`two_pl`], [`Priors`], [`ItemParameters`] |
//! | How likely are the responses, which way is up, how does it curve? | `likelihood`: E-step, objective, observed information |
//! | How is the optimum found? | `fit` |
//! | How sure is it? | `uncertainty`: standard errors, bootstrap |
//! | What else is said of an item? Does the model fit? | [`statistics`] |
//! | Who can do how much, given the parameters? Which item comes next? | [`scoring`] |
//! | How do two calibrations get onto one scale? | [`linking`] |
//! | What has nothing to do with items? | `numeric`; [`memory`] that may be refused |
//! | Where do tests get data? | [`simulate`] |
//!
//! Imports point one way: `numeric` ← `data`, `ability`, `model` ← `likelihood` ← `fit` ←
//! `uncertainty` ← `calibrate`; `scoring`, `linking` and `statistics` never import from `fit`.

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
pub mod statistics;
mod uncertainty;

pub use ability::population::Population;
pub use ability::quadrature::{MAX_NODES, Quadrature};
pub use calibrate::calibrate;
pub use data::by_person::ResponsesByPerson;
pub use data::grouped::{GroupedResponses, RepeatedResponses};
pub use data::groups::{MAX_GROUPS, PersonGroups, ResponseGroup};
pub use data::person_rows::PersonRows;
pub use data::response::Response;
pub use data::responses::{Pattern, Responses};
pub use data::rows::{NO_TIME, ResponseRows};
pub use error::IrtError;
pub use flag::Flag;
pub use likelihood::by_node::{CountsByNode, counts_by_node};
pub use likelihood::marginal::marginal_log_likelihood;
pub use model::anchors::Anchors;
pub use model::item_parameters::{ItemParameters, MAX_DIFFICULTY, MAX_DISCRIMINATION};
pub use model::priors::Priors;
pub use model::two_pl;
pub use monitor::{Monitor, Phase, Unmonitored};
pub use results::{Calibration, GroupResult, ItemCovariance, ItemResult, ItemStatus};
pub use settings::{CalibrationSettings, StandardErrors};
pub use uncertainty::bootstrap::ENOUGH_REPLICATES;

/// Names the arithmetic behind the numbers: the same version of the crate and
/// the same kernel give the same bits. The vectorised code keeps one order of
/// operations on every processor, so there is one kernel.
pub const KERNEL: &str = "lanes8-3";
