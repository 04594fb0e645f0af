//! Items whose parameters are known and stay as they are.

use std::collections::BTreeMap;

use super::item_parameters::{ItemParameters, MAX_DIFFICULTY, MAX_DISCRIMINATION};
use crate::error::IrtError;

/// Anchors by the text of their item: they keep their parameters to the bit, and so hold the
/// scale. Those that nobody answered have no effect.
///
/// ```
/// use irt::{Anchors, ItemParameters};
/// let anchors: Anchors =
///     [("first", 1.0, -0.5), ("second", 1.4, 0.2)]
///         .map(|(item, a, b)| (item.to_owned(), ItemParameters::new(a, b)))
///         .into_iter()
///         .collect();
/// assert!(anchors.validate().is_ok());
/// ```
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Anchors(pub BTreeMap<String, ItemParameters>);

impl Anchors {
    /// True without any.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// The parameters of an anchor.
    #[must_use]
    pub fn get(&self, item: &str) -> Option<ItemParameters> {
        self.0.get(item).copied()
    }

    /// Refuses what cannot hold a scale.
    ///
    /// # Errors
    /// [`IrtError::InvalidAnchor`], naming the first such item, unless 0 < a ≤
    /// [`MAX_DISCRIMINATION`] and |b| ≤ [`MAX_DIFFICULTY`].
    pub fn validate(&self) -> Result<(), IrtError> {
        for (item, ItemParameters { discrimination, difficulty }) in &self.0 {
            let refuse = |name, found: &f64, expected| {
                let (item, found) = (item.clone(), found.to_string());
                Err(IrtError::InvalidAnchor { item, name, found, expected })
            };
            if !(*discrimination > 0.0 && *discrimination <= MAX_DISCRIMINATION) {
                return refuse("discrimination", discrimination, "above 0, and at most 1e6");
            }
            if !(difficulty.abs() <= MAX_DIFFICULTY) {
                return refuse("difficulty", difficulty, "between -1e12 and 1e12");
            }
        }
        Ok(())
    }
}

impl FromIterator<(String, ItemParameters)> for Anchors {
    fn from_iter<T: IntoIterator<Item = (String, ItemParameters)>>(anchors: T) -> Self {
        Self(anchors.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_anchor_must_be_able_to_hold_a_scale() {
        let with = |a, b| -> Anchors {
            let good = ("good".to_owned(), ItemParameters::new(1.0, 0.0));
            [good, ("bad".to_owned(), ItemParameters::new(a, b))].into_iter().collect()
        };
        assert_eq!(with(0.3, -2.0).validate(), Ok(()));
        for (a, b) in
            [(0.0, 0.0), (-1.0, 0.0), (f64::NAN, 0.0), (f64::INFINITY, 0.0), (1.0, f64::NAN)]
        {
            let refused = with(a, b).validate();
            assert!(
                matches!(&refused, Err(IrtError::InvalidAnchor { item, .. }) if item == "bad"),
                "{refused:?}"
            );
        }
    }
}
