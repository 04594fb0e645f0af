//! An axis: from data to the picture, with marks at round numbers.

use crate::words::numbers;

/// A range of values along one side of a picture.
#[derive(Debug, Clone, PartialEq)]
pub struct Axis {
    /// What is along it.
    pub label: String,
    low: f64,
    high: f64,
    step: f64,
}

/// About so many marks on an axis.
const MARKS: f64 = 6.0;

impl Axis {
    /// An axis that holds all of the values, ending at round numbers. Values that are not finite are
    /// passed over.
    pub fn around(label: &str, values: impl IntoIterator<Item = f64>) -> Self {
        let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
        for value in values.into_iter().filter(|value| value.is_finite()) {
            (low, high) = (low.min(value), high.max(value));
        }
        if low > high {
            (low, high) = (0.0, 1.0);
        }
        if high - low < 1e-6 * (1.0 + low.abs()) {
            (low, high) = (low - 0.5, high + 0.5);
        }
        Self::between(label, low, high)
    }

    /// An axis from at most one number to at least another; both are moved to round ones.
    pub fn between(label: &str, low: f64, high: f64) -> Self {
        let step = round_step((high - low) / MARKS);
        // A hair's breadth beyond a mark is no reason for another one.
        let low = ((low / step) + 1e-9).floor() * step;
        let high = ((high / step) - 1e-9).ceil() * step;
        Self { label: label.to_owned(), low, high, step }
    }

    /// Where it begins.
    pub fn low(&self) -> f64 {
        self.low
    }

    /// Where it ends.
    pub fn high(&self) -> f64 {
        self.high
    }

    /// How far along it a value is, from 0 to 1 for those on it.
    pub fn share(&self, value: f64) -> f64 {
        (value - self.low) / (self.high - self.low)
    }

    /// True for a value on it.
    pub fn holds(&self, value: f64) -> bool {
        (-1e-9..=1.0 + 1e-9).contains(&self.share(value))
    }

    /// The round numbers on it, as they are written.
    pub fn marks(&self) -> Vec<(f64, String)> {
        let digits = (-self.step.log10() - 1e-9).ceil().clamp(0.0, 6.0) as usize;
        let count = ((self.high - self.low) / self.step).round() as usize;
        (0..=count)
            .map(|number| self.low + number as f64 * self.step)
            .map(|value| (value, numbers::fixed(value, digits)))
            .collect()
    }
}

/// The next 1, 2 or 5 times a power of ten.
fn round_step(step: f64) -> f64 {
    let power = 10f64.powf(step.log10().floor());
    let round = [1.0, 2.0, 5.0, 10.0].into_iter().find(|times| step <= times * power * 1.000_001);
    round.unwrap_or(10.0) * power
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_and_marks_are_round() {
        let axis = Axis::around("b", [-2.39, 1.7, f64::NAN, f64::INFINITY]);
        assert_eq!((axis.low(), axis.high()), (-3.0, 2.0));
        let marks: Vec<String> = axis.marks().into_iter().map(|(_, text)| text).collect();
        assert_eq!(marks, ["−3", "−2", "−1", "0", "1", "2"]);
        let axis = Axis::between("a", 0.0, 0.31);
        let marks: Vec<String> = axis.marks().into_iter().map(|(_, text)| text).collect();
        assert_eq!(marks, ["0.0", "0.1", "0.2", "0.3", "0.4"]);
    }

    #[test]
    fn any_values_make_an_axis() {
        for values in [vec![], vec![0.0], vec![1e300, -1e300], vec![3.0, 3.0], vec![1e-12, 2e-12]] {
            let axis = Axis::around("x", values.clone());
            assert!(axis.low() < axis.high(), "{values:?}: {axis:?}");
            assert!((2..=12).contains(&axis.marks().len()), "{values:?}: {axis:?}");
            assert!(values.iter().all(|value| axis.holds(*value)), "{values:?}: {axis:?}");
        }
    }
}
