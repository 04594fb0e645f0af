//! Everything that can go wrong on the Postgres side, as values of one enum.
//!
//! Each value maps to one SQLSTATE, once, in [`ExtensionError::sqlstate`]:
//! standard codes where one fits, IR001 for "the data do not allow it", IR002
//! for a configuration that no standard code describes. The message names the
//! thing, what was found and what was expected; the hint says what to do.

mod advice;
mod decision;
mod ownership;
mod report;
mod sqlstate;

pub use decision::{DecisionError, begin_a_new_scale};
pub use ownership::OwnershipError;
pub use report::ReportError;

use crate::postgres::error_report::ErrorReport;
use irt::IrtError;
use std::time::Duration;
use thiserror::Error;

/// Why the extension refused, or could not do, what was asked.
#[derive(Debug, Clone, PartialEq, Error)]
#[non_exhaustive]
pub enum ExtensionError {
    /// A NULL where it makes no sense.
    #[error("{argument} must not be NULL")]
    NullArgument {
        /// The argument's name.
        argument: &'static str,
    },
    /// An argument or a setting outside of its bounds.
    #[error("{argument} is {found}, but must be {expected}")]
    InvalidArgument {
        /// The argument's name.
        argument: &'static str,
        /// The value that was given.
        found: String,
        /// What would have been accepted.
        expected: &'static str,
    },
    /// No bank of that name.
    #[error("bank \"{bank}\" does not exist")]
    UnknownBank {
        /// The name that was given.
        bank: String,
        /// The banks that there are; `None` for those who may not know.
        known: Option<Vec<String>>,
    },
    /// A bank without a responses relation.
    #[error("bank \"{bank}\" has no responses relation")]
    NoResponsesRelation {
        /// The bank.
        bank: String,
    },
    /// The default bank's responses are looked for by name, and there are none.
    #[error("relation \"responses\" does not exist in the search_path")]
    NothingToDiscover,
    /// A configured relation is gone.
    #[error("relation {relation}, the {role} of bank \"{bank}\", does not exist any more")]
    RelationGone {
        /// The bank.
        bank: String,
        /// "responses" or "items".
        role: &'static str,
        /// Its qualified name when it was configured.
        relation: String,
    },
    /// Somebody put another relation in the place of one that was checked.
    #[error("relation {relation} is gone, or is another one than it was a moment ago")]
    Replaced {
        /// Its qualified name.
        relation: String,
    },
    /// An item list that names what is not in the bank.
    #[error("item_ids names {count} items that are not in bank \"{bank}\": {items}")]
    UnknownItems {
        /// The bank.
        bank: String,
        /// How many there are.
        count: usize,
        /// The first of them.
        items: String,
    },
    /// The OID that was given belongs to no relation.
    #[error("{role} is {found}, but there is no relation with that OID")]
    NoSuchRelation {
        /// "responses" or "items".
        role: &'static str,
        /// The OID.
        found: String,
    },
    /// An index, a sequence, a composite type …
    #[error("{role} {relation} is {kind}, but must be {expected}")]
    WrongRelationKind {
        /// "responses" or "items".
        role: &'static str,
        /// Its qualified name.
        relation: String,
        /// What it is.
        kind: &'static str,
        /// What would have been accepted.
        expected: &'static str,
    },
    /// A temporary relation: no other session sees it, a run's worker included.
    #[error("{role} {relation} is temporary, but a run reads it from another session")]
    TemporaryRelation {
        /// "responses" or "items".
        role: &'static str,
        /// Its qualified name.
        relation: String,
    },
    /// Citus distributes the items table.
    #[error(
        "items {relation} is distributed by column \"{column}\": Citus cannot lock its rows together"
    )]
    DistributedItems {
        /// Its qualified name.
        relation: String,
        /// The column by which it is.
        column: String,
    },
    /// This server is a worker node of Citus.
    #[error(
        "this server is a worker node of Citus, but a run is the coordinator's{}",
        coordinator.as_deref().map(|address| format!(", which is {address}")).unwrap_or_default()
    )]
    WorkerNode {
        /// Host and port of the coordinator, where that is known here.
        coordinator: Option<String>,
    },
    /// A column that is not there.
    #[error("column \"{column}\" of {relation} does not exist ({setting})")]
    MissingColumn {
        /// The relation's qualified name.
        relation: String,
        /// The column's name.
        column: String,
        /// The setting that names it.
        setting: &'static str,
        /// Columns that there are.
        present: Vec<String>,
    },
    /// A query lacks a column that is read by its name.
    #[error("{argument}: the query yields no column \"{column}\"")]
    MissingQueryColumn {
        /// The argument that is the query.
        argument: &'static str,
        /// The column's name.
        column: &'static str,
        /// Columns that it yields.
        present: Vec<String>,
    },
    /// A row that says nothing usable of an item.
    #[error("{argument}: {column} of row {row} is {found}")]
    UnusableItemRow {
        /// The argument that is the query.
        argument: &'static str,
        /// The row's number, from 1.
        row: u64,
        /// The column.
        column: String,
        /// What is there.
        found: String,
    },
    /// The items table lacks the columns into which parameters are published.
    #[error("{relation} has no column {columns}, where parameters are published")]
    MissingItemColumns {
        /// The table's qualified name.
        relation: String,
        /// The columns' names.
        columns: String,
    },
    /// A column of a type that cannot be used.
    #[error(
        "column \"{column}\" of {relation} has type {found}, but must be {expected} ({setting})"
    )]
    WrongColumnType {
        /// The relation's qualified name.
        relation: String,
        /// The column's name.
        column: String,
        /// Its type.
        found: String,
        /// What would have been accepted.
        expected: &'static str,
        /// The setting that names it.
        setting: &'static str,
    },
    /// Responses that are to be read one row a person, and cannot be.
    #[error("reading is 'grouped', but {relation} cannot be read person by person: {obstacle}")]
    NotGroupable {
        /// The relation's qualified name.
        relation: String,
        /// Why not.
        obstacle: String,
    },
    /// Something is not what it was when irt_configure looked.
    #[error("bank \"{bank}\" was configured for {before}, but now it is {now}")]
    ChangedSinceConfigured {
        /// The bank.
        bank: String,
        /// What irt_configure saw.
        before: String,
        /// What is there now.
        now: String,
    },
    /// A relation that cannot be a history of runs.
    #[error("column \"{column}\" of {relation} does not exist, but a history must have it")]
    NoHistory {
        /// The relation's qualified name.
        relation: String,
        /// The column's name.
        column: &'static str,
        /// Columns that there are.
        present: Vec<String>,
    },
    /// A row of a history that cannot be true.
    #[error("{row} of {relation} {problem}")]
    UnusableHistory {
        /// The relation's qualified name.
        relation: String,
        /// Which row.
        row: String,
        /// What is wrong with it.
        problem: String,
    },
    /// A right that the caller lacks.
    #[error("permission denied: {role} may not {action} on {relation}")]
    NoPrivilege {
        /// The role.
        role: String,
        /// "SELECT", "UPDATE" …, with columns where it matters.
        action: String,
        /// The relation's qualified name.
        relation: String,
    },
    /// A query that is not one SELECT.
    #[error("query must be one SELECT, VALUES or TABLE statement, found {found}")]
    NotOneSelect {
        /// What it is.
        found: String,
    },
    /// A query that yields too few or too many columns.
    #[error(
        "query yields {found} columns, but must yield (person, item, correct), \
         (person, item, correct, answered_at) or (person, item, correct, answered_at, group)"
    )]
    WrongColumnCount {
        /// How many there are.
        found: usize,
    },
    /// A column of a query, of a type that cannot be used.
    #[error(
        "column {position} (\"{column}\") of the query, {role}, has type {found}, but must be {expected}"
    )]
    UnusableColumn {
        /// From 1.
        position: usize,
        /// Its name.
        column: String,
        /// What it is taken for.
        role: &'static str,
        /// Its type.
        found: String,
        /// What would have been accepted.
        expected: &'static str,
    },
    /// A key of a type without a default hash operator class.
    #[error("column \"{column}\" has type {found}, which has no default hash operator class")]
    UnhashableKey {
        /// The column.
        column: String,
        /// Its type.
        found: String,
    },
    /// A correctness that is neither 0 nor 1.
    #[error("column \"{column}\" has the value {value} in {rows} rows, but must be 0 or 1")]
    WrongCorrectness {
        /// The column.
        column: String,
        /// The smallest such value.
        value: String,
        /// How many rows have it.
        rows: u64,
        /// Rows with other such values.
        others: u64,
    },
    /// A key whose text is not UTF-8.
    #[error("the key \"{text}\" is not valid UTF-8")]
    NotUtf8 {
        /// The key, as far as it can be shown.
        text: String,
    },
    /// More memory than allowed.
    #[error(
        "{responses} responses need {} of memory, but irt_calibration.max_memory is {}",
        megabytes(*.needed),
        megabytes(*.limit)
    )]
    TooMuchMemory {
        /// Bytes.
        needed: u64,
        /// Bytes.
        limit: u64,
        /// How many responses were counted.
        responses: u64,
    },
    /// The system has no room for the threads.
    #[error("{threads} threads could not be started: {why}")]
    NoThreads {
        /// How many were to be started.
        threads: usize,
        /// What the system says.
        why: String,
    },
    /// Another run has the bank.
    #[error(
        "bank \"{bank}\" is being calibrated{}{}{}",
        run_id.map(|id| format!(" by run {id}")).unwrap_or_default(),
        pid.map(|pid| format!(", process {pid}")).unwrap_or_default(),
        since.as_ref().map(|since| format!(", since {since}")).unwrap_or_default()
    )]
    AlreadyRunning {
        /// The bank.
        bank: String,
        /// The other run's worker.
        pid: Option<i32>,
        /// The other run, where its row exists already.
        run_id: Option<i64>,
        /// When it started.
        since: Option<String>,
    },
    /// Somebody else has a lock that a run needs.
    #[error("could not get a lock on {on} within {limit}")]
    LockNotAvailable {
        /// The relation's qualified name, or what else there is to say.
        on: String,
        /// The setting that ended the wait, and its value.
        limit: String,
        /// Who has the lock; `None`: nobody any more.
        holders: Option<String>,
        /// The waiting caller has it.
        own: bool,
        /// What to do.
        hint: String,
    },
    /// Somebody has locked irt_calibration_runs where nobody can wait for it.
    #[error(
        "a run of bank \"{bank}\" that did not begin is not on record: somebody has locked irt_calibration_runs"
    )]
    HistoryLocked {
        /// The bank.
        bank: String,
    },
    /// The wait for a synchronous standby was ended before anything was done.
    #[error("the run's row has not reached a synchronous standby")]
    NoStandby,
    /// A cancel reached a caller whose run had published.
    #[error("canceled too late: run {run_id} of bank \"{bank}\" has published its parameters")]
    CanceledTooLate {
        /// The run.
        run_id: i64,
        /// The bank.
        bank: String,
    },
    /// The history comes from elsewhere by logical replication, numbers of runs included.
    #[error("subscription {subscription} writes the runs of this database")]
    Subscribed {
        /// Its quoted name.
        subscription: String,
    },
    /// A run writes, and a standby cannot.
    #[error("cannot run a calibration during recovery")]
    Standby,
    /// A worker cannot connect as this role.
    #[error("role \"{role}\" may not log in, so no worker can run a calibration as it")]
    RoleCannotLogIn {
        /// The caller's effective role.
        role: String,
    },
    /// pg_cron cannot be reached from this database.
    #[error("{why}")]
    NoCron {
        /// Why not.
        why: String,
        /// What to do: the statement, where there is one.
        hint: String,
    },
    /// The library is there, its tables are not, or not yet for other sessions.
    #[error("the tables of irt_calibration are not in this database")]
    NotInstalled,
    /// Every background worker is busy.
    #[error(
        "no background worker was free{}: max_worker_processes is {most}",
        if waited.is_zero() { String::new() } else { format!(" within {}", format_duration(*.waited)) }
    )]
    NoWorkerFree {
        /// The setting.
        most: i32,
        /// irt_calibration.worker_timeout.
        waited: Duration,
    },
    /// The worker ended without a word.
    #[error("the calibration's worker ended without an answer")]
    WorkerLost,
    /// Nobody is there to take the answer.
    #[error("the connection to the client is lost")]
    ClientLost,
    /// A trigger or a rule kept rows from being updated.
    #[error("only {updated} of {found} rows of {relation} could be updated")]
    NotAllUpdated {
        /// The items table.
        relation: String,
        /// Rows that were updated.
        updated: usize,
        /// Rows that should have been.
        found: usize,
    },
    /// The postmaster has died.
    #[error("the server has ended")]
    ServerGone,
    /// Somebody removed the run's row while it ran.
    #[error("run {run_id} has no row in irt_calibration_runs any more")]
    RunGone {
        /// The run.
        run_id: i64,
    },
    /// A check that there is not.
    #[error("there is no check \"{found}\"")]
    UnknownCheck {
        /// The name that was given.
        found: String,
        /// The checks that there are.
        known: String,
    },
    /// Items that were named, and have no parameters in force.
    #[error("items names {count} items without parameters in force in bank \"{bank}\": {items}")]
    NotInForce {
        /// The bank.
        bank: String,
        /// How many there are.
        count: usize,
        /// The first of them.
        items: String,
    },
    /// What somebody decided about a run, and cannot be.
    #[error(transparent)]
    Decision(#[from] DecisionError),
    /// What no report can be made of.
    #[error(transparent)]
    Report(#[from] ReportError),
    /// Whose it is, and who may use it.
    #[error(transparent)]
    Ownership(#[from] OwnershipError),
    /// What the numeric core says.
    #[error("{0}")]
    Irt(#[from] IrtError),
    /// What Postgres said.
    #[error("{}", .0.message)]
    Database(ErrorReport),
    /// Something that cannot happen, happened.
    #[error("internal error: {0}")]
    Internal(String),
}

impl From<&ExtensionError> for ErrorReport {
    fn from(error: &ExtensionError) -> Self {
        Self {
            sqlstate: error.sqlstate(),
            message: error.to_string(),
            detail: error.detail(),
            hint: error.hint(),
            context: error.context(),
        }
    }
}

impl From<pgrx::spi::Error> for ExtensionError {
    fn from(error: pgrx::spi::Error) -> Self {
        Self::Internal(error.to_string())
    }
}

impl From<ErrorReport> for ExtensionError {
    fn from(report: ErrorReport) -> Self {
        Self::Database(report)
    }
}

/// Bytes in the unit of irt_calibration.max_memory.
fn megabytes(bytes: u64) -> String {
    format!("{} MB", bytes.div_ceil(1 << 20))
}

/// A time limit in its largest unit.
pub fn format_duration(limit: Duration) -> String {
    let seconds = limit.as_secs_f64();
    if seconds >= 60.0 && seconds % 60.0 == 0.0 {
        format!("{} min", seconds / 60.0)
    } else {
        format!("{seconds} s")
    }
}
