//! What lists the settings of a bank: written from their declaration into marked places.
//!
//! A place begins with a line `settings: NAME` and ends with `end of settings`, each in a comment. An
//! upgrade script has the rest from the install script: see `schema`.

#[path = "../../../src/bank/settings/declared.rs"]
#[allow(dead_code, reason = "the extension uses the rest")]
mod declared;
#[path = "../../../src/bank/settings/setting.rs"]
#[allow(dead_code, reason = "the extension uses the rest")]
mod setting;
mod signatures;
mod written;

use crate::outcome::Outcome;
use crate::{places, upgrades};
use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Files with such places, in an order in which what is copied from one comes first.
const FILES: [&str; 5] = [
    "sql/functions.sql",
    "sql/bootstrap.sql",
    "sql/finalize.sql",
    "bin/run_irt_calibration",
    "docs/reference.md",
];

/// Writes all places.
///
/// # Errors
/// A place whose name is unknown, or that does not end; files that cannot be read or written.
pub fn write(root: &Path) -> Outcome {
    for file in files(root)? {
        let (text, filled) = filled(root, &file)?;
        if text != filled {
            fs::write(&file, filled)?;
            eprintln!("wrote the settings in {}", file.display());
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Compares all places with what would be written.
///
/// # Errors
/// As for [`write`], and when one differs.
pub fn check(root: &Path) -> Outcome {
    for file in files(root)? {
        let (text, filled) = filled(root, &file)?;
        if text != filled {
            let file = file.display();
            return Err(
                format!("{file} does not list the settings as declared: run make schema").into()
            );
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// The files, the upgrade script to the version at hand included.
fn files(root: &Path) -> Result<Vec<PathBuf>, Box<dyn Error>> {
    let mut files: Vec<PathBuf> = FILES.iter().map(|file| root.join(file)).collect();
    files.extend(upgrades::to_this_version(root)?.into_iter().map(|upgrade| upgrade.file));
    Ok(files)
}

/// The text of a file, and what it should be.
fn filled(root: &Path, file: &Path) -> Result<(String, String), Box<dyn Error>> {
    let text = fs::read_to_string(file)?;
    let old = upgrades::versions(file).map(|(old, _)| old);
    let filled = places::filled(&text, "settings", |name| content(root, old.as_deref(), name))
        .map_err(|error| format!("{}: {error}", file.display()))?;
    Ok((text, filled))
}

/// What belongs into the place of that name; `old`: the version that the file upgrades from.
fn content(root: &Path, old: Option<&str>, name: &str) -> Result<String, Box<dyn Error>> {
    let words: Vec<&str> = name.split(' ').collect();
    let functions = || fs::read_to_string(root.join("sql/functions.sql"));
    Ok(match (words.as_slice(), old) {
        (["first", "columns"], _) => written::first_columns(),
        (["later", "columns"], _) => written::later_columns(),
        (["comments"], None) => written::comments(),
        (["first", "arguments", "of", function], _) => written::first_arguments(function),
        (["later", "arguments", "of", function], _) => written::later_arguments(function),
        (["arguments", "of", function], _) => written::arguments(function),
        (["options"], _) => written::options(),
        (["usage"], _) => written::usage(),
        (["reference"], _) => written::reference(),
        (["new", "columns"], Some(old)) => written::new_columns(old),
        (["changed", "arguments"], Some(old)) => {
            let before = fs::read_to_string(upgrades::install_script(root, old))?;
            signatures::changed(&before, &functions()?)
        }
        _ => return Err(format!("what is \"settings: {name}\"?").into()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{root, version};

    #[test]
    fn the_places_of_a_new_upgrade_script_are_filled() {
        let script = version::upgrade("0.2.0", "99.0.0");
        let fill = |text: &str| {
            places::filled(text, "settings", |name| content(root(), Some("0.2.0"), name)).unwrap()
        };
        let filled = fill(&script);
        assert!(filled.contains("int8, name, name, "), "irt_configure got an owner after 0.2.0");
        assert_eq!(fill(&filled), filled);
    }

    #[test]
    fn a_place_that_nothing_is_known_of_is_refused() {
        assert!(content(root(), None, "new columns").is_err());
        assert!(content(root(), Some("0.2.0"), "colums").is_err());
    }
}
