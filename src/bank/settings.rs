//! How a bank is calibrated: the settings, their bounds, and the numeric core's form of them.

use crate::error::ExtensionError;
use irt::{CalibrationSettings, Priors, Quadrature, RepeatedResponses, StandardErrors};
use serde_json::{Value, json};

/// The most replicates that can be asked for: a typing error should not compute for a year.
pub const MAX_BOOTSTRAP_ITERATIONS: i32 = 1_000_000;

/// How standard errors are computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StandardErrorMethod {
    /// Not at all.
    None,
    /// From the exact observed information.
    ObservedInformation,
    /// From refits to resampled persons.
    Bootstrap,
}

impl StandardErrorMethod {
    /// Reads the setting standard_errors.
    ///
    /// # Errors
    /// 22023 for any other word.
    pub fn parse(word: &str) -> Result<Self, ExtensionError> {
        match word {
            "none" => Ok(Self::None),
            "observed_information" => Ok(Self::ObservedInformation),
            "bootstrap" => Ok(Self::Bootstrap),
            _ => Err(ExtensionError::InvalidArgument {
                argument: "standard_errors",
                found: format!("'{word}'"),
                expected: "'bootstrap', 'observed_information' or 'none'",
            }),
        }
    }

    /// The word that is stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::ObservedInformation => "observed_information",
            Self::Bootstrap => "bootstrap",
        }
    }
}

/// Reads the setting repeated_responses.
///
/// # Errors
/// 22023 for any other word.
pub fn parse_repeated(word: &str) -> Result<RepeatedResponses, ExtensionError> {
    match word {
        "first" => Ok(RepeatedResponses::First),
        "last" => Ok(RepeatedResponses::Last),
        _ => Err(ExtensionError::InvalidArgument {
            argument: "repeated_responses",
            found: format!("'{word}'"),
            expected: "'first' or 'last'",
        }),
    }
}

/// The word that is stored for repeated_responses.
pub fn repeated_as_str(repeated: RepeatedResponses) -> &'static str {
    match repeated {
        RepeatedResponses::First => "first",
        RepeatedResponses::Last => "last",
    }
}

/// Checks a half width of the ability grid that is given anew: one below 3 cuts off more of the
/// population than estimates can bear. A bank of an older version that has one keeps it; its
/// items are flagged quadrature_limited.
///
/// # Errors
/// 22023 for what is out of bounds.
pub fn check_quadrature_bound(bound: Option<f64>) -> Result<(), ExtensionError> {
    match bound {
        Some(bound) if !(3.0..=30.0).contains(&bound) => Err(ExtensionError::InvalidArgument {
            argument: "quadrature_bound",
            found: bound.to_string(),
            expected: "between 3 and 30",
        }),
        _ => Ok(()),
    }
}

/// Everything about a calibration that is neither data nor its whereabouts.
#[derive(Debug, Clone, PartialEq)]
pub struct BankSettings {
    /// Fewer new responses: the run is skipped.
    pub min_new_responses: i32,
    /// Items with fewer responses are skipped.
    pub min_responses_per_item: i32,
    /// Fewer persons: the run fails.
    pub min_persons: i32,
    /// Which of several responses counts.
    pub repeated_responses: RepeatedResponses,
    /// Nodes of the ability grid.
    pub quadrature_nodes: i32,
    /// Half width of the ability grid.
    pub quadrature_bound: f64,
    /// Mean of the prior on log discrimination.
    pub prior_log_discrimination_mean: f64,
    /// Standard deviation of the prior on log discrimination; infinite: none.
    pub prior_log_discrimination_sd: f64,
    /// Mean of the prior on difficulty.
    pub prior_difficulty_mean: f64,
    /// Standard deviation of the prior on difficulty; infinite: none.
    pub prior_difficulty_sd: f64,
    /// How standard errors are computed.
    pub standard_errors: StandardErrorMethod,
    /// Bootstrap replicates.
    pub bootstrap_iterations: i32,
    /// Where the random streams start.
    pub seed: i64,
}

impl Default for BankSettings {
    /// Those of a bank that irt_configure creates, and of one that was never configured. The
    /// defaults of irt_item_banks' columns are those of 0.1.0, for dumps of then.
    fn default() -> Self {
        Self {
            min_new_responses: 100,
            min_responses_per_item: 50,
            min_persons: 10,
            repeated_responses: RepeatedResponses::First,
            quadrature_nodes: 61,
            quadrature_bound: 6.0,
            prior_log_discrimination_mean: 0.0,
            prior_log_discrimination_sd: 0.5,
            prior_difficulty_mean: 0.0,
            prior_difficulty_sd: 2.0,
            standard_errors: StandardErrorMethod::ObservedInformation,
            bootstrap_iterations: 2000,
            seed: 42,
        }
    }
}

