//! irt_calibration_runs.settings: enough to repeat a run.

use super::request::Request;
use crate::bank::{Bank, CheckedSettings};
use crate::server_settings;
use serde_json::{Value, json};

/// All settings in force: the bank's with the arguments in their places, where the responses and
/// items are, the arguments themselves, version and kernel, and the limits of the server.
///
/// `item_ids` is there only where a run was limited to some items: such a run is not a full one.
pub fn json(request: &Request, checked: Option<&(Bank, CheckedSettings)>) -> Value {
    let mut all = json!({
        "bank": request.bank,
        "arguments": request.arguments,
        "version": env!("CARGO_PKG_VERSION"),
        "kernel": irt::KERNEL,
        "threads": server_settings::max_threads(),
        "max_memory_bytes": server_settings::max_memory(),
        "timeout_ms": server_settings::timeout().map(|limit| limit.as_millis() as u64),
        "lock_timeout_ms": server_settings::lock_timeout().map(|limit| limit.as_millis() as u64),
    });
    if let Some((bank, settings)) = checked {
        merge(&mut all, bank.json());
        merge(&mut all, json!(settings.stated));
        // What came of it, where the catalogs decide.
        all["reading"] = json!(bank.shape.as_str());
    }
    if let Some(items) = &request.arguments.item_ids {
        all["item_ids"] = json!(items);
    }
    all
}

fn merge(all: &mut Value, more: Value) {
    if let (Value::Object(all), Value::Object(more)) = (all, more) {
        all.extend(more);
    }
}
