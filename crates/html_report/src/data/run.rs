//! Rows about runs: irt_calibration_runs, irt_run_checks, irt_run_groups, irt_publications.

use super::number::{number, numbers};
use serde::Deserialize;
use serde_json::Value;

/// A row of irt_calibration_runs.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
#[expect(missing_docs, reason = "docs/reference.md has the columns")]
pub struct Run {
    pub id: i64,
    pub bank: String,
    pub status: String,
    pub publication: Option<String>,
    pub triggered_by: Option<String>,
    pub run_by: Option<String>,
    pub started_at: Option<String>,
    pub completed_at: Option<String>,
    pub persons_count: Option<i64>,
    pub responses_count: Option<i64>,
    pub new_responses_count: Option<i64>,
    pub items_calibrated: Option<i64>,
    pub items_skipped: Option<i64>,
    pub items_published: Option<i64>,
    pub compared_with: Option<i64>,
    pub error_message: Option<String>,
    pub scale: Option<String>,
    #[serde(deserialize_with = "number")]
    pub link_slope: Option<f64>,
    #[serde(deserialize_with = "number")]
    pub link_intercept: Option<f64>,
    #[serde(deserialize_with = "number")]
    pub se_link_slope: Option<f64>,
    #[serde(deserialize_with = "number")]
    pub se_link_intercept: Option<f64>,
    pub common_items: Option<i64>,
    /// The abilities at which irt_item_fit's curves are given.
    #[serde(deserialize_with = "numbers")]
    pub curve_ability: Option<Vec<f64>>,
    pub settings: Value,
}

impl Run {
    /// A text among the run's settings and remarks.
    pub fn setting(&self, key: &str) -> Option<&str> {
        self.settings.get(key)?.as_str()
    }
}

/// A row of irt_run_checks.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
#[expect(missing_docs, reason = "docs/reference.md has the columns")]
pub struct Check {
    pub check_name: String,
    #[serde(deserialize_with = "number")]
    pub value: Option<f64>,
    #[serde(deserialize_with = "number")]
    pub warn_above: Option<f64>,
    #[serde(deserialize_with = "number")]
    pub hold_above: Option<f64>,
    pub outcome: String,
}

/// A row of irt_run_groups.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
#[expect(missing_docs, reason = "docs/reference.md has the columns")]
pub struct Group {
    pub group_name: String,
    pub persons_count: i64,
    #[serde(deserialize_with = "number")]
    pub mean: Option<f64>,
    #[serde(deserialize_with = "number")]
    pub sd: Option<f64>,
    #[serde(deserialize_with = "number")]
    pub se_mean: Option<f64>,
    #[serde(deserialize_with = "number")]
    pub se_sd: Option<f64>,
    #[serde(deserialize_with = "numbers")]
    pub ability_counts: Option<Vec<f64>>,
    #[serde(deserialize_with = "numbers")]
    pub score_before_counts: Option<Vec<f64>>,
    #[serde(deserialize_with = "numbers")]
    pub score_after_counts: Option<Vec<f64>>,
    #[serde(deserialize_with = "numbers")]
    pub score_change_counts: Option<Vec<f64>>,
    #[serde(deserialize_with = "number")]
    pub score_change_mean: Option<f64>,
    #[serde(deserialize_with = "number")]
    pub score_change_max: Option<f64>,
    #[serde(deserialize_with = "number")]
    pub share_changed_by_more_than_one_se: Option<f64>,
}

/// A row of irt_publications.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
#[expect(missing_docs, reason = "docs/reference.md has the columns")]
pub struct Publication {
    pub id: i64,
    pub run_id: Option<i64>,
    pub published_at: String,
    pub published_by: Option<String>,
    pub kind: String,
    pub undoes: Option<i64>,
    pub items_count: i64,
    pub note: Option<String>,
}
