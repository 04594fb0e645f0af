//! How far characteristic curves are apart, and for which link least.
//!
//! With u = 1 / A and v = −B / A, an item of the linked scale has at ability θ of
//! the scale in force the logit a (u θ + v − b), which is linear in (u, v). For one
//! curve, the sum of the probabilities of some items,
//!
//! ```text
//! R = Σ_j (P_onto − P),   S = Σ_j a p,   C = Σ_j a² p (1 − 2 P),   p = P (1 − P)
//! F        = ½ Σ_q w_q R²
//! ∂F/∂(u, v)  = −Σ_q w_q R S (θ_q, 1)
//! ∂²F/∂(u, v)² = Σ_q w_q (S² − R C) (θ_q, 1)(θ_q, 1)ᵀ
//! ```
//!
//! Stocking & Lord have one curve of all items, Haebara a curve of each item.
//! What the minimum (A, B) does when an item's parameter π moves follows from
//! the implicit function theorem: d(u, v)/dπ = −(∂²F/∂(u, v)²)⁻¹ · ∂²F/∂(u, v)∂π.
//!
//! Source: Kolen & Brennan (2014), Test Equating, Scaling, and Linking, section
//! 6.3; Ogasawara (2001), Applied Psychological Measurement 25(1), 53–67, for
//! the standard errors.

use super::common_item::CommonItem;
use super::link::Link;
use super::mean_sigma::mean_sigma;
use super::minimum::{Evaluation, minimum, solve};
use super::moments::{mean_and_sd, median_slope, slope_by_discriminations};
use super::robust_z::quantile;
use super::weighted_nodes::WeightedNodes;
use crate::ability::quadrature::Quadrature;
use crate::numeric::elementary::logistic;
use crate::numeric::symmetric::Symmetric2;

/// Which curves are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Curves {
    /// One: the expected number of correct responses.
    OfTheTest,
    /// As many as there are items.
    OfTheItems,
}

/// What is minimised.
#[derive(Debug, Clone)]
pub(super) struct Criterion<'a> {
    common: &'a [CommonItem],
    nodes: WeightedNodes<'a>,
    curves: Curves,
}

/// An item at one node: terms of R, S and C, and what moves them.
#[derive(Debug, Clone, Copy, Default)]
struct Point {
    residual: f64,
    slope: f64,
    bend: f64,
    /// p and 1 − 2 P of the linked item, and its logit / a.
    density: f64,
    asymmetry: f64,
    distance: f64,
    /// p of the item in force, and θ − b.
    onto_density: f64,
    onto_distance: f64,
}

impl Point {
    fn new(item: &CommonItem, [u, v]: [f64; 2], node: f64) -> Self {
        let a = item.from.discrimination;
        let distance = u * node + v - item.from.difficulty;
        let (logit, onto_logit) = (a * distance, item.onto.logit(node));
        let (right, wrong) = (logistic(logit), logistic(-logit));
        let density = right * wrong;
        Self {
            residual: logistic(onto_logit) - right,
            slope: a * density,
            bend: a * a * density * (wrong - right),
            density,
            asymmetry: wrong - right,
            distance,
            onto_density: logistic(onto_logit) * logistic(-onto_logit),
            onto_distance: node - item.onto.difficulty,
        }
    }
}

/// R, S and C of one curve at one node.
#[derive(Debug, Clone, Copy, Default)]
struct Curve {
    residual: f64,
    slope: f64,
    bend: f64,
}

impl Curve {
    fn add(&mut self, point: &Point) {
        self.residual += point.residual;
        self.slope += point.slope;
        self.bend += point.bend;
    }

    fn of(points: &[Point]) -> Self {
        points.iter().fold(Self::default(), |mut curve, point| {
            curve.add(point);
            curve
        })
    }
}

impl<'a> Criterion<'a> {
    pub(super) fn new(
        common: &'a [CommonItem],
        quadrature: &'a Quadrature,
        curves: Curves,
    ) -> Self {
        Self { common, nodes: WeightedNodes::new(quadrature), curves }
    }

