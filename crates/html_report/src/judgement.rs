//! Which items are to be looked at, and why.

use crate::data::Item;
use crate::words::flags;
use irt::statistics::{Verdict as OfFlags, flag_meaning};
use std::cmp::Reverse;

/// What irt_item_verdicts says of every item of a run that did not look at fit: the page says it once.
const NOT_DIAGNOSED: &str = "Whether it fits the model was not tested.";

/// What is to be done with an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// Nothing.
    Good,
    /// It has no parameters, and nothing is wrong with that.
    NotEstimated,
    /// Somebody should look.
    Review,
    /// It should not be used as it is.
    Revise,
}

impl Verdict {
    /// In a word or two.
    pub fn label(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::NotEstimated => "not estimated",
            Self::Review => "review",
            Self::Revise => "revise",
        }
    }
}

/// What is said of an item.
#[derive(Debug, Clone, PartialEq)]
pub struct Judgement {
    /// What is to be done.
    pub verdict: Verdict,
    /// Why, a sentence each, the worst first.
    pub reasons: Vec<String>,
    /// What to do about the worst.
    pub advice: String,
}

/// What irt_item_verdicts says of the item, where it does; else what its flags say.
pub fn of(item: &Item) -> Judgement {
    if let Some(found) = &item.verdict {
        let verdict = match found.verdict.as_str() {
            "revise" => Verdict::Revise,
            "review" => Verdict::Review,
            _ if item.parameters().is_none() => Verdict::NotEstimated,
            _ => Verdict::Good,
        };
        let is_of_item = |reason: &&String| reason.as_str() != NOT_DIAGNOSED;
        let reasons = found.reasons.iter().filter(is_of_item).cloned().collect();
        let advice = found.advice.clone().unwrap_or_default();
        return Judgement { verdict, reasons, advice };
    }
    of_flags(item)
}

fn of_flags(item: &Item) -> Judgement {
    let mut judged = Judgement {
        verdict: if item.parameters().is_some() { Verdict::Good } else { Verdict::NotEstimated },
        reasons: Vec::new(),
        advice: String::new(),
    };
    if item.now.is_none() {
        judged.reasons.push("This run has no responses to it.".to_owned());
    }
    let mut known: Vec<_> = item.flags().iter().filter_map(|flag| flag_meaning(flag)).collect();
    // Stable: flags that are equally bad stay in the order in which they were recorded.
    known.sort_by_key(|flag| Reverse(flag.verdict));
    if let Some(worst) = known.first() {
        judged.advice = flags::advice(worst).to_owned();
        judged.verdict = judged.verdict.max(match worst.verdict {
            OfFlags::Revise => Verdict::Revise,
            OfFlags::Review => Verdict::Review,
            OfFlags::Good => Verdict::Good,
        });
    }
    judged.reasons.extend(known.iter().map(|flag| flag.reason.to_owned()));
    for flag in item.flags().iter().filter(|flag| flag_meaning(flag).is_none()) {
        judged.reasons.push(format!("It is flagged {}.", flag.replace('_', " ")));
        judged.verdict = judged.verdict.max(Verdict::Review);
    }
    judged
}

/// The items beside what is said of them: those to be looked at first come first, among equals the
/// ones that changed most.
pub fn worst_first(items: &[Item]) -> Vec<(&Item, Judgement)> {
    let mut judged: Vec<_> =
        items.iter().map(|item| (item, of(item), item.distance().unwrap_or(0.0))).collect();
    judged.sort_by(|(one, said, distance), (other, of_other, other_distance)| {
        let key = |judgement: &Judgement| (judgement.verdict, judgement.reasons.len());
        Reverse(key(said))
            .cmp(&Reverse(key(of_other)))
            .then_with(|| other_distance.total_cmp(distance))
            .then_with(|| one.item.cmp(&other.item))
    });
    judged.into_iter().map(|(item, judgement, _)| (item, judgement)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::{Estimate, ItemVerdict, Measured};

    fn item(name: &str, flags: &[&str], before: f64) -> Item {
        let estimate =
            |b| Estimate { difficulty: Some(b), discrimination: Some(1.0), ..Estimate::default() };
        Item {
            item: name.to_owned(),
            now: Some(Measured {
                estimate: estimate(0.0),
                flags: flags.iter().map(|flag| (*flag).to_owned()).collect(),
                ..Measured::default()
            }),
            before: Some(estimate(before)),
            ..Item::default()
        }
    }

    #[test]
    fn the_worst_come_first_and_then_the_movers() {
        let items = [
            item("still", &[], 0.0),
            item("moved", &[], 1.0),
            item("reversed", &["reversed"], 0.0),
            item("weak", &["low_discrimination"], 0.5),
        ];
        let order: Vec<&str> =
            worst_first(&items).iter().map(|(item, _)| item.item.as_str()).collect();
        assert_eq!(order, ["reversed", "weak", "moved", "still"]);
    }

    #[test]
    fn a_verdict_of_the_server_s_goes_before_flags() {
        let mut found = item("x", &["reversed"], 0.0);
        assert_eq!(of(&found).verdict, Verdict::Revise);
        assert!(of(&found).advice.contains("Check the key"));
        found.verdict = Some(ItemVerdict {
            verdict: "review".to_owned(),
            reasons: vec!["Why.".to_owned(), NOT_DIAGNOSED.to_owned()],
            advice: None,
        });
        assert_eq!(of(&found).verdict, Verdict::Review);
        assert_eq!(of(&found).reasons, ["Why."]);
    }

    #[test]
    fn an_unknown_flag_is_shown_and_looked_at() {
        let found = of(&item("x", &["brand_new"], 0.0));
        assert_eq!(found.reasons, ["It is flagged brand new."]);
        assert_eq!(found.verdict, Verdict::Review);
    }
}
