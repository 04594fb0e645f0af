//! How far a group's mean and standard deviation may go.
//!
//! There is no prior on them. A group all of whose responses are alike, or a small one, can have
//! its maximum at infinity or at a standard deviation of 0, where no grid can follow: then
//! the parameter is held at the bound, and the rest is estimated.

use super::item_counts::Derivatives;
use crate::ability::grid::Grid;
use crate::model::two_pl::SlopeIntercept;
use crate::numeric::symmetric::Symmetric2;

/// The narrowest group, in distances between nodes: the sum over nodes is within .014 of the
/// integral over so narrow a density, and within 5e-9 over one twice as wide.
const NARROWEST: f64 = 0.5;

/// A parameter so near its bound is at it: a step by an older matrix leaves rounding there, and no
/// step from so near can gain what its length promises.
const AT_THE_BOUND: f64 = 1e-7;

/// The least standard deviation of a group on nodes so far apart.
pub(crate) fn narrowest(spacing: f64) -> f64 {
    NARROWEST * spacing
}

/// Bounds of mean and ln sd, each from and to.
#[derive(Debug, Clone, Copy)]
pub(crate) struct GroupBounds([[f64; 2]; 2]);

impl GroupBounds {
    /// The mean lies within the grid; the standard deviation between half the distance of two
    /// nodes and half the width of the grid.
    pub(crate) fn of(grid: &Grid) -> Self {
        let end = grid.nodes[0][0].abs();
        Self([[-end, end], [libm::log(narrowest(grid.spacing)), libm::log(end)]])
    }

    /// The block, within the bounds.
    pub(crate) fn nearest(&self, block: SlopeIntercept) -> SlopeIntercept {
        let Self([mean, log_sd]) = self;
        SlopeIntercept {
            slope: block.slope.clamp(mean[0], mean[1]),
            intercept: block.intercept.clamp(log_sd[0], log_sd[1]),
        }
    }

    /// The derivatives without those that point out of the bounds, and which those are.
    pub(crate) fn hold(
        &self,
        block: SlopeIntercept,
        derivatives: Derivatives,
    ) -> (Derivatives, [bool; 2]) {
        let Derivatives { mut gradient, mut information } = derivatives;
        let leads_out = |at: f64, by: f64, [from, to]: [f64; 2]| {
            (at <= from + AT_THE_BOUND && by < 0.0) || (at >= to - AT_THE_BOUND && by > 0.0)
        };
        let held = [
            leads_out(block.slope, gradient.slope, self.0[0]),
            leads_out(block.intercept, gradient.intercept, self.0[1]),
        ];
        if held[0] {
            gradient.slope = 0.0;
            information = Symmetric2::new(1.0, 0.0, information.yy);
        }
        if held[1] {
            gradient.intercept = 0.0;
            information = Symmetric2::new(information.xx, 0.0, 1.0);
        }
        (Derivatives { gradient, information }, held)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ability::population::Population;
    use crate::ability::quadrature::Quadrature;

    #[test]
    fn a_parameter_is_held_where_it_wants_to_leave_the_bounds() {
        let grid = Grid::new(&Quadrature::default(), Population::STANDARD);
        let bounds = GroupBounds::of(&grid);
        let block = bounds.nearest(SlopeIntercept { slope: 9.0, intercept: -8.0 });
        assert_eq!(block.slope, 6.0);
        assert!((libm::exp(block.intercept) - 0.1).abs() < 1e-15);
        let hold = |slope, intercept| {
            let gradient = SlopeIntercept { slope, intercept };
            let information = Symmetric2::new(3.0, 1.0, 2.0);
            let (found, held) = bounds.hold(block, Derivatives { gradient, information });
            (found.gradient, found.information, held)
        };
        let inwards = hold(-1.0, 1.0);
        assert_eq!((inwards.1, inwards.2), (Symmetric2::new(3.0, 1.0, 2.0), [false; 2]));
        let outwards = hold(1.0, -1.0);
        assert_eq!(outwards, (SlopeIntercept::default(), Symmetric2::IDENTITY, [true; 2]));
        assert_eq!(hold(1.0, 1.0).1, Symmetric2::new(1.0, 0.0, 2.0));
    }
}
