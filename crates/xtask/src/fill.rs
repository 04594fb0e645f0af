//! Tables in documents that a program writes.

use crate::outcome::Outcome;
use std::fs;
use std::io::{Read, stdin};
use std::path::Path;
use std::process::ExitCode;

/// Puts standard input into `file`, between the comments that name it.
///
/// # Errors
/// A file without those comments.
pub fn fill(file: &Path, name: &str) -> Outcome {
    let mut content = String::new();
    stdin().read_to_string(&mut content)?;
    let text = fs::read_to_string(file)?;
    let filled = filled(&text, name, &content).ok_or_else(|| {
        format!("{} has no <!-- {name} --> … <!-- end of {name} -->", file.display())
    })?;
    fs::write(file, filled)?;
    Ok(ExitCode::SUCCESS)
}

/// `text` with `content` between its comments, or nothing if it has none.
fn filled(text: &str, name: &str, content: &str) -> Option<String> {
    let (begin, end) = (format!("<!-- {name} -->"), format!("<!-- end of {name} -->"));
    let (before, rest) = text.split_once(&begin)?;
    let (_, after) = rest.split_once(&end)?;
    Some(format!("{before}{begin}\n\n{}\n\n{end}{after}", content.trim()))
}

#[cfg(test)]
mod tests {
    use super::filled;

    #[test]
    fn what_is_between_the_comments_is_replaced() {
        let text = "a\n<!-- t -->\nold\n<!-- end of t -->\nb\n";
        let once = filled(text, "t", "| x |\n").unwrap();
        assert_eq!(once, "a\n<!-- t -->\n\n| x |\n\n<!-- end of t -->\nb\n");
        assert_eq!(filled(&once, "t", "| x |"), Some(once.clone()));
    }

    #[test]
    fn nothing_is_written_where_there_is_no_place() {
        assert_eq!(filled("<!-- t -->", "t", ""), None);
        assert_eq!(filled("<!-- other --><!-- end of other -->", "t", ""), None);
    }
}
