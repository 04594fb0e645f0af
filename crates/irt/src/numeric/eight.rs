//! Arithmetic on eight numbers at a time.
//!
//! Rows of numbers are slices of [`Eight`]. Sums run in a fixed order: eight
//! partial sums, then a fixed tree. Nothing is reassociated and no fused
//! multiply-add is used, so that the compiler may use whatever vector
//! instructions the processor has ([`pulp`] picks at run time) and still every
//! machine gives the same bits.

/// Numbers that are worked on together.
pub(crate) const LANES: usize = 8;

/// Eight neighbouring numbers of a row.
pub(crate) type Eight = [f64; LANES];

/// `values` in eights; the last one is filled up with `padding`.
pub(crate) fn in_eights(values: &[f64], padding: f64) -> Vec<Eight> {
    values
        .chunks(LANES)
        .map(|chunk| {
            let mut eight = [padding; LANES];
            eight[..chunk.len()].copy_from_slice(chunk);
            eight
        })
        .collect()
}

/// Runs `work` compiled for the best vector instructions of this processor.
#[inline(always)]
pub(crate) fn vectorised<R>(work: impl FnOnce() -> R) -> R {
    struct Work<F>(F);
    impl<F: FnOnce() -> R, R> pulp::NullaryFnOnce for Work<F> {
        type Output = R;
        #[inline(always)]
        fn call(self) -> R {
            (self.0)()
        }
    }
    pulp::Arch::new().dispatch(Work(work))
}

/// The sum of eight numbers, always in the same order.
#[inline(always)]
pub(crate) fn tree_sum(eight: Eight) -> f64 {
    ((eight[0] + eight[4]) + (eight[2] + eight[6]))
        + ((eight[1] + eight[5]) + (eight[3] + eight[7]))
}

/// Σ x·y over a row.
#[inline(always)]
pub(crate) fn dot(left: &[Eight], right: &[Eight]) -> f64 {
    let mut sums = [0.0; LANES];
    for (x, y) in left.iter().zip(right) {
        for lane in 0..LANES {
            sums[lane] += x[lane] * y[lane];
        }
    }
    tree_sum(sums)
}

/// The sum of a row, always in the same order.
#[inline(always)]
pub(crate) fn row_sum(row: &[Eight]) -> f64 {
    let mut sums = [0.0; LANES];
    for eight in row {
        for lane in 0..LANES {
            sums[lane] += eight[lane];
        }
    }
    tree_sum(sums)
}

/// Number by number.
#[inline(always)]
pub(crate) fn product(left: Eight, right: Eight) -> Eight {
    let mut product = left;
    for lane in 0..LANES {
        product[lane] *= right[lane];
    }
    product
}

/// Number by number.
#[inline(always)]
pub(crate) fn sum(left: Eight, right: Eight) -> Eight {
    let mut sum = left;
    for lane in 0..LANES {
        sum[lane] += right[lane];
    }
    sum
}

/// row += other.
#[inline(always)]
pub(crate) fn add(row: &mut [Eight], other: &[Eight]) {
    for (x, y) in row.iter_mut().zip(other) {
        // Whole eights are read before any is written: the compiler cannot know
        // that the rows do not overlap, and would go one number at a time.
        let (mut sum, y) = (*x, *y);
        for lane in 0..LANES {
            sum[lane] += y[lane];
        }
        *x = sum;
    }
}

/// row += factor · other.
#[inline(always)]
pub(crate) fn add_scaled(row: &mut [Eight], factor: f64, other: &[Eight]) {
    for (x, y) in row.iter_mut().zip(other) {
        let (mut sum, y) = (*x, *y);
        for lane in 0..LANES {
            sum[lane] += factor * y[lane];
        }
        *x = sum;
    }
}

/// row −= the rows of `table` with the numbers that `keys` stand for, in their order.
///
/// `table` has rows as long as `row`. Four eights at a time pass by all rows, so that they stay
/// in registers.
#[inline(always)]
pub(crate) fn subtract_rows<K: Copy>(
    row: &mut [Eight],
    table: &[Eight],
    keys: &[K],
    number: impl Fn(K) -> usize,
) {
    const TOGETHER: usize = 4;
    let width = row.len();
    let mut start = 0;
    while start + TOGETHER <= width {
        let mut kept = [[0.0; LANES]; TOGETHER];
        kept.copy_from_slice(&row[start..start + TOGETHER]);
        for key in keys {
            let at = number(*key) * width + start;
            let other = &table[at..at + TOGETHER];
            for part in 0..TOGETHER {
                for lane in 0..LANES {
                    kept[part][lane] -= other[part][lane];
                }
            }
        }
        row[start..start + TOGETHER].copy_from_slice(&kept);
        start += TOGETHER;
    }
    for offset in start..width {
        let mut kept = row[offset];
        for key in keys {
            let other = table[number(*key) * width + offset];
            for lane in 0..LANES {
                kept[lane] -= other[lane];
            }
        }
        row[offset] = kept;
    }
}

/// row += the rows of `table` with the numbers that `keys` stand for, in their order.
///
/// A row begins `stride` eights after the one before, and is at least as long as `row`. Likewise.
#[inline(always)]
pub(crate) fn add_rows<K: Copy>(
    row: &mut [Eight],
    (table, stride): (&[Eight], usize),
    keys: &[K],
    number: impl Fn(K) -> usize,
) {
    const TOGETHER: usize = 2;
    let mut pairs = row.chunks_exact_mut(TOGETHER);
    let mut start = 0;
    for pair in &mut pairs {
        let mut kept = [[0.0; LANES]; TOGETHER];
        kept.copy_from_slice(pair);
        for key in keys {
            let at = number(*key) * stride + start;
            let other = &table[at..at + TOGETHER];
            for part in 0..TOGETHER {
                for lane in 0..LANES {
                    kept[part][lane] += other[part][lane];
                }
            }
        }
        pair.copy_from_slice(&kept);
        start += TOGETHER;
    }
    for last in pairs.into_remainder() {
        let mut kept = *last;
        for key in keys {
            let other = table[number(*key) * stride + start];
            for lane in 0..LANES {
                kept[lane] += other[lane];
            }
        }
        *last = kept;
        start += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn padding_fills_the_last_eight() {
        let eights = in_eights(&[1.0; 9], -1.0);
        assert_eq!(eights, [[1.0; LANES], [1.0, -1.0, -1.0, -1.0, -1.0, -1.0, -1.0, -1.0]]);
        assert_eq!((row_sum(&eights), dot(&eights, &eights)), (2.0, 16.0));
    }

    #[test]
    fn rows_of_a_wider_table_are_added_by_their_numbers() {
        for width in 1..6 {
            let table: Vec<Eight> = (0..21).map(|at| [at as f64; LANES]).collect();
            let mut row = vec![[1.0; LANES]; width];
            add_rows(&mut row, (&table, 7), &[2, 0], |number| number);
            for (at, eight) in row.iter().enumerate() {
                assert_eq!(*eight, [(15 + 2 * at) as f64; LANES]);
            }
        }
    }

    #[test]
    fn rows_are_subtracted_by_their_numbers() {
        for width in 1..10 {
            let table: Vec<Eight> = (0..3 * width).map(|at| [at as f64; LANES]).collect();
            let mut row = vec![[0.0; LANES]; width];
            subtract_rows(&mut row, &table, &[2, 0], |number| number);
            for (at, eight) in row.iter().enumerate() {
                assert_eq!(*eight, [-((2 * width + 2 * at) as f64); LANES]);
            }
        }
    }
}
