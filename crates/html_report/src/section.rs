//! The page's sections, by name.

/// A section of the page, in the order in which they stand on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "docs/reference.md says what each shows")]
pub enum Section {
    Verdict,
    Checks,
    Changes,
    Scores,
    Parameters,
    PersonsItems,
    Information,
    Groups,
    Items,
    Pairs,
    History,
}

impl Section {
    /// All of them, in order.
    pub const ALL: [Self; 11] = [
        Self::Verdict,
        Self::Checks,
        Self::Changes,
        Self::Scores,
        Self::Parameters,
        Self::PersonsItems,
        Self::Information,
        Self::Groups,
        Self::Items,
        Self::Pairs,
        Self::History,
    ];

    /// The name by which it is asked for.
    pub fn name(self) -> &'static str {
        match self {
            Self::Verdict => "verdict",
            Self::Checks => "checks",
            Self::Changes => "changes",
            Self::Scores => "scores",
            Self::Parameters => "parameters",
            Self::PersonsItems => "persons_items",
            Self::Information => "information",
            Self::Groups => "groups",
            Self::Items => "items",
            Self::Pairs => "pairs",
            Self::History => "history",
        }
    }

    /// What stands above it.
    pub fn heading(self) -> &'static str {
        match self {
            Self::Verdict => "Verdict",
            Self::Checks => "Checks before publication",
            Self::Changes => "What changes",
            Self::Scores => "Scores before and after",
            Self::Parameters => "Discrimination against difficulty",
            Self::PersonsItems => "Persons and items on one scale",
            Self::Information => "Information and standard error",
            Self::Groups => "Groups of persons",
            Self::Items => "Items",
            Self::Pairs => "Pairs of items",
            Self::History => "History of the bank",
        }
    }

    /// The section of that name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|section| section.name() == name)
    }
}
