//! Checks before publication in words.

use super::numbers;

/// How a check's numbers are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unit {
    Share,
    /// Standard deviations of ability, correlations, logarithms.
    Plain,
    YesNo,
}

/// What a check asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Question {
    /// In a few words.
    pub label: &'static str,
    /// What the value is.
    pub meaning: &'static str,
    unit: Unit,
}

impl Question {
    /// The value, or a threshold, as people read it.
    pub fn shown(&self, value: Option<f64>) -> String {
        match (value, self.unit) {
            (None, _) => "–".to_owned(),
            (Some(value), _) if value.is_infinite() => "never".to_owned(),
            (Some(value), Unit::Share) => numbers::percent(value),
            (Some(value), Unit::Plain) => numbers::fixed(value, 3),
            (Some(value), Unit::YesNo) => if value > 0.5 { "yes" } else { "no" }.to_owned(),
        }
    }

    /// A threshold.
    pub fn threshold(&self, value: Option<f64>) -> String {
        match value {
            Some(value) if self.is_yes_or_no() && value.is_finite() => "if yes".to_owned(),
            _ => self.shown(value),
        }
    }

    /// True where the threshold is no more than a yes.
    pub fn is_yes_or_no(&self) -> bool {
        self.unit == Unit::YesNo
    }
}

const fn asks(label: &'static str, unit: Unit, meaning: &'static str) -> Question {
    Question { label, meaning, unit }
}

/// The question of that name; one that came later is asked by its name.
pub fn question(name: &str) -> Question {
    of_items(name).or_else(|| of_scale(name)).or_else(|| of_scores(name)).unwrap_or(asks(
        "another check",
        Unit::Plain,
        "see the reference",
    ))
}

fn of_items(name: &str) -> Option<Question> {
    use Unit::Share;
    Some(match name {
        "items_lost" => asks(
            "Items lost",
            Share,
            "of the items in force that have enough responses, the share that got no parameters",
        ),
        "items_left_behind" => asks(
            "Items left behind",
            Share,
            "share of the items in force that would keep values of an older scale",
        ),
        "drifted_items" => asks(
            "Drifted items",
            Share,
            "share of the common items that are not any more what they were",
        ),
        "misfitting_items" => asks(
            "Misfitting items",
            Share,
            "share of the items whose answers leave the model's curve",
        ),
        "reversed_items" => asks(
            "Reversed items",
            Share,
            "share of the items that people who know more get wrong: wrong keys, mostly",
        ),
        "persons_lost" => {
            asks("Persons lost", Share, "by how much fewer persons than in the run in force")
        }
        _ => return None,
    })
}

fn of_scale(name: &str) -> Option<Question> {
    use Unit::Plain;
    Some(match name {
        "scale_shift" => asks(
            "Shift of the scale",
            Plain,
            "how far the origin of ability would move, in standard deviations of ability",
        ),
        "scale_stretch" => asks(
            "Stretch of the scale",
            Plain,
            "by how much the unit of ability would change (absolute logarithm)",
        ),
        "population_shift" => asks(
            "Shift of the population",
            Plain,
            "how far the persons' mean ability has moved, on the scale in force",
        ),
        "population_stretch" => asks(
            "Stretch of the population",
            Plain,
            "by how much the spread of the persons' abilities has changed (absolute logarithm)",
        ),
        "difficulty_disagreement" => asks(
            "Disagreement about difficulty",
            Plain,
            "how far the difficulties have lost their order: 1 less the correlation of those before and after",
        ),
        _ => return None,
    })
}

fn of_scores(name: &str) -> Option<Question> {
    use Unit::{Plain, YesNo};
    Some(match name {
        "score_change" => asks(
            "Change of scores",
            Plain,
            "mean absolute change of the persons' scores, in standard deviations of ability",
        ),
        "score_disorder" => asks(
            "Disorder of scores",
            Plain,
            "how far the persons have lost their order: 1 less the correlation of their scores before and after",
        ),
        "since_rollback" => asks(
            "After a rollback",
            YesNo,
            "somebody took a publication back, and nobody has published a run since",
        ),
        _ => return None,
    })
}
