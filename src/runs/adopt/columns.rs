//! Which columns of a history mean what, and how their values are converted.

use crate::bank::{Column, Relation};
use crate::error::ExtensionError;
use pgrx::pg_sys;
use pgrx::spi::quote_literal;

/// What a column may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Text or an enum.
    Word,
    /// What tells rows apart: an integer, a uuid, a text.
    Key,
    /// A moment.
    Moment,
    /// A number, whole or not. What is not finite is unknown.
    Number,
    /// A JSON document.
    Json,
}

/// Our name of a column, the names that it may have, what it holds, and whether a history must
/// have it.
struct Meaning {
    ours: &'static str,
    names: &'static [&'static str],
    kind: Kind,
    required: bool,
}

const fn meaning(names: &'static [&'static str], kind: Kind) -> Meaning {
    Meaning { ours: names[0], names, kind, required: false }
}

const fn required(names: &'static [&'static str], kind: Kind) -> Meaning {
    Meaning { ours: names[0], names, kind, required: true }
}

const MEANINGS: [Meaning; 22] = [
    meaning(&["job_id", "run_id", "id"], Kind::Key),
    meaning(&["bank"], Kind::Word),
    required(&["status"], Kind::Word),
    meaning(&["triggered_by"], Kind::Word),
    required(&["started_at"], Kind::Moment),
    meaning(&["completed_at"], Kind::Moment),
    meaning(&["duration_seconds"], Kind::Number),
    meaning(&["new_responses_count", "new_responses_since_last"], Kind::Number),
    meaning(&["persons_count"], Kind::Number),
    meaning(&["responses_count"], Kind::Number),
    meaning(&["repeats_dropped"], Kind::Number),
    meaning(&["items_calibrated", "questions_calibrated"], Kind::Number),
    meaning(&["items_skipped", "questions_skipped"], Kind::Number),
    meaning(&["mean_difficulty"], Kind::Number),
    meaning(&["mean_discrimination"], Kind::Number),
    meaning(&["log_likelihood"], Kind::Number),
    meaning(&["em_iterations"], Kind::Number),
    meaning(&["bootstrap_iterations"], Kind::Number),
    meaning(&["bootstrap_failures"], Kind::Number),
    meaning(&["error_message"], Kind::Word),
    meaning(&["error_sqlstate"], Kind::Word),
    meaning(&["settings"], Kind::Json),
];

impl Kind {
    fn accepts(self, base: pg_sys::Oid) -> bool {
        const TEXTS: [pg_sys::Oid; 4] =
            [pg_sys::TEXTOID, pg_sys::VARCHAROID, pg_sys::BPCHAROID, pg_sys::NAMEOID];
        const INTEGERS: [pg_sys::Oid; 3] = [pg_sys::INT2OID, pg_sys::INT4OID, pg_sys::INT8OID];
        const REALS: [pg_sys::Oid; 3] = [pg_sys::FLOAT4OID, pg_sys::FLOAT8OID, pg_sys::NUMERICOID];
        match self {
            // SAFETY: a catalog lookup of a type that a column has.
            Self::Word => TEXTS.contains(&base) || unsafe { pg_sys::type_is_enum(base) },
            Self::Key => {
                TEXTS.contains(&base) || INTEGERS.contains(&base) || base == pg_sys::UUIDOID
            }
            Self::Moment => [pg_sys::TIMESTAMPTZOID, pg_sys::TIMESTAMPOID].contains(&base),
            Self::Number => INTEGERS.contains(&base) || REALS.contains(&base),
            Self::Json => [pg_sys::JSONOID, pg_sys::JSONBOID].contains(&base),
        }
    }

    fn expected(self) -> &'static str {
        match self {
            Self::Word => "text, or an enum",
            Self::Key => "text, uuid or an integer type",
            Self::Moment => "timestamp with time zone, or timestamp without time zone in UTC",
            Self::Number => "a numeric type",
            Self::Json => "jsonb or json",
        }
    }

    /// The value of `column`, as SQL.
    fn convert(self, column: &Column) -> String {
        let name = format!("s.{}", column.quoted());
        match self {
            Self::Word | Self::Key => format!("{name}::pg_catalog.text"),
            Self::Moment if column.base_type == pg_sys::TIMESTAMPOID => {
                format!("pg_catalog.timezone('UTC', {name}::pg_catalog.timestamp)")
            }
            Self::Moment => format!("{name}::pg_catalog.timestamptz"),
            Self::Number => {
                let number = format!("{name}::pg_catalog.float8");
                format!(
                    "CASE WHEN {number} OPERATOR(pg_catalog.<>) ALL \
                     ('{{NaN,Infinity,-Infinity}}'::pg_catalog.float8[]) THEN {number} END"
                )
            }
            Self::Json => format!("{name}::pg_catalog.jsonb"),
        }
    }
}

/// The columns that a history has, of those that mean something.
pub struct Columns(Vec<(&'static Meaning, Column)>);

impl Columns {
    /// Finds them by name and checks their types.
    ///
    /// # Errors
    /// 42703 where a column is lacking without which a run is no run, 42804 for a type that cannot
    /// be used.
    pub fn of(source: &Relation) -> Result<Self, ExtensionError> {
        let mut found = Vec::new();
        for meaning in &MEANINGS {
            match meaning.names.iter().find_map(|name| source.column(name)) {
                Some(column) if meaning.kind.accepts(column.base_type) => {
                    found.push((meaning, column.clone()));
                }
                Some(column) => {
                    return Err(ExtensionError::WrongColumnType {
                        relation: source.name.clone(),
                        column: column.name.clone(),
                        found: column.type_name.clone(),
                        expected: meaning.kind.expected(),
                        setting: "a history",
                    });
                }
                None if meaning.required => {
                    return Err(ExtensionError::NoHistory {
                        relation: source.name.clone(),
                        column: meaning.ours,
                        present: source.columns.iter().map(|c| c.name.clone()).collect(),
                    });
                }
                None => {}
            }
        }
        Ok(Self(found))
    }

    /// The columns themselves.
    pub fn all(&self) -> Vec<&Column> {
        self.0.iter().map(|(_, column)| column).collect()
    }

    /// A row `s` of the source as a JSON object under our names, as SQL. Moments come as texts,
    /// and in seconds for comparing; those that are infinite have no seconds.
    pub fn as_json(&self) -> String {
        let mut pairs = Vec::new();
        for (meaning, column) in &self.0 {
            let value = meaning.kind.convert(column);
            if meaning.kind == Kind::Moment {
                let name = quote_literal(format!("{}_epoch", meaning.ours));
                pairs.push(format!(
                    "{name}, CASE WHEN pg_catalog.isfinite({value}) \
                     THEN pg_catalog.date_part('epoch', {value}) END"
                ));
            }
            pairs.push(format!("{}, {value}", quote_literal(meaning.ours)));
        }
        format!("pg_catalog.jsonb_build_object({})", pairs.join(", "))
    }
}
