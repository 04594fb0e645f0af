//! Whose abilities there are: the distribution of ability in a group of persons.
//!
//! Where there is one group of persons, its abilities define the scale: mean 0 and
//! standard deviation 1 ([`Population::STANDARD`]). Several groups are as many
//! populations on one scale, all but the reference group with a mean and a
//! standard deviation to estimate; all of them where anchors define the scale.

use super::quadrature::Quadrature;

/// Persons whose abilities are normally distributed.
///
/// # Units
/// Both in units of ability.
///
/// ```
/// use irt::{Population, Quadrature};
/// let weights = Population::STANDARD.weights(&Quadrature::default());
/// assert!((weights.iter().sum::<f64>() - 1.0).abs() < 1e-14);
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Population {
    /// The mean ability.
    pub mean: f64,
    /// The standard deviation of ability, above 0.
    pub sd: f64,
}

impl Population {
    /// The population that defines the scale: N(0, 1).
    pub const STANDARD: Self = Self { mean: 0.0, sd: 1.0 };

    /// Share of the population at every node of `quadrature`; sums to 1.
    #[must_use]
    pub fn weights(&self, quadrature: &Quadrature) -> Vec<f64> {
        let density = |node: &f64| {
            let standard = (node - self.mean) / self.sd;
            libm::exp(-0.5 * standard * standard)
        };
        let mut weights: Vec<f64> = quadrature.nodes().iter().map(density).collect();
        let total: f64 = weights.iter().sum();
        weights.iter_mut().for_each(|weight| *weight /= total);
        weights
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moments(population: Population) -> [f64; 5] {
        let grid = Quadrature::default();
        let weights = population.weights(&grid);
        let moment = |k: usize| -> f64 {
            grid.nodes().iter().zip(&weights).map(|(t, w)| w * t.powi(k as i32)).sum()
        };
        std::array::from_fn(moment)
    }

    #[test]
    fn weights_are_those_of_the_standard_normal() {
        let moments = moments(Population::STANDARD);
        assert!((moments[0] - 1.0).abs() < 1e-14);
        assert!(moments[1].abs() < 1e-15);
        assert!((moments[2] - 1.0).abs() < 1e-6);
        assert!((moments[4] - 3.0).abs() < 1e-5);
    }

    #[test]
    fn another_population_has_its_own_mean_and_standard_deviation() {
        let moments = moments(Population { mean: 0.7, sd: 0.8 });
        assert!((moments[1] - 0.7).abs() < 1e-9);
        assert!((moments[2] - moments[1] * moments[1] - 0.64).abs() < 1e-9);
    }

    #[test]
    fn weights_are_symmetric_to_the_bit() {
        for count in [5, 20, 61, 121] {
            let weights = Population::STANDARD.weights(&Quadrature::new(count, 5.3).unwrap());
            let backwards = weights.iter().rev();
            assert!(weights.iter().zip(backwards).all(|(x, y)| x.to_bits() == y.to_bits()));
        }
    }
}
