//! Flags of items in words. What they mean stands in `irt::statistics`, as irt_item_verdicts says it.

use irt::statistics::{FlagMeaning, flag_meaning};

/// The flag in a word or three, known or not.
pub fn label(flag: &str) -> String {
    match flag {
        "negative_point_biserial" => "negative correlation".to_owned(),
        "quadrature_limited" => "grid too coarse".to_owned(),
        "not_in_items" => "not in the items table".to_owned(),
        flag => flag.replace('_', " "),
    }
}

/// What was seen, and what to do, as sentences; `None` for a flag that came later.
pub fn explanation(flag: &str) -> Option<String> {
    flag_meaning(flag).map(|meaning| format!("{} {}", meaning.reason, advice(meaning)))
}

/// What to do about a flag.
pub fn advice(meaning: &FlagMeaning) -> &'static str {
    if meaning.advice.is_empty() { "Nothing." } else { meaning.advice }
}
