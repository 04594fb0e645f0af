//! A picture with two axes, and what is drawn between them.

use super::axis::Axis;
use super::labels::{self, Label};
use super::marks::{self, Mark};
use maud::{Markup, html};

/// Units across.
pub const WIDTH: f64 = 400.0;
/// What is left free for numbers and labels: left, top, right, bottom.
const MARGINS: (f64, f64, f64, f64) = (48.0, 30.0, 14.0, 46.0);

/// A picture to be drawn on.
#[derive(Debug, Clone)]
pub struct Plot {
    /// Unique on the page.
    id: String,
    title: String,
    description: String,
    x: Axis,
    y: Axis,
    height: f64,
    drawn: Vec<Markup>,
}

impl Plot {
    /// An empty picture. `title` says what it is, `description` what is to be seen in it.
    pub fn new(id: &str, title: &str, description: &str, x: Axis, y: Axis) -> Self {
        Self {
            id: id.to_owned(),
            title: title.to_owned(),
            description: description.to_owned(),
            x,
            y,
            height: 300.0,
            drawn: Vec::new(),
        }
    }

    /// The same, of another height.
    pub fn high(mut self, height: f64) -> Self {
        self.height = height;
        self
    }

    /// Where a point is on the picture.
    pub fn place(&self, (x, y): (f64, f64)) -> (f64, f64) {
        let (left, top, right, bottom) = self.inside();
        (left + self.x.share(x) * (right - left), bottom - self.y.share(y) * (bottom - top))
    }

    /// Adds a line through points; it is cut at those that are not on the picture. `class` gives its
    /// colour and its dashes.
    pub fn line(&mut self, class: &str, points: impl IntoIterator<Item = (f64, f64)>) {
        let mut path = String::new();
        let mut is_drawing = false;
        for point in points {
            is_drawing &= self.holds(point);
            if self.holds(point) {
                let (x, y) = self.place(point);
                path.push_str(&format!("{}{x:.1} {y:.1}", if is_drawing { "L" } else { "M" }));
                is_drawing = true;
            }
        }
        if !path.is_empty() {
            self.drawn.push(html! { path class=(class) d=(path) {} });
        }
    }

    /// Adds the straight line y = intercept + slope · x, as far as it is on the picture.
    pub fn straight(&mut self, class: &str, slope: f64, intercept: f64) {
        let steps = (0..=200).map(|step| {
            let share = f64::from(step) / 200.0;
            let x = self.x.low() + share * (self.x.high() - self.x.low());
            (x, intercept + slope * x)
        });
        let inside: Vec<(f64, f64)> = steps.filter(|point| self.holds(*point)).collect();
        if let (Some(first), Some(last)) = (inside.first(), inside.last()) {
            self.line(class, [*first, *last]);
        }
    }

    /// Adds the area between two lines, given as (x, low, high).
    pub fn band(&mut self, class: &str, band: &[(f64, f64, f64)]) {
        let bounded = |value: f64| value.clamp(self.y.low(), self.y.high());
        let on_it = band.iter().filter(|(x, _, _)| self.x.holds(*x));
        let there = on_it.clone().map(|(x, low, _)| (*x, bounded(*low)));
        let back = on_it.rev().map(|(x, _, high)| (*x, bounded(*high)));
        let corners: Vec<String> = there
            .chain(back)
            .map(|point| {
                let (x, y) = self.place(point);
                format!("{x:.1},{y:.1}")
            })
            .collect();
        if corners.len() > 3 {
            self.drawn.push(html! { polygon class=(class) points=(corners.join(" ")) {} });
        }
    }

    /// Adds a bar from the bottom.
    pub fn bar(&mut self, class: &str, (from, to): (f64, f64), value: f64) {
        let (left, top) = self.place((from, value.clamp(self.y.low(), self.y.high())));
        let (right, bottom) = self.place((to, self.y.low()));
        if bottom - top > 0.05 {
            self.drawn.push(html! {
                rect class=(class) x=(format!("{:.1}", left + 0.5)) y=(format!("{top:.1}"))
                    width=(format!("{:.1}", (right - left - 1.0).max(0.5)))
                    height=(format!("{:.1}", bottom - top)) {}
            });
        }
    }

