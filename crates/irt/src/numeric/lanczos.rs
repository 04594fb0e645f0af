//! The largest eigenvalue of a symmetric matrix that is known by its products alone.

/// Products with the matrix at most.
const STEPS: usize = 40;
/// A remainder this small, next to the matrix, is none: the vectors span a whole subspace.
const NOTHING: f64 = 1e-12;

/// The largest eigenvalue of a symmetric matrix of `size` rows; `multiply(x, y)` adds the matrix
/// times x to y, which is 0. From below, within about 1e-6 after 40 products where the largest
/// eigenvalues lie close together, to rounding where they do not. `None` without a row.
///
/// Lanczos's method, each vector made orthogonal to all before it (Golub & Van Loan 2013, Matrix
/// Computations, 10.1 and 10.3).
pub(crate) fn largest_eigenvalue(
    size: usize,
    mut multiply: impl FnMut(&[f64], &mut [f64]),
) -> Option<f64> {
    if size == 0 {
        return None;
    }
    let mut basis = vec![unit((0..size).map(start).collect())?];
    let (mut diagonal, mut beside) = (Vec::new(), Vec::new());
    while let Some(last) = basis.last() {
        let mut next = vec![0.0; size];
        multiply(last, &mut next);
        diagonal.push(dot(last, &next));
        // Twice is enough (Parlett 1980).
        for _ in 0..2 {
            for vector in &basis {
                let share = dot(vector, &next);
                next.iter_mut().zip(vector).for_each(|(x, y)| *x -= share * y);
            }
        }
        let rest = dot(&next, &next).max(0.0);
        let rest = libm::sqrt(rest);
        let scale = diagonal.iter().fold(0.0f64, |most, value| most.max(value.abs()));
        if diagonal.len() == STEPS.min(size) || !(rest > NOTHING * scale) {
            break;
        }
        beside.push(rest);
        basis.push(unit(next)?);
    }
    largest_of_tridiagonal(&diagonal, &beside)
}

/// By bisection between bounds of Gershgorin, with the signs of Sturm's sequence.
fn largest_of_tridiagonal(diagonal: &[f64], beside: &[f64]) -> Option<f64> {
    let off = |place: usize| beside.get(place).map_or(0.0, |value| value.abs());
    let reach = |place: usize| off(place) + if place > 0 { off(place - 1) } else { 0.0 };
    let bounds = diagonal.iter().enumerate().map(|(place, value)| value + reach(place));
    let mut high = bounds.fold(f64::NEG_INFINITY, f64::max);
    let mut low = diagonal.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    // All eigenvalues lie below x where the sequence of x stays negative.
    let all_below = |x: f64| {
        let mut term = -1.0;
        diagonal.iter().enumerate().all(|(place, value)| {
            let before = if place > 0 { off(place - 1) } else { 0.0 };
            term = (value - x) - before * before / term;
            term < 0.0
        })
    };
    for _ in 0..100 {
        let middle = 0.5 * (low + high);
        if all_below(middle) { high = middle } else { low = middle }
    }
    high.is_finite().then_some(high)
}

fn unit(mut vector: Vec<f64>) -> Option<Vec<f64>> {
    let norm = libm::sqrt(dot(&vector, &vector));
    vector.iter_mut().for_each(|x| *x /= norm);
    (norm > 0.0).then_some(vector)
}

fn dot(one: &[f64], other: &[f64]) -> f64 {
    one.iter().zip(other).map(|(x, y)| x * y).sum()
}

/// Signs and sizes without a pattern: a vector that no eigenvector is at right angles to.
fn start(place: usize) -> f64 {
    let scattered = (place as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40;
    scattered as f64 / f64::from(1u32 << 23) - 1.0 + 1e-3
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(matrix: &[&[f64]]) -> f64 {
        largest_eigenvalue(matrix.len(), |x, y| {
            for (row, y) in matrix.iter().zip(y) {
                *y += dot(row, x);
            }
        })
        .unwrap()
    }

    #[test]
    fn the_largest_eigenvalue_is_found() {
        let close =
            |found: f64, expected: f64| assert!((found - expected).abs() < 1e-12, "{found}");
        close(of(&[&[2.0]]), 2.0);
        close(of(&[&[1.0, 0.5], &[0.5, 1.0]]), 1.5);
        close(of(&[&[1.0, 0.0, 0.0], &[0.0, 1.0, 0.0], &[0.0, 0.0, 1.0]]), 1.0);
        // Eigenvalues of the second difference: 2 + 2 cos(k π / 6).
        let row = |place: usize| -> Vec<f64> {
            (0..5usize)
                .map(|column| match place.abs_diff(column) {
                    0 => 2.0,
                    1 => 1.0,
                    _ => 0.0,
                })
                .collect()
        };
        let rows: Vec<Vec<f64>> = (0..5).map(row).collect();
        let rows: Vec<&[f64]> = rows.iter().map(Vec::as_slice).collect();
        close(of(&rows), 2.0 + 3.0f64.sqrt());
        assert_eq!(largest_eigenvalue(0, |_, _| ()), None);
    }
}
