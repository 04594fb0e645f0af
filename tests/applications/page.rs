//! The blocks of docs/applications.md.

/// The page.
const PAGE: &str = include_str!("../../docs/applications.md");

/// Blocks that are no files, by what they begin with.
const ONCE_PER_DATABASE: &str = "CREATE SCHEMA irt";
const LATER_MIGRATION: &str = "DROP VIEW completed_answers;\nALTER TABLE";

/// A fenced block.
pub struct Block {
    /// The path that its first line names; of a block that is no file, nothing.
    pub file: Option<&'static str>,
    /// What stands in it.
    pub text: &'static str,
}

/// All blocks, in their order.
pub fn blocks() -> impl Iterator<Item = Block> {
    PAGE.split("\n```").skip(1).step_by(2).map(|block| {
        let (_language, text) = block.split_once('\n').unwrap();
        let first = text.lines().next().unwrap_or_default();
        let file = first.strip_prefix("# ").or_else(|| first.strip_prefix("-- "));
        Block { file, text }
    })
}

/// What a superuser does once per database.
pub fn once_per_database() -> &'static str {
    beginning_with(ONCE_PER_DATABASE)
}

/// The migration that changes what the view reads.
pub fn later_migration() -> &'static str {
    beginning_with(LATER_MIGRATION)
}

/// The file of that name.
pub fn file(name: &str) -> &'static str {
    blocks().find(|block| block.file == Some(name)).unwrap_or_else(|| panic!("no {name}")).text
}

fn beginning_with(words: &str) -> &'static str {
    blocks().find(|block| block.text.starts_with(words)).unwrap().text
}

/// Whoever adds a block to the page adds what executes it.
#[test]
fn every_block_is_executed() {
    let found: Vec<&str> =
        blocks().map(|block| block.file.unwrap_or_else(|| &block.text[..20])).collect();
    let executed = [
        &ONCE_PER_DATABASE[..17],
        "models.py",
        "migrations/env.py",
        "migrations/versions/0002_calibration.py",
        "db/migrate/20260101000002_calibrate_questions.rb",
        "config/initializers/irt_calibration.rb",
        "app/jobs/calibration.rb",
        "V2__calibrate_questions.sql",
        "U2__calibrate_questions.sql",
        &LATER_MIGRATION[..20],
        "calibrate.py",
        "calibrate_async.py",
    ];
    assert_eq!(found.len(), executed.len(), "{found:?}");
    assert!(found.iter().zip(executed).all(|(found, known)| found.starts_with(known)), "{found:?}");
}
