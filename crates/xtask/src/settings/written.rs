//! Each list of the settings: columns, comments, arguments, options, documentation.

use super::declared::{BankSettings, SETTINGS};
use super::setting::Setting;
use serde_json::Value;

/// Those that say how standard errors are computed: nothing to a function that has none.
const OF_STANDARD_ERRORS: [&str; 3] = ["standard_errors", "bootstrap_iterations", "seed"];

/// Those of the first version, which have their places.
fn first() -> impl Iterator<Item = &'static Setting> {
    SETTINGS.iter().filter(|setting| setting.since == "0.1.0")
}

/// Those that came later, which come last.
fn later() -> impl Iterator<Item = &'static Setting> {
    SETTINGS.iter().filter(|setting| setting.since != "0.1.0")
}

/// Columns in the midst of CREATE TABLE.
pub fn first_columns() -> String {
    first().map(|setting| format!("{},\n", column(setting))).collect()
}

/// Columns at the end of CREATE TABLE.
pub fn later_columns() -> String {
    later().map(|setting| format!(", {}\n", column(setting))).collect()
}

/// Statements that add what a table of version `old` lacks.
pub fn new_columns(old: &str) -> String {
    later()
        .filter(|setting| number(setting.since) > number(old))
        .map(|setting| format!("ALTER TABLE irt_item_banks ADD COLUMN {};\n", column(setting)))
        .collect()
}

/// A version in the order of versions.
fn number(version: &str) -> Vec<u32> {
    version.split('.').map(|part| part.parse().unwrap_or(0)).collect()
}

fn column(setting: &Setting) -> String {
    let Setting { name, sql_type, column_default, .. } = setting;
    let default = column_default.map_or_else(|| sql(setting), str::to_owned);
    let check = setting.check.map_or_else(String::new, |check| format!("\n    CHECK ({check})"));
    format!("{name} pg_catalog.{sql_type} NOT NULL DEFAULT {default}{check}")
}

/// A comment for each column.
pub fn comments() -> String {
    let comment = |setting: &Setting| {
        let comment = setting.comment.replace('\'', "''");
        format!("COMMENT ON COLUMN irt_item_banks.{} IS\n    '{comment}';\n", setting.name)
    };
    SETTINGS.iter().map(comment).collect()
}

/// Arguments in the midst of a signature.
pub fn first_arguments(function: &str) -> String {
    let arguments = first().filter_map(|setting| argument(function, setting));
    arguments.map(|argument| format!("{argument},\n")).collect()
}

/// Arguments at its end.
pub fn later_arguments(function: &str) -> String {
    let arguments = later().filter_map(|setting| argument(function, setting));
    arguments.map(|argument| format!(", {argument}\n")).collect()
}

/// All arguments, at its end.
pub fn arguments(function: &str) -> String {
    let arguments = SETTINGS.iter().filter_map(|setting| argument(function, setting));
    arguments.map(|argument| format!(", {argument}\n")).collect()
}

/// The argument of a function, if it takes that setting. NULL is the bank's; irt_fit_* have none.
fn argument(function: &str, setting: &Setting) -> Option<String> {
    if function == "irt_fit_items" && OF_STANDARD_ERRORS.contains(&setting.name) {
        return None;
    }
    let default = match function {
        "irt_configure" => "NULL".to_owned(),
        "irt_fit_2pl" | "irt_fit_groups" | "irt_fit_items" if setting.of_fit => {
            setting.fit_default.map_or_else(|| sql(setting), str::to_owned)
        }
        "irt_run_calibration" | "irt_start_calibration" if setting.of_run => "NULL".to_owned(),
        _ => return None,
    };
    Some(format!("{} pg_catalog.{} DEFAULT {default}", setting.name, setting.sql_type))
}

/// Options of bin/run_irt_calibration.
pub fn options() -> String {
    let option = |setting: &Setting| {
        let Setting { name, sql_type, .. } = setting;
        format!("--{}) argument {name} {sql_type} \"$2\" ;;\n", name.replace('_', "-"))
    };
    SETTINGS.iter().filter(|setting| setting.of_run).map(option).collect()
}

/// What it says of them.
pub fn usage() -> String {
    let line = |setting: &Setting| {
        let (value, accepted) = match setting.sql_type {
            "text" => ("WORD", setting.expected),
            _ => ("N", ""),
        };
        let option = format!("--{} {value}", setting.name.replace('_', "-"));
        format!("echo \"{}\"\n", format!("  {option:<31}{accepted}").trim_end())
    };
    SETTINGS.iter().filter(|setting| setting.of_run).map(line).collect()
}

/// The table in docs/reference.md.
pub fn reference() -> String {
    let row = |setting: &Setting| {
        let shown = match default(setting) {
            Value::String(word) => format!("`{word}`"),
            _ => sql(setting),
        };
        let shown = setting.documented_default.unwrap_or(&shown);
        let also = [("run", setting.of_run), ("fit", setting.of_fit)];
        let also: Vec<&str> = also.iter().filter(|(_, is)| *is).map(|(word, _)| *word).collect();
        format!("| `{}` | {shown} | {} | {} |\n", setting.name, also.join(", "), setting.meaning)
    };
    let rows: String = SETTINGS.iter().map(row).collect();
    format!("\n| column | default | also of | meaning |\n|---|---|---|---|\n{rows}\n")
}

fn default(setting: &Setting) -> Value {
    let all = serde_json::to_value(BankSettings::default()).unwrap_or_default();
    all[setting.name].clone()
}

/// The default in SQL.
fn sql(setting: &Setting) -> String {
    match default(setting) {
        Value::String(word) => format!("'{}'", word.replace('\'', "''")),
        Value::Number(number) if number.is_f64() => number.as_f64().unwrap_or(f64::NAN).to_string(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn later_settings_come_last_and_are_of_no_later_version() {
        let since: Vec<_> = SETTINGS.iter().map(|setting| number(setting.since)).collect();
        assert!(since.is_sorted());
        assert!(since.iter().all(|since| *since <= number(env!("CARGO_PKG_VERSION"))));
    }

    #[test]
    fn a_function_without_standard_errors_has_no_argument_of_theirs() {
        let (with, without) = (arguments("irt_fit_2pl"), arguments("irt_fit_items"));
        let lines: Vec<&str> = with.lines().filter(|line| without.contains(line)).collect();
        assert_eq!(without.lines().collect::<Vec<_>>(), lines);
        assert!(without.trim_end().ends_with("prior_difficulty_sd pg_catalog.float8 DEFAULT 2"));
    }

    #[test]
    fn versions_are_compared_as_numbers() {
        assert!(number("0.10.0") > number("0.9.1"));
        assert!(new_columns("99.0.0").is_empty());
    }
}
