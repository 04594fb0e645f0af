//! The observed item curve next to the model's.

use super::item_rows::ItemRows;
use super::sums::Sums;
use crate::numeric::eight::Eight;

/// How far an item's observed curve is from the model's.
///
/// # Units
/// Probabilities.
///
/// # Source
/// Köhler, Robitzsch & Hartig (2020), Journal of Educational and Behavioral Statistics 45(3),
/// 251–273, equations 5 and 6; the observed curve from expected counts as in Bock & Aitkin (1981).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CurveDeviation {
    /// √Σ_q w_q (O_q − P_q)², w_q the share of the item's expected attempts at node q.
    pub rmsd: f64,
    /// Σ_q w_q (O_q − P_q): above 0 where the item is easier than the model says.
    pub mean_deviation: f64,
}

/// Expected and observed curve at the nodes, as numbers to keep and to draw.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ItemCurve {
    /// Expected attempts at every node: persons, fractional.
    pub attempts: Vec<f32>,
    /// Expected correct attempts over expected attempts; `None` where nobody is.
    pub observed: Vec<Option<f32>>,
    /// The model's probability of a correct response.
    pub expected: Vec<f32>,
}

/// Rows over the grid: expected attempts, expected correct ones, the model's probability.
#[derive(Clone, Copy)]
pub(super) struct CurveRows<'a> {
    pub attempts: &'a [Eight],
    pub correct: &'a [Eight],
    pub probability: &'a [Eight],
}

impl<'a> CurveRows<'a> {
    pub(super) fn of(sums: &'a Sums, rows: &'a ItemRows<'_>, item: usize) -> Self {
        let row = rows.row(item);
        Self {
            attempts: &sums.attempts[row.clone()],
            correct: &sums.correct[row.clone()],
            probability: &rows.probability[row],
        }
    }

    fn nodes(&self) -> impl Iterator<Item = (f64, f64, f64)> + '_ {
        let attempts = self.attempts.as_flattened().iter();
        let others = self.correct.as_flattened().iter().zip(self.probability.as_flattened());
        attempts.zip(others).map(|(attempts, (correct, p))| (*attempts, *correct, *p))
    }

    /// `None` without a response.
    pub(super) fn deviation(&self) -> Option<CurveDeviation> {
        let (mut total, mut squares, mut differences) = (0.0, 0.0, 0.0);
        for (attempts, correct, p) in self.nodes().filter(|(attempts, ..)| *attempts > 0.0) {
            // attempts · (correct / attempts − p)
            let difference = correct - attempts * p;
            total += attempts;
            differences += difference;
            squares += difference * (difference / attempts);
        }
        (total > 0.0).then(|| CurveDeviation {
            rmsd: libm::sqrt(squares / total),
            mean_deviation: differences / total,
        })
    }

    /// At the first `nodes` nodes: the rest is padding.
    pub(super) fn curve(&self, nodes: usize) -> ItemCurve {
        let mut curve = ItemCurve::default();
        for (attempts, correct, p) in self.nodes().take(nodes) {
            let observed = (correct / attempts).clamp(0.0, 1.0);
            curve.attempts.push(attempts as f32);
            curve.observed.push((attempts as f32 > 0.0).then_some(observed as f32));
            curve.expected.push(p as f32);
        }
        curve
    }
}
