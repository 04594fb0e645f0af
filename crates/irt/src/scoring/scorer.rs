//! One of the four methods, with what it needs beside the answers.

use super::answers::{Answer, RisingAnswer, in_order};
use super::eap::Eap;
use super::estimate::AbilityEstimate;
use super::prior::ScorePrior;
use super::{map, ml, wle};
use crate::ability::quadrature::Quadrature;
use crate::error::IrtError;

/// How an ability is estimated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ScoringMethod {
    /// The mean of the posterior: [`super::eap()`].
    Eap,
    /// The mode of the posterior: [`super::map()`].
    Map,
    /// The mode of the likelihood: [`super::ml()`].
    Ml,
    /// The mode of the weighted likelihood: [`super::wle()`].
    Wle,
}

/// A method that is chosen when the program runs, ready for many persons.
///
/// ```
/// use irt::scoring::{Answer, ScorePrior, Scorer, ScoringMethod, ml};
/// use irt::{ItemParameters, Quadrature};
/// let scorer = Scorer::new(ScoringMethod::Ml, ScorePrior::default(), &Quadrature::default());
/// let answer = |b, correct| Answer { item: ItemParameters::new(1.0, b), correct };
/// let answers = [answer(-1.0, true), answer(0.5, false)];
/// assert_eq!(scorer.score(&answers)?, ml(&answers)?);
/// # Ok::<(), irt::IrtError>(())
/// ```
#[derive(Debug, Clone)]
pub struct Scorer(Method);

#[derive(Debug, Clone)]
pub(super) enum Method {
    Eap(Eap),
    Map(ScorePrior),
    Ml,
    Wle,
}

impl Scorer {
    /// `prior` has a meaning for EAP and MAP, `quadrature` for EAP.
    #[must_use]
    pub fn new(method: ScoringMethod, prior: ScorePrior, quadrature: &Quadrature) -> Self {
        Self(match method {
            ScoringMethod::Eap => Method::Eap(Eap::new(prior, quadrature)),
            ScoringMethod::Map => Method::Map(prior),
            ScoringMethod::Ml => Method::Ml,
            ScoringMethod::Wle => Method::Wle,
        })
    }

    /// What the method's own function says, to the bit. `None` where there is no estimate: for ML
    /// and WLE, if no answer tells anything.
    ///
    /// # Errors
    /// [`IrtError::InvalidItemParameters`], [`IrtError::OutOfMemory`].
    pub fn score(&self, answers: &[Answer]) -> Result<Option<AbilityEstimate>, IrtError> {
        match &self.0 {
            Method::Eap(eap) => eap.score(answers).map(Some),
            method => Ok(method.of(&in_order(answers)?)),
        }
    }

    pub(super) fn method(&self) -> &Method {
        &self.0
    }
}

impl Method {
    /// The estimate from sorted answers; `None` for EAP too, which needs room of its own.
    pub(super) fn of(&self, answers: &[RisingAnswer]) -> Option<AbilityEstimate> {
        match self {
            Self::Eap(_) => None,
            Self::Map(prior) => Some(map::of(answers, *prior)),
            Self::Ml => ml::of(answers),
            Self::Wle => wle::of(answers),
        }
    }
}
