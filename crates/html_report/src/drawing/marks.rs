//! A point of a picture: its place, shape and size.

use maud::{Markup, html};

/// What a point looks like: another shape for another meaning, because colours alone tell some
/// people nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// Nothing is wrong.
    Circle,
    /// What was observed.
    Dot,
    /// To be looked at.
    Diamond,
    /// To be revised.
    Triangle,
}

/// A point.
#[derive(Debug, Clone, PartialEq)]
pub struct Mark {
    /// Where it is, in the units of the axes.
    pub at: (f64, f64),
    /// What it looks like.
    pub shape: Shape,
    /// Half of its height.
    pub radius: f64,
    /// What it is; shown where a pointer rests on it.
    pub title: String,
}

/// Draws a mark at a place of the picture.
pub fn draw(mark: &Mark, (x, y): (f64, f64)) -> Markup {
    let r = mark.radius;
    let title = html! { @if !mark.title.is_empty() { title { (mark.title) } } };
    let corners = |corners: &[(f64, f64)]| -> String {
        let steps = corners.iter().map(|(dx, dy)| format!("{:.1},{:.1}", x + dx * r, y + dy * r));
        steps.collect::<Vec<_>>().join(" ")
    };
    match mark.shape {
        Shape::Circle | Shape::Dot => html! {
            circle class=(if mark.shape == Shape::Dot { "observed" } else { "good" }) cx=(format!("{x:.1}")) cy=(format!("{y:.1}")) r=(format!("{r:.1}")) { (title) }
        },
        Shape::Diamond => html! {
            polygon.review points=(corners(&[(0.0, -1.3), (1.3, 0.0), (0.0, 1.3), (-1.3, 0.0)])) { (title) }
        },
        Shape::Triangle => html! {
            polygon.revise points=(corners(&[(0.0, -1.4), (1.3, 1.0), (-1.3, 1.0)])) { (title) }
        },
    }
}
