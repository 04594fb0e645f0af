//! Whose a bank is, who may use it, who may change it, and to whom it may be given.
//!
//! Whoever says which relations a bank has decides which views and triggers its
//! runs execute, with the rights of the role that runs. So a bank has an owner,
//! and is used only by those who have the owner's rights anyway, or trust him as
//! everybody must: a superuser, or the owner of the extension.
//!
//! The owner is kept by name, as dumps and irt_item_banks show it. A role that
//! gets the name of one that was dropped gets its banks with it.

use super::relation::Relation;
use super::stored::Stored;
use super::unowned::Unowned;
use super::wanted::Purpose;
use crate::error::{ExtensionError, OwnershipError};
use crate::postgres::privileges::{
    can_become, current_role, has_rights_of, is_superuser, relation_owner, role_name, role_named,
};
use crate::postgres::schema::Schema;
use pgrx::pg_sys;

/// What the owner's name means now.
enum Owner<'a> {
    Nobody,
    Gone(&'a str),
    Role(pg_sys::Oid, &'a str),
}

impl<'a> Owner<'a> {
    fn of(stored: &'a Stored) -> Self {
        match stored.owner.as_deref() {
            None => Self::Nobody,
            Some(name) => match role_named(name) {
                Some(role) => Self::Role(role, name),
                None => Self::Gone(name),
            },
        }
    }
}

/// True for roles whose functions the current role may execute: those whose rights it has,
/// superusers, and the extension's owner.
fn trusts(role: pg_sys::Oid, schema: &Schema) -> bool {
    role == schema.owner() || has_rights_of(role) || is_superuser(role)
}

/// Refuses a bank that is not the current role's to use. Call it before anything of the bank is
/// planned: planning can execute functions. Says if nobody answers for it.
///
/// # Errors
/// 42501.
pub(super) fn may_use(
    stored: &Stored,
    purpose: Purpose,
) -> Result<Option<Unowned>, ExtensionError> {
    let schema = Schema::find()?;
    if stored.is_new {
        relations_vouched_for(stored, purpose, &schema)?;
        return Ok(None);
    }
    if !stored.knows_owners {
        return Ok(Some(Unowned::OlderVersion));
    }
    match Owner::of(stored) {
        Owner::Nobody => Ok(Some(Unowned::Never)),
        // A superuser's run executes nothing with his own rights.
        Owner::Gone(name) if is_superuser(current_role()) => {
            Ok(Some(Unowned::Gone(name.to_owned())))
        }
        Owner::Gone(name) => Err(owner_gone(stored, name)),
        Owner::Role(role, _) if trusts(role, &schema) => Ok(None),
        Owner::Role(_, name) => Err(not_ours(stored, name)),
    }
}

/// Each relation of a bank for which its owner does not answer must belong to somebody whom the
/// current role trusts.
fn relations_vouched_for(
    stored: &Stored,
    purpose: Purpose,
    schema: &Schema,
) -> Result<(), ExtensionError> {
    vouched_for(stored, "responses", stored.responses, schema)?;
    match purpose {
        Purpose::Reading => Ok(()),
        Purpose::ReadingItems | Purpose::Running | Purpose::Publishing => {
            vouched_for(stored, "items", stored.items, schema)
        }
    }
}

fn vouched_for(
    stored: &Stored,
    argument: &'static str,
    relation: Option<pg_sys::Oid>,
    schema: &Schema,
) -> Result<(), ExtensionError> {
    // What is not there is found out later, by name.
    let Some(relation) = relation else { return Ok(()) };
    let Some(owner) = relation_owner(relation).filter(|&owner| !trusts(owner, schema)) else {
        return Ok(());
    };
    let name = Relation::find(relation)?.map(|relation| relation.name);
    Err(OwnershipError::NotVouchedFor {
        bank: stored.bank.clone(),
        argument,
        relation: name.unwrap_or_default(),
        owner: role_name(owner),
        role: role_name(current_role()),
    }
    .into())
}

/// What irt_configure names itself.
#[derive(Debug, Clone, Copy)]
pub(super) struct Named {
    pub responses: bool,
    pub items: bool,
}

/// Whether the current role may change the bank, and who owns it then. `to`: who shall.
///
/// Whoever did not have the bank until now answers for the relations that he names, and no others.
///
/// # Errors
/// 42501; 42704 where `to` is no role.
pub(super) fn may_change(
    stored: &Stored,
    named: Named,
    to: Option<&str>,
) -> Result<Option<String>, ExtensionError> {
    let schema = Schema::find()?;
    let Some((owner, ours)) = owner_for(stored, &schema)? else { return Ok(None) };
    if !ours {
        let kept = |relation: Option<pg_sys::Oid>, named: bool| relation.filter(|_| !named);
        vouched_for(stored, "responses", kept(stored.responses, named.responses), &schema)?;
        vouched_for(stored, "items", kept(stored.items, named.items), &schema)?;
    }
    match to {
        Some(to) => handed_over(stored, to, has_rights_of(schema.owner())).map(Some),
        None => Ok(Some(owner)),
    }
}

/// Refuses whoever may not change the bank, where nothing is said of its relations: its thresholds
/// or its history are to be changed, or all of it is to go.
///
/// # Errors
/// 42501.
pub(super) fn may_dispose_of(stored: &Stored) -> Result<(), ExtensionError> {
    owner_for(stored, &Schema::find()?).map(|_| ())
}

/// The owner whom the current role may answer for, and whether the bank was his; `None`: the tables
/// know no owners.
///
/// The bank's owner may change it, every role that has his rights, and the extension's owner. A bank
/// without an owner is taken over by the extension's owner or that of its responses.
fn owner_for(stored: &Stored, schema: &Schema) -> Result<Option<(String, bool)>, ExtensionError> {
    let me = role_name(current_role());
    let extensions_owner = has_rights_of(schema.owner());
    Ok(Some(match Owner::of(stored) {
        _ if !stored.knows_owners => return Ok(None),
        _ if stored.is_new => (me, true),
        Owner::Role(role, name) if has_rights_of(role) => (name.to_owned(), true),
        Owner::Role(_, name) if extensions_owner => (name.to_owned(), false),
        Owner::Role(_, name) => return Err(not_ours(stored, name)),
        Owner::Gone(_) if extensions_owner => (me, false),
        Owner::Gone(name) => return Err(owner_gone(stored, name)),
        Owner::Nobody if extensions_owner || owns_responses(stored) => (me, false),
        Owner::Nobody => {
            return Err(OwnershipError::NotToBeTaken { bank: stored.bank.clone(), role: me }.into());
        }
    }))
}

fn owns_responses(stored: &Stored) -> bool {
    stored.responses.and_then(relation_owner).is_some_and(has_rights_of)
}

/// A bank may be given to whom ALTER … OWNER TO would let it be given: a role that the current one
/// can become. Otherwise one could make others run one's own functions.
fn handed_over(
    stored: &Stored,
    to: &str,
    extensions_owner: bool,
) -> Result<String, ExtensionError> {
    let role = role_named(to).ok_or_else(|| OwnershipError::NoSuchRole { role: to.to_owned() })?;
    if extensions_owner || can_become(role) {
        return Ok(to.to_owned());
    }
    Err(OwnershipError::NotToBeGiven {
        bank: stored.bank.clone(),
        to: to.to_owned(),
        role: role_name(current_role()),
    }
    .into())
}

fn not_ours(stored: &Stored, owner: &str) -> ExtensionError {
    OwnershipError::NotOurs {
        bank: stored.bank.clone(),
        owner: owner.to_owned(),
        role: role_name(current_role()),
    }
    .into()
}

fn owner_gone(stored: &Stored, owner: &str) -> ExtensionError {
    OwnershipError::OwnerGone { bank: stored.bank.clone(), owner: owner.to_owned() }.into()
}
