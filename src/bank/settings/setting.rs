//! What can be said of a setting, and the form in which its value is stored and handed on.
//!
//! Without Postgres: `cargo xtask settings` reads the same declarations.

use serde::{Deserializer, Serializer};
use serde_json::{Value, json};

/// A setting of a bank, as `settings!` declares it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Setting {
    /// Column of irt_item_banks, argument of irt_configure.
    pub name: &'static str,
    /// Its type in SQL.
    pub sql_type: &'static str,
    /// The version that brought it.
    pub since: &'static str,
    /// What is accepted, as an error message says it.
    pub expected: &'static str,
    /// A value that is not accepted any more is refused when it is given, and kept where it is
    /// stored.
    pub kept_if_stored: bool,
    /// Condition of the column's CHECK.
    pub check: Option<&'static str>,
    /// Default of the column, where it is not that of a bank which irt_configure creates.
    pub column_default: Option<&'static str>,
    /// True where the arguments of a run can override it.
    pub of_run: bool,
    /// True where it is an argument of irt_fit_2pl.
    pub of_fit: bool,
    /// Default of that argument, where it is not that of a bank.
    pub fit_default: Option<&'static str>,
    /// COMMENT of the column.
    pub comment: &'static str,
    /// Its meaning in docs/reference.md.
    pub meaning: &'static str,
    /// Its default in docs/reference.md, where a value does not say it.
    pub documented_default: Option<&'static str>,
}

impl Setting {
    /// What holds for most.
    pub(super) const COMMON: Self = Self {
        name: "",
        sql_type: "",
        since: "0.1.0",
        expected: "",
        kept_if_stored: false,
        check: None,
        column_default: None,
        of_run: false,
        of_fit: true,
        fit_default: None,
        comment: "",
        meaning: "",
        documented_default: None,
    };
}

/// A value of a setting: a number, or a word.
pub trait SettingValue: Copy {
    /// Its type in SQL.
    const SQL_TYPE: &'static str;
    /// As JSON. A float that JSON cannot express is the text that float8 reads.
    fn to_json(self) -> Value;
    /// From JSON; `None` for what is no value of the setting.
    fn from_json(value: &Value) -> Option<Self>;
    /// As an error message shows it.
    fn shown(self) -> String;
}

impl SettingValue for i32 {
    const SQL_TYPE: &'static str = "int4";
    fn to_json(self) -> Value {
        json!(self)
    }
    fn from_json(value: &Value) -> Option<Self> {
        value.as_i64()?.try_into().ok()
    }
    fn shown(self) -> String {
        self.to_string()
    }
}

impl SettingValue for bool {
    const SQL_TYPE: &'static str = "bool";
    fn to_json(self) -> Value {
        json!(self)
    }
    fn from_json(value: &Value) -> Option<Self> {
        value.as_bool()
    }
    fn shown(self) -> String {
        self.to_string()
    }
}

impl SettingValue for i64 {
    const SQL_TYPE: &'static str = "int8";
    fn to_json(self) -> Value {
        json!(self)
    }
    fn from_json(value: &Value) -> Option<Self> {
        value.as_i64()
    }
    fn shown(self) -> String {
        self.to_string()
    }
}

impl SettingValue for f64 {
    const SQL_TYPE: &'static str = "float8";
    fn to_json(self) -> Value {
        match self {
            Self::INFINITY => json!("Infinity"),
            Self::NEG_INFINITY => json!("-Infinity"),
            number => serde_json::Number::from_f64(number).map_or(json!("NaN"), Value::Number),
        }
    }
    fn from_json(value: &Value) -> Option<Self> {
        match value {
            Value::String(text) => text.parse().ok(),
            number => number.as_f64(),
        }
    }
    fn shown(self) -> String {
        self.to_string()
    }
}

