//! How often what was said.

use crate::Design;
use crate::responses::Keeps;
use std::collections::BTreeMap;

/// The weeks of a design.
#[derive(Debug, Clone, Default)]
pub struct Tally {
    /// Weeks whose run was compared with something.
    pub weeks: usize,
    /// Weeks whose run was held.
    pub held: usize,
    /// Weeks whose run was warned of by a check that does not hold it.
    pub warned: usize,
    checks: BTreeMap<String, Check>,
}

/// What one check said.
#[derive(Debug, Clone, Default)]
struct Check {
    held: usize,
    warned: usize,
    values: Vec<f64>,
}

/// Checks whose values are shown: those that sampling error moves.
const SHOWN: [&str; 3] = ["difficulty_disagreement", "score_change", "score_disorder"];

impl Tally {
    /// The head of the table.
    pub const HEAD: &str = "| a run's persons | their number | items | held | warned | by check \
        | difficulty_disagreement | score_change | score_disorder |\n|---|---|---|---|---|---|---|---|---|";

    /// Adds what a check said in one week.
    pub fn add(&mut self, name: &str, outcome: &str, value: f64) {
        let check = self.checks.entry(name.to_owned()).or_default();
        check.held += usize::from(outcome == "hold");
        check.warned += usize::from(outcome == "warn");
        check.values.push(value);
    }

    /// All of them together.
    pub fn sum(tallies: &[Self]) -> Self {
        let mut sum = Self::default();
        for tally in tallies {
            sum.weeks += tally.weeks;
            sum.held += tally.held;
            sum.warned += tally.warned;
            for (name, more) in &tally.checks {
                let check = sum.checks.entry(name.clone()).or_default();
                check.held += more.held;
                check.warned += more.warned;
                check.values.extend(&more.values);
            }
        }
        sum
    }

    /// A line of the table.
    pub fn line(&self, design: &Design) -> String {
        let keeps = match design.keeps {
            Keeps::All => "all until then",
            Keeps::Window => "a window, a quarter new",
            Keeps::NewestOnly => "all new",
        };
        let persons = match design.persons {
            (first, last) if first == last => format!("{first} ± 20 %"),
            (first, last) => format!("{first} to {last}"),
        };
        self.cells(&format!("| {keeps} | {persons} | {}", design.items))
    }

    /// The last line of the table.
    pub fn total(&self) -> String {
        self.cells("| all | | ")
    }

    fn cells(&self, head: &str) -> String {
        let shown: Vec<String> = SHOWN.iter().map(|name| self.largest(name)).collect();
        format!(
            "{head} | {} | {} | {} | {} |",
            self.percent(self.held),
            self.percent(self.warned),
            self.loud(),
            shown.join(" | ")
        )
    }

    fn percent(&self, count: usize) -> String {
        format!("{:.1} %", 100.0 * count as f64 / self.weeks as f64)
    }

    /// Which checks held and warned, and in which share of the weeks.
    fn loud(&self) -> String {
        let mut said = Vec::new();
        for (name, check) in &self.checks {
            for (count, what) in [(check.held, "holds"), (check.warned, "warns")] {
                if count > 0 {
                    said.push(format!("{name} {what}: {}", self.percent(count)));
                }
            }
        }
        said.join("; ")
    }

    /// The median of a check's values, the one that 95 % and the one that 99 % do not exceed.
    fn largest(&self, name: &str) -> String {
        let mut values =
            self.checks.get(name).map(|check| check.values.clone()).unwrap_or_default();
        values.sort_by(f64::total_cmp);
        let quantile = |share: f64| {
            let rank = (share * values.len() as f64).ceil() as usize;
            values.get(rank.max(1) - 1).copied().unwrap_or_default()
        };
        format!("{:.3}, {:.3}, {:.3}", quantile(0.5), quantile(0.95), quantile(0.99))
    }
}
