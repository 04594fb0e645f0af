//! packaging/ lists the crates that the library contains, and no others.

#![allow(
    clippy::unwrap_used,
    reason = "a test stops at the first thing that is not as it should be"
)]

use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The crates of others that are compiled into the library, by Cargo.lock: name and version.
fn contained() -> BTreeSet<String> {
    let mut crates = BTreeSet::new();
    for target in ["x86_64-unknown-linux-gnu", "aarch64-unknown-linux-gnu"] {
        let mut tree = Command::new(env!("CARGO"));
        tree.args(["tree", "--locked", "--package", "irt_calibration", "--target", target])
            .args(["--no-default-features", "--features", "pg15", "--edges", "normal"])
            .args(["--prefix", "none", "--no-dedupe", "--format", "{p}"])
            .current_dir(root());
        let output = tree.output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        for line in String::from_utf8(output.stdout).unwrap().lines() {
            let mut words = line.split(' ');
            let (name, version) = (words.next().unwrap(), words.next().unwrap());
            // Those of this workspace have their folder behind them.
            if !words.any(|word| word.starts_with("(/")) {
                crates.insert(format!("{name} {}", version.trim_start_matches('v')));
            }
        }
    }
    assert!(crates.len() > 50, "{crates:?}");
    crates
}

/// Every crate of Cargo.lock: name and version.
fn locked() -> BTreeSet<String> {
    let lock = fs::read_to_string(root().join("Cargo.lock")).unwrap();
    let field = |package: &str, name: &str| {
        let begin = format!("{name} = \"");
        let line = package.lines().find_map(|line| line.strip_prefix(&begin));
        line.unwrap_or_default().trim_end_matches('"').to_owned()
    };
    let packages = lock.split("[[package]]").skip(1);
    packages.map(|it| format!("{} {}", field(it, "name"), field(it, "version"))).collect()
}

/// Says what is missing, what is out of date, and what to do. The tools may list more than is compiled:
/// optional crates that a feature names and nothing asks for.
fn compare(file: &str, listed: &BTreeSet<String>) {
    let missing: Vec<_> = contained().into_iter().filter(|it| !listed.contains(it)).collect();
    let gone: Vec<_> = listed.difference(&locked()).cloned().collect();
    assert!(
        missing.is_empty() && gone.is_empty(),
        "{file}: it lacks {missing:?}, and has {gone:?} that are not in Cargo.lock: make licenses"
    );
}

#[test]
fn every_crate_has_its_license() {
    let file = "packaging/third-party-licenses.md";
    let page = fs::read_to_string(root().join(file)).unwrap();
    let mut listed = BTreeSet::new();
    let mut rest = page.as_str();
    while let Some((heading, after)) = rest.split_once("\n```text\n") {
        let (license, next) = after.split_once("\n```\n").unwrap();
        assert!(license.len() > 200, "no text: {heading}");
        for line in heading.lines().filter_map(|line| line.strip_prefix("- ")) {
            listed.insert(line.split(" (").next().unwrap().to_owned());
        }
        rest = next;
    }
    compare(file, &listed);
}

#[test]
fn the_bill_of_materials_has_every_crate() {
    let file = "packaging/sbom.cdx.json";
    let bill: Value = serde_json::from_slice(&fs::read(root().join(file)).unwrap()).unwrap();
    assert_eq!(bill["bomFormat"], "CycloneDX");
    let itself = &bill["metadata"]["component"];
    assert_eq!(itself["name"], "irt_calibration");
    assert_eq!(itself["version"], env!("CARGO_PKG_VERSION"));
    let of_others = bill["components"].as_array().unwrap().iter().filter(|component| {
        component["purl"].as_str().is_some_and(|purl| !purl.contains("download_url=file:"))
    });
    let mut listed = BTreeSet::new();
    for component in of_others {
        let name = format!(
            "{} {}",
            component["name"].as_str().unwrap(),
            component["version"].as_str().unwrap()
        );
        assert!(component["licenses"][0].is_object(), "{name} has no license");
        assert_eq!(component["hashes"][0]["alg"], "SHA-256", "{name}");
        listed.insert(name);
    }
    compare(file, &listed);
}
