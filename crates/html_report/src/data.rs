//! What a report is made of, in the words of the extension's tables.
//!
//! Every row is read from JSON that the server makes of it, so a column that the tables of today
//! lack is `None`, and one that no section knows is passed over.

mod item;
mod number;
mod run;

pub use item::{Estimate, Item, ItemFit, ItemGroup, ItemVerdict, Measured, Pair};
pub use run::{Check, Group, Publication, Run};

/// What the run is compared with.
#[derive(Debug, Clone, Default)]
pub enum Beside {
    /// What is in force now.
    #[default]
    InForce,
    /// What was in force before the run.
    Before,
    /// Another run.
    Run(Box<Run>),
}

/// All that a page says.
#[derive(Debug, Clone, Default)]
pub struct Report {
    /// The bank's name.
    pub bank: String,
    /// When the report was made, as the server writes it.
    pub made_at: String,
    /// The extension's version.
    pub version: String,
    /// `automatic` or `after_approval`, where the bank says so.
    pub publish: Option<String>,
    /// What the page is about; `None`: nothing was calibrated yet.
    pub run: Option<Run>,
    /// What it is compared with.
    pub beside: Beside,
    /// The items of either side.
    pub items: Vec<Item>,
    /// What the run was asked before publication.
    pub checks: Vec<Check>,
    /// Its groups of persons.
    pub groups: Vec<Group>,
    /// Items in groups of persons.
    pub item_groups: Vec<ItemGroup>,
    /// Pairs of items that share more than ability; `None`: nobody has looked.
    pub pairs: Option<Vec<Pair>>,
    /// The bank's publications, the newest first.
    pub publications: Vec<Publication>,
    /// Its runs, the newest first.
    pub runs: Vec<Run>,
}
