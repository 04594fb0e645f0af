//! How probable every number-correct score is, at every node.
//!
//! Source: Lord & Wingersky (1984), Applied Psychological Measurement 8(4), 453–461.

use crate::numeric::eight::{Eight, LANES};

/// Rows over the grid, one per score 0 … items.
#[derive(Debug, Clone)]
pub(super) struct SumScores {
    rows: Vec<Eight>,
    width: usize,
}

impl SumScores {
    /// Of no item: everybody has score 0.
    pub(super) fn of_nobody(width: usize) -> Self {
        Self { rows: vec![[1.0; LANES]; width], width }
    }

    pub(super) fn row(&self, score: usize) -> &[Eight] {
        &self.rows[score * self.width..(score + 1) * self.width]
    }

    /// With one item more, which is answered correctly with this probability at every node.
    #[inline(always)]
    pub(super) fn add_item(&mut self, probability: &[Eight]) {
        let width = self.width;
        self.rows.resize(self.rows.len() + width, [0.0; LANES]);
        let last = self.rows.len() / width - 1;
        for score in (0..=last).rev() {
            let (below, row) = self.rows.split_at_mut(score * width);
            for (eight, p) in probability.iter().enumerate() {
                let lower =
                    if score > 0 { below[(score - 1) * width + eight] } else { [0.0; LANES] };
                let mut value = row[eight];
                for lane in 0..LANES {
                    value[lane] = value[lane] * (1.0 - p[lane]) + lower[lane] * p[lane];
                }
                row[eight] = value;
            }
        }
    }
}

/// Calls `visit(item, scores of all other items)` for every item of `items`.
///
/// By halves: what all items outside of a half have in common is multiplied in once, which takes
/// log₂ of the items as many multiplications an item, and nothing is divided out.
#[inline(always)]
pub(super) fn without_each<'a>(
    items: usize,
    width: usize,
    probability: &impl Fn(usize) -> &'a [Eight],
    visit: &mut impl FnMut(usize, &SumScores),
) {
    // Halves to do, each with the scores of the items outside of it.
    let mut halves = vec![(0..items, SumScores::of_nobody(width))];
    while let Some((here, outside)) = halves.pop() {
        if here.len() <= 1 {
            here.for_each(|item| visit(item, &outside));
            continue;
        }
        let middle = here.start + here.len() / 2;
        let with = |others: std::ops::Range<usize>, mut scores: SumScores| {
            for item in others {
                scores.add_item(probability(item));
            }
            scores
        };
        halves.push((here.start..middle, with(middle..here.end, outside.clone())));
        halves.push((middle..here.end, with(here.start..middle, outside)));
    }
}
