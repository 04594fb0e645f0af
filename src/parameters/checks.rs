//! May these numbers be published? A run beside what is in force, one value per question.
//!
//! A value above `warn_above` is said, one above `hold_above` keeps the run from being published.

use super::in_force::InForce;
use super::items_lost::ItemsLost;
use super::questions::{QUESTIONS, Question, Thresholds};
use crate::error::ExtensionError;
use crate::postgres::schema::Schema;
use crate::postgres::spi::Spi;
use irt::scoring::ScoreComparison;
use irt::statistics::correlation;
use irt::{Calibration, ItemResult};

/// Where nobody looked at the fit: a correlation of r with the other items over n responses is this many standard errors, r √n,
/// from 0: a random item is below it once in 700. It is what the score test of a = 0 says to first
/// order.
const REVERSED: f64 = -3.0;

/// Fewer common items say nothing about the order of difficulties.
const LEAST_COMMON_ITEMS: usize = 5;

/// What an answer means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Nothing to say.
    Pass,
    /// To be said.
    Warn,
    /// The run is not published.
    Hold,
    /// There is no value: nothing to compare with, or nobody wants to know.
    NotApplicable,
}

impl Outcome {
    /// The word that is recorded.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Warn => "warn",
            Self::Hold => "hold",
            Self::NotApplicable => "not_applicable",
        }
    }
}

/// A question that was asked of a run.
#[derive(Debug, Clone, PartialEq)]
pub struct Check {
    /// The question's name.
    pub name: &'static str,
    /// The answer; `None`: not applicable.
    pub value: Option<f64>,
    /// Above it, it is said. Infinity: never.
    pub warn_above: f64,
    /// Above it, nothing is published. Infinity: never.
    pub hold_above: f64,
    /// What the answer means.
    pub outcome: Outcome,
}

/// What the diagnostics of a run say of all its items.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Misfits {
    /// The share that is flagged misfit.
    pub misfitting: Option<f64>,
    /// The share that is flagged reversed, or has a below 0.
    pub reversed: Option<f64>,
}

/// How the scale of a run and the scale in force go together.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Scales {
    /// True where the run defined a scale anew, which takes the place of that in force.
    pub is_new: bool,
    /// Slope and intercept of the link; `None`: there is none.
    pub link: Option<(f64, f64)>,
    /// The share of the common items that drifted; `None`: nothing can be said.
    pub drifted: Option<f64>,
    /// Mean and standard deviation of ability of all persons on the published scale.
    pub population: Option<(f64, f64)>,
}

/// A run beside what is in force.
#[derive(Debug, Clone, Copy)]
pub struct Comparison<'a> {
    /// What it found.
    pub calibration: &'a Calibration,
    /// The same, or of anchored runs what was found without anchors: they agree with themselves.
    pub free: &'a Calibration,
    /// The shares of its items that do not fit, and whose keys seem wrong; `None`: nobody looked.
    pub misfits: Option<Misfits>,
    /// How its scale and the scale in force go together.
    pub scales: Scales,
    /// What is in force.
    pub in_force: &'a InForce,
    /// Items in force that it should have estimated, and did not.
    pub items_lost: ItemsLost,
    /// True when only some of the items are to be published.
    pub limited: bool,
    /// What the new parameters do to scores; `None`: no common items.
    pub scores: Option<&'a ScoreComparison>,
}

