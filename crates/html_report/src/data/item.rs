//! Rows about items: irt_item_parameters, irt_item_fit, irt_item_groups, irt_item_pairs.

use super::number::{number, numbers};
use irt::linking::curve_distance;
use irt::{ItemParameters, Quadrature};
use serde::Deserialize;

/// Parameters, and how sure they are.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
#[expect(missing_docs, reason = "docs/reference.md has the columns")]
pub struct Estimate {
    #[serde(deserialize_with = "number")]
    pub difficulty: Option<f64>,
    #[serde(deserialize_with = "number")]
    pub discrimination: Option<f64>,
    #[serde(deserialize_with = "number")]
    pub se_difficulty: Option<f64>,
    #[serde(deserialize_with = "number")]
    pub se_discrimination: Option<f64>,
}

impl Estimate {
    /// Both parameters, where both are finite.
    pub fn parameters(&self) -> Option<ItemParameters> {
        let (a, b) = (self.discrimination?, self.difficulty?);
        (a.is_finite() && b.is_finite()).then(|| ItemParameters::new(a, b))
    }
}

/// A row of irt_item_parameters.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
#[expect(missing_docs, reason = "docs/reference.md has the columns")]
pub struct Measured {
    #[serde(flatten)]
    pub estimate: Estimate,
    pub status: String,
    pub flags: Vec<String>,
    pub responses_count: Option<i64>,
    #[serde(deserialize_with = "number")]
    pub proportion_correct: Option<f64>,
    #[serde(deserialize_with = "number")]
    pub point_biserial: Option<f64>,
}

/// A row of irt_item_fit.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
#[expect(missing_docs, reason = "docs/reference.md has the columns")]
pub struct ItemFit {
    #[serde(deserialize_with = "number")]
    pub rmsd: Option<f64>,
    #[serde(deserialize_with = "number")]
    pub mean_deviation: Option<f64>,
    #[serde(deserialize_with = "number")]
    pub infit: Option<f64>,
    #[serde(deserialize_with = "number")]
    pub outfit: Option<f64>,
    #[serde(deserialize_with = "numbers")]
    pub curve_attempts: Option<Vec<f64>>,
    #[serde(deserialize_with = "numbers")]
    pub curve_observed: Option<Vec<f64>>,
    #[serde(deserialize_with = "numbers")]
    pub curve_expected: Option<Vec<f64>>,
}

/// A row of irt_item_verdicts.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
#[expect(missing_docs, reason = "docs/reference.md has the columns")]
pub struct ItemVerdict {
    pub verdict: String,
    pub reasons: Vec<String>,
    pub advice: Option<String>,
}

/// An item: what the run says of it, and what the other side does.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Item {
    /// The text of its key.
    pub item: String,
    /// What the run says.
    pub now: Option<Measured>,
    /// What the run is compared with says.
    pub before: Option<Estimate>,
    /// How well the model fits it.
    pub fit: Option<ItemFit>,
    /// What irt_item_verdicts says.
    pub verdict: Option<ItemVerdict>,
}

impl Item {
    /// The run's parameters, where it has any.
    pub fn parameters(&self) -> Option<ItemParameters> {
        self.now.as_ref()?.estimate.parameters()
    }

    /// Those of the other side.
    pub fn parameters_before(&self) -> Option<ItemParameters> {
        self.before.as_ref()?.parameters()
    }

    /// The run's flags.
    pub fn flags(&self) -> &[String] {
        self.now.as_ref().map_or(&[], |now| &now.flags)
    }

    /// Change of b from the other side to the run.
    pub fn difficulty_change(&self) -> Option<f64> {
        Some(self.parameters()?.difficulty - self.parameters_before()?.difficulty)
    }

    /// Root mean square distance of the two response curves over N(0, 1).
    pub fn distance(&self) -> Option<f64> {
        let (now, before) = (self.parameters()?, self.parameters_before()?);
        Some(curve_distance(now, before, &Quadrature::default()))
    }
}

/// A row of irt_item_groups.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
#[expect(missing_docs, reason = "docs/reference.md has the columns")]
pub struct ItemGroup {
    pub item: String,
    pub group_name: String,
    pub responses_count: Option<i64>,
    #[serde(deserialize_with = "number")]
    pub proportion_correct: Option<f64>,
    #[serde(deserialize_with = "number")]
    pub delta_difficulty: Option<f64>,
    #[serde(deserialize_with = "number")]
    pub delta_z: Option<f64>,
}

/// A row of irt_item_pairs.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
#[expect(missing_docs, reason = "docs/reference.md has the columns")]
pub struct Pair {
    pub item: String,
    pub other_item: String,
    pub persons_count: i64,
    #[serde(deserialize_with = "number")]
    pub q3: Option<f64>,
}
