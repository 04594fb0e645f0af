//! One row of a history: is it a run, and which?

use crate::bank::{DEFAULT_BANK, must_fit};
use crate::error::ExtensionError;
use crate::runs::audit::{AdoptedRun, Status};
use serde::Deserialize;
use serde_json::{Map, Value, json};

/// A double counts exactly up to here.
const MOST: f64 = 9_007_199_254_740_992.0;

/// A row as the source has it, under our names; what the source lacks is `None`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Row {
    job_id: Option<String>,
    bank: Option<String>,
    status: Option<String>,
    triggered_by: Option<String>,
    started_at: Option<String>,
    started_at_epoch: Option<f64>,
    completed_at: Option<String>,
    completed_at_epoch: Option<f64>,
    duration_seconds: Option<f64>,
    new_responses_count: Option<f64>,
    persons_count: Option<f64>,
    responses_count: Option<f64>,
    repeats_dropped: Option<f64>,
    items_calibrated: Option<f64>,
    items_skipped: Option<f64>,
    mean_difficulty: Option<f64>,
    mean_discrimination: Option<f64>,
    log_likelihood: Option<f64>,
    em_iterations: Option<f64>,
    bootstrap_iterations: Option<f64>,
    bootstrap_failures: Option<f64>,
    error_message: Option<String>,
    error_sqlstate: Option<String>,
    settings: Option<Value>,
}

/// What a status says in words of ours.
enum Meaning {
    Ended(Status),
    /// The job died: whoever still runs is not in a history.
    NeverEnded,
}

fn meaning(status: &str) -> Option<Meaning> {
    Some(match status.trim().to_ascii_lowercase().as_str() {
        "completed" | "complete" | "success" | "succeeded" | "successful" => {
            Meaning::Ended(Status::Success)
        }
        "failed" | "failure" | "error" | "cancelled" | "canceled" => Meaning::Ended(Status::Failed),
        "skipped" => Meaning::Ended(Status::Skipped),
        "running" | "pending" | "started" | "in_progress" => Meaning::NeverEnded,
        _ => return None,
    })
}

impl Row {
    /// The run that this row, the one at `place` of `source`, tells of.
    ///
    /// # Errors
    /// 22023, which names the row, where it cannot be true.
    pub fn judge(self, source: &str, place: usize, now: f64) -> Result<AdoptedRun, ExtensionError> {
        let name = match &self.job_id {
            Some(id) => format!("the row with job_id {id}"),
            None => format!("row {place}"),
        };
        self.judged(source, now).map_err(|problem| ExtensionError::UnusableHistory {
            relation: source.to_owned(),
            row: name,
            problem,
        })
    }

    fn judged(self, source: &str, now: f64) -> Result<AdoptedRun, String> {
        let began = self.began(now)?;
        let status = self.status.as_deref().ok_or("has no status")?;
        let (status, died) = match meaning(status) {
            Some(Meaning::Ended(status)) => (status, None),
            Some(Meaning::NeverEnded) => (
                Status::Failed,
                Some(format!("interrupted: the job that wrote this row left it \"{status}\"")),
            ),
            None => {
                return Err(format!(
                    "has the status \"{status}\", but it must be completed, success, failed, \
                     error, cancelled, skipped, pending or running"
                ));
            }
        };
        let bank = self.bank.as_deref().filter(|bank| !bank.is_empty()).unwrap_or(DEFAULT_BANK);
        must_fit(bank).map_err(|_| "has the name of a bank with more than 200 characters")?;
        let sqlstate = died.as_ref().map(|_| "57P01".to_owned());
        let row = json!({
            "bank": bank,
            "status": status.as_str(),
            "triggered_by": self.triggered_by.as_deref().unwrap_or("manual"),
            "started_at": self.started_at,
            "completed_at": self.completed_at,
            "duration_seconds": self.duration(began)?,
            "new_responses_count": count("new_responses_count", self.new_responses_count, MOST)?,
            "persons_count": count("persons_count", self.persons_count, MOST)?,
            "responses_count": count("responses_count", self.responses_count, MOST)?,
            "repeats_dropped": count("repeats_dropped", self.repeats_dropped, MOST)?,
            "items_calibrated": small("items_calibrated", self.items_calibrated)?,
            "items_skipped": small("items_skipped", self.items_skipped)?,
            "mean_difficulty": self.mean_difficulty,
            "mean_discrimination": self.mean_discrimination,
            "log_likelihood": self.log_likelihood,
            "em_iterations": small("em_iterations", self.em_iterations)?,
            "bootstrap_iterations": small("bootstrap_iterations", self.bootstrap_iterations)?,
            "bootstrap_failures": small("bootstrap_failures", self.bootstrap_failures)?,
            "error_message": self.error_message.or(died),
            "error_sqlstate": self.error_sqlstate.or(sqlstate),
            "settings": origin(self.settings, source, self.job_id),
        });
        Ok(AdoptedRun { began, row })
    }

    /// When it began, after looking at both moments.
    fn began(&self, now: f64) -> Result<f64, String> {
        let Some(started_at) = &self.started_at else {
            return Err("has no started_at".to_owned());
        };
        let Some(began) = self.started_at_epoch else {
            return Err(format!("has the started_at {started_at}, but it must be finite"));
        };
        if began > now {
            return Err(format!(
                "has the started_at {started_at}, but it must not be in the future"
            ));
        }
        match (&self.completed_at, self.completed_at_epoch) {
            (Some(completed_at), None) => {
                Err(format!("has the completed_at {completed_at}, but it must be finite"))
            }
            (Some(completed_at), Some(ended)) if ended < began => Err(format!(
                "has the completed_at {completed_at}, before its started_at {started_at}"
            )),
            _ => Ok(began),
        }
    }

    /// What the source says, or the time between its moments.
    fn duration(&self, began: f64) -> Result<Option<f64>, String> {
        match self.duration_seconds {
            Some(seconds) if seconds < 0.0 => {
                Err(format!("has the duration_seconds {seconds}, but it must not be negative"))
            }
            Some(seconds) => Ok(Some(seconds)),
            None => Ok(self.completed_at_epoch.map(|ended| ended - began)),
        }
    }
}

/// A number of things that fits into a column.
fn count(column: &str, value: Option<f64>, most: f64) -> Result<Option<i64>, String> {
    match value {
        Some(number) if number.fract() != 0.0 || !(0.0..=most).contains(&number) => Err(format!(
            "has the {column} {number}, but it must be a whole number from 0 to {most}"
        )),
        number => Ok(number.map(|number| number as i64)),
    }
}

fn small(column: &str, value: Option<f64>) -> Result<Option<i64>, String> {
    count(column, value, f64::from(i32::MAX))
}

/// Where a run came from, beside what its settings say already.
fn origin(settings: Option<Value>, source: &str, job_id: Option<String>) -> Value {
    let mut all = match settings {
        Some(Value::Object(settings)) => settings,
        _ => Map::new(),
    };
    all.insert("adopted_from".to_owned(), source.into());
    all.insert("job_id".to_owned(), job_id.into());
    all.into()
}