    /// Adds points; those beyond the axes are left out.
    pub fn marks<'a>(&mut self, all: impl IntoIterator<Item = &'a Mark>) {
        for mark in all {
            if self.holds(mark.at) {
                self.drawn.push(marks::draw(mark, self.place(mark.at)));
            }
        }
    }

    /// Adds labels where there is room.
    pub fn labels(&mut self, all: &[Label]) {
        let points: Vec<((f64, f64), &str)> =
            all.iter().map(|label| (self.place(label.at), label.text.as_str())).collect();
        let placed = labels::place(&points, self.inside());
        for (label, place) in all.iter().zip(placed) {
            if let Some((x, y)) = place {
                self.drawn.push(html! {
                    text.label x=(format!("{x:.1}")) y=(format!("{y:.1}")) text-anchor="middle" {
                        (label.text)
                    }
                });
            }
        }
    }

    /// The picture.
    pub fn render(&self) -> Markup {
        let (title, description) = (format!("{}-title", self.id), format!("{}-desc", self.id));
        html! {
            svg role="img" viewBox={ "0 0 " (WIDTH) " " (self.height) }
                aria-labelledby={ (title) " " (description) } {
                title id=(title) { (self.title) }
                desc id=(description) { (self.description) }
                (self.axes())
                @for drawn in &self.drawn { (drawn) }
            }
        }
    }

    fn axes(&self) -> Markup {
        let (left, top, right, bottom) = self.inside();
        html! {
            g.axes aria-hidden="true" {
                @for (value, text) in self.x.marks() {
                    @let x = self.place((value, self.y.low())).0;
                    line.grid x1=(format!("{x:.1}")) x2=(format!("{x:.1}")) y1=(top) y2=(bottom) {}
                    text x=(format!("{x:.1}")) y=(bottom + 20.0) text-anchor="middle" { (text) }
                }
                @for (value, text) in self.y.marks() {
                    @let y = self.place((self.x.low(), value)).1;
                    line.grid x1=(left) x2=(right) y1=(format!("{y:.1}")) y2=(format!("{y:.1}")) {}
                    text x=(left - 5.0) y=(format!("{:.1}", y + 4.5)) text-anchor="end" { (text) }
                }
                text x=((left + right) / 2.0) y=(self.height - 6.0) text-anchor="middle" { (self.x.label) }
                text x="4" y="14" { (self.y.label) }
            }
        }
    }

    /// Left, top, right and bottom of what is between the axes.
    fn inside(&self) -> (f64, f64, f64, f64) {
        (MARGINS.0, MARGINS.1, WIDTH - MARGINS.2, self.height - MARGINS.3)
    }

    fn holds(&self, (x, y): (f64, f64)) -> bool {
        self.x.holds(x) && self.y.holds(y)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plot() -> Plot {
        Plot::new(
            "p",
            "A <title>",
            "And & more",
            Axis::between("x", 0.0, 10.0),
            Axis::between("y", 0.0, 1.0),
        )
    }

    #[test]
    fn corners_of_the_axes_are_corners_of_the_picture() {
        let plot = plot();
        assert_eq!(plot.place((0.0, 0.0)), (48.0, 254.0));
        assert_eq!(plot.place((10.0, 1.0)), (386.0, 30.0));
    }

    #[test]
    fn a_line_is_cut_where_it_leaves_the_picture() {
        let mut plot = plot();
        plot.line("now", [(0.0, 0.0), (5.0, 2.0), (5.0, 0.5), (10.0, 1.0), (f64::NAN, 0.0)]);
        let drawn = plot.render().into_string();
        assert!(drawn.contains("M48.0 254.0M217.0 142.0L386.0 30.0"), "{drawn}");
    }

    #[test]
    fn title_and_description_are_text_and_belong_to_the_picture() {
        let drawn = plot().render().into_string();
        assert!(drawn.contains(r#"aria-labelledby="p-title p-desc""#), "{drawn}");
        assert!(drawn.contains(r#"<title id="p-title">A &lt;title&gt;</title>"#), "{drawn}");
        assert!(drawn.contains(r#"<desc id="p-desc">And &amp; more</desc>"#), "{drawn}");
    }
}
