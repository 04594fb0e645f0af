//! irt_compare_runs: what a run would change, item by item.

use crate::error::{DecisionError, ExtensionError};
use crate::postgres::local_settings::LocalSettings;
use crate::postgres::reading;
use crate::postgres::schema::Schema;
use crate::postgres::spi::{Row, Spi};
use crate::postgres::sql_types::Text;
use irt::linking::curve_distance;
use irt::{ItemParameters, Quadrature};

/// A row of irt_compare_runs.
pub type ComparedItem = (
    Text,
    Option<f64>,
    Option<f64>,
    Option<f64>,
    Option<f64>,
    Option<f64>,
    Option<f64>,
    Option<f64>,
    Option<f64>,
    Option<f64>,
    Option<bool>,
);

/// irt_compare_runs: every item that either side has parameters of, the furthest apart first. With
/// the caller's rights: whoever may read the tables may compare.
///
/// # Errors
/// 22004, 22023 for no such run, 42501.
pub fn runs(
    run_id: Option<i64>,
    with_run_id: Option<i64>,
) -> Result<Vec<ComparedItem>, ExtensionError> {
    let run_id = run_id.ok_or(ExtensionError::NullArgument { argument: "run_id" })?;
    let settings = LocalSettings::begin();
    settings.pin_names();
    let schema = Schema::find()?;
    for run_id in [Some(run_id), with_run_id].into_iter().flatten() {
        let query = format!("SELECT id FROM {} WHERE id OPERATOR(pg_catalog.=) $1", schema.runs());
        if reading::one::<i64>(&query, &[run_id.into()])?.is_none() {
            return Err(DecisionError::NoSuchRun { run_id }.into());
        }
    }
    let with = match with_run_id {
        Some(_) => format!(
            "SELECT p.item, p.difficulty, p.discrimination FROM {} AS p \
             WHERE p.run_id OPERATOR(pg_catalog.=) $2 \
               AND p.status OPERATOR(pg_catalog.=) 'calibrated'",
            schema.parameters()
        ),
        None => format!(
            "SELECT f.item, f.difficulty, f.discrimination FROM {} AS f \
             WHERE f.bank OPERATOR(pg_catalog.=) (SELECT r.bank FROM {} AS r \
                 WHERE r.id OPERATOR(pg_catalog.=) $1) AND $2::pg_catalog.int8 IS NULL",
            schema.relation("irt_parameters_in_force"),
            schema.runs()
        ),
    };
    let query = format!(
        "SELECT COALESCE(a.item, w.item), a.difficulty, a.discrimination, a.se_difficulty, \
                a.se_discrimination, w.difficulty, w.discrimination, a.drifted \
         FROM (SELECT p.item, p.difficulty, p.discrimination, p.se_difficulty, \
                      p.se_discrimination, \
                      'drifted' OPERATOR(pg_catalog.=) ANY (p.flags) AS drifted \
               FROM {} AS p WHERE p.run_id OPERATOR(pg_catalog.=) $1 \
                 AND p.status OPERATOR(pg_catalog.=) 'calibrated') AS a \
         FULL JOIN ({with}) AS w ON w.item OPERATOR(pg_catalog.=) a.item",
        schema.parameters()
    );
    let mut items: Vec<ComparedItem> = Spi::connect(|client| {
        let rows = client.select(query.as_str(), None, &[run_id.into(), with_run_id.into()])?;
        let quadrature = Quadrature::default();
        rows.into_iter()
            .map(|row| compared(&row, &quadrature))
            .collect::<Result<_, ExtensionError>>()
    })?;
    let distance = |item: &ComparedItem| item.9.unwrap_or(-1.0);
    items.sort_by(|a, b| distance(b).total_cmp(&distance(a)).then_with(|| a.0.0.cmp(&b.0.0)));
    Ok(items)
}

fn compared(row: &Row, quadrature: &Quadrature) -> Result<ComparedItem, ExtensionError> {
    let number = |column| row.get::<f64>(column);
    let (difficulty, discrimination) = (number(2)?, number(3)?);
    let (with_difficulty, with_discrimination) = (number(6)?, number(7)?);
    let change = |now: Option<f64>, then: Option<f64>| Some(now? - then?);
    let parameters = |a: Option<f64>, b: Option<f64>| Some(ItemParameters::new(a?, b?));
    let distance = parameters(discrimination, difficulty)
        .zip(parameters(with_discrimination, with_difficulty))
        .map(|(now, then)| curve_distance(now, then, quadrature));
    Ok((
        Text(row.get(1)?.unwrap_or_default()),
        difficulty,
        discrimination,
        number(4)?,
        number(5)?,
        with_difficulty,
        with_discrimination,
        change(difficulty, with_difficulty),
        change(discrimination, with_discrimination),
        distance,
        row.get::<bool>(8)?.filter(|_| distance.is_some()),
    ))
}
