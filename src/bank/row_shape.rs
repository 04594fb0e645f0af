//! What a row is, where responses are read.

/// What a row is that is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RowShape {
    /// A response.
    Response,
    /// A person, with all responses.
    Person,
}

impl RowShape {
    /// As `reading` of a run's settings says it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Response => "rows",
            Self::Person => "grouped",
        }
    }
}
