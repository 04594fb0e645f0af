//! irt_score: the ability of everybody in a bank.
//!
//! Who answered an item more than once is scored with the response that a calibration keeps. Answers
//! to items that had nothing in force do not count.

use super::method;
use crate::bank::{Bank, Purpose, discover, load};
use crate::error::ExtensionError;
use crate::parameters::scored_with::{ScoredWith, prior_at};
use crate::postgres::memory::Reserve;
use crate::postgres::privileges::as_owner;
use crate::postgres::threads::{Threads, Unwatched};
use crate::responses::{Loaded, Persons, of_bank};
use irt::scoring::{PersonScore, ScorePrior, Scorer, score_everybody};
use irt::{IrtError, ItemParameters, Monitor, Quadrature};
use pgrx::datum::TimestampWithTimeZone;

/// Everybody's scores.
pub struct Scores {
    /// The text of each person's key.
    pub persons: Vec<String>,
    /// Each person's group, in the same order; none where persons are not grouped.
    pub groups: Vec<String>,
    /// Each person's score, in the same order.
    pub scores: Vec<PersonScore>,
    /// The newest publication that they were made with.
    pub publication: Option<i64>,
}

/// Scores everybody in a bank with what is in force, or was `at` a moment, with the current role's
/// rights.
///
/// # Errors
/// 22004, 22023; a bank that cannot be used, or not by this role; more memory than allowed.
pub fn score(
    bank: Option<&str>,
    method: Option<&str>,
    at: Option<TimestampWithTimeZone>,
) -> Result<Scores, ExtensionError> {
    let _reserve = Reserve::take()?;
    let bank = bank.ok_or(ExtensionError::NullArgument { argument: "bank" })?;
    let method = method::named(method)?;
    let bank = load(bank, discover(bank)?, Purpose::Reading)?;
    let (with, prior) = as_owner(|schema| {
        let with = ScoredWith::read(schema, &bank.name, at)?;
        let recorded = match at {
            None => Some(bank.score_prior()),
            Some(at) => prior_at(schema, &bank.name, at)?,
        };
        Ok((with, recorded))
    })?;
    let prior = match prior {
        Some((mean, sd)) => ScorePrior::new(mean, sd)?,
        None => ScorePrior::default(),
    };
    let scorer = Scorer::new(method, prior, &Quadrature::default());
    of_responses(&bank, &scorer, &with)
}

fn of_responses(bank: &Bank, scorer: &Scorer, with: &ScoredWith) -> Result<Scores, ExtensionError> {
    let mut threads = Threads::default();
    let repeated = bank.settings.repeated_responses.into();
    let mut loaded = of_bank::read(bank, repeated, Persons::Named, &mut threads)?;
    let persons = loaded.take_persons();
    let groups = loaded.take_groups().map_or_else(Vec::new, |groups| {
        let name = |group: &u32| groups.names[*group as usize].clone();
        groups.of_person.iter().map(name).collect()
    });
    let scores =
        threads.run(&mut Unwatched, |monitor| of_loaded(loaded, scorer, with, monitor))??;
    Ok(Scores { persons, groups, scores, publication: with.publication })
}

fn of_loaded(
    loaded: Loaded,
    scorer: &Scorer,
    with: &ScoredWith,
    monitor: &dyn Monitor,
) -> Result<Vec<PersonScore>, IrtError> {
    let responses = loaded.grouped(monitor)?.into_persons();
    let items: Vec<Option<ItemParameters>> =
        responses.labels().iter().map(|label| with.items.get(label).copied()).collect();
    let of = |person: usize| responses.of(person);
    score_everybody(scorer, &items, responses.persons(), of, monitor)
}
