//! pg_upgrade: the same data, under a newer major.

use super::{
    Cluster,
    process::{must_succeed, run_as_server_user},
};
use std::{fs, path::Path, process::Command};

/// Makes the folder of `next`, whose programs are of a newer major, from the stopped `old`.
pub fn between(old: &Cluster, next: &Cluster) {
    let mut initdb = run_as_server_user(next.programs.join("initdb"));
    initdb.args(["-A", "trust", "-U", "postgres", "--no-sync", "--locale=C.UTF-8", "-E", "UTF8"]);
    if has_option(&next.programs.join("initdb"), "--no-data-checksums") {
        // The default of 18, where clusters of before have none.
        initdb.arg("--no-data-checksums");
    }
    must_succeed(initdb.arg("-D").arg(&next.folder));
    next.configure(&format!(
        "port = {}\nlisten_addresses = '127.0.0.1'\nunix_socket_directories = '{}'\n\
         fsync = off\nmax_worker_processes = 16\nlog_min_messages = log",
        next.port,
        next.folder.display()
    ));
    let mut upgrade = run_as_server_user(next.programs.join("pg_upgrade"));
    upgrade.args(["-U", "postgres"]).current_dir(&next.folder);
    upgrade.arg("-b").arg(&old.programs).arg("-B").arg(&next.programs);
    upgrade.arg("-d").arg(&old.folder).arg("-D").arg(&next.folder);
    upgrade.arg("-s").arg(&next.folder);
    upgrade.args(["-p", &old.port.to_string(), "-P", &next.port.to_string()]);
    let output = upgrade.output().unwrap();
    assert!(
        output.status.success(),
        "{}\n{}",
        String::from_utf8_lossy(&output.stdout),
        logs(&next.folder.join("pg_upgrade_output.d"))
    );
}

/// What pg_upgrade's tools said: pg_upgrade itself only names the files.
fn logs(folder: &Path) -> String {
    let Ok(entries) = fs::read_dir(folder) else { return String::new() };
    let texts = entries.filter_map(Result::ok).map(|entry| match entry.path() {
        path if path.is_dir() => logs(&path),
        path if path.extension().is_some_and(|extension| extension == "log") => {
            fs::read_to_string(path).unwrap_or_default()
        }
        _ => String::new(),
    });
    texts.collect()
}

fn has_option(program: &Path, option: &str) -> bool {
    let help = Command::new(program).arg("--help").output().unwrap();
    String::from_utf8_lossy(&help.stdout).contains(option)
}
