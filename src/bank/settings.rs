//! How a bank is calibrated: the settings, and the numeric core's form of them.

mod declared;
mod setting;

pub use declared::{BankSettings, SETTINGS};
pub use setting::{
    KeptResponse, LinkMethod, Publish, Reading, Scale, Setting, SettingValue, StandardErrorMethod,
};

use crate::error::ExtensionError;
use irt::{CalibrationSettings, Priors, Quadrature, RepeatedResponses, StandardErrors};
use serde_json::{Map, Value};
use std::ops::Deref;

/// Values of settings by their names, as a caller gave them. NULL: not given.
pub type Given = Map<String, Value>;

/// Settings within their bounds, and the numeric core's form of them.
#[derive(Debug, Clone, PartialEq)]
pub struct CheckedSettings {
    /// As they were stated.
    pub stated: BankSettings,
    /// For the numeric core.
    pub of_core: CalibrationSettings,
}

impl Deref for CheckedSettings {
    type Target = BankSettings;

    fn deref(&self) -> &BankSettings {
        &self.stated
    }
}

impl BankSettings {
    /// These settings with those that are given in their places.
    ///
    /// # Errors
    /// 22023 for a word that is no value, and for what may be kept but not given.
    pub fn with(&self, given: &Given) -> Result<Self, ExtensionError> {
        given
            .iter()
            .filter(|(_, value)| !value.is_null())
            .try_fold(self.clone(), |settings, (name, value)| {
                settings.with_one(named(name)?, value)
            })
    }

    fn with_one(&self, setting: &'static Setting, value: &Value) -> Result<Self, ExtensionError> {
        let mut all = internal(serde_json::to_value(self))?;
        all[setting.name] = value.clone();
        let changed: Self = serde_json::from_value(all)
            .map_err(|_| invalid(setting, format!("'{}'", value.as_str().unwrap_or_default())))?;
        match changed.refused().find(|(refused, _)| refused.name == setting.name) {
            Some((_, found)) if setting.kept_if_stored => Err(invalid(setting, found)),
            _ => Ok(changed),
        }
    }

    /// These settings, checked.
    ///
    /// # Errors
    /// 22023 for what is out of bounds.
    pub fn checked(self) -> Result<CheckedSettings, ExtensionError> {
        match self.refused().find(|(setting, _)| !setting.kept_if_stored) {
            Some((setting, found)) => Err(invalid(setting, found)),
            None => Ok(CheckedSettings { of_core: self.of_core()?, stated: self }),
        }
    }

    /// The numeric core's form, with its own checks. No count is negative.
    fn of_core(&self) -> Result<CalibrationSettings, ExtensionError> {
        Ok(CalibrationSettings {
            min_responses_per_item: u64::from(self.min_responses_per_item.unsigned_abs()),
            min_persons: u64::from(self.min_persons.unsigned_abs()),
            quadrature: Quadrature::new(
                self.quadrature_nodes.unsigned_abs() as usize,
                self.quadrature_bound,
            )?,
            priors: Priors::new(
                self.prior_log_discrimination_mean,
                self.prior_log_discrimination_sd,
                self.prior_difficulty_mean,
                self.prior_difficulty_sd,
            )?,
            standard_errors: match self.standard_errors {
                StandardErrorMethod::None => StandardErrors::None,
                StandardErrorMethod::ObservedInformation => StandardErrors::ObservedInformation,
                StandardErrorMethod::Bootstrap => StandardErrors::Bootstrap {
                    iterations: self.bootstrap_iterations.unsigned_abs(),
                    seed: self.seed.cast_unsigned(),
                },
            },
            max_memory_bytes: Some(crate::server_settings::max_memory()),
            ..CalibrationSettings::default()
        })
    }
}

impl From<KeptResponse> for RepeatedResponses {
    fn from(kept: KeptResponse) -> Self {
        match kept {
            KeptResponse::First => Self::First,
            KeptResponse::Last => Self::Last,
        }
    }
}

fn named(name: &str) -> Result<&'static Setting, ExtensionError> {
    let setting = SETTINGS.iter().find(|setting| setting.name == name);
    setting.ok_or_else(|| ExtensionError::Internal(format!("there is no setting {name}")))
}

fn invalid(setting: &'static Setting, found: String) -> ExtensionError {
    ExtensionError::InvalidArgument { argument: setting.name, found, expected: setting.expected }
}

fn internal<T>(result: Result<T, serde_json::Error>) -> Result<T, ExtensionError> {
    result.map_err(|error| ExtensionError::Internal(error.to_string()))
}
