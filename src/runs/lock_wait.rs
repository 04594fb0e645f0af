//! Who has the lock that a run did not get.
//!
//! Postgres says only that a wait has ended. The worker notes what it waited for
//! when the cancel or the timeout came; here pg_locks says who has that now.

use super::request::Request;
use crate::error::ExtensionError;
use crate::postgres::cancels::LockTag;
use crate::postgres::reading;
use crate::postgres::spi::Spi;
use pgrx::pg_sys;

/// A relation that a run works on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Its OID.
    pub oid: pg_sys::Oid,
    /// Its qualified name.
    pub name: String,
}

/// One who has the lock, or stands before us in the queue for it.
struct Holder {
    /// `None`: a prepared transaction.
    process: Option<i32>,
    role: Option<String>,
    application: Option<String>,
    granted: bool,
    /// Modes, as pg_locks has them.
    modes: String,
    /// When its transaction began, where the current role may see that.
    since: Option<String>,
    /// Processes that it waits for itself.
    waits_for: Option<String>,
}

impl Holder {
    /// In a sentence.
    fn describe(&self, place: &str, caller: Option<i32>) -> String {
        let who = match self.process {
            Some(process) if Some(process) == caller => {
                format!("The caller's own transaction, process {process},")
            }
            None => "A prepared transaction".to_owned(),
            Some(process) => format!(
                "Process {process}{}{}",
                optional(" of role ", self.role.as_deref(), ""),
                optional(" (", self.application.as_deref(), ")")
            ),
        };
        let holds = if self.granted { "holds" } else { "waits for" };
        format!(
            "{who} {holds} {} on {place}{}{}.",
            self.modes,
            optional(", in a transaction since ", self.since.as_deref(), ""),
            optional(", and waits for process ", self.waits_for.as_deref(), "")
        )
    }
}

fn optional(before: &str, text: Option<&str>, after: &str) -> String {
    text.map(|text| format!("{before}{text}{after}")).unwrap_or_default()
}

/// More of them tell nobody more.
const MOST_HOLDERS: i64 = 3;

/// The error that a lock was not to be had within `limit`, with those who have it. `place`: the
/// relation at work, for locks that are on no relation, as that of a row's transaction. Call it in
/// a transaction.
///
/// # Errors
/// When pg_locks cannot be read.
pub fn explain(
    tag: LockTag,
    place: Option<&Place>,
    limit: &str,
    request: &Request,
) -> Result<ExtensionError, ExtensionError> {
    let place = match relation_of(tag) {
        Some(oid) => named(oid)?,
        None => place.cloned(),
    };
    let holders = holders(tag, place.as_ref())?;
    let own = holders.iter().any(|h| h.process.is_some() && h.process == request.waiting_process);
    let hint = advice(&holders, own);
    let on = what_it_is_on(tag, place);
    let sentences: Vec<String> =
        holders.iter().map(|holder| holder.describe(&on, request.waiting_process)).collect();
    let holders = (!sentences.is_empty()).then(|| sentences.join(" "));
    Ok(ExtensionError::LockNotAvailable { on, limit: limit.to_owned(), holders, own, hint })
}

/// In words. `place`: the relation of the lock, or the one whose rows were to be locked.
fn what_it_is_on(tag: LockTag, place: Option<Place>) -> String {
    let (_, class, object, _) = tag.fields;
    match (pg_sys::LockTagType::Type::from(tag.kind), place) {
        (pg_sys::LockTagType::LOCKTAG_ADVISORY, _) => format!("advisory key {class}, {object}"),
        // A commit with a NOTIFY has it, until it has reached its standby.
        (pg_sys::LockTagType::LOCKTAG_OBJECT, _) if (class, object) == NOTIFICATIONS => {
            "the queue of notifications".to_owned()
        }
        (pg_sys::LockTagType::LOCKTAG_OBJECT, _) => format!("object {object} of catalog {class}"),
        (_, Some(place)) => place.name,
        (_, None) => "a row".to_owned(),
    }
}

/// No object of pg_database: what PreCommit_Notify locks.
const NOTIFICATIONS: (u32, u32) = (1262, 0);

/// The relation of a lock that is on one.
fn relation_of(tag: LockTag) -> Option<pg_sys::Oid> {
    let kind = pg_sys::LockTagType::Type::from(tag.kind);
    let (_, relation, _, _) = tag.fields;
    [
        pg_sys::LockTagType::LOCKTAG_RELATION,
        pg_sys::LockTagType::LOCKTAG_PAGE,
        pg_sys::LockTagType::LOCKTAG_TUPLE,
    ]
    .contains(&kind)
    .then(|| relation.into())
}

fn named(oid: pg_sys::Oid) -> Result<Option<Place>, ExtensionError> {
    let name = reading::one::<String>(
        "SELECT pg_catalog.format('%I.%I', n.nspname, c.relname) FROM pg_catalog.pg_class c \
         JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace \
         WHERE c.oid OPERATOR(pg_catalog.=) $1",
        &[oid.into()],
    )?;
    Ok(name.map(|name| Place { oid, name }))
}

