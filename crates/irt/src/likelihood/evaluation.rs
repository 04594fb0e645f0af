//! The objective and its derivatives at one point.

use super::expectation::ExpectedCounts;
use crate::model::priors::PriorTerms;
use crate::model::two_pl::SlopeIntercept;
use crate::numeric::symmetric::Symmetric2;

/// What one E-step tells of a point.
#[derive(Debug, Clone)]
pub(crate) struct Evaluation {
    pub parameters: Vec<SlopeIntercept>,
    pub counts: ExpectedCounts,
    /// Log-likelihood plus log prior.
    pub value: f64,
    pub log_prior: f64,
    /// Per item, with respect to (a, d); priors included.
    pub gradient: Vec<SlopeIntercept>,
    /// Per item, minus the second derivatives of the complete-data log-likelihood in (a, d),
    /// without priors.
    pub complete_information: Vec<Symmetric2>,
    /// The priors' terms per item.
    pub prior_terms: Vec<PriorTerms>,
}

impl Evaluation {
    /// Nats, without priors.
    pub(crate) fn log_likelihood(&self) -> f64 {
        self.counts.log_likelihood
    }

    /// Per item, the complete data's information with the priors' curvature.
    pub(crate) fn complete_curvature(&self) -> impl Iterator<Item = Symmetric2> {
        let pairs = self.complete_information.iter().zip(&self.prior_terms);
        pairs.map(|(complete, prior)| *complete + prior.curvature)
    }
}
