//! irt_check_dimensions: is one ability enough for all items of a bank?

use super::run_estimates::RunEstimates;
use crate::bank::{Bank, Purpose, discover, load};
use crate::error::ExtensionError;
use crate::estimation::put_together;
use crate::postgres::memory::Reserve;
use crate::postgres::privileges::as_owner;
use crate::postgres::threads::{Threads, Unwatched};
use crate::responses::{Persons, of_bank};
use irt::statistics::{Dimensionality, DimensionsCheck, check_dimensions, thresholds};

/// So many replicates are more than anybody waits for.
const MOST_REPLICATES: i32 = 10_000;

/// A smaller p is not what one ability gives.
const LEVEL: f64 = 0.05;

/// The row of irt_check_dimensions.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Dimensions {
    /// Of the responses.
    pub observed: Dimensionality,
    /// Replicates that were drawn.
    pub replicates: i32,
    /// How often as large a share comes about where one ability is enough.
    pub p: Option<f64>,
    /// All that in words.
    pub verdict: String,
}

/// Checks a bank's responses at the estimates of its last run, with the caller's rights on the
/// responses.
///
/// # Errors
/// 22004, 22023; a bank that cannot be used, or not by this role; more memory than allowed.
pub fn of_bank(
    bank: Option<&str>,
    replicates: Option<i32>,
    seed: Option<i64>,
) -> Result<Dimensions, ExtensionError> {
    let null = |argument| ExtensionError::NullArgument { argument };
    let _reserve = Reserve::take()?;
    let bank = bank.ok_or(null("bank"))?;
    let replicates = replicates.ok_or(null("replicates"))?;
    let seed = seed.ok_or(null("seed"))?;
    if !(1..=MOST_REPLICATES).contains(&replicates) {
        return Err(ExtensionError::InvalidArgument {
            argument: "replicates",
            found: replicates.to_string(),
            expected: "between 1 and 10000",
        });
    }
    let bank = load(bank, discover(bank)?, Purpose::Reading)?;
    match as_owner(|schema| RunEstimates::read(schema, &bank.name))? {
        Some(run) => check(&bank, &run, replicates.unsigned_abs(), seed.cast_unsigned()),
        None => Ok(Dimensions {
            verdict: format!("bank \"{}\" has not been calibrated yet", bank.name),
            ..Dimensions::default()
        }),
    }
}

fn check(
    bank: &Bank,
    run: &RunEstimates,
    replicates: u32,
    seed: u64,
) -> Result<Dimensions, ExtensionError> {
    let of_core = bank.settings.clone().checked()?.of_core;
    let mut threads = Threads::default();
    let repeated = bank.settings.repeated_responses.into();
    let loaded = of_bank::read(bank, repeated, Persons::Numbered, &mut threads)?;
    let found = threads.run(&mut Unwatched, |monitor| {
        let (responses, _) = put_together(loaded, of_core.min_persons, monitor)?;
        let items: Vec<_> =
            responses.labels().iter().map(|label| run.items.get(label).copied()).collect();
        let populations = run.populations.of_groups(&responses);
        let quadrature = &of_core.quadrature;
        check_dimensions(&responses, &items, &populations, quadrature, replicates, seed, monitor)
    })??;
    Ok(Dimensions {
        observed: found.observed,
        replicates: found.replicates.len() as i32,
        p: found.p,
        verdict: in_words(&found),
    })
}

fn in_words(found: &DimensionsCheck) -> String {
    let shares = (found.observed.largest_share, quantile(&found.replicates, 1.0 - LEVEL));
    let (Some(p), (Some(share), Some(usual))) = (found.p, shares) else {
        let least = thresholds::LEAST_PERSONS_OF_PAIR;
        return format!("nothing can be said: no two items were answered by {least} persons");
    };
    let numbers = format!(
        "{:.1} % of what ability leaves unexplained goes in one direction, and where one ability is \
         enough it is at most {:.1} % in 19 of 20 cases",
        100.0 * share,
        100.0 * usual
    );
    if p <= LEVEL {
        return format!(
            "one ability is not enough: {numbers}; look for items that share a text or a topic"
        );
    }
    match 1.0 / (1.0 + found.replicates.len() as f64) > LEVEL {
        true => format!("undecided: fewer than 19 replicates cannot tell; {numbers}"),
        false => format!("one ability is enough: {numbers}"),
    }
}

/// Of values in ascending order: the smallest that so large a part of them does not exceed.
fn quantile(ascending: &[f64], part: f64) -> Option<f64> {
    let place = (part * ascending.len() as f64).ceil() as usize;
    ascending.get(place.saturating_sub(1)).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(share: Option<f64>, replicates: usize, p: Option<f64>) -> DimensionsCheck {
        DimensionsCheck {
            observed: Dimensionality { pairs: 1, mean_q3: Some(0.0), largest_share: share },
            replicates: (1..=replicates).map(|k| k as f64 / 1000.0).collect(),
            p,
        }
    }

    #[test]
    fn the_words_follow_p() {
        let said = |share, replicates, p| in_words(&check(share, replicates, p));
        assert!(
            said(Some(0.2), 100, Some(0.0099)).starts_with("one ability is not enough: 20.0 %")
        );
        assert!(said(Some(0.05), 100, Some(0.5)).contains("at most 9.5 %"));
        assert!(said(Some(0.05), 100, Some(0.5)).starts_with("one ability is enough"));
        assert!(said(Some(0.2), 10, Some(0.0909)).starts_with("undecided"));
        assert!(said(None, 0, None).starts_with("nothing can be said"));
    }

    #[test]
    fn a_quantile_is_one_of_the_values() {
        assert_eq!(quantile(&[1.0, 2.0, 3.0, 4.0], 0.95), Some(4.0));
        assert_eq!(quantile(&[1.0, 2.0, 3.0, 4.0], 0.5), Some(2.0));
        assert_eq!(quantile(&[], 0.5), None);
    }
}
