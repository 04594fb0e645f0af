//! What is scheduled already.

use super::job::Job;
use super::reach::{Wanted, within_reach};
use crate::postgres::reading;
use crate::postgres::transactions::{Isolation, transaction};

/// The schedule of a bank's job, where the current role can see it. For the worker: opens a
/// transaction of its own.
pub fn of_bank(bank: &str) -> Option<String> {
    let look = || {
        let job = Job::of(bank)?;
        within_reach(Wanted::Removed(&job))?;
        reading::one::<String>(
            "SELECT j.schedule FROM cron.job j \
             WHERE j.jobname::pg_catalog.text OPERATOR(pg_catalog.=) $1 AND j.active \
               AND j.database OPERATOR(pg_catalog.=) pg_catalog.current_database()::pg_catalog.text",
            &[job.name.into()],
        )
    };
    transaction(Isolation::ReadCommitted, look).ok().flatten()
}
