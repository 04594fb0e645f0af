//! Validated sparse responses in canonical order.

use super::groups::ResponseGroup;
use super::patterns::Patterns;
use super::persons::Persons;
use super::response::Response;

/// Distinct response patterns over labelled items, in canonical order.
///
/// Rows arrive in any order, with persons and items numbered as they were met.
/// [`GroupedResponses`] resolves repeats and puts everything into an order
/// that depends on nothing but the data: items by the bytes of their label,
/// persons by their group, and then by
/// what they answered and how. Persons with the same response
/// vector become one *pattern* with a multiplicity. Whatever is computed from
/// a `Responses` is therefore the same to the bit for any order of the rows
/// and any names of the persons.
///
/// [`GroupedResponses`]: crate::GroupedResponses
#[derive(Debug, Clone, PartialEq)]
pub struct Responses {
    labels: Vec<String>,
    patterns: Patterns,
    groups: Vec<ResponseGroup>,
    repeats_dropped: u64,
}

/// Persons who answered the same items, all in the same way.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pattern<'a> {
    /// Their responses, by ascending item.
    pub responses: &'a [Response],
    /// How many persons there are.
    pub persons: u32,
    /// Their group, by its number in [`Responses::groups`].
    pub group: usize,
}

impl Responses {
    /// `names` of the groups of `patterns`.
    pub(super) fn new(
        labels: Vec<String>,
        patterns: Patterns,
        names: Vec<Option<String>>,
        repeats_dropped: u64,
    ) -> Self {
        let everybody = Persons::everybody(&patterns);
        let group = |(number, name)| {
            let (persons, responses) = everybody.totals_of_group(number);
            ResponseGroup { name, persons, responses }
        };
        let groups = names.into_iter().enumerate().map(group).collect();
        Self { labels, patterns, groups, repeats_dropped }
    }

    /// The groups of persons, by the bytes of their names; one without a name where persons are
    /// not grouped.
    #[must_use]
    pub fn groups(&self) -> &[ResponseGroup] {
        &self.groups
    }

    /// Labels of the items, by their bytes, ascending.
    #[must_use]
    pub fn labels(&self) -> &[String] {
        &self.labels
    }

    /// How many rows were dropped as repeats.
    #[must_use]
    pub fn repeats_dropped(&self) -> u64 {
        self.repeats_dropped
    }

    /// Persons with at least one response.
    #[must_use]
    pub fn persons(&self) -> u64 {
        self.patterns.persons()
    }

    /// Responses, after repeats were dropped.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.patterns.responses()
    }

    /// The distinct response patterns, in canonical order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = Pattern<'_>> {
        (0..self.patterns.len()).map(|pattern| Pattern {
            responses: self.patterns.pattern(pattern),
            persons: self.patterns.multiplicities()[pattern],
            group: self.patterns.group_of(pattern),
        })
    }

    /// The same as they are computed with.
    pub(crate) fn patterns(&self) -> &Patterns {
        &self.patterns
    }
}
