//! The circles of imports between files of one crate.
//!
//! A file that imports from another needs it to be understood. Where two files
//! need each other, directly or by way of others, neither can be read, tested
//! or moved alone: that is a circle.
//!
//! # What counts as an import
//! Every path that leads to another file of the crate: in `use`, in an
//! expression or a type, and in the tokens of a macro's call. A name that a
//! module passes on (`pub use`) counts as an import from the file that defines
//! it, not from the one that passes it on. `mod x;` is no import, nor are the
//! links in doc comments, nor is anything under `#[cfg(test)]`. Methods are not
//! looked at: the type that has them was imported.

mod graph;
mod modules;
mod names;
mod source;

use crate::outcome::Outcome;
use graph::Graph;
use modules::Crate;
use serde_json::Value;
use std::error::Error;
use std::io::{Write, stdout};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

/// Prints the circles in `packages`, by default all of the workspace's; fails if there is any.
///
/// # Errors
/// A package that is not in the workspace; sources that cannot be read or parsed.
pub fn print(root: &Path, packages: &[&str]) -> Outcome {
    let targets = targets(root)?;
    for package in packages {
        if !targets.iter().any(|target| target.package == *package) {
            return Err(format!("there is no package {package} in this workspace").into());
        }
    }
    let mut found = false;
    for target in targets {
        if packages.is_empty() || packages.contains(&&*target.package) {
            let source = Crate::read(&target.source)?;
            let circles = Graph::of(&source).circles();
            found |= !circles.is_empty();
            let text = report(root, &target.package, &source, &circles);
            stdout().write_all(text.as_bytes())?;
        }
    }
    Ok(if found { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// What is in a circle, and by which imports.
fn report(root: &Path, package: &str, source: &Crate, circles: &[Vec<usize>]) -> String {
    let (inside, files) = (circles.iter().flatten().count(), source.files.len());
    if circles.is_empty() {
        return format!("{package}: no circle among {files} files\n");
    }
    let name = |file: usize| {
        let path = &source.files[file];
        path.strip_prefix(root).unwrap_or(path).display().to_string()
    };
    let mut lines = vec![format!("{package}: {inside} of {files} files are in a circle")];
    for circle in circles {
        lines.push(format!("  circle of {} files:", circle.len()));
        for (from, to, names) in Graph::of(source).within(circle) {
            lines.push(format!(
                "    {} imports {} from {}",
                name(from),
                names.join(", "),
                name(to)
            ));
        }
    }
    lines.join("\n") + "\n"
}

/// A library or program of the workspace.
struct Target {
    package: String,
    source: PathBuf,
}

fn targets(root: &Path) -> Result<Vec<Target>, Box<dyn Error>> {
    let metadata = Command::new(env!("CARGO"))
        .args(["metadata", "--no-deps", "--format-version", "1"])
        .current_dir(root)
        .output()?;
    let metadata: Value = serde_json::from_slice(&metadata.stdout)?;
    let mut targets = Vec::new();
    for package in array(&metadata["packages"]) {
        for target in array(&package["targets"]) {
            let is_code = array(&target["kind"])
                .iter()
                .any(|kind| ["lib", "cdylib", "bin"].contains(&kind.as_str().unwrap_or_default()));
            if let (true, Some(package), Some(source)) =
                (is_code, package["name"].as_str(), target["src_path"].as_str())
            {
                targets.push(Target { package: package.to_owned(), source: source.into() });
            }
        }
    }
    Ok(targets)
}

fn array(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

#[cfg(test)]
mod tests;
