#![cfg_attr(test, allow(clippy::unwrap_used))]
//! The project's own tasks: what is easier said in Rust than in a shell.
//!
//! `cargo xtask` lists them. Scripts call them; what installs packages or starts servers stays in scripts/.

mod circles;
mod fill;
mod outcome;
mod places;
mod schema;
mod settings;
mod statements;
mod upgrades;
mod version;

use std::path::Path;
use std::process::ExitCode;

const USAGE: &str = "usage: cargo xtask TASK
  schema [--check] LIBRARY     the scripts of the version, from the extension in LIBRARY
  settings [--check]           what lists the settings of a bank, in sql/, bin/ and docs/
  fill FILE NAME               puts standard input between <!-- NAME --> and <!-- end of NAME -->
  version NEW RELEASED         freezes what was released on the day RELEASED (YYYY-MM-DD), and begins NEW
  circles [PACKAGE…]           the circles of imports between files of one crate";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let outcome = match words.as_slice() {
        ["schema", library] => schema::write(root(), Path::new(library)),
        ["schema", "--check", library] => schema::check(root(), Path::new(library)),
        ["settings"] => settings::write(root()),
        ["settings", "--check"] => settings::check(root()),
        ["fill", file, name] => fill::fill(&root().join(file), name),
        ["version", new, released] => version::begin(root(), new, released),
        ["circles", packages @ ..] => circles::print(root(), packages),
        _ => {
            eprintln!("{USAGE}");
            return ExitCode::from(2);
        }
    };
    outcome.unwrap_or_else(|error| {
        eprintln!("error: {error}");
        ExitCode::FAILURE
    })
}

/// The project's folder.
fn root() -> &'static Path {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(2).unwrap_or(here)
}
