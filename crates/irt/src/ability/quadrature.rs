//! The ability grid: where the integral over ability is evaluated.
//!
//! The integral over the abilities of a population is replaced by a sum over
//! equally spaced nodes on `[-bound, bound]`, weighted by the population's
//! density and normalised. For smooth integrands that die out at both ends, the
//! rectangle rule converges faster than any power of the spacing
//! (Trefethen & Weideman 2014, SIAM Review 56(3), 385–458), which is why so
//! plain a rule is right to eight digits here.

use crate::error::IrtError;

/// The most nodes that can be asked for.
pub const MAX_NODES: usize = 961;

/// Equally spaced ability nodes. What they weigh is a matter of the [`Population`].
///
/// # Units
/// Units of ability: standard deviations of the standard population.
///
/// [`Population`]: crate::Population
#[derive(Debug, Clone, PartialEq)]
pub struct Quadrature {
    nodes: Vec<f64>,
    bound: f64,
}

impl Quadrature {
    /// Lays `count` nodes over `[-bound, bound]`.
    ///
    /// The grid is symmetric to the bit, so that mirroring the ability scale
    /// changes nothing.
    ///
    /// # Errors
    /// [`IrtError::InvalidSetting`] unless 5 ≤ `count` ≤ [`MAX_NODES`] and 1 ≤ `bound` ≤ 30.
    pub fn new(count: usize, bound: f64) -> Result<Self, IrtError> {
        if !(5..=MAX_NODES).contains(&count) {
            return Err(IrtError::InvalidSetting {
                name: "quadrature_nodes",
                found: count.to_string(),
                expected: "between 5 and 961",
            });
        }
        if !(1.0..=30.0).contains(&bound) {
            return Err(IrtError::InvalidSetting {
                name: "quadrature_bound",
                found: bound.to_string(),
                expected: "between 1 and 30",
            });
        }
        let last = (count - 1) as f64;
        // (2q - last) is an exact integer, so node q is exactly minus node last-q.
        let nodes = (0..count).map(|q| bound * (2.0 * q as f64 - last) / last).collect();
        Ok(Self { nodes, bound })
    }

    /// Ability at every node, ascending.
    #[must_use]
    pub fn nodes(&self) -> &[f64] {
        &self.nodes
    }

    /// Half the width of the grid.
    #[must_use]
    pub fn bound(&self) -> f64 {
        self.bound
    }

    /// Distance between neighbouring nodes.
    #[must_use]
    pub fn spacing(&self) -> f64 {
        2.0 * self.bound / (self.nodes.len() - 1) as f64
    }
}

impl Default for Quadrature {
    /// 61 nodes on [-6, 6].
    fn default() -> Self {
        Self::new(61, 6.0).unwrap_or_else(|_| unreachable!("the default grid is within bounds"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_grid_is_symmetric_to_the_bit() {
        for count in [5, 20, 61, 121] {
            let grid = Quadrature::new(count, 5.3).unwrap();
            for q in 0..count {
                assert_eq!(
                    grid.nodes()[q].to_bits(),
                    (-grid.nodes()[count - 1 - q] + 0.0).to_bits()
                );
            }
        }
    }

    #[test]
    fn refuses_what_it_cannot_use() {
        assert!(Quadrature::new(4, 6.0).is_err());
        assert!(Quadrature::new(962, 6.0).is_err());
        assert!(Quadrature::new(61, f64::NAN).is_err());
        assert!(Quadrature::new(61, 0.5).is_err());
    }
}