    /// The link with the smallest criterion, from every start that the items suggest.
    ///
    /// # Errors
    /// Why there is none, in words.
    pub(super) fn minimum(&self) -> Result<Link, &'static str> {
        let starts = self.starts();
        if starts.is_empty() {
            return Err("their difficulties do not vary, nor do discriminations agree in sign");
        }
        let ends = starts.into_iter().filter_map(|start| {
            let (u, v) = (1.0 / start.slope, -start.intercept / start.slope);
            minimum([u, v], |at| self.evaluate(at))
        });
        let best = ends.reduce(|best, end| if end.1 < best.1 { end } else { best });
        let ([u, v], _) = best.ok_or("the distance of the curves has no minimum")?;
        Ok(Link { slope: 1.0 / u, intercept: -v / u + 0.0 })
    }

    /// By the moments of b, by the mean of ln a, and by medians that a few bad items cannot move.
    fn starts(&self) -> Vec<Link> {
        let mut starts: Vec<Link> = mean_sigma(self.common).into_iter().collect();
        if let Some(slope) = slope_by_discriminations(self.common) {
            let gaps =
                self.common.iter().map(|item| item.onto.difficulty - slope * item.from.difficulty);
            starts.push(Link { slope, intercept: mean_and_sd(gaps).0 });
        }
        if let Some(slope) = median_slope(self.common) {
            let gaps: Vec<f64> = self
                .common
                .iter()
                .map(|item| item.onto.difficulty - slope * item.from.difficulty)
                .collect();
            starts.extend(quantile(&gaps, 0.5).map(|intercept| Link { slope, intercept }));
        }
        starts
    }

    /// F and its derivatives at (u, v); `None` unless u > 0.
    fn evaluate(&self, at: [f64; 2]) -> Option<Evaluation> {
        let (mut value, mut gradient, mut hessian) = (0.0, [0.0; 2], Symmetric2::default());
        self.for_each_node(at, |node, weight, points| {
            for points in self.curves_of(points) {
                let Curve { residual, slope, bend } = Curve::of(points);
                value += 0.5 * weight * residual * residual;
                let push = -weight * residual * slope;
                gradient = [gradient[0] + push * node, gradient[1] + push];
                let curvature = weight * (slope * slope - residual * bend);
                hessian.xx += curvature * node * node;
                hessian.xy += curvature * node;
                hessian.yy += curvature;
            }
        });
        let usable = at[0] > 0.0 && value.is_finite();
        usable.then_some(Evaluation { value, gradient, hessian })
    }

    /// Derivatives of (A, B) with respect to (a, b) of every item, on the scale that is linked
    /// and on that in force; `None` where the minimum is not one.
    pub(super) fn sensitivity(&self, link: Link) -> Option<[Vec<[f64; 2]>; 2]> {
        let at = [1.0 / link.slope, -link.intercept / link.slope];
        let hessian = self.evaluate(at)?.hessian;
        let mut mixed = [0, 1].map(|_| vec![[0.0; 2]; 2 * self.common.len()]);
        self.for_each_node(at, |node, weight, points| {
            let mut first = 0;
            for points in self.curves_of(points) {
                let curve = Curve::of(points);
                for (number, point) in points.iter().enumerate() {
                    let item = &self.common[first + number];
                    let moves = curve.moved_by(point, item);
                    for (parameter, [from, onto]) in moves.into_iter().enumerate() {
                        let place = 2 * (first + number) + parameter;
                        for (side, push) in [from, onto].into_iter().enumerate() {
                            mixed[side][place][0] += weight * push * node;
                            mixed[side][place][1] += weight * push;
                        }
                    }
                }
                first += points.len();
            }
        });
        for derivatives in mixed.iter_mut().flatten() {
            let [u, v] = solve(hessian, 0.0, *derivatives)?.map(|x| -x);
            // A = 1 / u, B = −v / u.
            *derivatives = [-link.slope * link.slope * u, -link.slope * (v + link.intercept * u)];
        }
        Some(mixed)
    }

    fn for_each_node(&self, at: [f64; 2], mut work: impl FnMut(f64, f64, &[Point])) {
        let mut points = vec![Point::default(); self.common.len()];
        for (node, weight) in self.nodes.iter() {
            for (point, item) in points.iter_mut().zip(self.common) {
                *point = Point::new(item, at, node);
            }
            work(node, weight, &points);
        }
    }

    /// The items of each curve.
    fn curves_of<'p>(&self, points: &'p [Point]) -> std::slice::Chunks<'p, Point> {
        points.chunks(match self.curves {
            Curves::OfTheTest => points.len().max(1),
            Curves::OfTheItems => 1,
        })
    }
}

impl Curve {
    /// The derivative of −R S with respect to a and b of one of the curve's items, each on the
    /// scale that is linked and on that in force.
    fn moved_by(&self, point: &Point, item: &CommonItem) -> [[f64; 2]; 2] {
        let a = item.from.discrimination;
        let both = |residual: f64, slope: f64| -(residual * self.slope + self.residual * slope);
        let turned = point.density * (1.0 + a * point.distance * point.asymmetry);
        [
            [
                both(-point.density * point.distance, turned),
                both(point.onto_density * point.onto_distance, 0.0),
            ],
            [
                both(a * point.density, -point.bend),
                both(-item.onto.discrimination * point.onto_density, 0.0),
            ],
        ]
    }
}
