//! An item's response curve: what the model expects, and what was observed.

use super::axis::Axis;
use super::marks::{Mark, Shape};
use super::plot::Plot;
use irt::ItemParameters;
use maud::Markup;

/// The 97.5 % quantile of the normal distribution.
const TWO_SIDED_95: f64 = 1.96;
/// Straight pieces of a curve.
const PIECES: u32 = 48;
/// Fewer expected attempts at a node show nothing.
const LEAST_ATTEMPTS: f64 = 1.0;
/// Radius of the point with most attempts, and of the smallest.
const RADII: (f64, f64) = (6.5, 1.2);
/// Abilities from minus to plus this.
const BOUND: f64 = 4.0;

/// Observed answers around one ability.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Observed {
    /// θ.
    pub ability: f64,
    /// Expected number of attempts there.
    pub attempts: f64,
    /// Share of them that is correct.
    pub share: f64,
    /// What the model expects.
    pub expected: f64,
}

impl Observed {
    /// Nodes of the picture at which enough was observed; arrays of different lengths show nothing.
    pub fn at_nodes(
        abilities: &[f64],
        attempts: &[f64],
        observed: &[f64],
        expected: &[f64],
    ) -> Vec<Self> {
        if [attempts.len(), observed.len(), expected.len()] != [abilities.len(); 3] {
            return Vec::new();
        }
        (0..abilities.len())
            .map(|node| Self {
                ability: abilities[node],
                attempts: attempts[node],
                share: observed[node],
                expected: expected[node],
            })
            .filter(|node| {
                node.attempts >= LEAST_ATTEMPTS
                    && node.ability.abs() <= BOUND
                    && [node.ability, node.share, node.expected].iter().all(|n| n.is_finite())
            })
            .collect()
    }

    /// Where 95 % of the observed shares would be, were the model right.
    pub fn band(&self) -> (f64, f64) {
        let variance = self.expected * (1.0 - self.expected) / self.attempts;
        let half = TWO_SIDED_95 * variance.max(0.0).sqrt();
        ((self.expected - half).max(0.0), (self.expected + half).min(1.0))
    }
}

/// What is known of an item's curve.
#[derive(Debug, Clone, PartialEq)]
pub struct ItemCurve {
    /// Unique on the page.
    pub id: String,
    /// The item, as it is said.
    pub item: String,
    /// The run's parameters.
    pub now: Option<ItemParameters>,
    /// Those of the other side.
    pub before: Option<ItemParameters>,
    /// What was observed; nothing, where nobody has looked.
    pub observed: Vec<Observed>,
}

/// Draws it: the model's curve, that of before dashed, observed shares as points whose areas are the
/// attempts, and a band in which 95 % of them would be.
pub fn item_curve(curve: &ItemCurve) -> Markup {
    let title = format!("Response curve of {}", curve.item);
    let mut plot = Plot::new(
        &curve.id,
        &title,
        &description(curve),
        Axis::between("Ability", -BOUND, BOUND),
        Axis::between("Probability of a right answer", 0.0, 1.0),
    )
    .high(250.0);
    let band: Vec<_> = curve
        .observed
        .iter()
        .map(|node| {
            let (low, high) = node.band();
            (node.ability, low, high)
        })
        .collect();
    plot.band("band", &band);
    for (class, parameters) in [("before", curve.before), ("now", curve.now)] {
        if let Some(item) = parameters {
            plot.line(class, abilities().map(|ability| (ability, item.probability(ability))));
        }
    }
    let most = curve.observed.iter().map(|node| node.attempts).fold(1.0, f64::max);
    let points: Vec<Mark> = curve.observed.iter().map(|node| point(node, most)).collect();
    plot.marks(&points);
    plot.render()
}

fn abilities() -> impl Iterator<Item = f64> {
    (0..=PIECES).map(|piece| -BOUND + 2.0 * BOUND * f64::from(piece) / f64::from(PIECES))
}

/// Its area is the attempts.
fn point(node: &Observed, most: f64) -> Mark {
    let radius = (RADII.0 * (node.attempts / most).sqrt()).max(RADII.1);
    let title = String::new();
    Mark { at: (node.ability, node.share), shape: Shape::Dot, radius, title }
}

fn description(curve: &ItemCurve) -> String {
    let mut said = match curve.now {
        Some(item) => format!(
            "Half of the persons of ability {:.2} are expected to answer right; discrimination {:.2}.",
            item.difficulty, item.discrimination
        ),
        None => "This run has no parameters of it.".to_owned(),
    };
    if let Some(before) = curve.before {
        said.push_str(&format!(" Before, that ability was {:.2}.", before.difficulty));
    }
    let outside = curve.observed.iter().filter(|node| {
        let (low, high) = node.band();
        node.share < low || node.share > high
    });
    if !curve.observed.is_empty() {
        said.push_str(&format!(
            " {} of {} observed points are outside of the 95 % band.",
            outside.count(),
            curve.observed.len()
        ));
    }
    said
}

#[cfg(test)]
mod tests {
    use super::*;

    fn observed() -> Vec<Observed> {
        Observed::at_nodes(
            &[-1.0, 0.0, 1.0, 2.0],
            &[400.0, 100.0, 100.0, 0.2],
            &[0.2, 0.9, 0.7, 1.0],
            &[0.27, 0.5, 0.73, 0.9],
        )
    }

    fn curve(observed: Vec<Observed>) -> ItemCurve {
        ItemCurve {
            id: "c".to_owned(),
            item: "Item <1>".to_owned(),
            now: Some(ItemParameters::new(1.0, 0.0)),
            before: Some(ItemParameters::new(1.0, 1.0)),
            observed,
        }
    }

    #[test]
    fn nodes_without_attempts_show_nothing() {
        assert_eq!(observed().len(), 3);
        assert!(Observed::at_nodes(&[0.0], &[], &[0.5], &[0.5]).is_empty());
        assert!(Observed::at_nodes(&[0.0], &[f64::NAN], &[0.5], &[0.5]).is_empty());
    }

    #[test]
    fn the_band_is_that_of_a_binomial_share() {
        let (low, high) = observed()[1].band();
        assert!((low - 0.402).abs() < 1e-12 && (high - 0.598).abs() < 1e-12, "{low} {high}");
        let sure = Observed { expected: 0.99, attempts: 4.0, ..observed()[0] };
        assert_eq!(sure.band().1, 1.0);
    }

    #[test]
    fn points_areas_are_attempts_and_outsiders_are_counted() {
        let drawn = item_curve(&curve(observed())).into_string();
        for part in
            [r#"r="6.5""#, r#"r="3.2""#, "class=\"band\"", "class=\"before\"", "class=\"now\""]
        {
            assert!(drawn.contains(part), "{part}: {drawn}");
        }
        assert!(drawn.contains("2 of 3 observed points are outside"), "{drawn}");
        assert!(drawn.contains("Item &lt;1&gt;"), "{drawn}");
        let bare = item_curve(&curve(Vec::new())).into_string();
        assert!(!bare.contains("band") && !bare.contains("circle"), "{bare}");
    }
}
