//! The minimum of a smooth function of two variables.

use crate::numeric::symmetric::Symmetric2;

/// Value, gradient and Hessian at one point.
#[derive(Debug, Clone, Copy)]
pub(super) struct Evaluation {
    pub value: f64,
    pub gradient: [f64; 2],
    pub hessian: Symmetric2,
}

/// Steps, taken or refused, before the search gives up.
const MOST_STEPS: usize = 300;
/// A Newton step this small, relative to 1 + the largest coordinate, is within reach of
/// quadratic convergence: the next ones end at the precision of the numbers.
const NEAR: f64 = 1e-7;
/// Such steps at the end.
const LAST_STEPS: usize = 4;

/// A local minimum near `start`, and the value there; `None` where none is found.
///
/// Newton's method, damped towards steepest descent where the Hessian is not
/// positive definite or a step does not lead downwards (Levenberg 1944,
/// Marquardt 1963). `function` says `None` outside of its domain.
pub(super) fn minimum(
    start: [f64; 2],
    function: impl Fn([f64; 2]) -> Option<Evaluation>,
) -> Option<([f64; 2], f64)> {
    let (mut at, mut here) = (start, function(start)?);
    let mut damping = 0.0;
    for _ in 0..MOST_STEPS {
        let size = here.hessian.xx.abs() + here.hessian.yy.abs();
        let step = solve(here.hessian, damping * size, here.gradient);
        if let Some(step) = step {
            let next = [at[0] - step[0], at[1] - step[1]];
            let length = step[0].abs().max(step[1].abs());
            if damping == 0.0 && length <= NEAR * (1.0 + at[0].abs().max(at[1].abs())) {
                return polished(next, function);
            }
            if let Some(there) = function(next).filter(|there| there.value < here.value) {
                (at, here) = (next, there);
                damping = if damping > 1e-6 { 0.1 * damping } else { 0.0 };
                continue;
            }
        }
        damping = (10.0 * damping).max(1e-3);
        if damping > 1e15 {
            return None;
        }
    }
    None
}

/// A few more Newton steps, without asking whether the value falls: it is as low as it gets.
fn polished(
    mut at: [f64; 2],
    function: impl Fn([f64; 2]) -> Option<Evaluation>,
) -> Option<([f64; 2], f64)> {
    for _ in 0..LAST_STEPS {
        let here = function(at)?;
        let step = solve(here.hessian, 0.0, here.gradient)?;
        at = [at[0] - step[0], at[1] - step[1]];
    }
    Some((at, function(at)?.value))
}

/// (Hessian + `damping`·1)⁻¹ · gradient; `None` unless the matrix is positive definite.
pub(super) fn solve(hessian: Symmetric2, damping: f64, gradient: [f64; 2]) -> Option<[f64; 2]> {
    let Symmetric2 { xy, .. } = hessian;
    let (xx, yy) = (hessian.xx + damping, hessian.yy + damping);
    let determinant = xx * yy - xy * xy;
    (xx > 0.0 && determinant > 1e-14 * xx * yy).then(|| {
        [
            (yy * gradient[0] - xy * gradient[1]) / determinant,
            (xx * gradient[1] - xy * gradient[0]) / determinant,
        ]
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_bottom_of_a_bent_valley() {
        // Rosenbrock (1960): its minimum is at (1, 1).
        let valley = |[x, y]: [f64; 2]| {
            let bend = y - x * x;
            Some(Evaluation {
                value: 100.0 * bend * bend + (1.0 - x) * (1.0 - x),
                gradient: [-400.0 * x * bend - 2.0 * (1.0 - x), 200.0 * bend],
                hessian: Symmetric2::new(1200.0 * x * x - 400.0 * y + 2.0, -400.0 * x, 200.0),
            })
        };
        let ([x, y], value) = minimum([-1.2, 1.0], valley).unwrap();
        assert!((x - 1.0).abs() < 1e-14 && (y - 1.0).abs() < 1e-14 && value < 1e-28);
    }

    #[test]
    fn says_so_where_there_is_none() {
        let plane = |[x, y]: [f64; 2]| {
            Some(Evaluation { value: x + y, gradient: [1.0; 2], hessian: Symmetric2::default() })
        };
        assert_eq!(minimum([0.0; 2], plane), None);
    }
}
