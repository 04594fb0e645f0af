//! Names that others chose: of any length, in any writing, and never part of the page's own markup.

use maud::{Markup, html};

/// Longer names are shown up to here.
const SHOWN: usize = 48;
/// A message, and a note, are shown up to here.
const TOLD: usize = 1000;
/// What is kept of a name beside a picture, or wherever it stands once more.
const SAID: usize = 120;

/// A name, apart from the direction of the text around it. What is cut off is in its title.
pub fn name(full: &str) -> Markup {
    let shown = clipped(full, SHOWN);
    if shown == full {
        return html! { bdi { (shown) } };
    }
    html! { bdi title=(visible(full)) { (shown) } }
}

/// What somebody wrote, or a message: longer than a name, and as little to be trusted.
pub fn told(full: &str) -> Markup {
    html! { bdi { (clipped(full, TOLD)) } }
}

/// A name in a description: without markup, and without an end in 10,000 letters.
pub fn said(full: &str) -> String {
    clipped(full, SAID)
}

fn clipped(full: &str, most: usize) -> String {
    let mut letters = full.chars();
    let shown: String = letters.by_ref().take(most).collect();
    let ellipsis = if letters.next().is_some() { "…" } else { "" };
    format!("{}{ellipsis}", visible(&shown))
}

/// Control characters, which HTML must not have, and those that turn the direction of what follows,
/// as their replacement.
fn visible(text: &str) -> String {
    let is_hidden = |letter: char| {
        letter.is_control() || matches!(letter, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
    };
    text.chars().map(|letter| if is_hidden(letter) { '\u{FFFD}' } else { letter }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_text_whatever_it_says() {
        let shown = name("<script>alert(1)</script>").into_string();
        assert_eq!(shown, "<bdi>&lt;script&gt;alert(1)&lt;/script&gt;</bdi>");
        let long = format!("\"{}", "x".repeat(10_000));
        let shown = name(&long).into_string();
        assert!(shown.starts_with("<bdi title=\"&quot;xxx"), "{}", &shown[..40]);
        assert!(shown.ends_with("x…</bdi>"));
        assert_eq!(said("a\u{202E}b\nc"), "a\u{FFFD}b\u{FFFD}c");
        assert_eq!(said(&long).chars().count(), SAID + 1);
    }
}
