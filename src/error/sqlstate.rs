//! Which SQLSTATE each error has.

use super::ExtensionError;
use irt::IrtError;

impl ExtensionError {
    /// The SQLSTATE. See docs/reference.md for the list.
    pub fn sqlstate(&self) -> [u8; 5] {
        *match self {
            Self::NullArgument { .. } => b"22004",
            Self::InvalidArgument { .. }
            | Self::UnknownBank { .. }
            | Self::UnknownItems { .. }
            | Self::UnknownCheck { .. }
            | Self::NotInForce { .. }
            | Self::NotOneSelect { .. }
            | Self::WrongColumnCount { .. }
            | Self::UnusableItemRow { .. }
            | Self::UnusableHistory { .. }
            | Self::WrongCorrectness { .. }
            | Self::Report(_) => b"22023",
            Self::NotUtf8 { .. } => b"22021",
            Self::AlreadyRunning { .. }
            | Self::LockNotAvailable { .. }
            | Self::HistoryLocked { .. } => b"55P03",
            Self::NoStandby | Self::CanceledTooLate { .. } => b"57014",
            Self::Standby => b"25006",
            Self::RoleCannotLogIn { .. } => b"28000",
            Self::NoWorkerFree { .. } => b"53400",
            Self::WorkerLost => b"58000",
            Self::ClientLost => b"08006",
            Self::RunGone { .. }
            | Self::NotAllUpdated { .. }
            | Self::NoCron { .. }
            | Self::Subscribed { .. }
            | Self::WorkerNode { .. }
            | Self::NotInstalled => b"55000",
            Self::ServerGone => b"57P01",
            Self::TooMuchMemory { .. } | Self::NoThreads { .. } => b"53200",
            Self::NothingToDiscover
            | Self::RelationGone { .. }
            | Self::Replaced { .. }
            | Self::NoSuchRelation { .. } => b"42P01",
            Self::MissingColumn { .. }
            | Self::MissingItemColumns { .. }
            | Self::MissingQueryColumn { .. }
            | Self::NoHistory { .. } => b"42703",
            Self::WrongColumnType { .. }
            | Self::UnusableColumn { .. }
            | Self::UnhashableKey { .. } => b"42804",
            Self::NoPrivilege { .. } => b"42501",
            Self::NoResponsesRelation { .. }
            | Self::WrongRelationKind { .. }
            | Self::TemporaryRelation { .. }
            | Self::DistributedItems { .. }
            | Self::NotGroupable { .. }
            | Self::ChangedSinceConfigured { .. } => b"IR002",
            Self::Ownership(error) => return error.sqlstate(),
            Self::Decision(error) => return error.sqlstate(),
            Self::Irt(error) => core_sqlstate(error),
            Self::Database(report) => return report.sqlstate,
            Self::Internal(_) => b"XX000",
        }
    }
}

fn core_sqlstate(error: &IrtError) -> &'static [u8; 5] {
    match error {
        IrtError::InvalidSetting { .. }
        | IrtError::InvalidItemParameters { .. }
        | IrtError::InvalidAnchor { .. }
        | IrtError::UnknownGroup { .. } => b"22023",
        IrtError::NoResponses { .. }
        | IrtError::TooFewPersons { .. }
        | IrtError::TooFewItems { .. }
        | IrtError::TooFewAnchors { .. }
        | IrtError::TooFewCommonItems { .. }
        | IrtError::LinkSlopesDisagree { .. }
        | IrtError::DifficultiesOutOfBounds { .. }
        | IrtError::LinkNotFound { .. }
        | IrtError::NotConverged { .. } => b"IR001",
        IrtError::DuplicateItem { .. } => b"IR002",
        IrtError::TooMany { .. } => b"54000",
        IrtError::Interrupted => b"57014",
        IrtError::OutOfMemory { .. } => b"53200",
        _ => b"XX000",
    }
}
