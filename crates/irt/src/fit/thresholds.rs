//! Every threshold of the search in one place, each with its source, with what was measured, or
//! with the word that it is a choice.
//!
//! "Choice" means: a plain decision without a source. Most decide how much work is done on the way;
//! the tolerances decide in which digit two searches agree, and those of identification (from
//! SINGULAR_PIVOT on) which items are skipped.

use std::ops::RangeInclusive;

// The end.

/// A Newton step of at most this in a and in b is convergence … Choice: a digit below the 1e-5 to
/// which the reference fits are met (tests/references.rs).
pub(crate) const STEP_TOLERANCE: f64 = 1e-6;
/// … or one of at most this many standard errors of the parameter, where that is more: what is
/// far below the sampling error is not worth an E-step.
pub(crate) const STEP_TOLERANCE_IN_STANDARD_ERRORS: f64 = 1e-5;
/// Where the curvature is not that of all persons at this point, the remaining step must be this
/// much smaller: it is underestimated without all of the missing information. Choice; the searches
/// by either matrix end within 5e-6 of each other (test in stages.rs).
pub(crate) const TRUST_IN_OTHER_CURVATURE: f64 = 0.1;
/// A curvature that was learned on the way is believed when so many steps in a row were within
/// tolerance. Choice.
pub(crate) const STEPS_OF_LEARNED_CURVATURE: u32 = 3;
/// E-steps after which the search is given up. Measured: 6 to 13 for the reference sets, 63 for
/// 2,010 items without priors, whose curvature is learned on the way.
pub(crate) const MAX_E_STEPS: u32 = 500;
/// On the coarser grid, a step this many times the tolerance is near enough: 1e-3 in a and b.
/// Choice.
pub(crate) const ROUGH_TOLERANCE: f64 = 1e3;

// EM.

/// EM cycles before the first Newton step, at least and at most. Choice.
pub(crate) const EM_CYCLES: RangeInclusive<u32> = 2..=8;
/// EM is near enough for Newton when no parameter moves by more than this, relatively. Choice.
pub(crate) const NEAR: f64 = 0.1;
/// An item with fewer responses than this in a sample of persons starts where it would without
/// the sample. Choice: with 30, the standard error of its difficulty is .4 at best.
pub(crate) const TELLING_RESPONSES: u64 = 30;
/// Newton steps per item and EM cycle; EM needs an improvement, not the maximum. Choice.
pub(crate) const M_STEPS: usize = 6;
/// Halvings of a step within the M-step: below 1e-9 of it nothing is gained.
pub(crate) const M_STEP_HALVINGS: usize = 30;
/// A smaller M-step, relative to the parameter, ends it: a tenth of [`STEP_TOLERANCE`].
pub(crate) const NEGLIGIBLE_M_STEP: f64 = 1e-7;
/// A group's mean moves by at most so many of its standard deviations in one step, and its
/// standard deviation by at most this factor, e to the power of … Choice.
pub(crate) const LONGEST_GROUP_STEP: [f64; 2] = [2.0, 0.7];
/// EM cycles at most that see the anchors only. Choice: ten anchors find a population at +2 in 11.
pub(crate) const ANCHOR_CYCLES: u32 = 20;
/// They end when no group's mean or ln sd moves by more than this. Choice.
pub(crate) const NEAR_BY_ANCHORS: f64 = 0.02;
/// Where a prior keeps discrimination positive, one step leaves at least this share of it. Choice:
/// the log of a is what the prior is quadratic in, so steps are bounded in the log.
pub(crate) const LEAST_SHARE_OF_SLOPE: f64 = 0.2;

// Curvature.

/// Up to this many items the search factors the observed information as a whole: 4,000
/// rows and 128 MB a matrix. Beyond, it learns the curvature on its way; standard errors are
/// limited by memory alone.
pub(crate) const DENSE_ITEMS: usize = 2000;
/// Shares of the missing information that are tried in turn: 1 is Newton's method, 0 steps like
/// EM. Source of the interpolation: Lange (1995), JRSS B 57, 425–437; the grid is a choice.
pub(crate) const SHARES: [f64; 5] = [1.0, 0.99, 0.9, 0.5, 0.0];
/// The share of a sample's missing information with several groups. Origin and unit can move with
/// all of them, which the reference group alone resists: where that is a small part of the persons,
/// the sampling error of the whole hides it. Measured with 1.0, .97 and .9.
pub(crate) const SAMPLED_SHARE: f64 = 0.9;
/// A reference group with this share of the persons holds origin and unit well enough for all of
/// the sample's missing information. Choice.
pub(crate) const TELLING_REFERENCE: f64 = 0.25;
/// The missing information of a sample of persons serves where the sample has at least so many
/// patterns …
pub(crate) const SAMPLE_AT_LEAST: usize = 1000;
/// … and so many for each item: the matrix has two rows an item. The exact information of all
/// persons costs as much as 25 E-steps (measured).
pub(crate) const SAMPLE_PER_ITEM: usize = 12;
/// A smaller share of the persons than one in so many is not drawn. Choice.
pub(crate) const SAMPLE_ONE_OF_AT_MOST: usize = 8;
/// Steps by a sampled matrix after which the exact one is worth its price: about its cost in
/// E-steps (25, above).
pub(crate) const SAMPLED_STEPS: u32 = 20;
/// A factored matrix is kept while each step is at most this share of the one before. Choice:
/// at this rate four more steps gain two digits, and cost less than a matrix.
pub(crate) const CONTRACTION: f64 = 0.3;
/// A rate of shrinking beyond this is taken for this: the bound on what is left stays finite.
pub(crate) const SLOWEST_CONTRACTION: f64 = 0.9;
/// A scaled pivot below this means that the data do not determine a parameter. Choice, between
/// the 1e-16 of rounding and [`SINGULAR`].
pub(crate) const SINGULAR_PIVOT: f64 = 1e-9;

