//! Where a falling function crosses 0.

/// How narrow the bracket is at the end, in units of max(1, |x|).
const TOLERANCE: f64 = 1e-13;
/// More evaluations than bisection of the widest bracket takes; never reached.
const MOST_EVALUATIONS: usize = 1000;
/// Within so many evaluations Newton's method must halve the bracket.
const PATIENCE: usize = 4;

/// The point where `function` goes from above 0 to below 0, within a bracket whose
/// ends may be infinite.
///
/// Newton's method inside a bracket that is kept around the crossing; bisection
/// where a step leads out of the bracket or the bracket shrinks too slowly, and
/// doubled strides while an end of the bracket is infinite. A step that is
/// smaller than the tolerance is stretched to it, so that the bracket closes
/// from both sides: the end is a proof, not a hope.
///
/// `function` returns value and derivative; a derivative that is not below 0 is not used.
/// The result is right to 1e-13·max(1, |x|), as far as the sign of the function is.
///
/// Source: Press et al. (2007), Numerical Recipes, section 9.4 (rtsafe).
pub(super) fn crossing(
    (mut lower, mut upper): (f64, f64),
    start: f64,
    mut function: impl FnMut(f64) -> (f64, f64),
) -> f64 {
    let mut at = start;
    let mut best = (f64::INFINITY, start);
    let mut stride = 1.0;
    let (mut width, mut evaluations) = (f64::INFINITY, 0);
    for _ in 0..MOST_EVALUATIONS {
        let (value, slope) = function(at);
        if value == 0.0 {
            return at;
        }
        if value.abs() <= best.0 {
            best = (value.abs(), at);
        }
        *(if value > 0.0 { &mut lower } else { &mut upper }) = at;
        let tolerance = TOLERANCE * at.abs().max(1.0);
        if upper - lower <= tolerance {
            break;
        }
        let newton = if slope < 0.0 { -value / slope } else { value.signum() * f64::INFINITY };
        let step = stretched(newton, 0.5 * tolerance);
        if (upper - lower).is_infinite() {
            at += step.clamp(-stride, stride);
            stride *= 2.0;
            continue;
        }
        evaluations += 1;
        let slow = evaluations % PATIENCE == 0 && upper - lower > 0.5 * width;
        if evaluations % PATIENCE == 0 {
            width = upper - lower;
        }
        let target = at + step;
        at = if slow || !(lower < target && target < upper) {
            lower + 0.5 * (upper - lower)
        } else {
            target
        };
    }
    best.1
}

/// A step of at least this length in the same direction.
fn stretched(step: f64, least: f64) -> f64 {
    if step.abs() < least { least.copysign(step) } else { step }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counted(
        bracket: (f64, f64),
        start: f64,
        function: impl Fn(f64) -> (f64, f64),
    ) -> (f64, usize) {
        let mut count = 0;
        let root = crossing(bracket, start, |x| {
            count += 1;
            function(x)
        });
        (root, count)
    }

    const EVERYWHERE: (f64, f64) = (f64::NEG_INFINITY, f64::INFINITY);

    #[test]
    fn finds_roots_near_and_far() {
        let (root, count) = counted(EVERYWHERE, 0.0, |x| (2.0 - x * x * x, -3.0 * x * x));
        assert!((root - libm::cbrt(2.0)).abs() < 1e-13 && count < 20, "{root} {count}");
        let (root, count) = counted(EVERYWHERE, 3.0, |x| (1e9 - x, -1.0));
        assert!((root - 1e9).abs() < 1e-3 && count < 50, "{root} {count}");
        let (root, count) = counted((-1.0, 5.0), 4.9, |x| (-libm::atan(x), -1.0 / (1.0 + x * x)));
        assert!(root.abs() < 1e-13 && count < 20, "{root} {count}");
    }

    #[test]
    fn a_step_function_is_bisected() {
        let step = |x: f64| (if x < 0.3 { 1.0 } else { -1.0 }, 0.0);
        let (root, count) = counted(EVERYWHERE, -100.0, step);
        assert!((root - 0.3).abs() < 1e-13 && count < 80, "{root} {count}");
        let cliff = |x: f64| (-libm::tanh(1e6 * (x - 0.3)) - 1e-9 * x, -1e-9);
        let (root, count) = counted(EVERYWHERE, -100.0, cliff);
        assert!((root - 0.3).abs() < 1e-10 && count < 100, "{root} {count}");
    }
}
