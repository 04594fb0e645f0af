//! `make bench`: whole jobs, timed next to what they replace; writes docs/performance.md.
//!
//! Called by scripts/bench.sh, which builds what is timed and installs girth.
//! Everything that is compared is timed in this one run, on this machine.
//! With the argument `mirt` only the section on mirt, which is printed and not written.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a bench that fails must stop")]

#[path = "../../tests/common/mod.rs"]
mod common;
mod database;
mod estimator;
mod kinds;
mod mirt;
mod page;
mod watch;

use estimator::Programs;
use page::Page;
use std::fs;
use std::path::Path;
use std::process::Command;

fn main() {
    if std::env::args().any(|argument| argument == "mirt") {
        mirt::against_mirt(&mut Page::default());
        return;
    }
    let full = std::env::var("FULL").is_ok_and(|full| !full.is_empty());
    let programs = Programs::of_the_environment();
    let mut page = Page::default();
    page.say("# Performance");
    page.say(&format!(
        "Made by `make bench`{}, never by hand. Seconds are this machine's and this day's; only ratios within one \
         run mean anything.",
        if full { " with `FULL=1`" } else { "" }
    ));
    page.say(&machine());
    database::in_the_database(&mut page, &programs, full);
    estimator::against_girth(&mut page, &programs, full);
    mirt::against_mirt(&mut page);
    estimator::standard_errors(&mut page, &programs);
    page.write(&Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/performance.md"));
}

/// Processors, memory, versions, and how busy it was.
fn machine() -> String {
    let read = |file: &str| fs::read_to_string(file).unwrap_or_default();
    let field = |text: &str, name: &str| {
        let line = text.lines().find(|line| line.starts_with(name)).unwrap_or_default();
        line.split_once(':').map_or("unknown", |(_, value)| value.trim()).to_owned()
    };
    let memory = field(&read("/proc/meminfo"), "MemTotal");
    let kilobytes: f64 = memory.trim_end_matches(" kB").parse().unwrap_or_default();
    let release = read("/proc/sys/kernel/osrelease");
    let load = read("/proc/loadavg");
    let version =
        Command::new(common::bindir().join("postgres")).arg("--version").output().unwrap();
    format!(
        "{} × {}, {:.0} GiB, Linux {}; {}; load average at the start {:.1}.",
        std::thread::available_parallelism().map_or(1, usize::from),
        field(&read("/proc/cpuinfo"), "model name"),
        kilobytes / f64::from(1 << 20),
        release.trim().split('-').next().unwrap_or_default(),
        String::from_utf8_lossy(&version.stdout).trim(),
        load.split(' ').next().unwrap_or_default().parse::<f64>().unwrap_or_default()
    )
}
