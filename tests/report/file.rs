//! bin/irt_report, and the runner's --report.

use crate::common::{Cluster, bindir, value};
use crate::{calibrated, report};
use std::path::PathBuf;
use std::process::{Command, Output};

fn program(cluster: &Cluster, name: &str, arguments: &[&str]) -> Output {
    let path = std::env::var("PATH").unwrap_or_default();
    Command::new(format!("bin/{name}"))
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .env("PATH", format!("{}:{path}", bindir().display()))
        .env(
            "DATABASE_URL",
            format!("postgres://postgres:secret@127.0.0.1:{}/postgres", cluster.port()),
        )
        // Whatever a user has set for psql.
        .env("PSQLRC", "/nonexistent")
        .env("PGCLIENTENCODING", "LATIN1")
        .args(arguments)
        .output()
        .unwrap()
}

/// A folder that is gone at the end of the test.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("irt-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        Self(folder)
    }

    fn file(&self, name: &str) -> String {
        self.0.join(name).display().to_string()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn ends(output: &Output, code: i32, said: &str) {
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{errors}");
    assert!(errors.contains(said), "{said} is missing in: {errors}");
}

#[test]
fn the_file_is_the_page_and_errors_are_not_in_it() {
    let (cluster, mut client) = calibrated(20, 400);
    let folder = Folder::new("report");
    let to = folder.file("page.html");
    ends(&program(&cluster, "irt_report", &["--section", "items", "--output", &to]), 0, "");
    let written = std::fs::read_to_string(&to).unwrap();
    let body = |page: &str| page.split("<footer>").next().unwrap().to_owned();
    assert_eq!(body(&written), body(&report(&mut client, "sections => '{items}'")));
    let printed = program(&cluster, "irt_report", &["--run", "1", "--with", "1"]);
    ends(&printed, 0, "");
    assert!(printed.stdout.starts_with(b"<!DOCTYPE html>"), "no heading, no alignment");
    for (arguments, code, said) in [
        (["--bank", "it's not"], 3, "does not exist"),
        (["--run", "99"], 3, "run 99 does not exist"),
        (["--run", "many"], 3, "invalid input syntax"),
        (["--section", "nix"], 3, "Sections: verdict, checks"),
        (["--colour", "red"], 3, "unknown option --colour"),
        (["--output", "/nonexistent/page.html"], 3, "/nonexistent"),
    ] {
        let refused = program(&cluster, "irt_report", &arguments);
        ends(&refused, code, said);
        assert!(refused.stdout.is_empty(), "{arguments:?}");
    }
    let failed = program(&cluster, "irt_report", &["--output", &to, "--run", "99"]);
    ends(&failed, 3, "run 99");
    assert_eq!(std::fs::read_to_string(&to).unwrap(), written, "the old page stays");
    assert_eq!(std::fs::read_dir(&folder.0).unwrap().count(), 1, "and nothing beside it");
    cluster.stop(crate::common::Shutdown::Fast);
    ends(&program(&cluster, "irt_report", &[]), 1, "onnection");
}

#[test]
fn the_runner_writes_one_about_its_run() {
    let (cluster, mut client) = calibrated(20, 400);
    let folder = Folder::new("runner-report");
    let to = folder.file("page.html");
    client.batch_execute("SELECT irt_configure(publish => 'after_approval')").unwrap();
    let arguments = ["--force", "--fail-if-held", "--report", &to];
    let output = program(&cluster, "run_irt_calibration", &arguments);
    ends(&output, 4, "is held");
    assert!(String::from_utf8_lossy(&output.stdout).contains("publication"), "the row is printed");
    let page = std::fs::read_to_string(&to).unwrap();
    assert!(page.contains("<h1>Run 2 is held"), "{}", &page[..200]);
    value(&mut client, "SELECT irt_publish(2)");
    ends(&program(&cluster, "run_irt_calibration", &["--bank", "default", "--report", &to]), 0, "");
    let page = std::fs::read_to_string(&to).unwrap();
    assert!(page.contains("<h1>Run 3 was skipped"), "no new responses");
    let nowhere = ["--force", "--report", "/nonexistent/page.html"];
    ends(&program(&cluster, "run_irt_calibration", &nowhere), 3, "/nonexistent");
    let ended = "SELECT status FROM irt_calibration_runs WHERE id = 4";
    assert_eq!(value(&mut client, ended).as_deref(), Some("success"), "the run is what it is");
}
