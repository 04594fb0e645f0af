//! Sums of numbers that are too small to be numbers.

/// ln Σ exp(log) and a mean with the weights exp(log), free of under- and overflow.
#[derive(Debug, Clone, Copy)]
pub(super) struct LogSum {
    peak: f64,
    sum: f64,
    weighted: f64,
}

impl LogSum {
    /// The sum of nothing: ln 0.
    pub(super) fn new() -> Self {
        Self { peak: f64::NEG_INFINITY, sum: 0.0, weighted: 0.0 }
    }

    /// Adds exp(`log`), which is the weight of `value` in the mean.
    pub(super) fn add(&mut self, log: f64, value: f64) {
        if log > self.peak {
            let shrink = libm::exp(self.peak - log);
            self.peak = log;
            self.sum *= shrink;
            self.weighted *= shrink;
        }
        let weight = libm::exp(log - self.peak);
        self.sum += weight;
        self.weighted += weight * value;
    }

    /// ln of the sum.
    pub(super) fn log(&self) -> f64 {
        if self.sum > 0.0 { self.peak + libm::log(self.sum) } else { f64::NEG_INFINITY }
    }

    /// The weighted mean; 0 of nothing.
    pub(super) fn mean(&self) -> f64 {
        if self.sum > 0.0 { self.weighted / self.sum } else { 0.0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_what_plain_numbers_lose() {
        let mut sum = LogSum::new();
        assert_eq!((sum.log(), sum.mean()), (f64::NEG_INFINITY, 0.0));
        for (log, value) in [(-2000.0, 1.0), (-1999.0, 2.0), (-5000.0, 9.0)] {
            sum.add(log, value);
        }
        let e = std::f64::consts::E;
        assert!((sum.log() - (-2000.0 + libm::log(1.0 + e))).abs() < 1e-12);
        assert!((sum.mean() - (1.0 + 2.0 * e) / (1.0 + e)).abs() < 1e-15);
    }
}
