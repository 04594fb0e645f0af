//! The install script that the macros of a built extension ask for, and what upgrade scripts take
//! from it.
//!
//! pgrx's macros leave a description of every SQL object in a section of the
//! shared library. `cargo pgrx schema` turns it into SQL, but takes minutes to
//! install; this does the same with the same library in seconds, so that every
//! `make test` can compare the script in sql/ with the source.
//!
//! Positions in the source are left out of the script: they would change with
//! every line that is added above them.

mod news;

use crate::outcome::Outcome;
use crate::upgrades;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::{error::Error, fs};

use object::{Object, ObjectSection};
use pgrx_sql_entity_graph::{
    ControlFile, PgrxSql, SqlGraphEntity,
    section::{decode_entities, is_schema_section_name},
};

/// What the script says first; psql, where nothing would replace MODULE_PATHNAME, stops there.
const HEADER: &str = "\
-- Written by `make schema` from src/ and sql/{bootstrap,functions,scores,finalize}.sql: change those.

\\echo Use \"CREATE EXTENSION irt_calibration\" to load this file. \\quit

";

/// Writes the install script of the version at hand, and what is new in it into the scripts that
/// upgrade to it.
///
/// # Errors
/// A library that is no extension of pgrx's; files that cannot be read or written.
pub fn write(root: &Path, library: &Path) -> Outcome {
    for (file, script) in scripts(root, library)? {
        fs::write(&file, script)?;
        eprintln!("wrote {}", name(root, &file));
    }
    Ok(ExitCode::SUCCESS)
}

/// Compares them with what is checked in, and shows the difference.
///
/// # Errors
/// As for [`write`].
pub fn check(root: &Path, library: &Path) -> Outcome {
    for (file, script) in scripts(root, library)? {
        if fs::read_to_string(&file)? != script {
            show_difference(&file, &script)?;
            let name = name(root, &file);
            return Err(format!("{name} is not what the source says: run make schema").into());
        }
        eprintln!("{} is what the source says", name(root, &file));
    }
    Ok(ExitCode::SUCCESS)
}

/// The scripts that follow from the library, and what each is to be.
fn scripts(root: &Path, library: &Path) -> Result<Vec<(PathBuf, String)>, Box<dyn Error>> {
    let new = install_script(root, library)?;
    let mut scripts = Vec::new();
    for upgrade in upgrades::to_this_version(root)? {
        let old = fs::read_to_string(upgrades::install_script(root, &upgrade.old))?;
        let filled = news::filled(&fs::read_to_string(&upgrade.file)?, &old, &new)
            .map_err(|error| format!("{}: {error}", upgrade.file.display()))?;
        scripts.push((upgrade.file, filled));
    }
    scripts.push((script_of(root)?, new));
    Ok(scripts)
}

fn script_of(root: &Path) -> Result<PathBuf, Box<dyn Error>> {
    let control = control_file(root)?;
    Ok(upgrades::install_script(root, &control.default_version))
}

fn name(root: &Path, file: &Path) -> String {
    file.strip_prefix(root).unwrap_or(file).display().to_string()
}

fn control_file(root: &Path) -> Result<ControlFile, Box<dyn Error>> {
    Ok(ControlFile::from_str(&fs::read_to_string(root.join("irt_calibration.control"))?)?)
}

fn show_difference(file: &Path, script: &str) -> Result<(), Box<dyn Error>> {
    let mut diff =
        Command::new("diff").arg("-u").arg(file).arg("-").stdin(Stdio::piped()).spawn()?;
    if let Some(mut input) = diff.stdin.take() {
        input.write_all(script.as_bytes())?;
    }
    diff.wait()?;
    Ok(())
}

/// The install script of the extension in `library`, with the properties in the control file.
fn install_script(root: &Path, library: &Path) -> Result<String, Box<dyn Error>> {
    let bytes = fs::read(library).map_err(|error| format!("{}: {error}", library.display()))?;
    let mut entities = vec![SqlGraphEntity::ExtensionRoot(control_file(root)?)];
    entities.extend(decode_entities(schema_section(&bytes)?)?);
    let script = PgrxSql::build(entities.into_iter(), "irt_calibration".into(), false)?.to_sql()?;
    Ok(format!("{HEADER}{}", without_positions(&script)))
}

/// The bytes in which pgrx's macros describe the SQL objects.
fn schema_section(library: &[u8]) -> Result<&[u8], Box<dyn Error>> {
    let library = object::File::parse(library)?;
    let section = library
        .sections()
        .find(|section| section.name().is_ok_and(is_schema_section_name))
        .ok_or("it has no section with pgrx's metadata")?;
    Ok(section.data()?)
}

/// `script` without pgrx's own header, and without comments that say where an object came from.
fn without_positions(script: &str) -> String {
    let mut lean = String::with_capacity(script.len());
    let mut blank = true;
    for line in script.lines().filter(|line| !is_position(line)) {
        let line = line.trim_end();
        if !(line.is_empty() && blank) {
            lean.push_str(line);
            lean.push('\n');
        }
        blank = line.is_empty();
    }
    let after_header = lean.strip_prefix("/*\n").and_then(|rest| rest.split_once("*/\n\n"));
    format!("{}\n", after_header.map_or(&*lean, |(_, rest)| rest).trim_end())
}

/// Is `line` one of pgrx's anchors, such as `-- src/bank.rs:12` and `-- irt_calibration::bank::configure`?
fn is_position(line: &str) -> bool {
    let anchor = line.strip_prefix("-- ").is_some_and(|rest| {
        !rest.contains(' ') && (rest.contains(".rs:") || rest.starts_with("irt_calibration::"))
    });
    anchor || line.starts_with("/* <") || line.starts_with("/* </")
}
