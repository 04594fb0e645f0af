//! Numbers one at a time or eight at a time: formulas are written once for both.

use std::ops::{Add, Div, Mul, Sub};

use super::eight::{Eight, LANES};

/// A number, or eight of them side by side.
pub(crate) trait Real:
    Copy + Add<Output = Self> + Sub<Output = Self> + Mul<Output = Self> + Div<Output = Self>
{
    /// The same number in every place.
    fn of(value: f64) -> Self;

    /// The larger of two numbers; `bound` where one is not a number.
    fn at_least(self, bound: f64) -> Self;
}

impl Real for f64 {
    #[inline(always)]
    fn of(value: f64) -> Self {
        value
    }

    #[inline(always)]
    fn at_least(self, bound: f64) -> Self {
        if self > bound { self } else { bound }
    }
}

/// Eight numbers side by side.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Lanes(pub Eight);

macro_rules! lane_by_lane {
    ($operation:ident, $function:ident, $operator:tt) => {
        impl $operation for Lanes {
            type Output = Self;

            #[inline(always)]
            fn $function(self, other: Self) -> Self {
                let mut result = self.0;
                for lane in 0..LANES {
                    result[lane] $operator other.0[lane];
                }
                Self(result)
            }
        }
    };
}

lane_by_lane!(Add, add, +=);
lane_by_lane!(Sub, sub, -=);
lane_by_lane!(Mul, mul, *=);
lane_by_lane!(Div, div, /=);

impl Real for Lanes {
    #[inline(always)]
    fn of(value: f64) -> Self {
        Self([value; LANES])
    }

    #[inline(always)]
    fn at_least(self, bound: f64) -> Self {
        let mut result = self.0;
        for value in &mut result {
            *value = if *value > bound { *value } else { bound };
        }
        Self(result)
    }
}
