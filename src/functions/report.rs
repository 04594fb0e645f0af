//! irt_report.

use crate::html_report::{self, Wanted};
use crate::postgres::catching::catch_to_raise;
use crate::postgres::raising::or_raise;
use crate::postgres::sql_types::{Text, Texts};
use pgrx::prelude::*;

/// A run as one HTML page.
#[pg_extern(stable, parallel_unsafe)]
fn irt_report(
    bank: default!(Option<Text>, "'default'"),
    run_id: default!(Option<i64>, "NULL"),
    with_run_id: default!(Option<i64>, "NULL"),
    sections: default!(Option<Texts>, "NULL"),
) -> Text {
    let make = || {
        html_report::page(&Wanted {
            bank: bank.as_deref(),
            run_id,
            with_run_id,
            sections: sections.as_ref().map(|Texts(sections)| sections.as_slice()),
        })
    };
    let made = catch_to_raise(make).unwrap_or_else(|report| Err(report.into()));
    drop((bank, sections));
    Text(or_raise(made))
}
