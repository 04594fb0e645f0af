//! From flags to what a test author is to do, in words.

/// What is to be done with an item, the mildest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verdict {
    /// Nothing.
    Good,
    /// Somebody should look at it.
    Review,
    /// It should be changed, or taken out.
    Revise,
}

impl Verdict {
    /// The word that is recorded.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Review => "review",
            Self::Revise => "revise",
        }
    }
}

/// What is said of an item, and what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ItemVerdict {
    /// The severest that any flag asks for.
    pub verdict: Verdict,
    /// One sentence per flag, the severest first.
    pub reasons: Vec<String>,
    /// What to do first.
    pub advice: String,
}

/// What a flag means to a test author.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FlagMeaning {
    /// Its word.
    pub flag: &'static str,
    /// What it alone asks for.
    pub verdict: Verdict,
    /// What was seen, as a sentence.
    pub reason: &'static str,
    /// What to do, likewise; empty where there is nothing to do.
    pub advice: &'static str,
}

const fn meaning(
    flag: &'static str,
    verdict: Verdict,
    reason: &'static str,
    advice: &'static str,
) -> FlagMeaning {
    FlagMeaning { flag, verdict, reason, advice }
}

/// The flags, the most urgent first. docs/method.md has their thresholds.
static MEANINGS: [FlagMeaning; 21] = [
    meaning(
        "reversed",
        Verdict::Revise,
        "People who know more get it wrong.",
        "Check the key: another answer is probably the right one.",
    ),
    meaning(
        "negative_discrimination",
        Verdict::Revise,
        "People who know more get it wrong.",
        "Check the key: another answer is probably the right one.",
    ),
    meaning(
        "negative_point_biserial",
        Verdict::Revise,
        "People who do well on the other items do badly on this one.",
        "Check the key, and whether the item asks for something else than the others.",
    ),
    meaning(
        "all_incorrect",
        Verdict::Revise,
        "Nobody got it right.",
        "Check the key; if it is right, the item is too hard to tell people apart.",
    ),
    meaning(
        "drifted",
        Verdict::Review,
        "It has become easier or harder than it was.",
        "Check whether it became known, was changed, or is taught differently now.",
    ),
    meaning(
        "differs_by_group",
        Verdict::Review,
        "People of one group find it easier or harder than equally able people of another.",
        "Look for words, examples or translations that only one of the groups knows.",
    ),
    meaning(
        "misfit",
        Verdict::Review,
        "How often it is answered correctly does not rise with ability as it should.",
        "Look at its curve: a second right answer, a trick, or a hint in another item bends it.",
    ),
    meaning(
        "noisy",
        Verdict::Review,
        "Able people miss it and others get it right more often than they should.",
        "Look for careless mistakes, an unclear question, or people who answer without reading.",
    ),
    meaning(
        "guessing",
        Verdict::Review,
        "People who know little get it right more often than they should.",
        "Make the wrong answers more plausible, or offer more of them: it can be guessed.",
    ),
    meaning(
        "low_discrimination",
        Verdict::Review,
        "It hardly tells people who know more from people who know less.",
        "Check the key and the wording; if both are right, the item measures something else.",
    ),
    meaning(
        "extreme_difficulty",
        Verdict::Review,
        "It is so easy or so hard that it tells nothing about nearly everybody.",
        "Take it out, or give it to people of its level only.",
    ),
    meaning(
        "all_correct",
        Verdict::Review,
        "Everybody got it right.",
        "Take it out, or give it to people of a lower level: it does not tell anybody apart.",
    ),
    meaning(
        "not_identified",
        Verdict::Review,
        "The answers do not say how hard it is.",
        "Give it to people who also answer other items.",
    ),
    meaning(
        "disconnected",
        Verdict::Review,
        "Nobody who answered it answered the other items.",
        "Give it to people who also answer items of the rest of the bank.",
    ),
    meaning(
        "quadrature_limited",
        Verdict::Review,
        "Its numbers are less accurate than those of other items.",
        "Look at its discrimination; raise quadrature_nodes if many items say so.",
    ),
    meaning(
        "no_standard_error",
        Verdict::Review,
        "It is not known how accurate its numbers are.",
        "Collect more answers.",
    ),
    meaning(
        "few_responses",
        Verdict::Review,
        "Too few people answered it to say anything.",
        "Collect more answers.",
    ),
    meaning(
        "not_in_items",
        Verdict::Review,
        "It was answered, but it is not in the items table.",
        "Check whether it was deleted or renamed.",
    ),
    meaning("anchored", Verdict::Good, "Its numbers were kept fixed.", ""),
    meaning("imported", Verdict::Good, "Its numbers are those of another program.", ""),
    meaning("pinned", Verdict::Good, "Its numbers are kept as they are.", ""),
];

