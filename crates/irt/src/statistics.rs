//! What else is said of an item, or of two sets of values: one file for each statistic.
//!
//! | question | where |
//! |---|---|
//! | How does an item go with the rest of the test? | `point_biserial` |
//! | Does the model fit? All of it at once | [`diagnose()`], [`Diagnostics`] |
//! | Is the item's curve the model's? | [`ItemFit`], [`CurveDeviation`], [`SX2`] |
//! | Are responses as predictable as they should be? | [`MeanSquares`] |
//! | Is there guessing; is the key wrong? | score tests, in [`ItemFit`] |
//! | Is an item the same for every group? | [`GroupFit`] |
//! | Do two items share more than ability? Is one ability enough? | [`ItemPair`], [`Dimensionality`] |
//! | Do responses that came later still fit? | [`diagnose_new_responses`] |
//! | What would one ability give? | [`check_dimensions`] |
//! | What is an author to do? | [`verdict()`] |
//! | What decides? | [`thresholds`], [`FitFlag`] |

mod ability_counts;
mod alone;
mod benjamini_hochberg;
mod block;
mod check_dimensions;
mod correlation;
mod curve;
mod diagnose;
mod diagnosis;
mod diagnostics;
mod dimensionality;
mod expected_proportion;
mod fit_flag;
mod free_shape;
mod group_fit;
mod item_fit;
mod item_rows;
mod item_sums;
mod mean_squares;
mod new_responses;
mod pair_items;
mod pair_tables;
mod pass;
pub(crate) mod point_biserial;
mod posteriors;
mod q3;
mod reversal;
mod s_x2;
mod score_tests;
mod source;
mod sum_scores;
mod sums;
pub mod thresholds;
mod verdict;

pub use ability_counts::{ABILITY_BIN_BOUND, ABILITY_BINS, AbilityCounts};
pub use check_dimensions::{DimensionsCheck, check_dimensions};
pub use correlation::correlation;
pub use curve::{CurveDeviation, ItemCurve};
pub use diagnose::{diagnose, diagnose_groups, q3_of_pairs};
pub use diagnostics::{Diagnostics, DiagnosticsPlan};
pub use dimensionality::Dimensionality;
pub use fit_flag::FitFlag;
pub use group_fit::GroupFit;
pub use item_fit::ItemFit;
pub use mean_squares::MeanSquares;
pub use new_responses::{PublishedItem, diagnose_new_responses};
pub use q3::ItemPair;
pub use s_x2::SX2;
pub use verdict::{FlagMeaning, ItemVerdict, Verdict, flag_meaning, verdict};
