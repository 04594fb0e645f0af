//! What is in force for an item, or nothing.

use pgrx::datum::TimestampWithTimeZone;

/// What the items table is to hold of one item: what is in force, or nothing.
#[derive(Debug, Clone, PartialEq)]
pub struct ItemValues {
    /// The item's key as text.
    pub item: String,
    /// b, in standard deviations of ability.
    pub difficulty: Option<f64>,
    /// a, in logits per standard deviation of ability.
    pub discrimination: Option<f64>,
    /// Standard error of b.
    pub se_difficulty: Option<f64>,
    /// Standard error of a.
    pub se_discrimination: Option<f64>,
    /// Ability at which the item tells most.
    pub information_peak: Option<f64>,
    /// Responses behind it.
    pub responses_count: Option<i64>,
    /// When the run that estimated it ended.
    pub calibrated_at: Option<TimestampWithTimeZone>,
}
