//! Flags of items in words: what was seen, and what to do.

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// To be known.
    Note,
    /// Somebody should look.
    Look,
    /// The item should not be used as it is.
    Bad,
}

/// What a flag says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Explanation {
    /// In a word or three.
    pub label: &'static str,
    /// What was seen, as a sentence.
    pub reason: &'static str,
    /// What to do, likewise.
    pub advice: &'static str,
    /// How bad it is.
    pub severity: Severity,
}

const fn says(
    severity: Severity,
    label: &'static str,
    reason: &'static str,
    advice: &'static str,
) -> Explanation {
    Explanation { label, reason, advice, severity }
}

/// Every flag of docs/reference.md; `None` for one that came later.
pub fn explanation(flag: &str) -> Option<Explanation> {
    wrong(flag).or_else(|| doubtful(flag)).or_else(|| estimation(flag)).or_else(|| remark(flag))
}

/// The flag in words, known or not.
pub fn label(flag: &str) -> String {
    explanation(flag).map_or_else(|| flag.replace('_', " "), |known| known.label.to_owned())
}

/// The item does not measure what the others do.
fn wrong(flag: &str) -> Option<Explanation> {
    use Severity::Bad;
    Some(match flag {
        "reversed" => says(
            Bad,
            "reversed",
            "People who know more get it wrong.",
            "Check the key: another answer is probably the right one.",
        ),
        "negative_point_biserial" => says(
            Bad,
            "negative correlation",
            "People who do well on the other items do badly on this one.",
            "Check the key, and whether the item asks for something else than the others.",
        ),
        "negative_discrimination" => says(
            Bad,
            "negative discrimination",
            "People who know more get it wrong.",
            "Check the key: another answer is probably the right one.",
        ),
        _ => return None,
    })
}

/// The model does not describe it well.
fn doubtful(flag: &str) -> Option<Explanation> {
    use Severity::Look;
    Some(match flag {
        "low_discrimination" => says(
            Look,
            "low discrimination",
            "It hardly tells people who know more from people who know less.",
            "Check the key and the wording; if both are right, the item measures something else.",
        ),
        "misfit" => says(
            Look,
            "misfit",
            "How often it is answered correctly does not rise with ability as it should.",
            "Look at its curve: a second right answer, a trick, or a hint in another item bends it.",
        ),
        "noisy" => says(
            Look,
            "noisy",
            "Able people miss it and others get it right more often than they should.",
            "Look for careless mistakes, an unclear question, or people who answer without reading.",
        ),
        "guessing" => says(
            Look,
            "guessing",
            "People who know little get it right more often than they should.",
            "Make the wrong answers more plausible, or offer more of them: it can be guessed.",
        ),
        "differs_by_group" => says(
            Look,
            "differs by group",
            "People of one group find it easier or harder than equally able people of another.",
            "Look for words, examples or translations that only one of the groups knows.",
        ),
        "drifted" => says(
            Look,
            "drifted",
            "It has become easier or harder than it was.",
            "Check whether it became known, was changed, or is taught differently now.",
        ),
        _ => return None,
    })
}

/// What it took to estimate it, or why it was not.
fn estimation(flag: &str) -> Option<Explanation> {
    use Severity::{Bad, Look};
    Some(match flag {
        "few_responses" => says(
            Look,
            "few responses",
            "Too few people answered it to say anything.",
            "Collect more answers.",
        ),
        "all_correct" => says(
            Look,
            "all correct",
            "Everybody got it right.",
            "Take it out, or give it to people of a lower level: it does not tell anybody apart.",
        ),
        "all_incorrect" => says(
            Bad,
            "all incorrect",
            "Nobody got it right.",
            "Check the key; if it is right, the item is too hard to tell people apart.",
        ),
        "not_identified" => says(
            Look,
            "not identified",
            "The answers do not say how hard it is.",
            "Give it to people who also answer other items.",
        ),
        "disconnected" => says(
            Look,
            "disconnected",
            "Nobody who answered it answered the other items.",
            "Give it to people who also answer items of the rest of the bank.",
        ),
        "extreme_difficulty" => says(
            Look,
            "extreme difficulty",
            "It is so easy or so hard that it tells nothing about nearly everybody.",
            "Take it out, or give it to people of its level only.",
        ),
        "quadrature_limited" => says(
            Look,
            "grid too coarse",
            "Its numbers are less accurate than those of other items.",
            "Look at its discrimination; raise quadrature_nodes if many items say so.",
        ),
        "no_standard_error" => says(
            Look,
            "no standard error",
            "It is not known how accurate its numbers are.",
            "Collect more answers.",
        ),
        _ => return None,
    })
}

/// Where it comes from, or where it went.
fn remark(flag: &str) -> Option<Explanation> {
    use Severity::{Look, Note};
    Some(match flag {
        "not_in_items" => says(
            Look,
            "not in the items table",
            "It was answered, but it is not in the items table.",
            "Check whether it was deleted or renamed.",
        ),
        "anchored" => says(Note, "anchored", "Its numbers were kept fixed.", "Nothing."),
        "pinned" => says(Note, "pinned", "Its numbers are kept as they are.", "Nothing."),
        "imported" => {
            says(Note, "imported", "Its numbers are those of another program.", "Nothing.")
        }
        _ => return None,
    })
}
