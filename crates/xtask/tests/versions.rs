//! What files say of versions is what Cargo.toml says: which majors of Postgres, which Rust, which Debian.

#![allow(
    clippy::unwrap_used,
    reason = "a test stops at the first thing that is not as it should be"
)]

use std::fs;
use std::path::Path;

/// A file of the project.
fn text(file: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(file);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The majors that the extension has features for, in ascending order.
fn majors() -> Vec<u32> {
    let manifest = text("Cargo.toml");
    let features = manifest.lines().filter_map(|line| line.strip_prefix("pg")?.split_once(" = "));
    let majors: Vec<u32> = features.filter_map(|(major, _)| major.parse().ok()).collect();
    assert!(majors.is_sorted() && !majors.is_empty(), "{majors:?}");
    majors
}

/// Each word of `text` that follows `before`, up to a space or a mark that no version has.
fn words_after<'a>(text: &'a str, before: &str) -> Vec<&'a str> {
    let end = |character: char| !character.is_ascii_alphanumeric() && character != '.';
    text.split(before)
        .skip(1)
        .map(|rest| rest.split(end).next().unwrap_or_default().trim_end_matches('.'))
        .collect()
}

/// The first column of the rows of the table in docs/packages.md that begins with `heading`, and the others.
fn rows(heading: &str) -> Vec<(String, Vec<String>)> {
    let page = text("docs/packages.md");
    let (_, table) = page.split_once(&format!("| {heading} |")).unwrap();
    let rows = table.lines().skip(2).take_while(|line| line.starts_with('|'));
    rows.map(|row| {
        let mut cells = row.trim_matches('|').split('|').map(|cell| cell.trim().to_owned());
        (cells.next().unwrap(), cells.collect())
    })
    .collect()
}

#[test]
fn the_majors_are_those_of_the_features() {
    let majors = majors();
    let (first, last) = (majors[0], majors[majors.len() - 1]);
    let range = format!("{first} to {last}");
    for (file, before) in [
        ("README.md", "For Postgres "),
        ("docs/operations.md", "| POSTGRES | the major, "),
        ("deploy/railway/README.md", "| `POSTGRES` | optional: the major, a build argument; "),
        ("scripts/test_all_majors.sh", "on every Postgres, by default "),
    ] {
        assert!(text(file).contains(&format!("{before}{range}")), "{file}: {before}{range}");
    }
    let all = majors.iter().map(u32::to_string).collect::<Vec<_>>().join(" ");
    assert!(text("scripts/test_all_majors.sh").contains(&format!("majors=({all})")), "{all}");
    let meta = format!("\"PostgreSQL\": \"{first}.0.0\"");
    assert!(text("META.json").contains(&meta), "{meta}");
}

#[test]
fn the_table_of_majors_says_where_each_comes_from() {
    let table = rows("Postgres");
    let named: Vec<u32> = table.iter().map(|(major, _)| major.parse().unwrap()).collect();
    assert_eq!(named, majors());
    let script = text("scripts/other_postgres.sh");
    let (_, cases) = script.split_once("case $major in\n").unwrap();
    for (major, cells) in table {
        let case = cases.lines().find(|line| {
            let majors = line.split(')').next().unwrap_or_default();
            majors.split('|').any(|it| it.trim() == major)
        });
        let sources = [("from_npm", "npm"), ("from_pypi", "PyPI"), ("from_debian", "Debian")];
        let source = case.map_or("Debian", |case| {
            sources.iter().find(|(function, _)| case.contains(function)).unwrap().1
        });
        assert!(cells[0].starts_with(source), "{major}: {case:?}, and {cells:?}");
        if let Some((_, release)) = case.and_then(|case| case.split_once("from_debian ")) {
            let release = release.split_whitespace().next().unwrap();
            assert!(
                cells[0].contains(&format!("`{release}`")),
                "{major}: {release}, and {cells:?}"
            );
        }
    }
}

#[test]
fn rust_is_the_one_of_cargo_toml() {
    let manifest = text("Cargo.toml");
    let rust = words_after(&manifest, "rust-version = \"")[0];
    let files = [
        "README.md",
        "CONTRIBUTING.md",
        "docs/packages.md",
        "scripts/common.sh",
        "scripts/setup.sh",
        "Dockerfile",
        ".github/workflows/ci.yml",
    ];
    for file in files {
        let text = text(file);
        let mut found = words_after(&text, "Rust 1");
        found.extend(words_after(&text, "rust:1"));
        assert!(!found.is_empty(), "{file} names no version of Rust");
        for version in found {
            assert_eq!(format!("1{version}"), rust, "{file}");
        }
    }
}

#[test]
fn debian_is_the_same_everywhere() {
    let dockerfile = text("Dockerfile");
    let debian = words_after(&dockerfile, "ARG DEBIAN=")[0];
    assert_eq!(words_after(&text("deploy/runner/Dockerfile"), "ARG DEBIAN=")[0], debian);
    for (file, words) in [
        (".github/workflows/ci.yml", format!("-{debian}\n")),
        ("docs/operations.md", format!("`{debian}` by default")),
        ("docs/packages.md", format!("`{debian}` by default")),
        ("scripts/bare_debian.sh", format!("suite=${{2:-{debian}}}")),
    ] {
        assert!(text(file).contains(&words), "{file}: {words}");
    }
}
