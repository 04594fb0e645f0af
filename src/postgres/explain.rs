//! How the server would execute a query.

use crate::error::ExtensionError;
use crate::postgres::encoding::{decode, encode};
use crate::postgres::spi::Spi;
use pgrx::pg_sys;
use serde_json::Value;
use std::ffi::{CStr, CString, c_int};

/// A plan, or a part of one, as EXPLAIN says it.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan(Value);

impl Plan {
    /// Its parts from the top down, itself included.
    pub fn nodes(&self) -> Vec<&Value> {
        let mut nodes = vec![&self.0];
        let mut next = 0;
        while let Some(node) = nodes.get(next) {
            nodes.extend(beneath(node));
            next += 1;
        }
        nodes
    }

    /// True where it sorts.
    pub fn sorts(&self) -> bool {
        let is_sort = |kind: &str| ["Sort", "Incremental Sort"].contains(&kind);
        self.nodes().iter().any(|node| text(node, "Node Type").is_some_and(is_sort))
    }

    /// True where whatever reads relations does it by an index, with a condition that contains
    /// `condition`.
    pub fn is_by_index(&self, condition: &str) -> bool {
        let is_by_index =
            |node: &&Value| text(node, "Index Cond").is_some_and(|found| found.contains(condition));
        self.nodes().iter().filter(|node| beneath(node).is_empty()).all(is_by_index)
    }
}

fn beneath(node: &Value) -> &[Value] {
    node.get("Plans").and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn text<'a>(node: &'a Value, property: &str) -> Option<&'a str> {
    node.get(property).and_then(Value::as_str)
}

/// Plans a query without executing it. On standbys too: no transaction id is assigned.
///
/// # Errors
/// When what EXPLAIN says cannot be understood. Errors of the query itself are raised by Postgres.
pub fn explain(query: &str) -> Result<Plan, ExtensionError> {
    let strange = || ExtensionError::Internal("EXPLAIN said nothing".to_owned());
    let statement = CString::new(encode(&format!("EXPLAIN (FORMAT JSON, COSTS off) {query}")))
        .map_err(|_| strange())?;
    let text = Spi::connect(|_client| {
        // SAFETY: SPI is connected. A utility statement is never read-only to SPI, though this one
        // is to Postgres.
        let code = unsafe { pg_sys::SPI_execute(statement.as_ptr(), false, 0) };
        if code != pg_sys::SPI_OK_UTILITY as c_int {
            return Err(strange());
        }
        // SAFETY: a table of SPI's has a descriptor, and as many rows as it says; the value is a
        // palloc'ed, terminated string.
        unsafe {
            let Some(table) = pg_sys::SPI_tuptable.as_ref().filter(|table| table.numvals > 0)
            else {
                return Err(strange());
            };
            let text = pg_sys::SPI_getvalue(*table.vals, table.tupdesc, 1);
            if text.is_null() {
                return Err(strange());
            }
            decode(CStr::from_ptr(text).to_bytes())
        }
    })?;
    let mut explained: Value = serde_json::from_str(&text).map_err(|_| strange())?;
    match explained.pointer_mut("/0/Plan") {
        Some(plan) => Ok(Plan(plan.take())),
        None => Err(strange()),
    }
}
