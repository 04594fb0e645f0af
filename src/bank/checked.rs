//! A bank that a run can rely on.

use super::publishing::Items;
use super::relation::{Column, Relation};
use super::row_shape::RowShape;
use super::settings::{BankSettings, Publish};
use super::unowned::Unowned;
use serde_json::{Value, json};

/// A bank whose relations, columns, types and privileges have been checked.
#[derive(Debug, Clone, PartialEq)]
pub struct Bank {
    /// Its name.
    pub name: String,
    /// False for a default bank that was discovered.
    pub configured: bool,
    /// Set where nobody answers for what its run executes.
    pub unowned: Option<Unowned>,
    /// One row per response.
    pub responses: Relation,
    /// Column of responses: who.
    pub person: Column,
    /// Column of responses: which item.
    pub item: Column,
    /// Column of responses: boolean, or 0 and 1.
    pub correct: Column,
    /// Column of responses: when.
    pub answered_at: Option<Column>,
    /// Column of responses: to which population a person belongs.
    pub group: Option<Column>,
    /// The group that defines the scale; `None`: the largest of the bank's first run.
    pub reference_group: Option<String>,
    /// Where parameters are published. Always `None` when loaded for reading alone.
    pub items: Option<Items>,
    /// How it is calibrated.
    pub settings: BankSettings,
    /// What a row is, where responses are read.
    pub shape: RowShape,
}

impl Bank {
    /// True when what a run estimates is published only after somebody has approved it.
    pub fn needs_approval(&self) -> bool {
        self.settings.publish == Publish::AfterApproval
    }

    /// Mean and standard deviation of the prior of scores.
    pub fn score_prior(&self) -> (f64, f64) {
        (self.settings.score_prior_mean, self.settings.score_prior_sd)
    }

    /// The column of items that says which of them are not published.
    fn pin(&self) -> Option<&Column> {
        self.items.as_ref().and_then(|items| items.pin.as_ref())
    }

    /// The column of items that marks anchors.
    fn anchor(&self) -> Option<&Column> {
        self.items.as_ref().and_then(|items| items.anchor.as_ref())
    }

    /// Relations and columns, as irt_calibration_runs.settings keeps them.
    pub fn json(&self) -> Value {
        json!({
            "bank": self.name,
            "responses": self.responses.name,
            "person_column": self.person.name,
            "item_column": self.item.name,
            "correct_column": self.correct.name,
            "answered_at_column": self.answered_at.as_ref().map(|column| &column.name),
            "items": self.items.as_ref().map(|items| &items.relation.name),
            "item_key_column": self.items.as_ref().map(|items| &items.key.name),
            "pin_column": self.pin().map(|column| &column.name),
            "anchor_column": self.anchor().map(|column| &column.name),
            "group_column": self.group.as_ref().map(|column| &column.name),
            "reference_group": self.reference_group,
        })
    }

    /// Types of the columns that a run depends on, by the setting that names each.
    pub fn column_types(&self) -> Value {
        let key = self.items.as_ref().map(|items| &items.key.type_name);
        json!({
            "person_column": self.person.type_name,
            "item_column": self.item.type_name,
            "correct_column": self.correct.type_name,
            "answered_at_column": self.answered_at.as_ref().map(|column| &column.type_name),
            "item_key_column": key,
            "pin_column": self.pin().map(|column| &column.type_name),
            "anchor_column": self.anchor().map(|column| &column.type_name),
            "group_column": self.group.as_ref().map(|column| &column.type_name),
        })
    }
}
