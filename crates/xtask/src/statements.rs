//! The statements of a SQL script.

/// A statement, with the comment that stands directly above it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Statement<'a> {
    /// The lines of the comment; empty, where there is none.
    pub comment: &'a str,
    /// From its first word to its semicolon.
    pub code: &'a str,
}

impl Statement<'_> {
    /// Its words, without comments and however it is laid out: two statements that say the same
    /// have the same words.
    pub fn words(&self) -> String {
        let mut words = String::with_capacity(self.code.len());
        let mut rest = self.code;
        while !rest.is_empty() {
            let (piece, length) = piece(rest);
            match piece {
                Piece::Comment => words.push(' '),
                Piece::Quoted | Piece::Code | Piece::End => words.push_str(&rest[..length]),
            }
            rest = &rest[length..];
        }
        words.split_whitespace().collect::<Vec<_>>().join(" ")
    }
}

/// The statements of a script, in their order; psql's commands, which begin with `\`, are none.
pub fn statements(script: &str) -> Vec<Statement<'_>> {
    let mut statements = Vec::new();
    let (mut start, mut code) = (0, None);
    let mut at = 0;
    while at < script.len() {
        let rest = &script[at..];
        let (piece, length) = piece(rest);
        let is_blank = rest[..length].trim().is_empty();
        match (piece, code) {
            (Piece::Code, None) if rest.starts_with('\\') => {
                at += rest.find('\n').unwrap_or(rest.len());
                start = at;
                continue;
            }
            (Piece::Code | Piece::Quoted, None) if !is_blank => code = Some(at),
            (Piece::End, Some(first)) => {
                let comment = comment_above(&script[start..first]);
                statements.push(Statement { comment, code: &script[first..=at] });
                (start, code) = (at + length, None);
            }
            _ => {}
        }
        at += length;
    }
    statements
}

/// The lines directly above a statement, after the last empty one.
fn comment_above(text: &str) -> &str {
    text.rsplit_once("\n\n").map_or(text, |(_, rest)| rest).trim()
}

/// A piece of a script that holds together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Piece {
    Comment,
    Quoted,
    End,
    Code,
}

/// What `text` begins with, and how long that is.
fn piece(text: &str) -> (Piece, usize) {
    let until = |end: &str, after: usize| {
        text[after..].find(end).map_or(text.len(), |at| after + at + end.len())
    };
    match text.as_bytes() {
        [b'-', b'-', ..] => (Piece::Comment, until("\n", 2)),
        [b'/', b'*', ..] => (Piece::Comment, until("*/", 2)),
        [b'\'', ..] => (Piece::Quoted, until("'", 1)),
        [b'"', ..] => (Piece::Quoted, until("\"", 1)),
        [b'$', b'$', ..] => (Piece::Quoted, until("$$", 2)),
        [b';', ..] => (Piece::End, 1),
        _ => (Piece::Code, text.chars().next().map_or(1, char::len_utf8)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn semicolons_in_quotes_and_comments_end_nothing() {
        let script = "-- Lost; it is above a line.\n\n-- Kept.\nSELECT ';''', \";\" /* ; */; \\echo x; y\n\
                      DO $$ BEGIN; END $$;\n-- the end;\n";
        let found = statements(script);
        let codes: Vec<&str> = found.iter().map(|statement| statement.code).collect();
        assert_eq!(codes, ["SELECT ';''', \";\" /* ; */;", "DO $$ BEGIN; END $$;"]);
        assert_eq!(found[0].comment, "-- Kept.");
    }

    #[test]
    fn words_are_those_that_count() {
        let words = |script| statements(script)[0].words();
        assert_eq!(
            words("CREATE  TABLE t ( -- why\n  a int /* i32 */ );"),
            "CREATE TABLE t ( a int );"
        );
        assert_ne!(words("SELECT '--a';"), words("SELECT '--b';"));
    }
}
