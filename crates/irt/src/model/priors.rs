//! Priors on discrimination and difficulty.
//!
//! Discrimination is lognormal, with the density taken in a: its log has the
//! term −ln a (a mode depends on the parametrisation, and mirt's convention is
//! kept). Difficulty is normal, with the density taken in b. An infinite
//! standard deviation removes the whole term, −ln a included: a flat prior.
//!
//! The estimator works with slope a and intercept d = −a·b, so derivatives are
//! given in (a, d); the density stays the one in (a, b).
//!
//! Source: Mislevy (1986), Psychometrika 51(2), 177–195.

use super::two_pl::SlopeIntercept;
use crate::error::IrtError;
use crate::numeric::symmetric::Symmetric2;

/// Lognormal prior on a, normal prior on b; either may be flat.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Priors {
    log_discrimination_mean: f64,
    log_discrimination_sd: f64,
    difficulty_mean: f64,
    difficulty_sd: f64,
}

/// Log density and its derivatives with respect to (a, d) at one item.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) struct PriorTerms {
    /// Log density; −∞ outside of the support.
    pub log_density: f64,
    /// First derivatives with respect to a and d.
    pub gradient: SlopeIntercept,
    /// Minus the second derivatives: (a, a), (a, d), (d, d).
    pub curvature: Symmetric2,
}

impl Priors {
    /// Validates the four parameters.
    ///
    /// # Errors
    /// [`IrtError::InvalidSetting`] for what no items can have and arithmetic cannot bear: means
    /// of log a beyond ±5 (a of .007 or 148), means of b beyond ±10, and standard deviations
    /// outside of [0.001, 1000]. `f64::INFINITY` is a flat prior.
    pub fn new(
        log_discrimination_mean: f64,
        log_discrimination_sd: f64,
        difficulty_mean: f64,
        difficulty_sd: f64,
    ) -> Result<Self, IrtError> {
        for (name, mean, most, expected) in [
            ("prior_log_discrimination_mean", log_discrimination_mean, 5.0, "between -5 and 5"),
            ("prior_difficulty_mean", difficulty_mean, 10.0, "between -10 and 10"),
        ] {
            if !(mean.abs() <= most) {
                return Err(IrtError::InvalidSetting { name, found: mean.to_string(), expected });
            }
        }
        for (name, sd) in [
            ("prior_log_discrimination_sd", log_discrimination_sd),
            ("prior_difficulty_sd", difficulty_sd),
        ] {
            if !((1e-3..=1e3).contains(&sd) || sd == f64::INFINITY) {
                return Err(IrtError::InvalidSetting {
                    name,
                    found: sd.to_string(),
                    expected: "between 0.001 and 1000, or 'infinity' for no prior",
                });
            }
        }
        Ok(Self { log_discrimination_mean, log_discrimination_sd, difficulty_mean, difficulty_sd })
    }

    /// No prior at all: plain marginal maximum likelihood.
    #[must_use]
    pub fn flat() -> Self {
        Self {
            log_discrimination_mean: 0.0,
            log_discrimination_sd: f64::INFINITY,
            difficulty_mean: 0.0,
            difficulty_sd: f64::INFINITY,
        }
    }

    /// True where nothing keeps discrimination positive.
    #[must_use]
    pub fn discrimination_is_flat(&self) -> bool {
        self.log_discrimination_sd.is_infinite()
    }

    /// True where nothing bounds difficulty.
    #[must_use]
    pub fn difficulty_is_flat(&self) -> bool {
        self.difficulty_sd.is_infinite()
    }

    /// True with a prior on difficulty alone. Then the sign of the slope is free, yet slope 0 has
    /// no density at any intercept other than 0: slopes of either sign are two regions that no
    /// path joins, each with a mode of its own.
    #[must_use]
    pub(crate) fn leaves_signs_apart(&self) -> bool {
        self.discrimination_is_flat() && !self.difficulty_is_flat()
    }

    /// True where an item may be reflected, slope and difficulty, at no cost.
    #[must_use]
    pub(crate) fn is_symmetric(&self) -> bool {
        self.discrimination_is_flat() && (self.difficulty_is_flat() || self.difficulty_mean == 0.0)
    }

    /// The slope around which estimation starts.
    #[must_use]
    pub(crate) fn starting_slope(&self) -> f64 {
        if self.discrimination_is_flat() {
            1.0
        } else {
            libm::exp(self.log_discrimination_mean).clamp(1e-2, 1e2)
        }
    }

    /// Log density of an item's (a, b); −∞ outside of the support. Flat priors count 0.
    #[must_use]
    pub fn log_density(&self, item: SlopeIntercept) -> f64 {
        self.at(item).log_density
    }

    /// Log density of (a, b = −d/a) and its derivatives with respect to (a, d).
    #[must_use]
    pub(crate) fn at(&self, item: SlopeIntercept) -> PriorTerms {
        let mut terms = PriorTerms::default();
        let supported = (self.discrimination_is_flat()
            || self.add_discrimination(item, &mut terms))
            && (self.difficulty_is_flat() || self.add_difficulty(item, &mut terms));
        if !(supported && terms.log_density.is_finite()) {
            terms.log_density = f64::NEG_INFINITY;
        }
        terms
    }

    /// Adds the terms of the prior on a; false, and nothing, outside of its support.
    fn add_discrimination(&self, item: SlopeIntercept, terms: &mut PriorTerms) -> bool {
        let slope = item.slope;
        if slope <= 0.0 {
            return false;
        }
        let variance = self.log_discrimination_sd * self.log_discrimination_sd;
        let log_slope = libm::log(slope);
        let deviation = log_slope - self.log_discrimination_mean;
        terms.log_density += -0.5 * deviation * deviation / variance
            - log_slope
            - libm::log(self.log_discrimination_sd)
            - half_log_two_pi();
        terms.gradient.slope += -(1.0 + deviation / variance) / slope;
        terms.curvature.xx += (1.0 / variance - 1.0 - deviation / variance) / (slope * slope);
        true
    }

