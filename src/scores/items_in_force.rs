//! What is in force in a bank, in an order that follows from it alone, with the caller's rights.

use crate::error::ExtensionError;
use crate::postgres::schema::Schema;
use crate::postgres::spi::Spi;
use irt::ItemParameters;
use irt::memory::reserve_exact;

/// An item, and its parameters in force.
#[derive(Debug, Clone)]
pub struct ItemInForce {
    /// The text of its key.
    pub item: String,
    /// What it is scored with.
    pub parameters: ItemParameters,
}

/// All of them, by the bytes of their texts.
///
/// # Errors
/// 42501 without SELECT on irt_parameters_in_force.
pub fn read(bank: &str) -> Result<Vec<ItemInForce>, ExtensionError> {
    let query = format!(
        "SELECT f.item, f.discrimination, f.difficulty FROM {} AS f \
         WHERE f.bank OPERATOR(pg_catalog.=) $1",
        Schema::find()?.relation("irt_parameters_in_force")
    );
    let mut items = Spi::connect(|client| {
        let rows = client.select(query.as_str(), None, &[bank.into()])?;
        let mut items = Vec::new();
        reserve_exact(&mut items, rows.len(), "what is in force")?;
        for row in rows {
            if let (Some(item), Some(a), Some(b)) = (row.get(1)?, row.get(2)?, row.get(3)?) {
                items.push(ItemInForce { item, parameters: ItemParameters::new(a, b) });
            }
        }
        Ok::<_, ExtensionError>(items)
    })?;
    items.sort_unstable_by(|one, other| one.item.cmp(&other.item));
    Ok(items)
}
