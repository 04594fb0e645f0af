//! The objective and its derivatives at one point.

use super::expectation::ExpectedCounts;
use crate::model::priors::PriorTerms;
use crate::model::two_pl::SlopeIntercept;
use crate::numeric::symmetric::Symmetric2;

/// What one E-step tells of a point. Parameters and derivatives come in blocks (see
/// [`super::design`]): of every item, then of every group.
#[derive(Debug, Clone)]
pub(crate) struct Evaluation {
    pub parameters: Vec<SlopeIntercept>,
    pub counts: ExpectedCounts,
    /// Log-likelihood plus log prior.
    pub value: f64,
    pub log_prior: f64,
    /// Per block, with respect to (a, d) or (mean, ln sd); priors included.
    pub gradient: Vec<SlopeIntercept>,
    /// Per block, minus the second derivatives of the complete-data log-likelihood, without
    /// priors.
    pub complete_information: Vec<Symmetric2>,
    /// The priors' terms per block; none of groups.
    pub prior_terms: Vec<PriorTerms>,
    /// Per group, whether its mean and its sd stay as they are: given, or held at a bound.
    pub held: Box<[[bool; 2]]>,
}

impl Evaluation {
    /// Nats, without priors.
    pub(crate) fn log_likelihood(&self) -> f64 {
        self.counts.log_likelihood
    }

    /// Per block, the complete data's information with the priors' curvature.
    pub(crate) fn complete_curvature(&self) -> impl Iterator<Item = Symmetric2> {
        let pairs = self.complete_information.iter().zip(&self.prior_terms);
        pairs.map(|(complete, prior)| *complete + prior.curvature)
    }
}