    /// Adds the terms of the prior on b; false, and nothing, outside of its support.
    fn add_difficulty(&self, item: SlopeIntercept, terms: &mut PriorTerms) -> bool {
        let SlopeIntercept { slope, intercept } = item;
        if slope == 0.0 {
            return false;
        }
        let variance = self.difficulty_sd * self.difficulty_sd;
        let difficulty = -intercept / slope;
        let deviation = difficulty - self.difficulty_mean;
        terms.log_density += -0.5 * deviation * deviation / variance
            - libm::log(self.difficulty_sd)
            - half_log_two_pi();
        // b = -d/a: db/da = -b/a, db/dd = -1/a, d²b/da² = 2b/a², d²b/dadd = 1/a².
        let (by_slope, by_intercept) = (-difficulty / slope, -1.0 / slope);
        let slope_squared = slope * slope;
        terms.gradient.slope += -deviation * by_slope / variance;
        terms.gradient.intercept += -deviation * by_intercept / variance;
        terms.curvature.xx +=
            (by_slope * by_slope + deviation * 2.0 * difficulty / slope_squared) / variance;
        terms.curvature.xy += (by_slope * by_intercept + deviation / slope_squared) / variance;
        terms.curvature.yy += by_intercept * by_intercept / variance;
        true
    }
}

fn half_log_two_pi() -> f64 {
    0.5 * libm::log(std::f64::consts::TAU)
}

impl Default for Priors {
    /// a ~ lognormal(0, 0.5), b ~ N(0, 2²).
    fn default() -> Self {
        Self {
            log_discrimination_mean: 0.0,
            log_discrimination_sd: 0.5,
            difficulty_mean: 0.0,
            difficulty_sd: 2.0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(slope: f64, intercept: f64) -> SlopeIntercept {
        SlopeIntercept { slope, intercept }
    }

    #[test]
    fn derivatives_are_those_of_the_log_density() {
        let priors = Priors::new(0.2, 0.6, -0.3, 1.7).unwrap();
        let step = 1e-5;
        for (slope, intercept) in [(0.4, -1.3), (1.0, 0.0), (2.7, 3.1)] {
            let moved = |by: [f64; 2]| {
                priors.at(SlopeIntercept { slope: slope + by[0], intercept: intercept + by[1] })
            };
            let terms = moved([0.0; 2]);
            let Symmetric2 { xx, xy, yy } = terms.curvature;
            let curvature = [[xx, xy], [xy, yy]];
            for (k, curvature) in curvature.iter().enumerate() {
                let by = |sign: f64| {
                    moved(std::array::from_fn(|j| if j == k { sign * step } else { 0.0 }))
                };
                let (up, down) = (by(1.0), by(-1.0));
                let slope = (up.log_density - down.log_density) / (2.0 * step);
                assert!((<[f64; 2]>::from(terms.gradient)[k] - slope).abs() < 1e-7);
                let bend = <[f64; 2]>::from((up.gradient - down.gradient) * (0.5 / step));
                assert!((curvature[0] + bend[0]).abs() < 1e-6);
                assert!((curvature[1] + bend[1]).abs() < 1e-6);
            }
        }
    }

    #[test]
    fn an_infinite_standard_deviation_removes_the_whole_term() {
        assert_eq!(Priors::flat().at(item(-2.0, 1.0)), PriorTerms::default());
        let only_b = Priors::new(0.0, f64::INFINITY, 0.0, 2.0).unwrap();
        assert!(only_b.at(item(-1.0, 0.5)).log_density.is_finite());
    }

    #[test]
    fn what_no_items_can_have_is_refused_by_name() {
        let flat = f64::INFINITY;
        let refused = |mean_a, sd_a, mean_b, sd_b| match Priors::new(mean_a, sd_a, mean_b, sd_b) {
            Err(IrtError::InvalidSetting { name, .. }) => Some(name),
            _ => None,
        };
        for mean in [50.0, -5.1, f64::NAN, flat] {
            assert_eq!(refused(mean, 0.5, 0.0, 2.0), Some("prior_log_discrimination_mean"));
        }
        for mean in [10.1, -100.0, f64::NAN, flat] {
            assert_eq!(refused(0.0, 0.5, mean, 2.0), Some("prior_difficulty_mean"));
        }
        for sd in [0.0, 1e-4, -1.0, 1001.0, f64::NAN] {
            assert_eq!(refused(0.0, sd, 0.0, 2.0), Some("prior_log_discrimination_sd"));
            assert_eq!(refused(0.0, 0.5, 0.0, sd), Some("prior_difficulty_sd"));
        }
        assert_eq!(refused(5.0, 1e-3, -10.0, 1e3), None);
        assert_eq!(refused(-5.0, flat, 10.0, flat), None);
    }

    #[test]
    fn the_support_ends_at_zero() {
        let supports = |priors: Priors, slope, intercept| {
            priors.at(item(slope, intercept)).log_density > f64::NEG_INFINITY
        };
        assert!(!supports(Priors::default(), 0.0, 1.0));
        assert!(!supports(Priors::default(), -1.0, 1.0));
        assert!(supports(Priors::flat(), -1.0, 1.0));
        let only_b = Priors::new(0.0, f64::INFINITY, 0.0, 2.0).unwrap();
        assert!(supports(only_b, -1.0, 1.0) && !supports(only_b, 0.0, 1.0));
    }
}
