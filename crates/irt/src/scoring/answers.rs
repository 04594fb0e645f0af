//! Answers in a form and an order that depend on nothing but their content.
//!
//! An item with a negative slope that was answered correctly says exactly what
//! the item with the opposite slope says when it is answered incorrectly:
//! P(correct) is 1 − P(correct) of the other. So every answer is turned into
//! one on a rising item, and scoring knows no negative slopes.

use crate::error::IrtError;
use crate::memory::reserve;
use crate::model::item_parameters::ItemParameters;

/// A discrimination up to this size, in logits per unit of ability, counts as 0: it
/// tells no two abilities apart.
pub const FLAT: f64 = 1e-12;

/// A response to an item whose parameters are known.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Answer {
    /// The item's parameters, on the scale on which the person is to be scored.
    pub item: ItemParameters,
    /// Whether the response was correct.
    pub correct: bool,
}

/// An answer on a rising item.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct RisingAnswer {
    /// |a|, above 0.
    pub slope: f64,
    /// b.
    pub difficulty: f64,
    /// True where the answer speaks for a higher ability.
    pub up: bool,
}

impl RisingAnswer {
    /// `None` for a flat item, which tells nothing.
    pub(super) fn new(item: ItemParameters, correct: bool) -> Option<Self> {
        let slope = item.discrimination.abs();
        (slope > FLAT).then_some(Self {
            slope,
            // Adding 0 makes one 0 of the two that there are.
            difficulty: item.difficulty + 0.0,
            up: correct == (item.discrimination > 0.0),
        })
    }

    /// The logit of the answer that speaks for a higher ability.
    #[inline(always)]
    pub(super) fn logit(&self, ability: f64) -> f64 {
        self.slope * (ability - self.difficulty)
    }

    /// By slope, then difficulty, then direction.
    pub(super) fn order(&self, other: &Self) -> std::cmp::Ordering {
        self.slope
            .total_cmp(&other.slope)
            .then_with(|| self.difficulty.total_cmp(&other.difficulty))
            .then_with(|| self.up.cmp(&other.up))
    }
}

/// Validates the answers and brings those that tell something into their order.
///
/// # Errors
/// [`IrtError::InvalidItemParameters`] with the position of the first bad one;
/// [`IrtError::OutOfMemory`].
pub(super) fn in_order(answers: &[Answer]) -> Result<Vec<RisingAnswer>, IrtError> {
    let mut rising = reserve(answers.len(), "a person's answers")?;
    for (position, answer) in answers.iter().enumerate() {
        answer.item.validate(position)?;
        rising.extend(RisingAnswer::new(answer.item, answer.correct));
    }
    // Equal answers cannot be told apart, so their order does not matter.
    rising.sort_unstable_by(RisingAnswer::order);
    Ok(rising)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_falling_item_answered_wrongly_is_a_rising_one_answered_correctly() {
        let answer = |a, correct| Answer {
            item: ItemParameters { discrimination: a, difficulty: 0.3 },
            correct,
        };
        assert_eq!(in_order(&[answer(-1.2, false)]), in_order(&[answer(1.2, true)]));
        assert_eq!(in_order(&[answer(-1.2, true)]), in_order(&[answer(1.2, false)]));
        assert_eq!(in_order(&[answer(0.0, true), answer(-1e-13, true)]), Ok(vec![]));
    }
}
