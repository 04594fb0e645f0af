//! The items' functions at every node of the grid, as a diagnosis needs them.

use crate::data::response::Response;
use crate::error::IrtError;
use crate::likelihood::item_tables::sum_of_correct;
use crate::memory::zeroes;
use crate::model::two_pl::SlopeIntercept;
use crate::numeric::eight::{Eight, LANES, vectorised};
use crate::numeric::elementary::{eight_logistics, eight_softpluses, exp_nonpositive};

/// Odds beyond exp(±this) are not told apart: their squares stay finite.
const LARGEST_LOGIT: f64 = 200.0;

/// Rows over the grid.
pub(super) struct ItemRows<'a> {
    pub parameters: &'a [SlopeIntercept],
    /// Eights per row.
    pub width: usize,
    /// softplus(a θ + d), one row an item.
    pub softplus: Vec<Eight>,
    /// P, one row an item.
    pub probability: Vec<Eight>,
    /// The odds of the other response, two rows an item as [`Response::packed`] counts:
    /// P / (1 − P) for an incorrect one, (1 − P) / P for a correct one.
    pub odds_against: Vec<Eight>,
}

impl<'a> ItemRows<'a> {
    /// # Errors
    /// [`IrtError::OutOfMemory`].
    pub(super) fn new(parameters: &'a [SlopeIntercept], nodes: &[Eight]) -> Result<Self, IrtError> {
        const WHAT: &str = "tables of the items";
        let (items, width) = (parameters.len(), nodes.len());
        let mut softplus: Vec<Eight> = zeroes(items * width, WHAT)?;
        let mut probability: Vec<Eight> = zeroes(items * width, WHAT)?;
        let mut odds_against: Vec<Eight> = zeroes(2 * items * width, WHAT)?;
        vectorised(
            #[inline(always)]
            || {
                for (item, parameters) in parameters.iter().enumerate() {
                    for (eight, nodes) in nodes.iter().enumerate() {
                        let logits = parameters.logits(*nodes);
                        let at = item * width + eight;
                        softplus[at] = eight_softpluses(logits);
                        probability[at] = eight_logistics(logits);
                        let [odds, inverse] = odds(logits);
                        odds_against[2 * item * width + eight] = odds;
                        odds_against[(2 * item + 1) * width + eight] = inverse;
                    }
                }
            },
        );
        Ok(Self { parameters, width, softplus, probability, odds_against })
    }

    /// Σ a over the correct responses: all that a posterior needs of them.
    #[inline(always)]
    pub(super) fn slope_of_correct(&self, responses: &[Response]) -> f64 {
        sum_of_correct(responses, self.parameters).slope
    }

    /// The row of an item in [`Self::softplus`] and [`Self::probability`].
    #[inline(always)]
    pub(super) fn row(&self, item: usize) -> std::ops::Range<usize> {
        item * self.width..(item + 1) * self.width
    }
}

/// exp(z) and exp(−z) of each of eight numbers, within bounds.
#[inline(always)]
fn odds(logits: Eight) -> [Eight; 2] {
    let (mut odds, mut inverse) = (logits, logits);
    for lane in 0..LANES {
        let size = logits[lane].abs();
        let small = exp_nonpositive(-if size < LARGEST_LOGIT { size } else { LARGEST_LOGIT });
        let large = 1.0 / small;
        let positive = logits[lane] >= 0.0;
        odds[lane] = if positive { large } else { small };
        inverse[lane] = if positive { small } else { large };
    }
    [odds, inverse]
}
