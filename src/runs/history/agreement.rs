//! How a bank's last estimates go together with its raw data, and what that does not show.
//!
//! Where every person got every item, difficulty is compared with minus the
//! logit of the proportion correct. Where they did not, that proportion says
//! who answered as much as how hard the item is: it is compared with the one
//! that the model expects, at the estimates, of those who did. Neither can show
//! that the keys or the model are right: the estimates were fitted to the same
//! proportions. What can is the run's diagnosis, item by item: its flags are in the words.

use super::last_run::last_run;
use super::reader::for_reader;
use super::wrong_items;
use crate::error::ExtensionError;
use crate::postgres::spi::{Row, Spi};
use irt::Priors;
use irt::statistics::correlation;
use irt::two_pl::SlopeIntercept;
use std::collections::BTreeMap;

/// irt_validate_calibration's row.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Agreement {
    /// Of what is compared; `None`: fewer than [`FEWEST`] items, or all the same.
    pub correlation: Option<f64>,
    /// Root mean square of the difference of what is compared.
    pub rmse: Option<f64>,
    /// Calibrated items.
    pub items_count: i64,
    /// Over the items that have one.
    pub mean_se_difficulty: Option<f64>,
    /// Over the items that have one.
    pub mean_se_discrimination: Option<f64>,
    /// All that in words.
    pub interpretation: String,
}

/// Through two points there is always a line.
const FEWEST: usize = 3;

/// From here on the orders are the same but for neighbours.
const SAME_ORDER: f64 = 0.9;

/// From here on they are much the same.
const SIMILAR_ORDER: f64 = 0.6;

/// A larger root mean square difference of the proportions: the priors decide as much as the
/// data do. With 50 responses an item and the default priors it is below 0.01.
const PULLED: f64 = 0.02;

/// A larger standard error of b leaves its place on the scale open.
const IMPRECISE: f64 = 0.5;

/// irt_validate_calibration.
///
/// # Errors
/// 22004, 22023 for an unknown bank, 42501.
pub fn validate(bank: Option<&str>) -> Result<Agreement, ExtensionError> {
    let bank = bank.ok_or(ExtensionError::NullArgument { argument: "bank" })?;
    let (schema, _settings) = for_reader(bank)?;
    let last = last_run(
        &schema,
        "r.id, r.persons_count, \
         r.settings OPERATOR(pg_catalog.->>) 'prior_log_discrimination_mean', \
         r.settings OPERATOR(pg_catalog.->>) 'prior_log_discrimination_sd', \
         r.settings OPERATOR(pg_catalog.->>) 'prior_difficulty_mean', \
         r.settings OPERATOR(pg_catalog.->>) 'prior_difficulty_sd', \
         r.settings OPERATOR(pg_catalog.->>) 'diagnostics'",
    );
    // A calibrated item is never all correct or all incorrect.
    let of_items = format!(
        "SELECT p.difficulty, p.discrimination, p.se_difficulty, p.se_discrimination, \
                p.responses_count, p.proportion_correct, \
                pg_catalog.array_to_string(p.flags, ',') \
         FROM {} p \
         WHERE p.run_id OPERATOR(pg_catalog.=) $1 \
           AND p.status OPERATOR(pg_catalog.=) 'calibrated' \
           AND p.proportion_correct OPERATOR(pg_catalog.>) 0 \
           AND p.proportion_correct OPERATOR(pg_catalog.<) 1 \
         ORDER BY p.item",
        schema.parameters()
    );
    Spi::connect(|client| {
        let rows = client.select(last.as_str(), Some(1), &[bank.into()])?;
        let Some(run) = rows.into_iter().next() else {
            let interpretation = format!("bank \"{bank}\" has not been calibrated yet");
            return Ok(Agreement { interpretation, ..Agreement::default() });
        };
        let rows = client.select(of_items.as_str(), None, &[run.get::<i64>(1)?.into()])?;
        let items = rows.into_iter().map(|row| Item::read(&row)).collect::<Result<Vec<_>, _>>()?;
        let diagnosed = run.get::<String>(7)?.as_deref() == Some("true");
        Ok(agreement(run.get(2)?, priors_of(&run)?, &items, diagnosed))
    })
}

/// What the last run said of a calibrated item.
struct Item {
    at: SlopeIntercept,
    difficulty: f64,
    se_difficulty: Option<f64>,
    se_discrimination: Option<f64>,
    responses: i64,
    proportion_correct: f64,
    flags: String,
}

impl Item {
    fn read(row: &Row) -> Result<Self, ExtensionError> {
        let number = |i| row.get::<f64>(i).map(Option::unwrap_or_default);
        let (difficulty, discrimination) = (number(1)?, number(2)?);
        Ok(Self {
            at: SlopeIntercept::from_discrimination_difficulty(discrimination, difficulty),
            difficulty,
            se_difficulty: row.get(3)?,
            se_discrimination: row.get(4)?,
            responses: row.get(5)?.unwrap_or_default(),
            proportion_correct: number(6)?,
            flags: row.get(7)?.unwrap_or_default(),
        })
    }

