//! EAP: the mean of the posterior, with its standard deviation.

use super::answers::{Answer, RisingAnswer, in_order};
use super::estimate::AbilityEstimate;
use super::node_likelihood::{factors, negative_log_likelihood};
use super::prior::ScorePrior;
use crate::ability::grid::Grid;
use crate::ability::posterior::posterior;
use crate::ability::quadrature::Quadrature;
use crate::error::IrtError;
use crate::numeric::eight::{Eight, vectorised};

/// The expected ability given the answers, and its posterior standard deviation.
///
/// ```text
/// EAP = Σ_q θ_q h_q,   SE² = Σ_q (θ_q − EAP)² h_q,   h_q ∝ w_q Π P_j(θ_q)^x_j (1 − P_j(θ_q))^(1 − x_j)
/// ```
///
/// The nodes θ_q stay where `quadrature` has them; their weights w_q are
/// proportional to the prior's density. A prior that reaches beyond the nodes
/// is cut off there; a posterior narrower than the distance between nodes,
/// which takes hundreds of answers, is told to a fraction of that distance
/// only. Without answers: the prior's mean and sd themselves.
///
/// # Errors
/// [`IrtError::InvalidItemParameters`].
///
/// # Source
/// Bock & Mislevy (1982), Applied Psychological Measurement 6(4), 431–444.
///
/// ```
/// use irt::scoring::{Answer, ScorePrior, eap};
/// use irt::{ItemParameters, Quadrature};
/// let score = |correct| {
///     let answer = Answer { item: ItemParameters::new(1.5, 0.0), correct };
///     eap(&[answer], ScorePrior::default(), &Quadrature::default())
/// };
/// let (right, wrong) = (score(true)?, score(false)?);
/// assert!(0.0 < right.ability && (right.ability + wrong.ability).abs() < 1e-15);
/// assert!(right.standard_error < Some(1.0), "an answer tells something");
/// # Ok::<(), irt::IrtError>(())
/// ```
pub fn eap(
    answers: &[Answer],
    prior: ScorePrior,
    quadrature: &Quadrature,
) -> Result<AbilityEstimate, IrtError> {
    Eap::new(prior, quadrature).score(answers)
}

/// Prior and grid of [`eap()`], ready for many persons.
#[derive(Debug, Clone)]
pub struct Eap {
    prior: ScorePrior,
    grid: Grid,
}

impl Eap {
    /// Computes the weights of the nodes.
    #[must_use]
    pub fn new(prior: ScorePrior, quadrature: &Quadrature) -> Self {
        Self { prior, grid: prior.on(quadrature) }
    }

    /// [`eap()`] of one person.
    ///
    /// # Errors
    /// [`IrtError::InvalidItemParameters`].
    pub fn score(&self, answers: &[Answer]) -> Result<AbilityEstimate, IrtError> {
        let answers = in_order(answers)?;
        let mut scratch = Scratch::new(&self.grid);
        Ok(vectorised(
            #[inline(always)]
            || {
                self.of(
                    &answers,
                    |number, eight| factors(&answers[number], self.grid.nodes[eight]),
                    &mut scratch,
                )
            },
        ))
    }

    pub(super) fn grid(&self) -> &Grid {
        &self.grid
    }

    /// The estimate from sorted answers, whose `factors(number, eight)` may come from a table.
    #[inline(always)]
    pub(super) fn of(
        &self,
        answers: &[RisingAnswer],
        factors: impl Fn(usize, usize) -> Eight,
        scratch: &mut Scratch,
    ) -> AbilityEstimate {
        if answers.is_empty() {
            let (ability, sd) = (self.prior.mean(), self.prior.sd());
            return AbilityEstimate { ability, standard_error: Some(sd) };
        }
        let Scratch { logs, weights } = scratch;
        for (eight, log) in logs.iter_mut().enumerate() {
            let factors = |number| factors(number, eight);
            let surprise = negative_log_likelihood(answers, self.grid.nodes[eight], factors);
            *log = difference(self.grid.log_weights[eight], surprise);
        }
        let here = posterior(logs, 0.0, &self.grid.nodes, weights).eights;
        moments(&weights[here.clone()], &self.grid.nodes[here])
    }
}

/// Rows over the grid that are overwritten for every person.
pub(super) struct Scratch {
    logs: Vec<Eight>,
    weights: Vec<Eight>,
}

impl Scratch {
    pub(super) fn new(grid: &Grid) -> Self {
        Self { logs: grid.nodes.clone(), weights: grid.nodes.clone() }
    }
}

#[inline(always)]
fn difference(mut left: Eight, right: Eight) -> Eight {
    for (left, right) in left.iter_mut().zip(right) {
        *left -= right;
    }
    left
}

/// Mean and standard deviation of nodes under weights that sum to 1.
#[inline(always)]
fn moments(weights: &[Eight], nodes: &[Eight]) -> AbilityEstimate {
    let pairs = || weights.as_flattened().iter().zip(nodes.as_flattened());
    let ability = pairs().map(|(weight, node)| weight * node).sum::<f64>();
    let square = |node: f64| (node - ability) * (node - ability);
    let variance = pairs().map(|(weight, node)| weight * square(*node)).sum::<f64>();
    AbilityEstimate { ability, standard_error: Some(libm::sqrt(variance)) }
}