/// What the arguments of one run put in the place of the bank's settings.
#[derive(Debug, Clone, Default, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Overrides {
    /// Instead of the bank's min_new_responses.
    pub min_new_responses: Option<i32>,
    /// Instead of the bank's min_responses_per_item.
    pub min_responses_per_item: Option<i32>,
    /// Instead of the bank's standard_errors.
    pub standard_errors: Option<String>,
    /// Instead of the bank's bootstrap_iterations.
    pub bootstrap_iterations: Option<i32>,
    /// Instead of the bank's seed.
    pub seed: Option<i64>,
}

impl BankSettings {
    /// These settings with a run's arguments in their places, checked.
    ///
    /// # Errors
    /// 22023 for what is out of bounds.
    pub fn with(&self, overrides: &Overrides) -> Result<Self, ExtensionError> {
        let mut settings = self.clone();
        replace(&mut settings.min_new_responses, overrides.min_new_responses);
        replace(&mut settings.min_responses_per_item, overrides.min_responses_per_item);
        replace(&mut settings.bootstrap_iterations, overrides.bootstrap_iterations);
        replace(&mut settings.seed, overrides.seed);
        if let Some(word) = &overrides.standard_errors {
            settings.standard_errors = StandardErrorMethod::parse(word)?;
        }
        settings.calibration_settings()?;
        Ok(settings)
    }

    /// The numeric core's form of the settings; the check of all their bounds.
    ///
    /// # Errors
    /// 22023 for what is out of bounds.
    pub fn calibration_settings(&self) -> Result<CalibrationSettings, ExtensionError> {
        at_least("min_new_responses", self.min_new_responses, 0, "0 or more")?;
        let min_responses_per_item =
            at_least("min_responses_per_item", self.min_responses_per_item, 1, "1 or more")?;
        let min_persons = at_least("min_persons", self.min_persons, 1, "1 or more")?;
        let nodes = at_least("quadrature_nodes", self.quadrature_nodes, 0, "between 5 and 961")?;
        let iterations = bootstrap_iterations(self.bootstrap_iterations)?;
        Ok(CalibrationSettings {
            min_responses_per_item: u64::from(min_responses_per_item),
            min_persons: u64::from(min_persons),
            quadrature: Quadrature::new(nodes as usize, self.quadrature_bound)?,
            priors: Priors::new(
                self.prior_log_discrimination_mean,
                self.prior_log_discrimination_sd,
                self.prior_difficulty_mean,
                self.prior_difficulty_sd,
            )?,
            standard_errors: match self.standard_errors {
                StandardErrorMethod::None => StandardErrors::None,
                StandardErrorMethod::ObservedInformation => StandardErrors::ObservedInformation,
                StandardErrorMethod::Bootstrap => {
                    StandardErrors::Bootstrap { iterations, seed: self.seed.cast_unsigned() }
                }
            },
            max_memory_bytes: Some(crate::server_settings::max_memory()),
        })
    }

    /// Name and value of every setting, as irt_calibration_runs.settings keeps them. An
    /// infinite standard deviation is the text "Infinity": JSON has no such number.
    pub fn json(&self) -> Value {
        json!({
            "min_new_responses": self.min_new_responses,
            "min_responses_per_item": self.min_responses_per_item,
            "min_persons": self.min_persons,
            "repeated_responses": repeated_as_str(self.repeated_responses),
            "quadrature_nodes": self.quadrature_nodes,
            "quadrature_bound": number(self.quadrature_bound),
            "prior_log_discrimination_mean": number(self.prior_log_discrimination_mean),
            "prior_log_discrimination_sd": number(self.prior_log_discrimination_sd),
            "prior_difficulty_mean": number(self.prior_difficulty_mean),
            "prior_difficulty_sd": number(self.prior_difficulty_sd),
            "standard_errors": self.standard_errors.as_str(),
            "bootstrap_iterations": self.bootstrap_iterations,
            "seed": self.seed,
        })
    }
}

/// Puts `value` into its place, if there is one.
pub(super) fn replace<T>(place: &mut T, value: Option<T>) {
    if let Some(value) = value {
        *place = value;
    }
}

fn number(value: f64) -> Value {
    if value.is_infinite() { json!("Infinity") } else { json!(value) }
}

fn at_least(
    argument: &'static str,
    found: i32,
    least: i32,
    expected: &'static str,
) -> Result<u32, ExtensionError> {
    if found >= least {
        Ok(found.unsigned_abs())
    } else {
        Err(ExtensionError::InvalidArgument { argument, found: found.to_string(), expected })
    }
}

fn bootstrap_iterations(found: i32) -> Result<u32, ExtensionError> {
    if (2..=MAX_BOOTSTRAP_ITERATIONS).contains(&found) {
        Ok(found.unsigned_abs())
    } else {
        Err(ExtensionError::InvalidArgument {
            argument: "bootstrap_iterations",
            found: found.to_string(),
            expected: "between 2 and 1000000",
        })
    }
}
