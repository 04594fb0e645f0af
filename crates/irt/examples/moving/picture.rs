//! The weeks as a picture: one thin line a replication, one bold line for their mean.

use std::fmt::Write as _;

const WIDTH: f64 = 640.0;
const HEIGHT: f64 = 300.0;
const LEFT: f64 = 56.0;
const RIGHT: f64 = 110.0;
const TOP: f64 = 16.0;
const BOTTOM: f64 = 40.0;
/// Colours that are told apart in print and by the colour-blind (Okabe & Ito 2008).
const COLOURS: [&str; 3] = ["#D55E00", "#0072B2", "#009E73"];

/// The axes: weeks from 0 to `weeks`, moves from `least` to `most`.
struct Frame {
    weeks: f64,
    least: f64,
    most: f64,
}

impl Frame {
    fn x(&self, week: f64) -> f64 {
        LEFT + (WIDTH - LEFT - RIGHT) * week / self.weeks
    }

    fn y(&self, value: f64) -> f64 {
        TOP + (HEIGHT - TOP - BOTTOM) * (self.most - value) / (self.most - self.least)
    }

    /// The points of a course that begins at 0.
    fn points(&self, moves: &[f64]) -> String {
        let mut points = format!("{:.1},{:.1}", self.x(0.0), self.y(0.0));
        for (week, value) in moves.iter().enumerate() {
            let _ = write!(points, " {:.1},{:.1}", self.x(week as f64 + 1.0), self.y(*value));
        }
        points
    }
}

/// By scale its name and its courses.
pub fn svg(scales: &[(&str, Vec<&[f64]>)]) -> String {
    let weeks = scales.iter().flat_map(|(_, courses)| courses).map(|course| course.len()).max();
    let frame = Frame { weeks: weeks.unwrap_or(1) as f64, least: -1.1, most: 0.2 };
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" \
         font-family=\"sans-serif\" font-size=\"12\">\n\
         <title>Mean score of a fixed cohort while the population moves</title>\n\
         <desc>On scale population it falls by nearly .1 a week; on linked and anchored it stays \
         where it was.</desc>\n\
         <rect width=\"{WIDTH}\" height=\"{HEIGHT}\" fill=\"#fff\"/>\n"
    );
    axes(&mut svg, &frame);
    for ((name, courses), colour) in scales.iter().zip(COLOURS) {
        course(&mut svg, &frame, courses, colour);
        label(&mut svg, &frame, name, &mean(courses), colour);
    }
    svg.push_str("</svg>\n");
    svg
}

fn axes(svg: &mut String, frame: &Frame) {
    for step in -5..=1 {
        let value = 0.2 * f64::from(step);
        let (from, to, y) = (frame.x(0.0), frame.x(frame.weeks), frame.y(value));
        let _ = writeln!(
            svg,
            "<path d=\"M{from:.1} {y:.1}H{to:.1}\" stroke=\"#ccc\"/>\
             <text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{value:.1}</text>",
            from - 6.0,
            y + 4.0
        );
    }
    for week in 0..=frame.weeks as usize {
        let _ = writeln!(
            svg,
            "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{week}</text>",
            frame.x(week as f64),
            HEIGHT - BOTTOM + 16.0
        );
    }
    let _ = writeln!(
        svg,
        "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\">week</text>",
        frame.x(frame.weeks / 2.0),
        HEIGHT - 6.0
    );
    let middle = frame.y(-0.45);
    let _ = writeln!(
        svg,
        "<text x=\"14\" y=\"{middle:.1}\" text-anchor=\"middle\" \
         transform=\"rotate(-90 14 {middle:.1})\">move of the mean EAP</text>"
    );
}

fn course(svg: &mut String, frame: &Frame, courses: &[&[f64]], colour: &str) {
    let line = |width: f64, opacity: f64, points: String| {
        format!(
            "<polyline fill=\"none\" stroke=\"{colour}\" stroke-width=\"{width}\" \
             stroke-opacity=\"{opacity}\" points=\"{points}\"/>\n"
        )
    };
    for moves in courses {
        svg.push_str(&line(0.6, 0.4, frame.points(moves)));
    }
    svg.push_str(&line(2.2, 1.0, frame.points(&mean(courses))));
}

/// The name at the end of the line; those that end at 0 stand above and below.
fn label(svg: &mut String, frame: &Frame, name: &str, moves: &[f64], colour: &str) {
    let shift = match name {
        "linked" => -6.0,
        "anchored" => 14.0,
        _ => 4.0,
    };
    let y = frame.y(moves.last().copied().unwrap_or(0.0)) + shift;
    let _ = writeln!(
        svg,
        "<text x=\"{:.1}\" y=\"{y:.1}\" fill=\"{colour}\">{name}</text>",
        frame.x(frame.weeks) + 6.0
    );
}

/// The mean of the courses, week by week.
fn mean(courses: &[&[f64]]) -> Vec<f64> {
    let weeks = courses.first().map_or(0, |course| course.len());
    let at = |week: usize| courses.iter().map(|course| course[week]).sum::<f64>();
    (0..weeks).map(|week| at(week) / courses.len() as f64).collect()
}
