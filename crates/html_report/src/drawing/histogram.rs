//! Counts over bins, one series behind another.

use super::axis::Axis;
use super::plot::Plot;
use maud::Markup;

/// Bins of equal width.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bins {
    /// Where the first begins.
    pub low: f64,
    /// Where the last ends.
    pub high: f64,
}

impl Bins {
    /// Where a bin begins and ends, of so many.
    pub fn edges(&self, bin: usize, of: usize) -> (f64, f64) {
        let width = (self.high - self.low) / of as f64;
        (self.low + bin as f64 * width, self.low + (bin + 1) as f64 * width)
    }
}

/// Counts, and the class of their colour. A series named `before` is drawn as an outline.
#[derive(Debug, Clone, PartialEq)]
pub struct Series<'a> {
    /// `now` or `before`.
    pub class: &'static str,
    /// How many in each bin.
    pub counts: &'a [f64],
}

/// Draws series as shares of their own sums, so that two of different sizes can be compared.
pub fn histogram(
    id: &str,
    (title, description): (&str, &str),
    label: &str,
    bins: Bins,
    all: &[Series<'_>],
) -> Markup {
    let shares: Vec<(&'static str, Vec<f64>)> =
        all.iter().map(|series| (series.class, as_shares(series.counts))).collect();
    let highest = shares.iter().flat_map(|(_, shares)| shares.iter().copied()).fold(0.01, f64::max);
    let mut plot = Plot::new(
        id,
        title,
        description,
        Axis::between(label, bins.low, bins.high),
        Axis::between("Share of the persons", 0.0, highest),
    );
    for (class, shares) in &shares {
        if *class == "before" {
            plot.line(class, outline(shares, bins));
            continue;
        }
        for (bin, share) in shares.iter().enumerate() {
            plot.bar("bar", bins.edges(bin, shares.len()), *share);
        }
    }
    plot.render()
}

fn as_shares(counts: &[f64]) -> Vec<f64> {
    let known = |count: &f64| if count.is_finite() { count.max(0.0) } else { 0.0 };
    let sum: f64 = counts.iter().map(known).sum();
    counts.iter().map(|count| known(count) / sum.max(f64::MIN_POSITIVE)).collect()
}

/// Steps up and down along the tops of the bars.
fn outline(shares: &[f64], bins: Bins) -> Vec<(f64, f64)> {
    let tops = shares.iter().enumerate().flat_map(|(bin, share)| {
        let (from, to) = bins.edges(bin, shares.len());
        [(from, *share), (to, *share)]
    });
    let ends = [(bins.low, 0.0), (bins.high, 0.0)];
    ends[..1].iter().copied().chain(tops).chain(ends[1..].iter().copied()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_are_shares_of_their_own_sum() {
        let bins = Bins { low: -2.0, high: 2.0 };
        assert_eq!(bins.edges(0, 4), (-2.0, -1.0));
        assert_eq!(as_shares(&[1.0, 3.0, f64::NAN, -1.0]), [0.25, 0.75, 0.0, 0.0]);
        assert_eq!(as_shares(&[0.0, 0.0]), [0.0, 0.0]);
        let few = Series { class: "before", counts: &[0.0, 2.0, 2.0, 0.0] };
        let many = Series { class: "now", counts: &[0.0, 200.0, 200.0, 0.0] };
        let drawn = histogram("h", ("t", "d"), "Ability", bins, &[many, few]).into_string();
        assert_eq!(drawn.matches("<rect").count(), 2, "{drawn}");
        // Both reach the top of the axis.
        assert!(drawn.contains(r#"y="30.0""#) && drawn.contains("L132.5 30.0"), "{drawn}");
    }

    #[test]
    fn nobody_makes_an_empty_picture() {
        let bins = Bins { low: -2.0, high: 2.0 };
        let drawn =
            histogram("h", ("t", "d"), "Ability", bins, &[Series { class: "now", counts: &[] }]);
        assert!(!drawn.into_string().contains("<rect"));
    }
}
