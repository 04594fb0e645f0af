//! META.json, by which PGXN knows the project, says what the sources say.
//!
//! Its form is that of https://pgxn.org/meta/spec.txt.

#![allow(
    clippy::unwrap_used,
    reason = "a test stops at the first thing that is not as it should be"
)]

use serde_json::Value;
use std::path::Path;

fn meta() -> Value {
    serde_json::from_str(include_str!("../META.json")).unwrap()
}

#[test]
fn meta_json_has_what_pgxn_requires() {
    let meta = meta();
    for key in ["name", "abstract", "version", "maintainer", "license", "provides", "meta-spec"] {
        assert!(!meta[key].is_null(), "{key}");
    }
    assert_eq!(meta["name"], env!("CARGO_PKG_NAME"));
    assert_eq!(meta["meta-spec"]["version"], "1.0.0");
    assert_eq!(meta["license"].as_str().unwrap(), env!("CARGO_PKG_LICENSE").to_lowercase());
    assert_eq!(meta["abstract"], env!("CARGO_PKG_DESCRIPTION"));
    assert_eq!(meta["resources"]["repository"]["web"], env!("CARGO_PKG_REPOSITORY"));
}

#[test]
fn every_place_names_the_same_version() {
    let meta = meta();
    let version = env!("CARGO_PKG_VERSION");
    let provided = &meta["provides"]["irt_calibration"];
    assert_eq!(meta["version"], version);
    assert_eq!(provided["version"], version);
    assert_eq!(provided["file"], format!("sql/irt_calibration--{version}.sql"));
    let control = include_str!("../irt_calibration.control");
    assert!(control.contains(&format!("default_version = '{version}'")), "{control}");
    for file in ["file", "docfile"] {
        let path = provided[file].as_str().unwrap();
        assert!(Path::new(env!("CARGO_MANIFEST_DIR")).join(path).is_file(), "{path}");
    }
}
