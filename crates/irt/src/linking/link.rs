//! The relation of two scales.

use crate::model::item_parameters::ItemParameters;

/// θ' = A·θ + B: what takes the scale that is linked to the scale in force.
///
/// ```
/// use irt::linking::Link;
/// let link = Link { slope: 2.0, intercept: 0.5 };
/// assert_eq!(link.ability(1.0), 2.5);
/// assert_eq!(link.inverse().ability(2.5), 1.0);
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Link {
    /// A, above 0: units of the scale in force per unit of the scale that is linked.
    pub slope: f64,
    /// B, in units of the scale in force.
    pub intercept: f64,
}

impl Link {
    /// A·θ + B.
    #[must_use]
    pub fn ability(&self, ability: f64) -> f64 {
        self.slope * ability + self.intercept
    }

    /// b' = A·b + B, a' = a / A: the item answers as before.
    #[must_use]
    pub fn item(&self, item: ItemParameters) -> ItemParameters {
        ItemParameters {
            discrimination: item.discrimination / self.slope,
            difficulty: self.ability(item.difficulty),
        }
    }

    /// The way back.
    #[must_use]
    pub fn inverse(&self) -> Self {
        Self { slope: 1.0 / self.slope, intercept: -self.intercept / self.slope }
    }
}
