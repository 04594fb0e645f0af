//! Times that were measured, summed up and printed.

use std::time::Duration;

/// Times of one kind.
#[derive(Default)]
pub struct Times(Vec<Duration>);

impl Times {
    /// One more.
    pub fn add(&mut self, time: Duration) {
        self.0.push(time);
    }

    /// All of another's.
    pub fn add_all(&mut self, other: &Self) {
        self.0.extend(&other.0);
    }

    /// The time that a share of them does not exceed.
    pub fn quantile(&self, share: f64) -> Duration {
        let mut sorted = self.0.clone();
        sorted.sort();
        let rank = (share * sorted.len() as f64).ceil() as usize;
        sorted.get(rank.max(1) - 1).copied().unwrap_or_default()
    }
}

impl std::fmt::Display for Times {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let milliseconds = |time: Duration| time.as_secs_f64() * 1e3;
        write!(
            f,
            "{:4} times: median {:.0} ms, p99 {:.0} ms, longest {:.0} ms",
            self.0.len(),
            milliseconds(self.quantile(0.5)),
            milliseconds(self.quantile(0.99)),
            milliseconds(self.quantile(1.0))
        )
    }
}

/// A line of figures; `make soak` shows it.
pub fn say(line: &str) {
    println!("soak: {line}");
}
