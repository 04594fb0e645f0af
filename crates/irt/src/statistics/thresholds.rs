//! Every number that a diagnosis decides by. docs/method.md, "Does the model fit", has the table
//! with the rates that they lead to.

use std::ops::RangeInclusive;

/// RMSD above it is a misfit. OECD reports use .1 to .15 (OECD 2017, PISA 2015 Technical Report,
/// chapter 9; Köhler, Robitzsch & Hartig 2020).
pub const MISFIT_RMSD: f64 = 0.1;
/// Fewer responses than this are no misfit: RMSD is as large by chance. Choice, by simulation.
pub const MISFIT_RESPONSES: u64 = 200;
/// … nor fewer than so many times the median number of items a person answered: the more items,
/// the narrower the posteriors, and the fewer responses there are at a node. Choice, by simulation.
pub const MISFIT_RESPONSES_PER_ANSWERED: f64 = 2.0;
/// Infit above it is noise (Wright & Linacre 1994, Rasch Measurement Transactions 8:3, p. 370).
pub const NOISY_INFIT: f64 = 1.3;
/// Outfit above it is noise (Wright & Linacre 1994: up to 1.5 is productive).
pub const NOISY_OUTFIT: f64 = 1.5;
/// … where its z is above this: 2.5 % of a normal distribution.
pub const NOISY_Z: f64 = 1.96;
/// The score test of guessing above it is flagged. Choice: .13 % of a normal distribution, since
/// every item is tested.
pub const GUESSING_Z: f64 = 3.0;
/// … with so many responses: with fewer, its distribution has a longer tail. Choice, by simulation.
pub const GUESSING_RESPONSES: u64 = 500;
/// The share of the tested items above [`GUESSING_Z`] that may be chance. Beyond it they are tested
/// with the shape of the population free. Choice: it is .3 % under the model, by simulation.
pub const GUESSING_BY_CHANCE: f64 = 0.01;
/// Where such a share of the items, and two of them, stand out even so, there is guessing in general,
/// and a population of another shape is not all that the first test saw. Choice, by simulation.
pub const GUESSING_IN_GENERAL: f64 = 0.05;
/// The score test at slope 0 below it says that the slope is negative. Choice, likewise.
pub const REVERSED_Z: f64 = -3.0;
/// abs(a · difference of b) from which groups differ: .43 is 1 on ETS's delta scale (1 / 2.35),
/// class B (Zieky 1993; Dorans & Holland 1993).
pub const DIFFERS_LOGITS: f64 = 0.43;
/// Level of the test that groups differ, after Benjamini & Hochberg (1995) over an item's groups.
pub const DIFFERS_LEVEL: f64 = 0.05;
/// abs(z) above which an item's new responses say that it drifted. Choice: .27 % of a normal
/// distribution.
pub const DRIFTED_Z: f64 = 3.0;
/// Responses in a group below which nothing is said of an item there. Choice.
pub const LEAST_RESPONSES_IN_GROUP: u64 = 100;
/// Persons that answered two items below which nothing is said of the pair. Choice.
pub const LEAST_PERSONS_OF_PAIR: u64 = 100;
/// (Q3 − mean Q3) · √n above which a pair stands out. Choice.
pub const PAIR_Z: f64 = 3.0;
/// The most pairs that are told.
pub const MOST_PAIRS: usize = 1000;
/// Persons who share an item set below which there is no S-X². Choice.
pub const LEAST_PERSONS_OF_ITEM_SET: u64 = 500;
/// Item sets that S-X² is computed of, by their number of items: fewer than 4 leave no degree of
/// freedom, and the work grows with the square.
pub const ITEMS_OF_S_X2: RangeInclusive<usize> = 4..=1000;
/// Score groups are collapsed until both expected frequencies are at least this
/// (Orlando & Thissen 2000).
pub const LEAST_EXPECTED: f64 = 1.0;
/// Items whose pairs are looked at: beyond them, those with the most responses. It bounds memory.
pub const MOST_ITEMS_OF_PAIRS: usize = 2000;
/// A posterior weight that is not looked at: far below what matters to what is said of an item.
pub(super) const NEGLIGIBLE_WEIGHT: f64 = 1e-15;
/// P (1 − P) is not taken for less in infit and outfit: √.00001, as mirt has it.
pub const LEAST_VARIANCE: f64 = 3.162_277_660_168_379e-3;
