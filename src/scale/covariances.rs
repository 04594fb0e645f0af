//! irt_run_covariances: how the estimates of a run's items vary together, for the standard errors of
//! the links to it.

use crate::error::ExtensionError;
use crate::parameters::in_force::InForce;
use crate::postgres::reading;
use crate::postgres::schema::Schema;
use crate::postgres::spi::Spi;
use irt::ItemCovariance;
use irt::linking::JointCovariance;

/// The joint covariance of the items of a run that is in force.
#[derive(Debug, Clone, PartialEq)]
pub struct KeptCovariance {
    /// The run.
    pub run_id: i64,
    /// The items, in the order of the matrix.
    pub items: Vec<String>,
    /// Of their (a, b), on the scale in force.
    pub covariance: JointCovariance,
}

impl KeptCovariance {
    /// Reads that of the run whose estimates are in force, if it is one and kept it. Call it as
    /// the tables' owner.
    ///
    /// # Errors
    /// Only when SPI fails.
    pub fn read(schema: &Schema, in_force: &InForce) -> Result<Option<Self>, ExtensionError> {
        let newest = in_force.items.values().filter_map(|item| item.run_id).max();
        let Some(run_id) = newest else { return Ok(None) };
        if !schema.has_column("irt_calibration_runs", "scale")? {
            return Ok(None);
        }
        let relation = schema.relation("irt_run_covariances");
        let covariance =
            format!("SELECT covariance FROM {relation} WHERE run_id OPERATOR(pg_catalog.=) $1");
        let items = format!(
            "SELECT x.item FROM {relation} AS c, ROWS FROM (pg_catalog.unnest(c.items)) \
                 WITH ORDINALITY AS x (item, place) \
             WHERE c.run_id OPERATOR(pg_catalog.=) $1 ORDER BY x.place"
        );
        let Some(lower) = reading::one::<Vec<f32>>(&covariance, &[run_id.into()])? else {
            return Ok(None);
        };
        let items: Vec<String> = Spi::connect(|client| {
            let rows = client.select(items.as_str(), None, &[run_id.into()])?;
            let items = rows.into_iter().map(|row| Ok(row.get::<String>(1)?.unwrap_or_default()));
            items.collect::<Result<_, ExtensionError>>()
        })?;
        let lower = lower.into_iter().map(f64::from).collect();
        let covariance = JointCovariance::from_lower_triangle(items.len(), lower)?;
        Ok(Some(Self { run_id, items, covariance }))
    }
}

/// Records the joint covariance of a run. Call it as the tables' owner.
///
/// # Errors
/// Only when SPI fails.
pub fn record(schema: &Schema, run_id: i64, joint: &ItemCovariance) -> Result<(), ExtensionError> {
    // A standard error needs no more digits.
    let lower: Vec<f32> =
        joint.covariance.lower_triangle().iter().map(|value| *value as f32).collect();
    let statement = format!(
        "INSERT INTO {} (run_id, items, covariance) VALUES ($1, $2, $3)",
        schema.relation("irt_run_covariances")
    );
    let items: Vec<&str> = joint.items.iter().map(String::as_str).collect();
    Ok(Spi::run_with_args(&statement, &[run_id.into(), items.into(), lower.into()])?)
}
