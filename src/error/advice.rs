//! What follows the message: the numbers behind it, and what to do.

use super::ExtensionError;
use irt::IrtError;

impl ExtensionError {
    /// The numbers behind the message.
    pub fn detail(&self) -> Option<String> {
        match self {
            Self::UnknownBank { known: Some(known), .. } if known.is_empty() => {
                Some("No bank has been configured; only \"default\" needs none.".to_owned())
            }
            Self::UnknownBank { known: Some(known), .. } => {
                Some(format!("Banks: {}.", known.join(", ")))
            }
            Self::Ownership(error) => error.detail(),
            Self::Report(error) => error.detail(),
            Self::UnknownCheck { known, .. } => Some(format!("Checks: {known}.")),
            Self::MissingColumn { present, .. }
            | Self::MissingQueryColumn { present, .. }
            | Self::NoHistory { present, .. } => Some(format!("Columns: {}.", present.join(", "))),
            Self::WrongCorrectness { others, .. } if *others > 0 => {
                Some(format!("{others} more rows have other such values."))
            }
            Self::LockNotAvailable { holders, .. } => holders.clone(),
            Self::Irt(error) => error.enough(),
            Self::Database(report) => report.detail.clone(),
            _ => None,
        }
    }

    /// Where it happened.
    pub fn context(&self) -> Option<String> {
        match self {
            Self::Database(report) => report.context.clone(),
            _ => None,
        }
    }

