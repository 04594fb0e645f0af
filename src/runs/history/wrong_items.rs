//! What a run's diagnosis found wrong with items, in one sentence.

use irt::statistics::{FitFlag, flag_meaning};

/// What a run flags when items do not go with the model, the most urgent first.
const FLAGS: [&str; 6] = [
    FitFlag::Reversed.as_str(),
    "drifted",
    FitFlag::DiffersByGroup.as_str(),
    FitFlag::Misfit.as_str(),
    FitFlag::Noisy.as_str(),
    FitFlag::Guessing.as_str(),
];

/// How many of the items have each of these flags, and what that means. `flags`: those of each item,
/// with commas between them.
pub fn in_words<'a>(flags: impl Iterator<Item = &'a str> + Clone) -> String {
    let items = flags.clone().count();
    let found = FLAGS.iter().filter_map(|flag| {
        let has = |flags: &&str| flags.split(',').any(|one| one == *flag);
        let count = flags.clone().filter(has).count();
        (count > 0).then(|| format!("{count} of {items} items {flag} ({})", meaning(flag)))
    });
    let found: Vec<String> = found.collect();
    match found.is_empty() {
        true => "no item was found that does not fit the model".to_owned(),
        false => format!("wrong: {}", found.join(", ")),
    }
}

/// The reason that irt_item_verdicts gives, as a part of a sentence.
fn meaning(flag: &str) -> String {
    let reason = flag_meaning(flag).map_or("", |meaning| meaning.reason).trim_end_matches('.');
    let mut letters = reason.chars();
    let first = letters.next().map(|first| first.to_lowercase().to_string());
    format!("{}{}", first.unwrap_or_default(), letters.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_is_counted_and_explained_the_most_urgent_first() {
        let flags = ["misfit,reversed", "", "misfit", "low_discrimination"];
        let words = "wrong: 1 of 4 items reversed (people who know more get it wrong), \
                     2 of 4 items misfit (how often it is answered correctly does not rise with \
                     ability as it should)";
        assert_eq!(in_words(flags.into_iter()), words);
        let nothing = "no item was found that does not fit the model";
        assert_eq!(in_words(["", "low_discrimination"].into_iter()), nothing);
    }
}
