//! What is believed of a person before he answers.

use crate::ability::grid::Grid;
use crate::ability::quadrature::Quadrature;
use crate::error::IrtError;

/// The farthest mean, and the largest standard deviation, that can be worked with.
const LARGEST: f64 = 1e6;
/// The smallest standard deviation that can be worked with.
const SMALLEST_SD: f64 = 1e-6;

/// The prior of EAP and MAP: ability ~ N(mean, sd²), on the scale of the items' parameters.
///
/// It belongs to the scale, not to the persons scored today: else a person's
/// score would depend on who was scored beside him.
///
/// ```
/// use irt::scoring::ScorePrior;
/// assert_eq!(ScorePrior::new(0.0, 1.0)?, ScorePrior::default());
/// assert!(ScorePrior::new(0.0, 0.0).is_err());
/// # Ok::<(), irt::IrtError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ScorePrior {
    mean: f64,
    sd: f64,
}

impl ScorePrior {
    /// The prior with this mean and standard deviation, in units of ability.
    ///
    /// # Errors
    /// [`IrtError::InvalidSetting`] unless |mean| ≤ 10⁶ and 10⁻⁶ ≤ sd ≤ 10⁶.
    pub fn new(mean: f64, sd: f64) -> Result<Self, IrtError> {
        let refuse = |name, found: f64, expected| {
            Err(IrtError::InvalidSetting { name, found: found.to_string(), expected })
        };
        if !(mean.abs() <= LARGEST) {
            return refuse("score_prior_mean", mean, "between -1e6 and 1e6");
        }
        if !(SMALLEST_SD..=LARGEST).contains(&sd) {
            return refuse("score_prior_sd", sd, "between 1e-6 and 1e6");
        }
        Ok(Self { mean, sd })
    }

    /// The mean, in units of ability.
    #[must_use]
    pub fn mean(&self) -> f64 {
        self.mean
    }

    /// The standard deviation, in units of ability.
    #[must_use]
    pub fn sd(&self) -> f64 {
        self.sd
    }

    /// The nodes of `quadrature` with weights proportional to this prior's density there: in logs,
    /// because the density of a prior far from the nodes is no number.
    pub(super) fn on(&self, quadrature: &Quadrature) -> Grid {
        let logs: Vec<f64> = quadrature
            .nodes()
            .iter()
            .map(|node| {
                let standard = (node - self.mean) / self.sd;
                -0.5 * standard * standard
            })
            .collect();
        let peak = logs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let log_total = peak + libm::log(logs.iter().map(|log| libm::exp(log - peak)).sum());
        let log_weights: Vec<f64> = logs.iter().map(|log| log - log_total).collect();
        Grid::with_log_weights(quadrature.nodes(), &log_weights, quadrature.spacing())
    }
}

impl Default for ScorePrior {
    /// N(0, 1).
    fn default() -> Self {
        Self { mean: 0.0, sd: 1.0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_what_is_no_prior() {
        for (mean, sd) in
            [(f64::NAN, 1.0), (0.0, f64::NAN), (0.0, -1.0), (f64::INFINITY, 1.0), (0.0, 1e-9)]
        {
            assert!(matches!(ScorePrior::new(mean, sd), Err(IrtError::InvalidSetting { .. })));
        }
    }

    #[test]
    fn the_weights_have_the_priors_moments() {
        let grid = ScorePrior::new(0.7, 0.9).unwrap().on(&Quadrature::default());
        let moment = |k: i32| -> f64 {
            let pairs = grid.nodes.as_flattened().iter().zip(grid.log_weights.as_flattened());
            pairs.map(|(node, log)| libm::exp(*log) * node.powi(k)).sum()
        };
        assert!((moment(0) - 1.0).abs() < 1e-14);
        assert!((moment(1) - 0.7).abs() < 1e-6);
        assert!((moment(2) - 0.49 - 0.81).abs() < 1e-6);
    }
}
