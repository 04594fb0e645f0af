//! Items with their parameters, as a query yields them: the anchors of irt_fit_2pl, and both sides
//! of irt_link.

use crate::error::ExtensionError;
use crate::postgres::local_settings::LocalSettings;
use crate::postgres::memory::Reserve;
use crate::postgres::numbers::Number;
use crate::postgres::query::{self, Column, Sink};
use crate::postgres::read_only::ReadOnly;
use crate::responses::Keys;
use irt::ItemParameters;
use irt::linking::ItemErrors;
use pgrx::pg_sys::Datum;

/// The columns that a query must yield, and those that it may.
const NAMES: [&str; 5] =
    ["item", "difficulty", "discrimination", "se_difficulty", "se_discrimination"];
/// How many of them it must.
const REQUIRED: usize = 3;

/// An item of such a query.
#[derive(Debug, Clone, PartialEq)]
pub struct QueriedItem {
    /// The text of its key.
    pub item: String,
    /// Its parameters.
    pub parameters: ItemParameters,
    /// Their standard errors, where the query has both.
    pub errors: Option<ItemErrors>,
}

/// Runs `query`, the argument `argument`, as the current role and in the caller's transaction.
///
/// # Errors
/// A query that cannot be used; a NULL, a duplicate item, a parameter that nothing can be computed
/// from.
pub fn read(argument: &'static str, query: &str) -> Result<Vec<QueriedItem>, ExtensionError> {
    let _reserve = Reserve::take()?;
    let mut sink = ItemSink { argument, columns: None, values: Vec::new() };
    {
        let _visible = LocalSettings::without_row_security();
        let _read_only = ReadOnly::begin();
        query::read(query, &mut sink)?;
    }
    sink.finish()
}

struct ItemSink {
    argument: &'static str,
    columns: Option<Columns>,
    /// Difficulty, discrimination, and their errors.
    values: Vec<[Option<f64>; 4]>,
}

struct Columns {
    keys: Keys,
    item: usize,
    /// Where each number stands, and its type.
    numbers: [Option<(usize, Number)>; 4],
}

impl Sink for ItemSink {
    fn columns(&mut self, columns: &[Column]) -> Result<(), ExtensionError> {
        let place = |name: &str| columns.iter().position(|column| column.name == name);
        if let Some(missing) = NAMES[..REQUIRED].iter().find(|name| place(name).is_none()) {
            return Err(ExtensionError::MissingQueryColumn {
                argument: self.argument,
                column: missing,
                present: columns.iter().map(|column| column.name.clone()).collect(),
            });
        }
        let item = place(NAMES[0]).unwrap_or_default();
        let mut numbers = [None; 4];
        for (number, name) in numbers.iter_mut().zip(&NAMES[1..]) {
            if let Some(place) = place(name) {
                *number = Some((place, Number::of(&columns[place], name)?));
            }
        }
        let keys = Keys::new(&columns[item], "items")?;
        self.columns = Some(Columns { keys, item, numbers });
        Ok(())
    }

    unsafe fn row(&mut self, values: &[Datum], nulls: &[bool]) -> Result<(), ExtensionError> {
        let Some(columns) = &mut self.columns else { return Ok(()) };
        let refused = |column: &str, found: &str| ExtensionError::UnusableItemRow {
            argument: self.argument,
            row: self.values.len() as u64 + 1,
            column: column.to_owned(),
            found: found.to_owned(),
        };
        if nulls[columns.item] {
            return Err(refused(NAMES[0], "NULL"));
        }
        // SAFETY: the caller promises a value of the column's type, and it is not null.
        let number = unsafe { columns.keys.number(values[columns.item])? };
        if (number as usize) < self.values.len() {
            return Err(refused(NAMES[0], "one that an earlier row has"));
        }
        let mut read = [None; 4];
        for (value, place) in read.iter_mut().zip(&columns.numbers) {
            if let Some((place, number)) = place.filter(|(place, _)| !nulls[*place]) {
                // SAFETY: as above.
                *value = Some(unsafe { number.read(values[place]) });
            }
        }
        for (value, name) in read.iter().zip(&NAMES[1..REQUIRED]) {
            match value {
                None => return Err(refused(name, "NULL")),
                Some(value) if !value.is_finite() => return Err(refused(name, &value.to_string())),
                Some(_) => {}
            }
        }
        self.values.push(read);
        Ok(())
    }
}

impl ItemSink {
    fn finish(self) -> Result<Vec<QueriedItem>, ExtensionError> {
        let Some(columns) = self.columns else {
            return Err(ExtensionError::Internal("the query had no columns".to_owned()));
        };
        let texts = columns.keys.texts()?;
        let items = texts.into_iter().zip(self.values).map(|(item, [b, a, error_b, error_a])| {
            let positive = |error: Option<f64>| error.filter(|error| *error > 0.0);
            let errors = positive(error_a).zip(positive(error_b));
            QueriedItem {
                item,
                parameters: ItemParameters::new(a.unwrap_or_default(), b.unwrap_or_default()),
                errors: errors
                    .map(|(discrimination, difficulty)| ItemErrors { discrimination, difficulty }),
            }
        });
        Ok(items.collect())
    }
}
