//! An item as the world outside knows it: discrimination and difficulty.
//!
//! Estimation works with slopes and intercepts ([`super::two_pl`]); whoever
//! scores or links has published parameters, which come as pairs (a, b).

use super::two_pl::{SlopeIntercept, logistic};
use crate::error::IrtError;

/// The steepest item that can be worked with, in logits per unit of ability.
pub const MAX_DISCRIMINATION: f64 = 1e6;
/// The farthest difficulty that can be worked with, in units of ability.
pub const MAX_DIFFICULTY: f64 = 1e12;

/// Discrimination a and difficulty b of one item:
///
/// ```text
/// P(correct | θ) = 1 / (1 + exp(−a (θ − b)))
/// ```
///
/// # Units
/// a: logits per unit of ability (logistic metric, D = 1); may be 0 or negative.
/// b: units of ability.
///
/// # Source
/// Birnbaum (1968), in Lord & Novick, Statistical Theories of Mental Test Scores, chapter 17.
///
/// ```
/// use irt::ItemParameters;
/// let item = ItemParameters { discrimination: 1.2, difficulty: -0.5 };
/// assert_eq!(item.probability(-0.5), 0.5);
/// assert_eq!(item.information(-0.5), 1.2 * 1.2 / 4.0);
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ItemParameters {
    /// a, logits per unit of ability.
    pub discrimination: f64,
    /// b, units of ability.
    pub difficulty: f64,
}

impl ItemParameters {
    /// From discrimination a and difficulty b.
    #[must_use]
    pub fn new(discrimination: f64, difficulty: f64) -> Self {
        Self { discrimination, difficulty }
    }

    /// Probability of a correct response at this ability.
    #[must_use]
    pub fn probability(&self, ability: f64) -> f64 {
        logistic(self.logit(ability))
    }

    /// Fisher information about ability: a² P (1 − P), largest at ability b.
    #[must_use]
    pub fn information(&self, ability: f64) -> f64 {
        let logit = self.logit(ability);
        // 1 − P is P at the opposite logit; subtracting would lose it where P is near 1.
        self.discrimination * self.discrimination * logistic(logit) * logistic(-logit)
    }

    /// a (θ − b).
    #[must_use]
    pub fn logit(&self, ability: f64) -> f64 {
        self.discrimination * (ability - self.difficulty)
    }

    /// The same item as slope and intercept.
    #[must_use]
    pub fn slope_intercept(&self) -> SlopeIntercept {
        SlopeIntercept::from_discrimination_difficulty(self.discrimination, self.difficulty)
    }

    /// Refuses what nothing can be computed from. `position` counts from 0 and is told from 1.
    ///
    /// # Errors
    /// [`IrtError::InvalidItemParameters`] unless both are finite, |a| ≤ [`MAX_DISCRIMINATION`]
    /// and |b| ≤ [`MAX_DIFFICULTY`]: within these, no sum over items can overflow.
    pub fn validate(&self, position: usize) -> Result<(), IrtError> {
        let refuse = |name, found: f64, expected| {
            let (item, found) = (position as u64 + 1, found.to_string());
            Err(IrtError::InvalidItemParameters { item, name, found, expected })
        };
        if !(self.discrimination.abs() <= MAX_DISCRIMINATION) {
            return refuse("discrimination", self.discrimination, "between -1e6 and 1e6");
        }
        if !(self.difficulty.abs() <= MAX_DIFFICULTY) {
            return refuse("difficulty", self.difficulty, "between -1e12 and 1e12");
        }
        Ok(())
    }
}

/// The slopes and intercepts of at least `needed` items.
///
/// # Errors
/// [`IrtError::InvalidItemParameters`]; [`IrtError::UnknownItem`] where there are fewer.
pub(crate) fn in_slopes_and_intercepts(
    items: &[ItemParameters],
    needed: usize,
) -> Result<Vec<SlopeIntercept>, IrtError> {
    let known = items.len() as u64;
    if items.len() < needed {
        return Err(IrtError::UnknownItem { item: known, items: known });
    }
    for (position, item) in items.iter().enumerate() {
        item.validate(position)?;
    }
    Ok(items.iter().map(ItemParameters::slope_intercept).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_what_is_no_number_and_says_which() {
        for (discrimination, difficulty, name) in [
            (f64::NAN, 0.0, "discrimination"),
            (f64::INFINITY, 0.0, "discrimination"),
            (-2e6, 0.0, "discrimination"),
            (1.0, f64::NAN, "difficulty"),
            (1.0, f64::NEG_INFINITY, "difficulty"),
        ] {
            let message =
                ItemParameters { discrimination, difficulty }.validate(6).unwrap_err().to_string();
            assert!(message.contains(name) && message.contains("number 7"), "{message}");
        }
        assert_eq!(ItemParameters::new(-1e6, 1e12).validate(0), Ok(()));
    }

    #[test]
    fn information_survives_where_everybody_succeeds() {
        let item = ItemParameters::new(20.0, 0.0);
        assert!(item.information(10.0) > 0.0);
        assert_eq!(item.information(10.0), item.information(-10.0));
        assert_eq!(item.slope_intercept().difficulty(), 0.0);
    }
}
