//! What a bank's last run says of items and groups of persons.

use super::populations::Populations;
use crate::error::ExtensionError;
use crate::postgres::schema::Schema;
use crate::postgres::spi::Spi;
use crate::runs::history::last_run;
use irt::{ItemParameters, Population};
use std::collections::HashMap;

/// The estimates of one run: they belong together, as what is in force, which may be of several
/// runs, and the groups of one of them need not.
#[derive(Debug, Clone)]
pub struct RunEstimates {
    /// Parameters by the text of an item's key.
    pub items: HashMap<String, ItemParameters>,
    /// The abilities of its groups of persons; of another group, those of all its persons.
    pub populations: Populations,
}

impl RunEstimates {
    /// Those of the run that irt_validate_calibration looks at; `None`: there is none. Call it as
    /// the tables' owner.
    ///
    /// # Errors
    /// Only when SPI fails.
    pub fn read(schema: &Schema, bank: &str) -> Result<Option<Self>, ExtensionError> {
        let run = last_run(schema, "r.id, r.population_mean, r.population_sd");
        let items = format!(
            "SELECT p.item, p.discrimination, p.difficulty FROM {} AS p \
             WHERE p.run_id OPERATOR(pg_catalog.=) $1",
            schema.parameters()
        );
        let groups = format!(
            "SELECT g.group_name, g.mean, g.sd FROM {} AS g \
             WHERE g.run_id OPERATOR(pg_catalog.=) $1",
            schema.relation("irt_run_groups")
        );
        Spi::connect(|client| {
            let rows = client.select(run.as_str(), Some(1), &[bank.into()])?;
            let Some(run) = rows.into_iter().next() else { return Ok(None) };
            let id: Option<i64> = run.get(1)?;
            let mut found = Self {
                items: HashMap::new(),
                populations: Populations {
                    by_name: HashMap::new(),
                    others: population(run.get(2)?, run.get(3)?).unwrap_or(Population::STANDARD),
                },
            };
            for row in client.select(items.as_str(), None, &[id.into()])? {
                if let (Some(item), Some(a), Some(b)) = (row.get(1)?, row.get(2)?, row.get(3)?) {
                    found.items.insert(item, ItemParameters::new(a, b));
                }
            }
            for row in client.select(groups.as_str(), None, &[id.into()])? {
                if let (Some(name), Some(group)) =
                    (row.get(1)?, population(row.get(2)?, row.get(3)?))
                {
                    found.populations.by_name.insert(name, group);
                }
            }
            Ok(Some(found))
        })
    }
}

fn population(mean: Option<f64>, sd: Option<f64>) -> Option<Population> {
    Some(Population { mean: mean?, sd: sd? })
}
