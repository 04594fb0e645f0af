//! Which items in force are precise enough for adaptive tests, and what the others lack.

use crate::error::ExtensionError;
use crate::postgres::schema::Schema;
use crate::postgres::spi::{Row, Spi};

/// From here on an item is hard, and below minus this it is easy.
const MEDIUM: f64 = 1.0;

/// How an item in force stands. The numbers are those of [`Readiness::number`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Readiness {
    /// Ready, with b < -1.
    Easy,
    /// Ready, with b from -1 to 1.
    Medium,
    /// Ready, with b > 1.
    Hard,
    /// Nobody knows how precise it is.
    WithoutErrors,
    /// A standard error is larger than allowed.
    Imprecise,
}

/// How large standard errors may be.
#[derive(Debug, Clone, Copy)]
pub struct LargestErrors {
    /// Of b.
    pub difficulty: f64,
    /// Of a.
    pub discrimination: f64,
}

impl Readiness {
    /// As a number for SQL.
    pub fn number(self) -> i32 {
        self as i32
    }

    fn of(difficulty: f64, errors: [Option<f64>; 2], largest: LargestErrors) -> Self {
        let within = |error: Option<f64>, largest: f64| error.unwrap_or(f64::INFINITY) <= largest;
        let [of_difficulty, of_discrimination] = errors;
        if within(of_difficulty, largest.difficulty)
            && within(of_discrimination, largest.discrimination)
        {
            match difficulty {
                b if b < -MEDIUM => Self::Easy,
                b if b > MEDIUM => Self::Hard,
                _ => Self::Medium,
            }
        } else if errors.contains(&None) {
            Self::WithoutErrors
        } else {
            Self::Imprecise
        }
    }
}

/// Every item in force and how it stands, with the caller's rights.
///
/// # Errors
/// 42501 without SELECT on irt_parameters_in_force.
pub fn read(
    bank: &str,
    largest: LargestErrors,
) -> Result<Vec<(String, Readiness)>, ExtensionError> {
    let query = format!(
        "SELECT f.item, f.difficulty, f.se_difficulty, f.se_discrimination FROM {} AS f \
         WHERE f.bank OPERATOR(pg_catalog.=) $1",
        Schema::find()?.relation("irt_parameters_in_force")
    );
    Spi::connect(|client| {
        let rows = client.select(query.as_str(), None, &[bank.into()])?;
        let item = |row: Row| {
            let (item, difficulty): (Option<String>, Option<f64>) = (row.get(1)?, row.get(2)?);
            let errors = [row.get(3)?, row.get(4)?];
            Ok((
                item.unwrap_or_default(),
                Readiness::of(difficulty.unwrap_or_default(), errors, largest),
            ))
        };
        rows.into_iter().map(item).collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bands_are_of_items_whose_errors_are_small_enough() {
        let largest = LargestErrors { difficulty: 0.5, discrimination: 0.3 };
        let of = |b, errors| Readiness::of(b, errors, largest);
        let small = [Some(0.5), Some(0.3)];
        assert_eq!(
            [-1.1, -1.0, 1.0, 1.1].map(|b| of(b, small)),
            [Readiness::Easy, Readiness::Medium, Readiness::Medium, Readiness::Hard]
        );
        assert_eq!(of(0.0, [Some(0.51), Some(0.3)]), Readiness::Imprecise);
        assert_eq!(of(0.0, [Some(0.1), Some(0.31)]), Readiness::Imprecise);
        assert_eq!(of(0.0, [None, Some(0.1)]), Readiness::WithoutErrors);
        let any = LargestErrors { difficulty: f64::INFINITY, discrimination: f64::INFINITY };
        assert_eq!(Readiness::of(0.0, [None, None], any), Readiness::Medium);
    }
}
