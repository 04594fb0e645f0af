//! How often items were answered.

/// How often an item was answered, and correctly.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct ItemTotals {
    pub responses: u64,
    pub correct: u64,
}

impl ItemTotals {
    /// True where the responses do not differ, or where there is none.
    pub(crate) fn is_constant(self) -> bool {
        self.correct == 0 || self.correct == self.responses
    }

    /// Share of correct responses; `None` without responses.
    pub(crate) fn proportion_correct(self) -> Option<f64> {
        (self.responses > 0).then(|| self.correct as f64 / self.responses as f64)
    }
}