// Steps.

/// Halvings of a step before it is given up: 1/4096 of it. Choice.
pub(crate) const HALVINGS: usize = 12;
/// A step must gain this share of what its direction promises.
/// Source: Nocedal & Wright (2006), Numerical Optimization, section 3.1 (Armijo's c₁).
pub(crate) const SUFFICIENT_GAIN: f64 = 1e-4;
/// The objective may fall by this much, relatively: its rounding error. Choice: 90 units in the
/// last place of a sum that is compensated within each chunk of patterns.
pub(crate) const ROUNDING: f64 = 2e-14;
/// A promised gain of fewer rounding errors than this is lost in them: the step may fall by one.
pub(crate) const ROUNDINGS_WORTH_MEASURING: f64 = 1e3;
/// A step shorter than this, in standard errors, gains nothing that data could tell: less than
/// 5e-7 nats.
pub(crate) const SPENT: f64 = 1e-3;
/// How often in a row the search may be stuck at the same height, with EM in between. Choice.
pub(crate) const TIMES_STUCK: u32 = 4;
/// A parameter that still wants to move this far, in a or b, is not settled. Choice.
pub(crate) const UNSETTLED: f64 = 0.5;

// Identification, with a flat prior on discrimination.

/// A slope whose curve is this steep between two nodes has run away: from one node to the next the
/// probability goes from 4e-6 to 1 − 4e-6.
pub(crate) const RUNAWAY_SLOPE_TIMES_SPACING: f64 = 25.0;
/// A slope whose step is this many times its standard error, when nothing is gained any more, is
/// undetermined. Choice.
pub(crate) const UNDETERMINED: f64 = 10.0;
/// A smaller slope leaves difficulty undetermined: a tenth of [`STEP_TOLERANCE`].
pub(crate) const VANISHING_SLOPE: f64 = 1e-7;
/// A smallest eigenvalue below this of the matrix by which the search steps makes it worth looking
/// at the exact one at the optimum, as does a design of pairs …
pub(crate) const SUSPICIOUS: f64 = 1e-2;
/// … where a curvature below this share of what the complete data would tell is none. Measured in
/// 1,000 random designs of pairs, rings, trees and mixtures: what is not determined has less than
/// 1e-7 there, by rounding, and what is has more than 1e-5 (docs/method.md, Identification).
pub(crate) const SINGULAR: f64 = 1e-6;
/// A component of a null vector this large, relative to the largest, belongs to it. Choice.
pub(crate) const INVOLVED: f64 = 0.2;
/// Iterations for the direction of least curvature: the two smallest eigenvalues need to differ by
/// a tenth for two digits. Choice.
pub(crate) const INVERSE_ITERATIONS: usize = 60;
/// Shares of the direction of least curvature that are tried, to climb off a saddle. Choice.
pub(crate) const SADDLE_STEPS: [f64; 6] = [1.0, -1.0, 0.1, -0.1, 0.01, -0.01];
/// How many times a spent step of the groups is tried, to reach a bound beyond a flat tail. The
/// first takes any group there; choice.
pub(crate) const TAIL_STEPS: [f64; 5] = [4096.0, 512.0, 64.0, 8.0, 2.0];
/// Nats that a point must be higher than another for the difference to be no rounding: to have
/// climbed off a saddle, or to be a higher mode. Above [`ROUNDING`] up to 5e7 nats.
pub(crate) const HIGHER: f64 = 1e-6;

// Several modes, with a prior on difficulty alone.

/// Searches from signs by lot at a time, before the neighbours of the best mode and after. More
/// than a quarter of what may still be made is better spent on neighbours. Measured together with
/// the bounds below: docs/method.md, Several modes.
pub(crate) const BY_LOT: u64 = 80;
/// What all searches may cost, at most: seconds. One costs as much as there are responses, and
/// for its matrices an eighth of the cube of the items. …
pub(crate) const WORK: u64 = 30_000_000;
/// … Yet so many searches at least and at most.
pub(crate) const SEARCHES: RangeInclusive<u64> = 6..=600;
/// Slopes of turned items are brought into this range: that of usual items. Choice.
pub(crate) const TURNED_SLOPES: RangeInclusive<f64> = 0.3..=1.5;
