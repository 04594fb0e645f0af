//! Prints the install script that the macros of a built extension ask for.
//!
//! pgrx's macros leave a description of every SQL object in a section of the
//! shared library. `cargo pgrx schema` turns it into SQL, but takes minutes to
//! install; this does the same with the same library in seconds, so that every
//! `make test` can compare the script in sql/ with the source.
//!
//! Positions in the source are left out of the script: they would change with
//! every line that is added above them.

use std::{error::Error, fs, process::ExitCode};

use object::{Object, ObjectSection};
use pgrx_sql_entity_graph::{
    ControlFile, PgrxSql, SqlGraphEntity,
    section::{decode_entities, is_schema_section_name},
};

/// What the script says first; psql, where nothing would replace MODULE_PATHNAME, stops there.
const HEADER: &str = "\
-- Written by `make schema` from src/, sql/bootstrap.sql and sql/finalize.sql: change those.

\\echo Use \"CREATE EXTENSION irt_calibration\" to load this file. \\quit

";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [library, control_file] = arguments.as_slice() else {
        eprintln!("usage: install_script LIBRARY CONTROL_FILE");
        return ExitCode::from(2);
    };
    match install_script(library, control_file) {
        Ok(script) => {
            print!("{script}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("cannot make an install script of {library}: {error}");
            ExitCode::FAILURE
        }
    }
}

/// The install script of the extension in `library`, with the properties in `control_file`.
fn install_script(library: &str, control_file: &str) -> Result<String, Box<dyn Error>> {
    let bytes = fs::read(library)?;
    let control = ControlFile::from_str(&fs::read_to_string(control_file)?)?;
    let mut entities = vec![SqlGraphEntity::ExtensionRoot(control)];
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
