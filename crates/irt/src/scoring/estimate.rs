//! What scoring says of a person.

/// An ability and how sure it is.
///
/// # Units
/// Those of the items' difficulties.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AbilityEstimate {
    /// θ; ±∞ where the likelihood has no finite maximum, which only maximum likelihood shows.
    pub ability: f64,
    /// The standard error; for EAP the posterior standard deviation. `None` where the ability is
    /// infinite, or the items tell so little there that the error exceeds every number.
    pub standard_error: Option<f64>,
}

impl AbilityEstimate {
    /// With the standard error that belongs to an information.
    pub(super) fn with_log_information(ability: f64, log_information: f64) -> Self {
        let error = libm::exp(-0.5 * log_information);
        Self { ability, standard_error: error.is_finite().then_some(error) }
    }
}