impl Comparison<'_> {
    /// Asks every question.
    pub fn checks(&self, thresholds: &Thresholds) -> Vec<Check> {
        let persons = self.calibration.persons_count;
        let before = self.in_force.persons_count.and_then(|count| u64::try_from(count).ok());
        let smaller = before.map_or(persons, |before| before.min(persons));
        let check = |question: &Question| {
            let (warn_above, hold_above) = thresholds.of(question, smaller);
            let value = match thresholds.is_off(question) {
                true => None,
                false => self.value(question.name).filter(|value| value.is_finite()),
            };
            let outcome = match value {
                None => Outcome::NotApplicable,
                Some(value) if value > hold_above => Outcome::Hold,
                Some(value) if value > warn_above => Outcome::Warn,
                Some(_) => Outcome::Pass,
            };
            Check { name: question.name, value, warn_above, hold_above, outcome }
        };
        QUESTIONS.iter().map(check).collect()
    }

    /// The answer to a question; `None` where it does not apply.
    fn value(&self, name: &str) -> Option<f64> {
        match name {
            "items_lost" => share(self.items_lost.lost, self.items_lost.expected),
            "items_left_behind" => self.left_behind(),
            "persons_lost" => self.persons_lost(),
            "scale_shift" => self.new_scale().map(|(_, intercept)| intercept.abs()),
            "scale_stretch" => self.new_scale().map(|(slope, _)| slope.ln().abs()),
            "population_shift" => self.populations().map(|(now, then)| (now.0 - then.0).abs()),
            "population_stretch" => {
                self.populations().map(|(now, then)| (now.1 / then.1).ln().abs())
            }
            "drifted_items" => self.scales.drifted,
            "difficulty_disagreement" => self.difficulty_disagreement(),
            "score_change" => self.scores?.mean_absolute_change,
            "score_disorder" => self.scores?.disorder,
            "misfitting_items" => self.misfits?.misfitting,
            "reversed_items" => match self.misfits {
                Some(misfits) => misfits.reversed,
                None => self.reversed(),
            },
            "since_rollback" => Some(f64::from(u8::from(self.in_force.rolled_back))),
            _ => None,
        }
    }

    /// The link of a scale that takes the place of the one in force.
    fn new_scale(&self) -> Option<(f64, f64)> {
        self.scales.link.filter(|_| self.scales.is_new)
    }

    /// Mean and standard deviation of ability now and in the run in force, on one scale.
    fn populations(&self) -> Option<((f64, f64), (f64, f64))> {
        let now = self.scales.population.filter(|_| !self.scales.is_new)?;
        Some((now, self.in_force.population?))
    }

    /// The share of the items in force that keep their values, on a scale that is no more.
    fn left_behind(&self) -> Option<f64> {
        if self.limited || !self.scales.is_new {
            return None;
        }
        let replaced = self.calibration.calibrated();
        let replaced = replaced.filter(|item| self.in_force.items.contains_key(&item.item)).count();
        share(self.in_force.items.len() - replaced, self.in_force.items.len())
    }

    fn persons_lost(&self) -> Option<f64> {
        let before = self.in_force.persons_count.filter(|&before| before > 0)? as f64;
        Some((1.0 - self.calibration.persons_count as f64 / before).max(0.0))
    }

    /// 1 − the correlation of b over the common items.
    fn difficulty_disagreement(&self) -> Option<f64> {
        let (now, before): (Vec<f64>, Vec<f64>) = self
            .free
            .calibrated()
            .filter_map(|item| {
                Some((item.difficulty?, self.in_force.items.get(&item.item)?.parameters.difficulty))
            })
            .unzip();
        if now.len() < LEAST_COMMON_ITEMS {
            return None;
        }
        correlation(&now, &before).map(|r| 1.0 - r)
    }

    fn reversed(&self) -> Option<f64> {
        let reversed = |item: &&ItemResult| {
            let z = item.point_biserial.map(|r| r * (item.responses_count as f64).sqrt());
            z.is_some_and(|z| z < REVERSED) || item.discrimination.is_some_and(|a| a < 0.0)
        };
        share(self.free.calibrated().filter(reversed).count(), self.free.calibrated().count())
    }
}

fn share(part: usize, whole: usize) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

/// Records what was asked of a run. Call it as the tables' owner.
///
/// # Errors
/// Only when SPI fails.
pub fn record(schema: &Schema, run_id: i64, checks: &[Check]) -> Result<(), ExtensionError> {
    let statement = format!(
        "INSERT INTO {} (run_id, check_name, value, warn_above, hold_above, outcome) \
         SELECT $1, x.* FROM ROWS FROM (pg_catalog.unnest($2), pg_catalog.unnest($3), \
             pg_catalog.unnest($4), pg_catalog.unnest($5), pg_catalog.unnest($6)) AS x",
        schema.relation("irt_run_checks")
    );
    let arguments = [
        run_id.into(),
        checks.iter().map(|check| check.name).collect::<Vec<_>>().into(),
        checks.iter().map(|check| check.value).collect::<Vec<_>>().into(),
        checks.iter().map(|check| check.warn_above).collect::<Vec<_>>().into(),
        checks.iter().map(|check| check.hold_above).collect::<Vec<_>>().into(),
        checks.iter().map(|check| check.outcome.as_str()).collect::<Vec<_>>().into(),
    ];
    Ok(Spi::run_with_args(&statement, &arguments)?)
}
