//! The page that is written, and how numbers stand in it.

use std::fmt::Display;
use std::{fs, path::Path};

/// Lines of Markdown, shown to the person who waits as they come.
#[derive(Default)]
pub struct Page(String);

impl Page {
    /// A paragraph or heading.
    pub fn say(&mut self, text: &str) {
        println!("{text}\n");
        self.0.push_str(text);
        self.0.push_str("\n\n");
    }

    /// A table.
    pub fn table<Cell: Display>(&mut self, header: &[&str], rows: &[Vec<Cell>]) {
        let row = |cells: Vec<String>| format!("| {} |", cells.join(" | "));
        let mut lines = vec![row(header.iter().map(ToString::to_string).collect())];
        lines.push("|---".repeat(header.len()) + "|");
        lines.extend(rows.iter().map(|cells| row(cells.iter().map(ToString::to_string).collect())));
        self.say(&lines.join("\n"));
    }

    /// Puts the page in place.
    pub fn write(&self, file: &Path) {
        fs::write(file, format!("{}\n", self.0.trim_end())).unwrap();
    }
}

/// Three digits that count.
pub fn number(value: f64) -> String {
    if value >= 100.0 {
        return thousands(value.round() as u64);
    }
    let magnitude = if value > 0.0 { value.log10().floor() as i32 } else { 0 };
    let text = format!("{value:.0$}", (2 - magnitude).max(0) as usize);
    if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    } else {
        text
    }
}

/// 1,234,567.
pub fn thousands(value: u64) -> String {
    let digits = value.to_string();
    let mut text = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// The one in the middle, or between the two in the middle.
pub fn median(values: impl IntoIterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.into_iter().collect();
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    if values.len().is_multiple_of(2) {
        f64::midpoint(values[middle - 1], values[middle])
    } else {
        values[middle]
    }
}
