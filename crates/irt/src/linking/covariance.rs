//! The joint sampling covariance of several items' parameters.

use crate::error::IrtError;

/// The sampling covariance matrix of (a₁, b₁, a₂, b₂, …) of one calibration.
///
/// # Shapes
/// 2n × 2n for n items, of which the lower triangle is kept, row by row:
/// 2n (2n + 1) / 2 numbers.
///
/// # Units
/// Products of those of a (logits per unit of ability) and b (units of ability).
#[derive(Debug, Clone, PartialEq)]
pub struct JointCovariance {
    items: usize,
    lower: Vec<f64>,
}

impl JointCovariance {
    /// From the lower triangle, row by row.
    ///
    /// # Errors
    /// [`IrtError::InvalidCovariance`] unless there are as many numbers as it takes, all finite.
    ///
    /// ```
    /// use irt::linking::JointCovariance;
    /// let covariance = JointCovariance::from_lower_triangle(1, vec![0.04, 0.01, 0.09])?;
    /// assert_eq!(covariance.get(0, 1), 0.01);
    /// assert!(JointCovariance::from_lower_triangle(2, vec![0.04, 0.01, 0.09]).is_err());
    /// # Ok::<(), irt::IrtError>(())
    /// ```
    pub fn from_lower_triangle(items: usize, lower: Vec<f64>) -> Result<Self, IrtError> {
        let expected = items * (2 * items + 1);
        let found = match lower.iter().find(|value| !value.is_finite()) {
            _ if lower.len() != expected => format!("{} were given", lower.len()),
            Some(value) => format!("one is {value}"),
            None => return Ok(Self { items, lower }),
        };
        Err(IrtError::InvalidCovariance { items: items as u64, expected: expected as u64, found })
    }

    /// How many items.
    #[must_use]
    pub fn items(&self) -> usize {
        self.items
    }

    /// The numbers that [`Self::from_lower_triangle`] takes.
    #[must_use]
    pub fn lower_triangle(&self) -> &[f64] {
        &self.lower
    }

    /// The covariance of two parameters: number 2j is a of item j, 2j + 1 its b.
    ///
    /// # Panics
    /// Where a number is not below 2n.
    #[must_use]
    pub fn get(&self, row: usize, column: usize) -> f64 {
        let (row, column) = (row.max(column), row.min(column));
        self.lower[row * (row + 1) / 2 + column]
    }

    /// The covariance of some of the items, by their numbers here, in that order.
    ///
    /// # Panics
    /// Where a number is not below n.
    ///
    /// ```
    /// use irt::linking::JointCovariance;
    /// let of_two = (0..10).map(f64::from).collect();
    /// let covariance = JointCovariance::from_lower_triangle(2, of_two)?;
    /// let of_second = covariance.of_items(&[1]);
    /// assert_eq!(of_second.lower_triangle(), [5.0, 8.0, 9.0]);
    /// # Ok::<(), irt::IrtError>(())
    /// ```
    #[must_use]
    pub fn of_items(&self, items: &[usize]) -> Self {
        let parameter = |place: usize| 2 * items[place / 2] + place % 2;
        let rows = 0..2 * items.len();
        let lower = rows.flat_map(|row| {
            (0..=row).map(move |column| self.get(parameter(row), parameter(column)))
        });
        Self { items: items.len(), lower: lower.collect() }
    }

    /// The same where the unit of ability is `slope` times as long: b' = A·b + B, a' = a / A.
    pub(super) fn in_another_unit(&self, slope: f64) -> Self {
        let factor = |place: usize| if place.is_multiple_of(2) { 1.0 / slope } else { slope };
        let rows = 0..2 * self.items;
        let lower = rows.flat_map(|row| {
            (0..=row).map(move |column| self.get(row, column) * factor(row) * factor(column))
        });
        Self { items: self.items, lower: lower.collect() }
    }

    /// D Σ Dᵀ for two functions of the parameters whose derivatives are the rows of D: the
    /// functions' covariance (11, 12, 22).
    pub(super) fn propagated(&self, derivatives: &[[f64; 2]]) -> [f64; 3] {
        let mut sums = [0.0; 3];
        for (row, [x, y]) in derivatives.iter().enumerate() {
            for (column, [other_x, other_y]) in derivatives.iter().enumerate() {
                let covariance = self.get(row, column);
                sums[0] += x * covariance * other_x;
                sums[1] += x * covariance * other_y;
                sums[2] += y * covariance * other_y;
            }
        }
        sums
    }
}