/// An enum whose values are words.
macro_rules! words {
    ($(#[$meta:meta])* $name:ident { $($(#[$doc:meta])* $value:ident = $word:literal,)+ }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum $name {
            $($(#[$doc])* $value,)+
        }

        impl $name {
            /// The word that is stored.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$value => $word,)+
                }
            }
        }

        impl SettingValue for $name {
            const SQL_TYPE: &'static str = "text";
            fn to_json(self) -> Value {
                json!(self.as_str())
            }
            fn from_json(value: &Value) -> Option<Self> {
                match value.as_str()? {
                    $($word => Some(Self::$value),)+
                    _ => None,
                }
            }
            fn shown(self) -> String {
                format!("'{}'", self.as_str())
            }
        }
    };
}

words! {
    /// Which of several responses by one person to one item counts.
    KeptResponse {
        /// The earliest.
        First = "first",
        /// The latest.
        Last = "last",
    }
}

words! {
    /// How standard errors are computed.
    StandardErrorMethod {
        /// Not at all.
        None = "none",
        /// From the exact observed information.
        ObservedInformation = "observed_information",
        /// From refits to resampled persons.
        Bootstrap = "bootstrap",
    }
}

words! {
    /// Who decides what is published.
    Publish {
        /// The run itself, unless a check holds it.
        Automatic = "automatic",
        /// Whoever calls irt_publish.
        AfterApproval = "after_approval",
    }
}

words! {
    /// What origin and unit of ability are.
    Scale {
        /// Those in force: the run is estimated freely, then linked.
        Linked = "linked",
        /// Those in force: anchors keep their values.
        Anchored = "anchored",
        /// Those of the run's reference group.
        Population = "population",
    }
}

words! {
    /// How a run is put on the scale in force.
    LinkMethod {
        /// By the test's characteristic curve.
        StockingLord = "stocking_lord",
        /// By the items' characteristic curves.
        Haebara = "haebara",
        /// By mean and standard deviation of b.
        MeanSigma = "mean_sigma",
    }
}

words! {
    /// In which shape responses are read.
    Reading {
        /// As the catalogs say.
        Auto = "auto",
        /// One row a response.
        Rows = "rows",
        /// One row a person.
        Grouped = "grouped",
    }
}

/// For serde: a setting by its JSON.
pub(super) fn serialize<T: SettingValue, S: Serializer>(
    value: &T,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serde::Serialize::serialize(&value.to_json(), serializer)
}

/// For serde: a setting from its JSON.
pub(super) fn deserialize<'de, T: SettingValue, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<T, D::Error> {
    let value = <Value as serde::Deserialize>::deserialize(deserializer)?;
    T::from_json(&value).ok_or_else(|| serde::de::Error::custom(format!("{value} is no setting")))
}

/// Declares the settings: the struct of their values, its default, and the list of what is said of each.
///
/// `name: type = default, accepts, { what differs from Setting::COMMON }`
macro_rules! settings {
    ($(
        $name:ident: $type:ty = $default:expr, $accepts:expr,
        { comment: $comment:literal, $($field:ident: $said:expr),* $(,)? }
    )+) => {
        /// Everything about a calibration that is neither data nor its whereabouts.
        #[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
        #[serde(default)]
        pub struct BankSettings {
            $(
                #[doc = $comment]
                #[serde(with = "super::setting")]
                pub $name: $type,
            )+
        }

        impl Default for BankSettings {
            /// Those of a bank that irt_configure creates, and of one that was never configured.
            fn default() -> Self {
                Self { $($name: $default,)+ }
            }
        }

        /// What is said of each setting, in the order of the columns.
        pub const SETTINGS: &[Setting] = &[$(
            Setting {
                name: stringify!($name),
                sql_type: <$type as SettingValue>::SQL_TYPE,
                comment: $comment,
                $($field: $said,)*
                ..Setting::COMMON
            },
        )+];

        impl BankSettings {
            /// The settings whose values are not accepted, with these as a message shows them.
            pub fn refused(&self) -> impl Iterator<Item = (&'static Setting, String)> + use<> {
                let accepted = [$({
                    let accepts: fn($type) -> bool = $accepts;
                    (accepts(self.$name), self.$name.shown())
                },)+];
                let with_value = SETTINGS.iter().zip(accepted);
                with_value.filter(|(_, (ok, _))| !ok).map(|(setting, (_, shown))| (setting, shown))
            }
        }
    };
}

pub(super) use settings;
