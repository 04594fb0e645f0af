//! Marked places in a file, and filling them.
//!
//! A place begins with a line `KIND: NAME` and ends with `end of KIND`, each in a comment.

use std::error::Error;

/// `text` with what `content` says in each place of a kind, indented like the line that begins it.
///
/// # Errors
/// Those of `content`; a place that does not end.
pub fn filled(
    text: &str,
    kind: &str,
    content: impl Fn(&str) -> Result<String, Box<dyn Error>>,
) -> Result<String, Box<dyn Error>> {
    let (begin, end) = (format!("{kind}: "), format!("end of {kind}"));
    let mut filled = String::with_capacity(text.len());
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        push(&mut filled, line);
        let Some(name) = comment(line).and_then(|comment| comment.strip_prefix(&begin)) else {
            continue;
        };
        let indent = &line[..line.len() - line.trim_start().len()];
        for new in content(name)?.lines() {
            push(&mut filled, format!("{indent}{new}").trim_end());
        }
        let last = lines.find(|line| comment(line) == Some(&end));
        push(&mut filled, last.ok_or_else(|| format!("\"{begin}{name}\" does not end"))?);
    }
    Ok(filled)
}

/// Is `line` one that begins or ends a place of a kind?
pub fn is_mark(line: &str, kind: &str) -> bool {
    comment(line).is_some_and(|comment| {
        comment.starts_with(&format!("{kind}: ")) || comment == format!("end of {kind}")
    })
}

fn push(text: &mut String, line: &str) {
    text.push_str(line);
    text.push('\n');
}

/// What a line says that is a comment in SQL, in a shell or in Markdown.
fn comment(line: &str) -> Option<&str> {
    let line = line.trim();
    let html = line.strip_prefix("<!-- ").and_then(|rest| rest.strip_suffix(" -->"));
    html.or_else(|| line.strip_prefix("-- ")).or_else(|| line.strip_prefix("# "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_in_a_place_is_replaced() {
        let text = "a\n  -- settings: x\n  old\n  -- end of settings\n<!-- settings: y -->\n<!-- end of settings -->\n";
        let fill = |text| filled(text, "settings", |name| Ok(format!("1 {name}\n2"))).unwrap();
        let once = fill(text);
        let expected = "a\n  -- settings: x\n  1 x\n  2\n  -- end of settings\n\
                        <!-- settings: y -->\n1 y\n2\n<!-- end of settings -->\n";
        assert_eq!(once, expected);
        assert_eq!(fill(&once), once);
    }

    #[test]
    fn a_place_must_end_and_have_a_known_name() {
        let text = "# settings: x\n# end of settings\n";
        assert!(filled("# settings: x\n", "settings", |_| Ok(String::new())).is_err());
        assert!(filled(text, "settings", |_| Err("what?".into())).is_err());
        assert_eq!(filled(text, "schema", |_| Err("what?".into())).unwrap(), text);
    }

    #[test]
    fn marks_are_known_by_their_kind() {
        assert!(is_mark("    -- settings: first columns", "settings"));
        assert!(is_mark("-- end of settings", "settings"));
        assert!(!is_mark("-- settings of a bank", "settings"));
        assert!(!is_mark("-- end of schema", "settings"));
    }
}
