//! Two calibrations on one scale.
//!
//! Every calibration defines origin and unit of ability by whoever answered.
//! Items that two of them share tell how the scales are related:
//!
//! ```text
//! θ' = A·θ + B,   b' = A·b + B,   a' = a / A,   A > 0
//! ```
//!
//! | question | where |
//! |---|---|
//! | What goes in? | [`CommonItem`], [`ItemErrors`], [`JointCovariance`] |
//! | What comes out? | [`Link`], [`LinkErrors`], [`LinkedScales`] |
//! | How is it found? | [`stocking_lord()`], [`haebara()`], [`mean_sigma()`], by name [`LinkingMethod`] |
//! | Which items changed between the two? | [`find_drift`], [`curve_distance()`] |
//! | May the link be trusted? | [`check_units`], [`check_difficulties`] |
//! | All of it at once? | [`link_scales`] |
//!
//! The scale that is linked is called *from*, the one in force *onto*.
//!
//! ```
//! use irt::linking::{CommonItem, LinkingMethod, link_scales};
//! use irt::{ItemParameters, Quadrature};
//!
//! // The same five items, calibrated in a population .5 higher and 1.2 times as wide.
//! let onto = [(0.8, -1.0), (1.1, -0.2), (1.0, 0.1), (1.6, 0.9), (1.2, 1.6)];
//! let common = onto.map(|(a, b)| {
//!     let from = ItemParameters::new(1.2 * a, (b - 0.5) / 1.2);
//!     CommonItem::new(from, ItemParameters::new(a, b))
//! });
//! let found = link_scales(&common, LinkingMethod::StockingLord, &Quadrature::default())?;
//! assert!((found.link.slope - 1.2).abs() < 1e-12);
//! assert!((found.link.intercept - 0.5).abs() < 1e-12);
//! let item = found.link.item(common[3].from);
//! assert!((item.difficulty - 0.9).abs() < 1e-12 && (item.discrimination - 1.6).abs() < 1e-12);
//! # Ok::<(), irt::IrtError>(())
//! ```

mod characteristic_curves;
mod checks;
mod common_item;
mod covariance;
mod curve_distance;
mod drift;
mod haebara;
mod link;
mod linked;
mod mean_sigma;
mod method;
mod minimum;
mod moments;
mod robust_z;
mod scales;
mod standard_errors;
mod stocking_lord;
mod weighted_nodes;

pub use checks::{LARGEST_FACTOR, LEAST_COMMON_ITEMS, check_difficulties, check_units};
pub use common_item::{CommonItem, ItemErrors};
pub use covariance::JointCovariance;
pub use curve_distance::curve_distance;
pub use drift::{DRIFT_DISTANCE, DRIFT_Z, DriftedLink, LEAST_ITEMS_FOR_DRIFT, find_drift};
pub use haebara::haebara;
pub use link::Link;
pub use mean_sigma::mean_sigma;
pub use method::LinkingMethod;
pub use scales::{LinkedScales, link_scales};
pub use standard_errors::{LinkErrors, link_errors};
pub use stocking_lord::stocking_lord;
