//! The private copy of Postgres that the tests' servers run from.

use std::{
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::OnceLock,
};

/// Folder of the private Postgres's programs, with the extension as it is in this checkout.
pub fn bindir() -> &'static Path {
    static BINDIR: OnceLock<PathBuf> = OnceLock::new();
    BINDIR.get_or_init(|| match std::env::var_os("IRT_TEST_BINDIR") {
        Some(folder) => folder.into(),
        None => prepare(),
    })
}

/// Does the server have the extension `name`, as pg_cron or postgres_fdw? Other majors may lack it.
pub fn has_extension(name: &str) -> bool {
    let output = Command::new(bindir().join("pg_config")).arg("--sharedir").output().unwrap();
    let sharedir = String::from_utf8(output.stdout).unwrap();
    let found =
        Path::new(sharedir.trim()).join("extension").join(format!("{name}.control")).exists();
    if !found {
        eprintln!("skipped what needs {name}: this Postgres does not have it");
    }
    found
}

/// The major of the server.
pub fn major() -> u32 {
    let output = Command::new(bindir().join("postgres")).arg("--version").output().unwrap();
    let version = String::from_utf8(output.stdout).unwrap();
    let number = version.split_whitespace().nth(2).unwrap();
    number.split(|c: char| !c.is_ascii_digit()).next().unwrap().parse().unwrap()
}

/// Builds the extension and installs it into a private copy, kept for the next time.
fn prepare() -> PathBuf {
    let output = Command::new("scripts/test_postgres.sh")
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .stderr(Stdio::inherit())
        .output()
        .unwrap();
    assert!(output.status.success(), "scripts/test_postgres.sh failed");
    String::from_utf8(output.stdout).unwrap().trim().into()
}