/// What a flag means, by its word; `None` for one that is not known.
///
/// ```
/// use irt::statistics::{Verdict, flag_meaning};
/// assert_eq!(flag_meaning("reversed").map(|found| found.verdict), Some(Verdict::Revise));
/// assert_eq!(flag_meaning("brand_new"), None);
/// ```
#[must_use]
pub fn flag_meaning(flag: &str) -> Option<&'static FlagMeaning> {
    MEANINGS.iter().find(|meaning| meaning.flag == flag)
}

/// What a test author is to do about an item with these flags, by their words: those of
/// [`crate::Flag`], of [`super::FitFlag`], and those that others add.
///
/// A flag that is not known asks for a review and is named.
///
/// ```
/// use irt::statistics::{FitFlag, Verdict, verdict};
/// let found = verdict(&[FitFlag::Guessing.as_str(), FitFlag::Reversed.as_str()]);
/// assert_eq!(found.verdict, Verdict::Revise);
/// assert_eq!(found.reasons[0], "People who know more get it wrong.");
/// assert!(found.advice.starts_with("Check the key"));
/// assert_eq!(verdict(&[]).verdict, Verdict::Good);
/// ```
#[must_use]
pub fn verdict(flags: &[&str]) -> ItemVerdict {
    let known = MEANINGS.iter().filter(|meaning| flags.contains(&meaning.flag));
    let worst = known.clone().map(|meaning| meaning.verdict).max().unwrap_or(Verdict::Good);
    let advice = known.clone().find(|meaning| meaning.verdict == worst);
    let mut reasons: Vec<String> = Vec::new();
    for reason in known.filter(|meaning| meaning.verdict > Verdict::Good).map(|m| m.reason) {
        if !reasons.iter().any(|said| said == reason) {
            reasons.push(reason.to_owned());
        }
    }
    let unknown: Vec<&&str> = flags.iter().filter(|flag| flag_meaning(flag).is_none()).collect();
    reasons.extend(unknown.iter().map(|flag| format!("It is flagged {flag}.")));
    let verdict = if unknown.is_empty() { worst } else { worst.max(Verdict::Review) };
    let advice = match (verdict, advice) {
        (Verdict::Good, _) => "Keep it.",
        (_, Some(meaning)) if worst == verdict => meaning.advice,
        _ => "Look at it.",
    };
    ItemVerdict { verdict, reasons, advice: advice.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flag::Flag;
    use crate::statistics::FitFlag;

    #[test]
    fn every_flag_has_a_meaning() {
        let flags = [
            Flag::FewResponses,
            Flag::AllCorrect,
            Flag::AllIncorrect,
            Flag::NotIdentified,
            Flag::Disconnected,
            Flag::NegativePointBiserial,
            Flag::NegativeDiscrimination,
            Flag::LowDiscrimination,
            Flag::ExtremeDifficulty,
            Flag::QuadratureLimited,
            Flag::NoStandardError,
        ];
        let fit = [
            FitFlag::Misfit,
            FitFlag::Noisy,
            FitFlag::Guessing,
            FitFlag::DiffersByGroup,
            FitFlag::Reversed,
        ];
        let words = flags.map(Flag::as_str).into_iter().chain(fit.map(FitFlag::as_str));
        for word in words {
            let found = verdict(&[word]);
            assert!(found.verdict > Verdict::Good && found.reasons.len() == 1, "{word}");
            assert!(!found.reasons[0].contains("flagged") && !found.advice.is_empty(), "{word}");
        }
    }

    #[test]
    fn what_is_unknown_is_reviewed_and_named() {
        let found = verdict(&["strange", "anchored"]);
        assert_eq!((found.verdict, found.reasons.len()), (Verdict::Review, 1));
        assert_eq!(found.reasons[0], "It is flagged strange.");
        assert_eq!(verdict(&["anchored", "imported", "pinned"]).advice, "Keep it.");
    }
}
