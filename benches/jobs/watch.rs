//! Looks at the worker while it works.

use crate::common::Cluster;
use postgres::Client;
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

const FIND: &str = "SELECT pid, split_part(split_part(query, ': ', 3), ' ', 1) FROM pg_stat_activity \
                    WHERE backend_type = 'irt_calibration' AND query LIKE 'irt_calibration: run %'";

/// What was seen of one run.
#[derive(Default)]
pub struct Seen {
    phases: HashMap<String, (Instant, Instant)>,
    /// The most private memory that the worker held, in MB.
    pub peak: f64,
}

/// A thread that looks, until it is asked.
pub struct Watch {
    done: Arc<AtomicBool>,
    thread: JoinHandle<Seen>,
}

impl Watch {
    /// Begins, with a session of its own.
    pub fn begin(cluster: &Cluster) -> Self {
        let mut session = cluster.connect();
        let done = Arc::new(AtomicBool::new(false));
        let until = Arc::clone(&done);
        let thread = std::thread::spawn(move || {
            let mut seen = Seen::default();
            while !until.load(Ordering::Relaxed) {
                seen.look(&mut session);
                std::thread::sleep(Duration::from_millis(5));
            }
            seen
        });
        Self { done, thread }
    }

    /// What it has seen.
    pub fn end(self) -> Seen {
        self.done.store(true, Ordering::Relaxed);
        self.thread.join().unwrap()
    }
}

impl Seen {
    /// How long a phase took.
    pub fn seconds(&self, phase: &str) -> f64 {
        self.phases.get(phase).map_or(0.0, |(first, last)| (*last - *first).as_secs_f64())
    }

    fn look(&mut self, session: &mut Client) {
        for row in session.query(FIND, &[]).unwrap() {
            let (pid, phase): (i32, String) = (row.get(0), row.get(1));
            let now = Instant::now();
            self.phases.entry(phase).or_insert((now, now)).1 = now;
            self.peak = self.peak.max(private_megabytes(pid).unwrap_or_default());
        }
    }
}

/// None where the process is gone.
fn private_megabytes(pid: i32) -> Option<f64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:"))?;
    Some(line.trim().trim_end_matches(" kB").parse::<f64>().ok()? / 1024.0)
}
