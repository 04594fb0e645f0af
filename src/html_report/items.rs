//! The items of a run beside what it is compared with, and all that is known of them.

use super::rows::rows;
use crate::error::ExtensionError;
use crate::postgres::schema::Schema;
use html_report::data::{Beside, Item, Run};

/// Every item of either side, by name. `before`: the publication before which the other side was in
/// force.
///
/// # Errors
/// 42501.
pub fn read(
    schema: &Schema,
    bank: &str,
    run: &Run,
    beside: &Beside,
    before: Option<i64>,
) -> Result<Vec<Item>, ExtensionError> {
    let of_run = format!("FROM {} AS p WHERE p.run_id OPERATOR(pg_catalog.=)", schema.parameters());
    let other = match beside {
        Beside::Run(_) => {
            format!("SELECT p.* {of_run} $3 AND p.status OPERATOR(pg_catalog.<>) 'skipped'")
        }
        Beside::InForce | Beside::Before => format!(
            "SELECT p.* FROM {}($2, COALESCE((SELECT n.published_at OPERATOR(pg_catalog.-) \
                 '1 microsecond'::pg_catalog.interval FROM {} AS n \
                 WHERE n.id OPERATOR(pg_catalog.=) $3), 'infinity')) AS p",
            schema.relation("irt_parameters_at"),
            schema.relation("irt_publications"),
        ),
    };
    let (fit, has_fit) = joined(schema, "irt_item_fit")?;
    let verdict = match schema.has_function("irt_item_verdicts", "text,int8")? {
        // Verdicts are of runs whose fit was looked at.
        true if has_fit => format!("{}($2, $1)", schema.relation("irt_item_verdicts")),
        _ => "(SELECT NULL::pg_catalog.text AS item WHERE false)".to_owned(),
    };
    let query = format!(
        "SELECT COALESCE(a.item, w.item) AS item, \
                pg_catalog.to_jsonb(a) AS now, pg_catalog.to_jsonb(w) AS before, \
                pg_catalog.to_jsonb(f) AS fit, pg_catalog.to_jsonb(v) AS verdict \
         FROM (SELECT p.* {of_run} $1) AS a \
         FULL JOIN ({other}) AS w ON w.item OPERATOR(pg_catalog.=) a.item \
         LEFT JOIN ({fit}) AS f ON f.item OPERATOR(pg_catalog.=) a.item \
         LEFT JOIN {verdict} AS v ON v.item OPERATOR(pg_catalog.=) a.item \
         ORDER BY 1"
    );
    let with = match beside {
        Beside::Run(with) => Some(with.id),
        Beside::InForce | Beside::Before => before,
    };
    rows(&query, &[run.id.into(), bank.into(), with.into()])
}

/// A query for the run's rows of a table that may not be there, and whether it is.
fn joined(schema: &Schema, table: &str) -> Result<(String, bool), ExtensionError> {
    let has_table = schema.has_relation(table)?;
    let query = if has_table {
        let table = schema.relation(table);
        format!("SELECT t.* FROM {table} AS t WHERE t.run_id OPERATOR(pg_catalog.=) $1")
    } else {
        "SELECT NULL::pg_catalog.text AS item WHERE false".to_owned()
    };
    Ok((query, has_table))
}