    /// Minus the logit of the proportion correct: large where the item is hard, as b is.
    fn difficulty_of_raw_data(&self) -> f64 {
        ((1.0 - self.proportion_correct) / self.proportion_correct).ln()
    }
}

/// The priors that the run's settings name; `None` where they name none.
fn priors_of(run: &Row) -> Result<Option<Priors>, ExtensionError> {
    let mut values = [0.0; 4];
    for (place, value) in values.iter_mut().enumerate() {
        let text = run.get::<String>(place + 3)?;
        match text.and_then(|text| text.parse().ok()) {
            Some(number) => *value = number,
            None => return Ok(None),
        }
    }
    let [log_a_mean, log_a_sd, b_mean, b_sd] = values;
    Ok(Priors::new(log_a_mean, log_a_sd, b_mean, b_sd).ok())
}

/// Compares; `persons`: how many entered the fit; `diagnosed`: the run looked at every item's fit.
fn agreement(
    persons: Option<i64>,
    priors: Option<Priors>,
    items: &[Item],
    diagnosed: bool,
) -> Agreement {
    let complete = items.iter().all(|item| Some(item.responses) == persons);
    let (estimates, raw): (Vec<f64>, Vec<f64>) = match priors {
        _ if complete => {
            items.iter().map(|item| (item.difficulty, item.difficulty_of_raw_data())).unzip()
        }
        Some(priors) => items
            .iter()
            .map(|item| {
                let (count, observed) = (item.responses.unsigned_abs(), item.proportion_correct);
                (priors.expected_proportion_correct(item.at, count, observed), observed)
            })
            .unzip(),
        None => (Vec::new(), Vec::new()),
    };
    let mut found = Agreement {
        correlation: (estimates.len() >= FEWEST).then(|| correlation(&estimates, &raw)).flatten(),
        rmse: root_mean_square_difference(&estimates, &raw),
        items_count: items.len() as i64,
        mean_se_difficulty: mean(items.iter().filter_map(|item| item.se_difficulty)),
        mean_se_discrimination: mean(items.iter().filter_map(|item| item.se_discrimination)),
        interpretation: String::new(),
    };
    let parts = [
        found.comparison(complete),
        match diagnosed {
            true => wrong_items::in_words(items.iter().map(|item| item.flags.as_str())),
            false => UNTESTED.to_owned(),
        },
        flags_in_words(items, complete),
        found.precision().to_owned(),
    ];
    found.interpretation = parts.join("; ");
    found
}

/// What no comparison with the raw data can tell.
const UNTESTED: &str = "whether keys and model are right was not tested";

impl Agreement {
    fn comparison(&self, complete: bool) -> String {
        let words = match (complete, self.correlation, self.rmse) {
            (false, _, None) => "nothing is compared: the run's priors are not on record",
            (false, _, Some(rmse)) if rmse > PULLED => {
                "persons did not all get the same items, and the priors pull the expected \
                 proportions correct away from the observed ones: collect more responses"
            }
            (false, ..) => {
                "persons did not all get the same items, and the proportions correct are as \
                 expected of those who answered"
            }
            _ if self.items_count < FEWEST as i64 => "too few items to compare",
            (true, None, _) => "no variance to compare",
            (true, Some(r), _) if r >= SAME_ORDER => {
                "b orders the items as the proportions correct do"
            }
            (true, Some(r), _) if r >= SIMILAR_ORDER => {
                "b orders the items much as the proportions correct do"
            }
            _ => {
                "b orders the items otherwise than the proportions correct do: look for low discriminations"
            }
        };
        words.to_owned()
    }

    fn precision(&self) -> &'static str {
        match self.mean_se_difficulty {
            None => "the precision of b is unknown: there are no standard errors",
            Some(error) if error > IMPRECISE => "b is imprecise: collect more responses",
            Some(_) => "b is precise, if the model holds",
        }
    }
}

/// How many items have which flag. The point-biserial is with the proportion correct on a person's
/// other items: where these were given by ability, half of all right keys have a negative one.
fn flags_in_words(items: &[Item], complete: bool) -> String {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for flag in items.iter().flat_map(|item| item.flags.split(',')).filter(|f| !f.is_empty()) {
        *counts.entry(flag).or_default() += 1;
    }
    if counts.is_empty() {
        return "no item is flagged".to_owned();
    }
    let list: Vec<String> = counts.iter().map(|(flag, count)| format!("{flag} {count}")).collect();
    let keys = match (counts.contains_key("negative_point_biserial"), complete) {
        (false, _) => "",
        (true, true) => " (negative_point_biserial: check the key)",
        (true, false) => " (negative_point_biserial: a wrong key, or items given by ability)",
    };
    format!("flagged items: {}{keys}", list.join(", "))
}

fn mean(values: impl Iterator<Item = f64>) -> Option<f64> {
    let (sum, count) = values.fold((0.0, 0u32), |(sum, count), value| (sum + value, count + 1));
    (count > 0).then(|| sum / f64::from(count))
}

fn root_mean_square_difference(one: &[f64], other: &[f64]) -> Option<f64> {
    mean(one.iter().zip(other).map(|(one, other)| (one - other) * (one - other))).map(f64::sqrt)
}
