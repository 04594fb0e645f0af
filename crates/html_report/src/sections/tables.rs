//! Tables whose columns sort where there is script.

use crate::words::numbers;
use maud::{Markup, html};

/// A cell: what is shown, and the number by which it is sorted, where it is one.
pub struct Cell {
    shown: Markup,
    value: Option<f64>,
    is_number: bool,
}

/// A cell of words.
pub fn words(shown: impl maud::Render) -> Cell {
    Cell { shown: html! { (shown) }, value: None, is_number: false }
}

/// A cell with a number that has this standard error.
pub fn number(value: Option<f64>, standard_error: Option<f64>) -> Cell {
    shown_as(value, numbers::sure(value, standard_error))
}

/// A cell with a number and its standard error.
pub fn with_error(value: Option<f64>, standard_error: Option<f64>) -> Cell {
    shown_as(value, numbers::with_error(value, standard_error))
}

/// A cell with a number that is shown in another way.
pub fn shown_as(value: Option<f64>, shown: impl maud::Render) -> Cell {
    Cell { shown: html! { (shown) }, value, is_number: true }
}

/// A cell with a count.
pub fn count(found: Option<i64>) -> Cell {
    shown_as(found.map(|count| count as f64), numbers::count_or_dash(found))
}

/// A cell with a share.
pub fn percent(share: Option<f64>) -> Cell {
    shown_as(share, share.map_or_else(|| "–".to_owned(), numbers::percent))
}

/// A table that scrolls within itself where the page is too narrow for it. The first cell of a row
/// is its heading.
pub fn table(
    caption: &str,
    headings: &[&str],
    rows: impl IntoIterator<Item = Vec<Cell>>,
) -> Markup {
    let rows: Vec<Vec<Cell>> = rows.into_iter().collect();
    // A heading stands above its numbers.
    let class = |place: usize| {
        rows.first().and_then(|row| row.get(place)).filter(|cell| cell.is_number).map(|_| "number")
    };
    html! {
        div.scrolls role="group" aria-label=(caption) tabindex="0" {
            table.sortable {
                caption { (caption) }
                thead { tr { @for (place, heading) in headings.iter().enumerate() {
                        th scope="col" class=[class(place)] { (heading) }
                    } } }
                tbody {
                    @for row in &rows {
                        tr { @for (place, cell) in row.iter().enumerate() { (drawn(place, cell)) } }
                    }
                }
            }
        }
    }
}

fn drawn(place: usize, cell: &Cell) -> Markup {
    let class = cell.is_number.then_some("number");
    let value = cell.value.map(sorted_by);
    html! {
        @if place == 0 {
            th scope="row" class=[class] data-value=[value] { (cell.shown) }
        } @else {
            td class=[class] data-value=[value] { (cell.shown) }
        }
    }
}

/// As many digits as decide an order on a page.
fn sorted_by(value: f64) -> String {
    ((value * 1e5).round() / 1e5).to_string()
}

/// A table of numbers alone, where there are many such tables: as few letters as it takes, and in
/// its own order.
pub fn compact<const N: usize>(
    caption: &str,
    headings: [&str; N],
    rows: impl IntoIterator<Item = [String; N]>,
) -> Markup {
    html! {
        div.scrolls role="group" aria-label=(caption) tabindex="0" {
            table.numbers {
                caption { (caption) }
                thead { tr { @for heading in headings { th scope="col" { (heading) } } } }
                tbody { @for row in rows { tr { @for cell in row { td { (cell) } } } } }
            }
        }
    }
}
