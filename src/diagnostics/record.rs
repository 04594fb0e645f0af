//! irt_item_fit, irt_item_groups, irt_item_pairs: written for a run, and kept for some.

use super::diagnosis::Diagnosis;
use crate::error::ExtensionError;
use crate::parameters::forget::TABLES_OF_ITEMS;
use crate::parameters::publications;
use crate::postgres::schema::Schema;
use crate::postgres::spi::Spi;
use crate::scale::record::EVERYBODY;
use irt::statistics::{GroupFit, ItemFit};

/// The group of the responses since the run in force.
const NEW: &str = "(new)";
/// Records what was found out of a run. Call it as the tables' owner.
///
/// # Errors
/// Only when SPI fails.
pub fn record(schema: &Schema, run_id: i64, found: &Diagnosis) -> Result<(), ExtensionError> {
    record_nodes(schema, run_id, found)?;
    record_items(schema, run_id, found)?;
    record_groups(schema, run_id, found)?;
    record_pairs(schema, run_id, found)?;
    record_abilities(schema, run_id, found)
}

/// Forgets what was found out of older runs: of the newest `keep` runs that have any, and of the
/// one in force, it stays. Call it as the tables' owner.
///
/// # Errors
/// Only when SPI fails.
pub fn forget_older(schema: &Schema, bank: &str, keep: i32) -> Result<(), ExtensionError> {
    for table in TABLES_OF_ITEMS {
        let statement = format!(
            "WITH kept AS ( \
                 (SELECT r.id FROM {runs} AS r WHERE r.bank OPERATOR(pg_catalog.=) $1 \
                    AND r.curve_ability IS NOT NULL ORDER BY r.id DESC LIMIT $2) \
                 UNION ALL ({run_in_force})) \
             DELETE FROM {table} AS d USING {runs} AS r \
             WHERE r.id OPERATOR(pg_catalog.=) d.run_id AND r.bank OPERATOR(pg_catalog.=) $1 \
               AND NOT EXISTS (SELECT FROM kept AS k WHERE k.id OPERATOR(pg_catalog.=) r.id)",
            runs = schema.runs(),
            run_in_force = publications::run_in_force(schema, "r.id"),
            table = schema.relation(table),
        );
        Spi::run_with_args(&statement, &[bank.into(), i64::from(keep).into()])?;
    }
    Ok(())
}

fn record_nodes(schema: &Schema, run_id: i64, found: &Diagnosis) -> Result<(), ExtensionError> {
    let statement = format!(
        "UPDATE {} SET curve_ability = $2 WHERE id OPERATOR(pg_catalog.=) $1",
        schema.runs()
    );
    let nodes: Vec<f32> = found.nodes.iter().map(|node| *node as f32).collect();
    Ok(Spi::run_with_args(&statement, &[run_id.into(), nodes.into()])?)
}

fn record_items(schema: &Schema, run_id: i64, found: &Diagnosis) -> Result<(), ExtensionError> {
    let (labels, fits): (Vec<&str>, Vec<&ItemFit>) = found
        .labels
        .iter()
        .zip(&found.all.items)
        .filter_map(|(label, fit)| Some((label.as_str(), fit.as_ref()?)))
        .unzip();
    let numbers = |value: fn(&ItemFit) -> Option<f64>| -> Vec<Option<f64>> {
        fits.iter().map(|fit| value(fit)).collect()
    };
    let df: Vec<Option<i32>> =
        fits.iter().map(|fit| fit.s_x2.as_ref().map(|found| found.df.cast_signed())).collect();
    // All curves in one array for each kind: a cut of it is a row's.
    let curves = |curve: fn(&ItemFit) -> Vec<f32>| -> Vec<f32> {
        fits.iter().flat_map(|fit| curve(fit)).collect()
    };
    let points = fits.first().map_or(0, |fit| fit.curve.expected.len());
    let arguments = [
        run_id.into(),
        labels.into(),
        numbers(|fit| Some(fit.deviation.rmsd)).into(),
        numbers(|fit| Some(fit.deviation.mean_deviation)).into(),
        numbers(|fit| Some(fit.mean_squares.infit)).into(),
        numbers(|fit| Some(fit.mean_squares.outfit)).into(),
        numbers(|fit| fit.mean_squares.z_infit).into(),
        numbers(|fit| fit.mean_squares.z_outfit).into(),
        numbers(|fit| fit.s_x2.as_ref().map(|found| found.statistic)).into(),
        numbers(|fit| fit.s_x2.as_ref().map(|found| found.p)).into(),
        numbers(|fit| fit.guessing_z).into(),
        df.into(),
        curves(|fit| fit.curve.attempts.clone()).into(),
        curves(|fit| fit.curve.observed.iter().map(|p| p.unwrap_or(f32::NAN)).collect()).into(),
        curves(|fit| fit.curve.expected.clone()).into(),
        (points > 0).into(),
        (points as i64).into(),
    ];
    Ok(Spi::run_with_args(&insert_items(schema), &arguments)?)
}