    /// What to do.
    pub fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::NullArgument { .. } => "Give it a value, or leave it out if it has a default.",
            Self::InvalidArgument { .. } => "Correct the value and try again.",
            Self::MissingQueryColumn { .. } => {
                "Name the columns: SELECT … AS item, … AS difficulty, … AS discrimination."
            }
            Self::UnusableItemRow { .. } => {
                "Each row is another item, with a difficulty and a discrimination that are finite \
                 numbers: leave others out with WHERE or DISTINCT."
            }
            Self::UnknownBank { .. } => {
                "Check the name, or create the bank: SELECT irt_configure(bank => …, responses => …)."
            }
            Self::NoResponsesRelation { .. } => {
                "Name the relation: SELECT irt_configure(bank => …, responses => …)."
            }
            Self::NothingToDiscover => {
                "Name the relation that holds the responses: SELECT irt_configure(responses => …), \
                 or add its schema to the search_path."
            }
            Self::RelationGone { .. }
            | Self::Replaced { .. }
            | Self::ChangedSinceConfigured { .. } => {
                "If this is intended, call irt_configure for this bank again with the relation \
                 and columns that hold now."
            }
            Self::UnknownItems { .. } => {
                "Give keys of items as irt_item_parameters has them. Nothing was published."
            }
            Self::NotInForce { .. } => "irt_parameters_in_force has those that have.",
            Self::NoSuchRelation { .. } => {
                "Give the relation's name, for example 'public.responses'."
            }
            Self::NotGroupable { .. } => {
                "Name a table whose keys are of type smallint, integer, bigint, uuid or text; or let \
                 the catalogs decide: SELECT irt_configure(…, reading => 'auto')."
            }
            Self::WrongRelationKind { .. } => "Name another relation.",
            Self::DistributedItems { relation, .. } => {
                let table = pgrx::spi::quote_literal(relation);
                return Some(format!(
                    "Make it a local table: SELECT undistribute_table({table}); or, after that, a \
                     reference table: SELECT create_reference_table({table});"
                ));
            }
            Self::WorkerNode { .. } => "Connect to the coordinator, and run it there.",
            Self::TemporaryRelation { .. } => "Use a permanent table or view.",
            Self::MissingColumn { setting: "by_column", .. } => "Name a column of the items table.",
            Self::MissingColumn { .. } => "Name the right column in irt_configure.",
            Self::MissingItemColumns { relation, .. } => {
                let table = pgrx::spi::quote_literal(relation);
                return Some(format!("Add them: SELECT irt_add_item_columns({table});"));
            }
            Self::NoHistory { .. } => {
                "Adopt a view of it in which the columns have the names of irt_calibration_runs."
            }
            Self::UnusableHistory { .. } => {
                "Correct the row, or adopt a view that corrects it or leaves it out."
            }
            Self::WrongColumnType { .. } => "Name another column, or a view that converts it.",
            Self::NotOneSelect { .. } => "Give a single statement that only reads.",
            Self::WrongColumnCount { .. } => "Select exactly these columns, in this order.",
            Self::UnusableColumn { .. } => "Cast or convert it in the query.",
            Self::UnhashableKey { .. } => "Cast it to text.",
            Self::AlreadyRunning { .. } => {
                "Wait for it, watch it in irt_calibration_progress, or stop it with \
                 irt_cancel_calibration."
            }
            Self::LockNotAvailable { hint, .. } => return Some(hint.clone()),
            Self::HistoryLocked { .. } => "The server's log says why it did not begin.",
            Self::NoStandby => {
                "pg_stat_replication shows the standbys that synchronous_standby_names asks for. \
                 SET synchronous_commit = local; before the call to run without them."
            }
            Self::CanceledTooLate { .. } => "irt_calibration_runs has its row.",
            Self::Subscribed { subscription } => {
                return Some(format!(
                    "Calibrate on the publisher. Where this database shall go on alone: ALTER \
                     SUBSCRIPTION {subscription} DISABLE; ALTER SUBSCRIPTION {subscription} SET \
                     (slot_name = NONE); DROP SUBSCRIPTION {subscription}; its next run goes on \
                     with the next number."
                ));
            }
            Self::Standby => "Run it on the primary. irt_fit_2pl works here.",
            Self::RoleCannotLogIn { role } => {
                let role = pgrx::spi::quote_identifier(role);
                return Some(format!("Call it as another role, or ALTER ROLE {role} LOGIN;"));
            }
            Self::NoWorkerFree { .. } => {
                "Raise max_worker_processes, and restart the server; or let fewer runs begin at \
                 once. irt_calibration.worker_timeout says for how long a run waits for one."
            }
            Self::NoCron { hint, .. } => return Some(hint.clone()),
            Self::WorkerLost => "The server's log says why.",
            Self::NotAllUpdated { .. } => {
                "Look for a trigger or a rule that keeps rows from being updated. The items are \
                 as they were."
            }
            Self::NotInstalled => {
                "CREATE EXTENSION irt_calibration; and commit it before the first run."
            }
            Self::ClientLost | Self::ServerGone | Self::RunGone { .. } => "Run it again.",
            Self::WrongCorrectness { .. } => {
                "Leave such rows out, or score them, in a view or in the query."
            }
            Self::NotUtf8 { .. } => {
                "Use keys whose text is UTF-8, or a database with an encoding: this one has SQL_ASCII."
            }
            Self::TooMuchMemory { .. } => {
                "Raise irt_calibration.max_memory, or calibrate a subset of the responses."
            }
            Self::NoPrivilege { action, relation, role } => {
                return Some(format!("GRANT {action} ON {relation} TO {role};"));
            }
            Self::Ownership(error) => return Some(error.hint()),
            Self::Decision(error) => return Some(error.hint()),
            Self::Report(error) => return Some(error.hint()),
            Self::UnknownCheck { .. } => "Name one of these checks.",
            Self::NoThreads { .. } | Self::Irt(IrtError::OutOfMemory { .. }) => {
                return Some(crate::postgres::memory::system_hint());
            }
            Self::Irt(error) => error.hint(),
            Self::Database(report) => {
                return report.hint.clone().or_else(|| server_hint(&report.sqlstate));
            }
            Self::Internal(_) => "This is a defect of irt_calibration: please report it.",
        };
        Some(hint.to_owned())
    }
}

/// What to do about an error of the server's own that comes without a hint.
fn server_hint(sqlstate: &[u8; 5]) -> Option<String> {
    let hint = match sqlstate {
        b"53200" => return Some(crate::postgres::memory::system_hint()),
        b"42501" => {
            "Grant it to the role that runs. Where row security would hide rows, run as a role with \
             BYPASSRLS, or read a view that belongs to the table's owner."
        }
        b"55P03" => {
            "Find in pg_locks who holds a lock on the responses or the items, and end it, or wait: \
             irt_calibration.lock_timeout says for how long a run does."
        }
        _ => return None,
    };
    Some(hint.to_owned())
}
