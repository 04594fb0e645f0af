//! The next version: what was released is frozen, and every place that names the version names the new one.

use crate::outcome::Outcome;
use sha2::{Digest, Sha256};
use std::error::Error;
use std::path::Path;
use std::process::ExitCode;
use std::{fmt::Write, fs};

/// Begins version `new`, after the one at hand was released on the day `released`.
///
/// # Errors
/// A place that does not name the version at hand; files that cannot be read or written.
pub fn begin(root: &Path, new: &str, released: &str) -> Outcome {
    let old = env!("CARGO_PKG_VERSION");
    freeze(root, old)?;
    for (file, places) in PLACES {
        rewrite(&root.join(file), |text| renamed(text, places, old, new))?;
    }
    rewrite(&root.join("CHANGELOG.md"), |text| next_section(text, old, new, released))?;
    fs::write(root.join(format!("sql/irt_calibration--{old}--{new}.sql")), upgrade(old, new))?;
    eprintln!("{new} begins. Left to do: cargo update --workspace; make schema; make licenses");
    Ok(ExitCode::SUCCESS)
}

/// Files that name the version, and the lines in which they do.
const PLACES: [(&str, &[&str]); 3] = [
    ("Cargo.toml", &["\nversion = \"{}\"\n"]),
    ("irt_calibration.control", &["default_version = '{}'"]),
    (
        "META.json",
        &["\"version\": \"{}\",\n  \"maintainer\"", "--{}.sql\"", "\"version\": \"{}\"\n"],
    ),
];

/// `text` with the new version in its `places`, or what it lacks.
fn renamed(text: &str, places: &[&str], old: &str, new: &str) -> Result<String, String> {
    places.iter().try_fold(text.to_owned(), |text, place| {
        let (from, to) = (place.replace("{}", old), place.replace("{}", new));
        match text.matches(&from).count() {
            1 => Ok(text.replace(&from, &to)),
            count => Err(format!("{from:?} is in it {count} times and not once")),
        }
    })
}

/// The changelog, with the day of the release and an empty section for what comes.
fn next_section(text: &str, old: &str, new: &str, released: &str) -> Result<String, String> {
    let heading = format!("## [{old}] - unreleased\n");
    let sections = format!(
        "## [{new}] - unreleased\n\n### Added\n\n### Changed\n\n### Fixed\n\n## [{old}] - {released}\n"
    );
    match text.split_once(&heading) {
        Some((before, after)) => Ok(format!("{before}{sections}{after}")),
        None => Err(format!("it has no {heading:?}")),
    }
}

/// What `make schema` writes into an upgrade script.
const PLACES_OF_UPGRADE: &str = "
-- Functions with other arguments than before, in place: their OIDs stay, and with them grants,
-- comments and whatever depends on them. CREATE OR REPLACE FUNCTION, below, does the rest.
-- settings: changed arguments
-- end of settings
-- settings: new columns
-- end of settings
-- schema: what is new
-- end of schema
";

/// The upgrade script of a version that has just begun.
pub fn upgrade(old: &str, new: &str) -> String {
    format!(
        "-- By hand: how tables of irt_calibration--{old}.sql become those of irt_calibration--{new}.sql, and\n\
         -- their data. The rest is written by `make schema`: from \"settings: ...\" to \"end of settings\", and\n\
         -- from \"schema: ...\" to \"end of schema\", what the install script has and the old one has not.\n\
         -- tests/upgrade.rs compares an updated catalog with that of a fresh install.\n\n\
         \\echo Use \"ALTER EXTENSION irt_calibration UPDATE\" to load this file. \\quit\n{PLACES_OF_UPGRADE}"
    )
}

/// Adds the scripts that end in version `old` to sql/released.sha256: tests/upgrade.rs
/// refuses every later change.
fn freeze(root: &Path, old: &str) -> Result<(), Box<dyn Error>> {
    let folder = root.join("sql");
    let mut scripts = Vec::new();
    for entry in fs::read_dir(&folder)? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        if name.starts_with("irt_calibration--") && name.ends_with(&format!("--{old}.sql")) {
            scripts.push(name);
        }
    }
    scripts.sort();
    let list = folder.join("released.sha256");
    let mut frozen = fs::read_to_string(&list)?;
    for script in scripts {
        let line = checksum(&fs::read(folder.join(&script))?, &script);
        if !frozen.contains(&line) {
            frozen.push_str(&line);
        }
    }
    Ok(fs::write(list, frozen)?)
}

/// A line as sha256sum writes it.
fn checksum(content: &[u8], name: &str) -> String {
    let mut line = String::new();
    for byte in Sha256::digest(content) {
        let _ = write!(line, "{byte:02x}");
    }
    format!("{line}  {name}\n")
}

fn rewrite(
    file: &Path,
    change: impl FnOnce(&str) -> Result<String, String>,
) -> Result<(), Box<dyn Error>> {
    let changed = change(&fs::read_to_string(file)?);
    let changed = changed.map_err(|problem| format!("{}: {problem}", file.display()))?;
    Ok(fs::write(file, changed)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::root;

    const CURRENT: &str = env!("CARGO_PKG_VERSION");

    #[test]
    fn every_place_is_there_once_and_is_renamed() {
        for (file, places) in PLACES {
            let text = fs::read_to_string(root().join(file)).unwrap();
            let next = renamed(&text, places, CURRENT, "99.0.0").unwrap();
            assert!(!next.contains(&format!("\"{CURRENT}\"")), "{file}");
            assert_eq!(renamed(&next, places, "99.0.0", CURRENT).unwrap(), text);
            assert!(renamed(&next, places, CURRENT, "99.0.1").is_err(), "{file}");
        }
    }

    #[test]
    fn the_changelog_gets_a_section() {
        let text = "# Changelog\n\n## [1.0.0] - unreleased\n\n### Added\n\n- It.\n";
        let next = next_section(text, "1.0.0", "1.1.0", "2026-12-24").unwrap();
        assert!(
            next.starts_with("# Changelog\n\n## [1.1.0] - unreleased\n\n### Added\n"),
            "{next}"
        );
        assert!(next.ends_with("## [1.0.0] - 2026-12-24\n\n### Added\n\n- It.\n"), "{next}");
        assert!(next_section(&next, "1.0.0", "1.1.0", "2026-12-24").is_err());
    }

    #[test]
    fn checksums_are_those_of_sha256sum() {
        let released = fs::read_to_string(root().join("sql/released.sha256")).unwrap();
        for line in released.lines() {
            let (_, script) = line.split_once("  ").unwrap();
            let content = fs::read(root().join("sql").join(script)).unwrap();
            assert_eq!(checksum(&content, script).trim_end(), line);
        }
    }
}
