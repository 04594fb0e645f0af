//! irt_next_items: which items tell most about a person of this ability.

use super::items_in_force::{ItemInForce, read};
use crate::bank::{DEFAULT_BANK, must_exist};
use crate::error::ExtensionError;
use crate::postgres::reading;
use crate::postgres::sql_types::Text;
use irt::ItemParameters;
use irt::scoring::{Choice, next_items};
use std::collections::HashSet;

/// What a caller asks for.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'a> {
    /// θ.
    pub ability: Option<f64>,
    /// Items that must not come; NULLs among them mean nothing.
    pub exclude: &'a [Option<String>],
    /// How many.
    pub count: Option<i32>,
    /// Each is one of so many.
    pub randomesque: Option<i32>,
    /// Where chance begins; `None`: where the session's random() is.
    pub seed: Option<i64>,
    /// Of which bank.
    pub bank: Option<&'a str>,
}

/// A row of irt_next_items.
pub type NextItem = (Text, f64, f64, f64);

/// The next items, the first choice first. With the caller's rights: whoever may read what is in
/// force may choose from it.
///
/// # Errors
/// 22004, 22023, 42501.
pub fn choose(wanted: &Wanted<'_>) -> Result<Vec<NextItem>, ExtensionError> {
    let null = |argument| ExtensionError::NullArgument { argument };
    let ability = wanted.ability.ok_or(null("ability"))?;
    let bank = wanted.bank.ok_or(null("bank"))?;
    let choice = Choice {
        count: at_least("count", wanted.count.ok_or(null("count"))?, 0)?,
        randomesque: at_least("randomesque", wanted.randomesque.ok_or(null("randomesque"))?, 1)?,
        seed: match (wanted.seed, wanted.randomesque) {
            (Some(seed), _) => seed.cast_unsigned(),
            (None, Some(1)) => 0,
            (None, _) => seed_of_session()?,
        },
    };
    let items = read(bank)?;
    if items.is_empty() && bank != DEFAULT_BANK {
        must_exist(bank)?;
    }
    let exclude: HashSet<&str> = wanted.exclude.iter().flatten().map(String::as_str).collect();
    let parameters: Vec<ItemParameters> = items.iter().map(|item| item.parameters).collect();
    let excluded = |position: usize| exclude.contains(items[position].item.as_str());
    let chosen = next_items(&parameters, ability, excluded, choice)?;
    let row = |chosen: irt::scoring::SelectedItem| {
        let ItemInForce { item, parameters } = &items[chosen.item];
        let (a, b) = (parameters.discrimination, parameters.difficulty);
        (Text(item.clone()), chosen.information, b, a)
    };
    Ok(chosen.into_iter().map(row).collect())
}

fn at_least(argument: &'static str, found: i32, least: usize) -> Result<usize, ExtensionError> {
    usize::try_from(found).ok().filter(|found| *found >= least).ok_or_else(|| {
        let expected = if least == 0 { "at least 0" } else { "at least 1" };
        ExtensionError::InvalidArgument { argument, found: found.to_string(), expected }
    })
}

/// From the generator that setseed() sets.
fn seed_of_session() -> Result<u64, ExtensionError> {
    let random = reading::one::<f64>("SELECT pg_catalog.random()", &[])?;
    Ok(random.unwrap_or_default().to_bits())
}
