//! What an upgrade script takes from the install script: every statement that the old version's
//! install script has not.
//!
//! A table that there is already is changed by hand, and so is whatever cannot be replaced.

use crate::places;
use crate::statements::{Statement, statements};
use std::collections::HashSet;
use std::error::Error;

/// The upgrade script `text` with what is new in its place, if it has one. `old` and `new` are install
/// scripts.
///
/// # Errors
/// A place whose name is unknown, or that does not end.
pub fn filled(text: &str, old: &str, new: &str) -> Result<String, Box<dyn Error>> {
    places::filled(text, "schema", |name| match name {
        "what is new" => Ok(news(old, new)),
        _ => Err(format!("what is \"schema: {name}\"?").into()),
    })
}

/// The statements of `new` that are not in `old`, for a database that has what `old` made.
fn news(old: &str, new: &str) -> String {
    let before = Before::of(old);
    let mut news = String::new();
    for statement in statements(new) {
        let Some(code) = before.lacks(&statement) else { continue };
        for line in statement.comment.lines().chain(code.lines()) {
            if !places::is_mark(line, "settings") {
                news.push_str(line);
                news.push('\n');
            }
        }
        news.push('\n');
    }
    format!("{}\n", news.trim_end())
}

/// What an install script made.
struct Before {
    statements: HashSet<String>,
    /// Kind and name: `TABLE irt_item_banks`.
    objects: HashSet<(String, String)>,
}

impl Before {
    fn of(script: &str) -> Self {
        let statements: HashSet<String> = statements(script).iter().map(Statement::words).collect();
        let objects = statements.iter().filter_map(|words| created(words)).collect();
        Self { statements, objects }
    }

    /// The statement as an update executes it, if there is anything to execute.
    fn lacks(&self, statement: &Statement<'_>) -> Option<String> {
        let words = statement.words();
        if self.statements.contains(&words) {
            return None;
        }
        let code = statement.code.to_owned();
        match created(&words) {
            Some(object) if self.objects.contains(&object) => match object.0.as_str() {
                "TABLE" => None,
                _ => Some(code.replacen("CREATE", "CREATE OR REPLACE", 1)),
            },
            _ if words.starts_with("REVOKE ") => self.revoked(&words),
            _ => Some(code),
        }
    }

    /// A REVOKE, of what is new only: what somebody granted of the rest since is to stay.
    fn revoked(&self, words: &str) -> Option<String> {
        let (kind, names, whom) = of_revoke(words)?;
        let is_new = |name: &&str| {
            let name = (*name).to_owned();
            let kinds = ["FUNCTION", "AGGREGATE", "TABLE", "VIEW"];
            !kinds.iter().any(|kind| self.objects.contains(&((*kind).to_owned(), name.clone())))
        };
        let names: Vec<&str> = names.split(", ").filter(is_new).collect();
        (!names.is_empty())
            .then(|| format!("{kind}\n    {}\n    FROM {whom}", names.join(",\n    ")))
    }
}

/// `REVOKE … ON KIND`, the names, and whom it concerns.
fn of_revoke(words: &str) -> Option<(&str, &str, &str)> {
    let kind = [" ON TABLE ", " ON FUNCTION "].into_iter().find(|kind| words.contains(kind))?;
    let at = words.find(kind)? + kind.len();
    let (names, whom) = words[at..].split_once(" FROM ")?;
    Some((words[..at].trim_end(), names, whom))
}

/// What a CREATE makes: its kind and name.
fn created(words: &str) -> Option<(String, String)> {
    let mut rest = words.strip_prefix("CREATE ")?.split(' ');
    let kind =
        rest.by_ref().find(|word| !["UNLOGGED", "UNIQUE", "OR", "REPLACE"].contains(word))?;
    let name = rest.next()?.split('(').next()?.trim_matches('"');
    let is_named = ["TABLE", "VIEW", "FUNCTION", "AGGREGATE", "TYPE"].contains(&kind);
    is_named.then(|| (kind.to_owned(), name.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const OLD: &str = "CREATE UNLOGGED TABLE t (a int);\nCREATE INDEX ON t (a);\n\
        CREATE VIEW v AS SELECT 1;\nCREATE  FUNCTION \"f\"() RETURNS int;\n\
        COMMENT ON TABLE t IS 'One; two.';\nREVOKE ALL ON TABLE t, v FROM PUBLIC;\n";

    #[test]
    fn what_is_the_same_is_left_out() {
        assert_eq!(news(OLD, OLD), "\n");
        assert_eq!(news(OLD, &OLD.replace("  FUNCTION", " FUNCTION")), "\n");
    }

    #[test]
    fn what_is_new_is_copied_and_what_changed_is_replaced() {
        let new = "CREATE TABLE t (a int, b int);\nCREATE INDEX ON t (b);\n\
            CREATE VIEW v AS SELECT 2;\n\n-- Why.\nCREATE TABLE u (\n    a int\n    -- settings: x\n    \
            -- end of settings\n);\nCREATE FUNCTION f() RETURNS int STABLE;\n\
            COMMENT ON TABLE t IS 'One; three.';\n\
            REVOKE ALL ON TABLE t, u, v FROM PUBLIC;\nREVOKE EXECUTE ON FUNCTION f FROM PUBLIC;\n";
        assert_eq!(
            news(OLD, new),
            "CREATE INDEX ON t (b);\n\nCREATE OR REPLACE VIEW v AS SELECT 2;\n\n\
             -- Why.\nCREATE TABLE u (\n    a int\n);\n\n\
             CREATE OR REPLACE FUNCTION f() RETURNS int STABLE;\n\n\
             COMMENT ON TABLE t IS 'One; three.';\n\n\
             REVOKE ALL ON TABLE\n    u\n    FROM PUBLIC;\n"
        );
    }

    #[test]
    fn only_its_place_is_filled() {
        let text = "-- schema: what is new\nold\n-- end of schema\n-- settings: x\n";
        let filled_once = filled(text, "", "SELECT 1;").unwrap();
        assert_eq!(
            filled_once,
            "-- schema: what is new\nSELECT 1;\n-- end of schema\n-- settings: x\n"
        );
        assert!(filled("-- schema: what\n-- end of schema\n", "", "").is_err());
    }
}
