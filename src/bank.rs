//! Banks: which responses, which items, and how they are calibrated.
//!
//! A bank is a row of irt_item_banks, or, for the bank 'default', what the
//! caller's search_path holds under the names `responses` and `questions`:
//! discovered in the caller's session, and written nowhere until it is
//! configured. Whatever a row says is checked against the catalog before every
//! use: a relation that was dropped and recreated need not mean what it meant.
//!
//! | file | what is in it |
//! |---|---|
//! | `wanted` | which bank a caller wants, and what for |
//! | `settings` | how a bank is calibrated |
//! | `stored` | its row in irt_item_banks |
//! | `relation`, `publishing` | what the catalog says about tables and columns |
//! | `citus` | where it puts a table, on a server that has it |
//! | `ownership`, `unowned` | whose a bank is |
//! | `checks`, `rights` | is all there, of a usable type, and permitted? |
//! | `reading`, `row_shape` | in which shape responses are read |
//! | `checked`, `loading` | a bank that a run can rely on, and how it is loaded |
//! | `configure` | irt_configure |
//! | [`lock`] | one run per bank |

mod checked;
mod checks;
mod citus;
mod configure;
mod loading;
pub mod lock;
mod ownership;
mod publishing;
mod reading;
mod relation;
mod rights;
mod row_shape;
mod settings;
mod stored;
mod unowned;
mod wanted;

pub use checked::Bank;
pub use configure::{Change, configure};
pub use loading::{
    load, load_for_run, must_be_changeable, must_be_usable, must_exist, quadrature_of,
};
pub use publishing::{Items, PUBLISHED_COLUMNS, PublishedColumn, add_item_columns};
pub use relation::{Column, Relation, RelationKind};
pub use rights::may_read;
pub use row_shape::RowShape;
pub use settings::{
    BankSettings, CheckedSettings, Given, KeptResponse, LinkMethod, SETTINGS, Scale, Setting,
    SettingValue, StandardErrorMethod,
};
pub use unowned::Unowned;
pub use wanted::{DEFAULT_BANK, Discovered, Purpose, discover, must_fit};
