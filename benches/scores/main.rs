//! `make scores`: what scores in SQL cost, and an adaptive test next to catsim.
//!
//! Called by scripts/scores.sh, which builds what is timed and installs catsim. Prints Markdown for
//! docs/adaptive.md. What is compared is timed in this one run, on this machine.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a bench that fails must stop")]

mod adaptive;
#[path = "../../tests/common/mod.rs"]
mod common;
#[path = "../jobs/page.rs"]
#[allow(dead_code, reason = "the page of the jobs has more on it")]
mod page;
mod speed;

use common::Cluster;
use page::Page;

/// Lines of postgresql.conf.
const SETTINGS: &str = "
    shared_buffers = 1GB
    max_wal_size = 8GB
    autovacuum = off
    session_preload_libraries = irt_calibration
    irt_calibration.nice = 0";

fn main() {
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let mut page = Page::default();
    page.say(&format!(
        "Made by `make scores`, never by hand, on {threads} processors with a load average of {} at the start. \
         Seconds are this machine's and this day's; only ratios mean anything.",
        load.split(' ').next().unwrap_or_default()
    ));
    let cluster = Cluster::with_settings(SETTINGS);
    let mut client = cluster.connect();
    client.batch_execute("CREATE EXTENSION irt_calibration").unwrap();
    speed::aggregates(&mut page, &mut client);
    speed::whole_banks(&mut page, &mut client);
    speed::requests(&mut page, &mut client);
    adaptive::next_to_catsim(&mut page, &cluster);
}