/// The run is $1, $2 to $12 are a column each, $13 to $15 the curves of all items one behind the
/// other, of $17 points each if $16 is true.
fn insert_items(schema: &Schema) -> String {
    const COLUMNS: &str = "item, rmsd, mean_deviation, infit, outfit, z_infit, z_outfit, s_x2, \
        s_x2_p, guessing_z, s_x2_df";
    let curve = |argument: usize| {
        format!(
            "CASE WHEN $16 THEN pg_catalog.array_replace((${argument}::pg_catalog.float4[])\
                 [((x.number OPERATOR(pg_catalog.-) 1) OPERATOR(pg_catalog.*) $17 \
                     OPERATOR(pg_catalog.+) 1)::pg_catalog.int4 : \
                  (x.number OPERATOR(pg_catalog.*) $17)::pg_catalog.int4], 'NaN', NULL) END"
        )
    };
    let unnested: Vec<String> = (2..=12).map(|n| format!("pg_catalog.unnest(${n})")).collect();
    format!(
        "INSERT INTO {} (run_id, {COLUMNS}, curve_attempts, curve_observed, curve_expected) \
         SELECT $1, x.{}, {}, {}, {} \
         FROM ROWS FROM ({}) WITH ORDINALITY AS x ({COLUMNS}, number)",
        schema.relation("irt_item_fit"),
        COLUMNS.replace(", ", ", x."),
        curve(13),
        curve(14),
        curve(15),
        unnested.join(", "),
    )
}

fn record_groups(schema: &Schema, run_id: i64, found: &Diagnosis) -> Result<(), ExtensionError> {
    let name = |group: usize| found.groups[group].as_deref().unwrap_or(EVERYBODY);
    let of_groups = found.all.groups.iter().map(|row| (&found.labels, name(row.group), row));
    let of_new = found.new.iter().map(|row| (&found.new_labels, NEW, row));
    let rows: Vec<(&str, &str, &GroupFit)> = of_groups
        .chain(of_new)
        .map(|(labels, group, row)| (labels[row.item].as_str(), group, row))
        .collect();
    if rows.is_empty() {
        return Ok(());
    }
    let unnested: Vec<String> = (2..=9).map(|n| format!("pg_catalog.unnest(${n})")).collect();
    // A group may have the name that is reserved.
    let statement = format!(
        "INSERT INTO {} (run_id, item, group_name, responses_count, proportion_correct, rmsd, \
             mean_deviation, delta_difficulty, delta_z) \
         SELECT $1, x.* FROM ROWS FROM ({}) AS x ON CONFLICT DO NOTHING",
        schema.relation("irt_item_groups"),
        unnested.join(", ")
    );
    let numbers = |value: fn(&GroupFit) -> Option<f64>| -> Vec<Option<f64>> {
        rows.iter().map(|(.., row)| value(row)).collect()
    };
    let arguments = [
        run_id.into(),
        rows.iter().map(|(item, ..)| *item).collect::<Vec<_>>().into(),
        rows.iter().map(|(_, group, _)| *group).collect::<Vec<_>>().into(),
        rows.iter().map(|(.., row)| row.responses.cast_signed()).collect::<Vec<_>>().into(),
        numbers(|row| Some(row.proportion_correct)).into(),
        numbers(|row| Some(row.rmsd)).into(),
        numbers(|row| Some(row.mean_deviation)).into(),
        numbers(|row| row.delta_difficulty).into(),
        numbers(|row| row.delta_z).into(),
    ];
    Ok(Spi::run_with_args(&statement, &arguments)?)
}

fn record_pairs(schema: &Schema, run_id: i64, found: &Diagnosis) -> Result<(), ExtensionError> {
    let pairs = &found.all.pairs;
    let label = |place: usize| found.labels[place].as_str();
    let statement = format!(
        "INSERT INTO {} (run_id, item, other_item, persons_count, q3) \
         SELECT $1, x.* FROM ROWS FROM (pg_catalog.unnest($2), pg_catalog.unnest($3), \
             pg_catalog.unnest($4), pg_catalog.unnest($5)) AS x",
        schema.relation("irt_item_pairs")
    );
    let arguments = [
        run_id.into(),
        pairs.iter().map(|pair| label(pair.item)).collect::<Vec<_>>().into(),
        pairs.iter().map(|pair| label(pair.other_item)).collect::<Vec<_>>().into(),
        pairs.iter().map(|pair| pair.persons.cast_signed()).collect::<Vec<_>>().into(),
        pairs.iter().map(|pair| pair.q3).collect::<Vec<_>>().into(),
    ];
    Ok(Spi::run_with_args(&statement, &arguments)?)
}

/// Where the persons of each group are.
fn record_abilities(schema: &Schema, run_id: i64, found: &Diagnosis) -> Result<(), ExtensionError> {
    let statement = format!(
        "UPDATE {} SET ability_counts = $3 WHERE run_id OPERATOR(pg_catalog.=) $1 \
           AND group_name OPERATOR(pg_catalog.=) $2",
        schema.relation("irt_run_groups")
    );
    for (group, counts) in found.groups.iter().zip(&found.all.abilities) {
        let counts: Vec<i32> =
            counts.0.iter().map(|count| i32::try_from(*count).unwrap_or(i32::MAX)).collect();
        let name = group.as_deref().unwrap_or(EVERYBODY);
        Spi::run_with_args(&statement, &[run_id.into(), name.into(), counts.into()])?;
    }
    Ok(())
}
