//! Marked places in a file, and filling them.

use std::error::Error;

/// `text` with what `content` says in each place, indented like the line that begins it.
///
/// # Errors
/// Those of `content`; a place that does not end.
pub fn filled(
    text: &str,
    content: impl Fn(&str) -> Result<String, Box<dyn Error>>,
) -> Result<String, Box<dyn Error>> {
    let mut filled = String::with_capacity(text.len());
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        push(&mut filled, line);
        let Some(name) = comment(line).and_then(|comment| comment.strip_prefix("settings: "))
        else {
            continue;
        };
        let indent = &line[..line.len() - line.trim_start().len()];
        for new in content(name)?.lines() {
            push(&mut filled, format!("{indent}{new}").trim_end());
        }
        let end = lines.find(|line| comment(line) == Some("end of settings"));
        push(&mut filled, end.ok_or_else(|| format!("\"settings: {name}\" does not end"))?);
    }
    Ok(filled)
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
    use super::filled;

    #[test]
    fn what_is_in_a_place_is_replaced() {
        let text = "a\n  -- settings: x\n  old\n  -- end of settings\n<!-- settings: y -->\n<!-- end of settings -->\n";
        let once = filled(text, |name| Ok(format!("1 {name}\n2"))).unwrap();
        let expected = "a\n  -- settings: x\n  1 x\n  2\n  -- end of settings\n\
                        <!-- settings: y -->\n1 y\n2\n<!-- end of settings -->\n";
        assert_eq!(once, expected);
        assert_eq!(filled(&once, |name| Ok(format!("1 {name}\n2"))).unwrap(), once);
    }

    #[test]
    fn a_place_must_end_and_have_a_known_name() {
        assert!(filled("# settings: x\n", |_| Ok(String::new())).is_err());
        assert!(filled("# settings: x\n# end of settings\n", |_| Err("what?".into())).is_err());
    }
}
