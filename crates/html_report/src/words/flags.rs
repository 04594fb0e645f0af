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
    /// What was seen.
    pub reason: &'static str,
    /// What to do.
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
            "people who know more get it wrong",
            "Check the key: another answer is probably the right one.",
        ),
        "negative_point_biserial" => says(
            Bad,
            "negative correlation",
            "people who get it right do worse on the other items",
            "Check the key. Where items are given by ability, as in adaptive tests, a right key can \
             show this too.",
        ),
        "negative_discrimination" => says(
            Bad,
            "negative discrimination",
            "the more able, the less likely a right answer",
            "Check the key.",
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
            "it hardly tells people apart (a below 0.2)",
            "Look at its wording and its distractors; it adds little to a score.",
        ),
        "misfit" => says(
            Look,
            "misfit",
            "the observed answers leave the model's curve (RMSD above 0.1)",
            "Compare the points with the curve: a flat end, a step or a second group say what is wrong.",
        ),
        "noisy" => says(
            Look,
            "noisy",
            "more surprising answers than the model allows (infit or outfit)",
            "Look for an ambiguous wording, or for careless or copied answers.",
        ),
        "guessing" => says(
            Look,
            "guessing",
            "people of low ability get it right more often than the model allows",
            "Look for distractors that nobody believes.",
        ),
        "differs_by_group" => says(
            Look,
            "differs by group",
            "it is easier for one group than for another of the same ability",
            "Have it reviewed for content that one group knows from elsewhere.",
        ),
        "drifted" => says(
            Look,
            "drifted",
            "it is not any more what it was when it was calibrated before",
            "Look for an edited text, a changed key, or an item that has become known.",
        ),
        _ => return None,
    })
}

/// What it took to estimate it, or why it was not.
fn estimation(flag: &str) -> Option<Explanation> {
    use Severity::{Look, Note};
    Some(match flag {
        "few_responses" => says(
            Note,
            "few responses",
            "too few responses to estimate it",
            "Wait: it is estimated once it has enough.",
        ),
        "all_correct" => says(
            Look,
            "all correct",
            "everybody got it right, so nothing is learned from it",
            "It may be too easy, or its key accepts every answer.",
        ),
        "all_incorrect" => says(
            Look,
            "all incorrect",
            "nobody got it right, so nothing is learned from it",
            "Check the key.",
        ),
        "not_identified" => says(
            Look,
            "not identified",
            "the responses do not determine its parameters",
            "Wait for more responses, or give it beside more items.",
        ),
        "disconnected" => says(
            Look,
            "disconnected",
            "no person links it to the other items",
            "Give it to persons who also answer other items of the bank.",
        ),
        "extreme_difficulty" => says(
            Look,
            "extreme difficulty",
            "its difficulty is beyond ±6, where hardly anybody is",
            "Look at its key and its text; it tells nothing about most persons.",
        ),
        "quadrature_limited" => says(
            Note,
            "grid too coarse",
            "the ability grid limits how accurate its parameters are",
            "Raise quadrature_nodes, or quadrature_bound.",
        ),
        "no_standard_error" => says(
            Note,
            "no standard error",
            "nothing says how sure its parameters are",
            "Wait for more responses.",
        ),
        _ => return None,
    })
}

/// Where it comes from, or where it went.
fn remark(flag: &str) -> Option<Explanation> {
    use Severity::Note;
    Some(match flag {
        "not_in_items" => says(
            Note,
            "not in the items table",
            "it was calibrated, but the items table has no row for it",
            "Add the row, or leave its responses out.",
        ),
        "imported" => says(
            Note,
            "imported",
            "its parameters are another program's",
            "Nothing: they are what the scale was begun with.",
        ),
        _ => return None,
    })
}
