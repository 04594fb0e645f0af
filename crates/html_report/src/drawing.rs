//! Pictures in SVG, by hand: axes with round numbers, points, lines, bars, an item's curve.
//!
//! Lengths are the picture's own units: it is [`plot::WIDTH`] wide, and as wide as its column on the
//! page. Colours and letters are the page's (assets/page.css).

mod axis;
mod curve;
mod histogram;
mod labels;
mod marks;
mod plot;

pub use axis::Axis;
pub use curve::{ItemCurve, Observed, item_curve};
pub use histogram::{Bins, Series, histogram};
pub use labels::Label;
pub use marks::{Mark, Shape};
pub use plot::Plot;