/// Which rows of pg_locks, aliased l, are about the lock, as a condition on the tag's numbers
/// $1 to $4. A relation's weak locks are in nobody's way; whoever waits for a strong one is in
/// ours.
fn condition(tag: LockTag) -> &'static str {
    match pg_sys::LockTagType::Type::from(tag.kind) {
        pg_sys::LockTagType::LOCKTAG_RELATION => {
            "l.locktype OPERATOR(pg_catalog.=) 'relation' \
             AND l.database::pg_catalog.int8 OPERATOR(pg_catalog.=) $1 \
             AND l.relation::pg_catalog.int8 OPERATOR(pg_catalog.=) $2 \
             AND l.mode OPERATOR(pg_catalog.=) ANY ('{ShareLock,ShareRowExclusiveLock,\
                 ExclusiveLock,AccessExclusiveLock}'::pg_catalog.text[])"
        }
        pg_sys::LockTagType::LOCKTAG_TUPLE => {
            "l.granted AND l.locktype OPERATOR(pg_catalog.=) 'tuple' \
             AND l.relation::pg_catalog.int8 OPERATOR(pg_catalog.=) $2 \
             AND l.page::pg_catalog.int8 OPERATOR(pg_catalog.=) $3 AND l.tuple::pg_catalog.int4 OPERATOR(pg_catalog.=) $4"
        }
        pg_sys::LockTagType::LOCKTAG_TRANSACTION => {
            "l.granted AND l.locktype OPERATOR(pg_catalog.=) 'transactionid' \
             AND l.transactionid::pg_catalog.text OPERATOR(pg_catalog.=) $1::pg_catalog.text"
        }
        pg_sys::LockTagType::LOCKTAG_ADVISORY => {
            "l.granted AND l.locktype OPERATOR(pg_catalog.=) 'advisory' \
             AND l.database::pg_catalog.int8 OPERATOR(pg_catalog.=) $1 \
             AND l.classid::pg_catalog.int8 OPERATOR(pg_catalog.=) $2 \
             AND l.objid::pg_catalog.int8 OPERATOR(pg_catalog.=) $3 \
             AND l.objsubid::pg_catalog.int4 OPERATOR(pg_catalog.=) $4"
        }
        pg_sys::LockTagType::LOCKTAG_OBJECT => {
            "l.granted AND l.locktype OPERATOR(pg_catalog.=) 'object' \
             AND l.database::pg_catalog.int8 OPERATOR(pg_catalog.=) $1 \
             AND l.classid::pg_catalog.int8 OPERATOR(pg_catalog.=) $2 \
             AND l.objid::pg_catalog.int8 OPERATOR(pg_catalog.=) $3"
        }
        _ => "false",
    }
}

/// Those who have the lock, the first in the queue first. What others' processes do is shown as
/// far as the current role may see it.
fn holders(tag: LockTag, place: Option<&Place>) -> Result<Vec<Holder>, ExtensionError> {
    let query = format!(
        "SELECT l.pid, a.usename::pg_catalog.text, \
             CASE WHEN a.application_name OPERATOR(pg_catalog.<>) '' THEN a.application_name END, \
             l.granted, \
             COALESCE(CASE WHEN l.relation IS NOT NULL THEN l.mode ELSE (\
                 SELECT pg_catalog.string_agg(DISTINCT t.mode, ', ') FROM pg_catalog.pg_locks t \
                 WHERE t.virtualtransaction OPERATOR(pg_catalog.=) l.virtualtransaction \
                   AND t.relation OPERATOR(pg_catalog.=) $5 AND t.granted) END, l.mode), \
             a.xact_start::pg_catalog.timestamptz(0)::pg_catalog.text, \
             CASE WHEN pg_catalog.cardinality(pg_catalog.pg_blocking_pids(l.pid)) OPERATOR(pg_catalog.>) 0 \
                  THEN pg_catalog.array_to_string(pg_catalog.pg_blocking_pids(l.pid), ', ') END \
         FROM pg_catalog.pg_locks l \
         LEFT JOIN pg_catalog.pg_stat_activity a ON a.pid OPERATOR(pg_catalog.=) l.pid \
         WHERE {} AND (l.pid IS NULL \
               OR l.pid OPERATOR(pg_catalog.<>) pg_catalog.pg_backend_pid()) \
         ORDER BY l.granted DESC, a.xact_start LIMIT {MOST_HOLDERS}",
        condition(tag)
    );
    let (one, two, three, four) = tag.fields;
    let arguments = [
        i64::from(one).into(),
        i64::from(two).into(),
        i64::from(three).into(),
        i32::from(four).into(),
        place.map(|place| place.oid).into(),
    ];
    Spi::connect(|client| {
        let rows = client.select(query.as_str(), None, &arguments)?;
        rows.into_iter()
            .map(|row| {
                Ok(Holder {
                    process: row.get(1)?,
                    role: row.get(2)?,
                    application: row.get(3)?,
                    granted: row.get(4)? == Some(true),
                    modes: row.get(5)?.unwrap_or_default(),
                    since: row.get(6)?,
                    waits_for: row.get(7)?,
                })
            })
            .collect()
    })
}

/// What to do. The caller's own lock will not pass: the caller waits for us.
fn advice(holders: &[Holder], own: bool) -> String {
    match holders.first() {
        _ if own => {
            "Commit it first, or use irt_start_calibration, which does not wait.".to_owned()
        }
        Some(Holder { process: Some(process), .. }) => format!(
            "Wait until it has ended, or end it: SELECT pg_terminate_backend({process}); then run \
             again. irt_calibration.lock_timeout and irt_calibration.timeout say for how long a \
             run waits."
        ),
        Some(_) => "Find it in pg_prepared_xacts, and COMMIT PREPARED or ROLLBACK PREPARED it; \
                    then run again."
            .to_owned(),
        None => "Whoever had it has let it go: run again.".to_owned(),
    }
}
