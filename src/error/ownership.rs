//! Refusals because of whose something is.

use pgrx::spi::{quote_identifier, quote_literal};
use thiserror::Error;

/// Why a bank, or what a relation leads to, is not the current role's to use. The SQLSTATE is
/// 42501, but 42704 for a role that does not exist.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum OwnershipError {
    /// The bank's owner could make the caller execute his functions.
    #[error(
        "permission denied: bank \"{bank}\" belongs to role \"{owner}\", and role \"{role}\" \
         does not have its rights"
    )]
    NotOurs {
        /// The bank.
        bank: String,
        /// Its owner.
        owner: String,
        /// The current role.
        role: String,
    },
    /// The bank's owner was dropped or renamed.
    #[error("permission denied: bank \"{bank}\" belongs to role \"{owner}\", which does not exist")]
    OwnerGone {
        /// The bank.
        bank: String,
        /// What its owner was called.
        owner: String,
    },
    /// A bank of an older version, which somebody else must take over.
    #[error(
        "permission denied: bank \"{bank}\" has no owner yet, and role \"{role}\" is neither the \
         extension's owner nor that of the responses"
    )]
    NotToBeTaken {
        /// The bank.
        bank: String,
        /// The current role.
        role: String,
    },
    /// A relation that nobody whom the caller trusts has vouched for.
    #[error(
        "permission denied: {relation} belongs to role \"{owner}\", and role \"{role}\" does not \
         have its rights"
    )]
    NotVouchedFor {
        /// The bank.
        bank: String,
        /// "responses" or "items".
        argument: &'static str,
        /// Its qualified name.
        relation: String,
        /// Its owner.
        owner: String,
        /// The current role.
        role: String,
    },
    /// A bank cannot be given to a role that the caller cannot become.
    #[error(
        "permission denied: bank \"{bank}\" cannot be handed over to role \"{to}\", because role \
         \"{role}\" may not SET ROLE to it"
    )]
    NotToBeGiven {
        /// The bank.
        bank: String,
        /// The new owner.
        to: String,
        /// The current role.
        role: String,
    },
    /// There is no role of that name.
    #[error("role \"{role}\" does not exist")]
    NoSuchRole {
        /// The name.
        role: String,
    },
    /// A superuser's run would execute what a third role owns.
    #[error(
        "permission denied: {object} belongs to role \"{of}\", which is neither a superuser nor \
         the owner \"{top}\" of what leads to it"
    )]
    Reached {
        /// What it is and its name, as pg_describe_object has them.
        object: String,
        /// Its owner.
        of: String,
        /// The owner of the relation that leads to it.
        top: String,
    },
}

impl OwnershipError {
    /// The SQLSTATE.
    pub fn sqlstate(&self) -> [u8; 5] {
        match self {
            Self::NoSuchRole { .. } => *b"42704",
            _ => *b"42501",
        }
    }

    /// What is behind it.
    pub fn detail(&self) -> Option<String> {
        let detail = match self {
            Self::NotOurs { .. } => {
                "The owner of a bank decides which views and triggers a run executes, with the \
                 rights of the role that runs."
            }
            Self::NotVouchedFor { .. } => {
                "Its owner decides which functions a run executes, with the rights of the role \
                 that runs."
            }
            Self::Reached { .. } => "A superuser's run would execute what its owner puts there.",
            _ => return None,
        };
        Some(detail.to_owned())
    }

    /// What to do.
    pub fn hint(&self) -> String {
        match self {
            Self::NotOurs { bank, owner, role } => format!(
                "Call it as role {}, or let the extension's owner hand the bank over: \
                 SELECT irt_configure({}, owner => {});",
                quote_identifier(owner),
                quote_literal(bank),
                quote_literal(role)
            ),
            Self::OwnerGone { bank, .. } | Self::NotToBeTaken { bank, .. } => format!(
                "The extension's owner can take it over, or give it an owner: \
                 SELECT irt_configure({}, owner => …);",
                quote_literal(bank)
            ),
            Self::NotVouchedFor { bank, argument, relation, .. } => format!(
                "If you trust its owner, name it, and the bank is yours: \
                 SELECT irt_configure({}, {argument} => {});",
                quote_literal(bank),
                quote_literal(relation)
            ),
            Self::NotToBeGiven { to, role, .. } => format!(
                "GRANT {} TO {}; or let the extension's owner hand it over.",
                quote_identifier(to),
                quote_identifier(role)
            ),
            Self::NoSuchRole { .. } => "Name a role that there is.".to_owned(),
            Self::Reached { of, top, .. } => format!(
                "Call it as a role that is no superuser, such as calibrator in \
                 docs/operations.md, or let {} or a superuser own it instead of {}.",
                quote_identifier(top),
                quote_identifier(of)
            ),
        }
    }
}
