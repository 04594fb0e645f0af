//! EAP of all persons of a bank, on all threads.
//!
//! What depends on the items alone is computed once, and an answer costs two
//! additions and two multiplications a node. The arithmetic of a person is that
//! of [`super::eap()`] in the same order: the same bits.

use rayon::prelude::*;

use super::answers::RisingAnswer;
use super::eap::{Eap, Scratch};
use super::estimate::AbilityEstimate;
use super::node_likelihood::factors;
use crate::data::response::Response;
use crate::error::IrtError;
use crate::memory::reserve;
use crate::model::item_parameters::ItemParameters;
use crate::monitor::Monitor;
use crate::numeric::eight::{Eight, LANES, vectorised};

/// Persons between two looks at the monitor.
const PERSONS_AT_ONCE: usize = 256;
/// The rank of an item that tells nothing.
const NO_RANK: u32 = u32::MAX;

/// [`super::eap()`] of persons 0 … `persons` − 1, to the bit.
///
/// `answers(person)` yields a person's responses, in any order. Item numbers count `items` from 0.
/// Runs on the rayon pool of the calling thread; the result does not depend on it.
///
/// # Errors
/// [`IrtError::InvalidItemParameters`], [`IrtError::UnknownItem`],
/// [`IrtError::Interrupted`], [`IrtError::OutOfMemory`].
///
/// ```
/// use irt::scoring::{Eap, ScorePrior, eap_of_everybody};
/// use irt::simulate::{Simulation, simulate};
/// use irt::{ItemParameters, Quadrature, Unmonitored};
///
/// let design = Simulation { persons: 200, items: 12, answered: 0.5, seed: 1 };
/// let (responses, truth) = simulate(&design);
/// let items: Vec<ItemParameters> =
///     truth.iter().map(|item| ItemParameters::new(item.slope, item.difficulty())).collect();
/// let scorer = Eap::new(ScorePrior::default(), &Quadrature::default());
/// let patterns: Vec<_> = responses.iter().map(|pattern| pattern.responses).collect();
/// let answers = |pattern: usize| patterns[pattern];
/// let scores = eap_of_everybody(&scorer, &items, patterns.len(), answers, &Unmonitored)?;
/// assert_eq!(scores.len(), patterns.len());
/// # Ok::<(), irt::IrtError>(())
/// ```
pub fn eap_of_everybody<'a>(
    scorer: &Eap,
    items: &[ItemParameters],
    persons: usize,
    answers: impl Fn(usize) -> &'a [Response] + Sync,
    monitor: &dyn Monitor,
) -> Result<Vec<AbilityEstimate>, IrtError> {
    let ranked = RankedItems::new(scorer, items)?;
    let mut scores = reserve(persons, "scores")?;
    scores.resize(persons, AbilityEstimate { ability: 0.0, standard_error: None });
    scores.par_chunks_mut(PERSONS_AT_ONCE).enumerate().try_for_each(|(chunk, scores)| {
        if monitor.interrupted() {
            return Err(IrtError::Interrupted);
        }
        let mut desk = Desk::new(scorer);
        for (offset, score) in scores.iter_mut().enumerate() {
            desk.sort(answers(chunk * PERSONS_AT_ONCE + offset), &ranked)?;
            *score = vectorised(
                #[inline(always)]
                || desk.score(scorer, &ranked),
            );
        }
        Ok(())
    })?;
    Ok(scores)
}

/// The items that tell something, sorted as a person's answers are.
struct RankedItems {
    /// Per item: its place among the different rising items, [`NO_RANK`] for a flat one.
    rank: Vec<u32>,
    /// Per item: true where a correct answer speaks for a lower ability.
    falling: Vec<bool>,
    /// Different items, ascending, as if answered downwards.
    items: Vec<RisingAnswer>,
    /// Items × eights of nodes.
    factors: Vec<Eight>,
}

impl RankedItems {
    fn new(scorer: &Eap, items: &[ItemParameters]) -> Result<Self, IrtError> {
        for (position, item) in items.iter().enumerate() {
            item.validate(position)?;
        }
        let rising = |item: &ItemParameters| {
            RisingAnswer::new(*item, true).map(|answer| RisingAnswer { up: false, ..answer })
        };
        let mut distinct: Vec<RisingAnswer> = items.iter().filter_map(rising).collect();
        distinct.sort_unstable_by(RisingAnswer::order);
        // Items with the same parameters share a rank and a row: answers to them are sorted as
        // where nothing but the parameters is known.
        distinct.dedup();
        let rank = |item: &ItemParameters| {
            let item = rising(item)?;
            distinct.binary_search_by(|other| other.order(&item)).ok()
        };
        Ok(Self {
            rank: items.iter().map(|item| rank(item).map_or(NO_RANK, |rank| rank as u32)).collect(),
            falling: items.iter().map(|item| item.discrimination < 0.0).collect(),
            factors: table(scorer, &distinct)?,
            items: distinct,
        })
    }
}

/// The [`factors`] of every item, items × eights of nodes.
fn table(scorer: &Eap, items: &[RisingAnswer]) -> Result<Vec<Eight>, IrtError> {
    let grid = scorer.grid();
    let mut rows = reserve(items.len() * grid.width, "the items' likelihoods")?;
    rows.resize(items.len() * grid.width, [0.0; LANES]);
    vectorised(
        #[inline(always)]
        || {
            for (row, item) in rows.chunks_exact_mut(grid.width).zip(items) {
                for (here, nodes) in row.iter_mut().zip(&grid.nodes) {
                    *here = factors(item, *nodes);
                }
            }
        },
    );
    Ok(rows)
}

/// Where one thread scores one person after the other.
struct Desk {
    scratch: Scratch,
    /// The person's answers: rank times 2, plus 1 if upwards.
    keys: Vec<u32>,
    answers: Vec<RisingAnswer>,
}

impl Desk {
    fn new(scorer: &Eap) -> Self {
        Self { scratch: Scratch::new(scorer.grid()), keys: Vec::new(), answers: Vec::new() }
    }

    fn sort(&mut self, responses: &[Response], items: &RankedItems) -> Result<(), IrtError> {
        self.keys.clear();
        for response in responses {
            let item = response.item();
            let Some(rank) = items.rank.get(item) else {
                let known = items.rank.len() as u64;
                return Err(IrtError::UnknownItem { item: item as u64, items: known });
            };
            if *rank != NO_RANK {
                self.keys.push(rank << 1 | response.count() ^ u32::from(items.falling[item]));
            }
        }
        self.keys.sort_unstable();
        let answer =
            |key: &u32| RisingAnswer { up: key & 1 == 1, ..items.items[(key >> 1) as usize] };
        self.answers.clear();
        self.answers.extend(self.keys.iter().map(answer));
        Ok(())
    }

    #[inline(always)]
    fn score(&mut self, scorer: &Eap, items: &RankedItems) -> AbilityEstimate {
        let width = scorer.grid().width;
        let (keys, factors) = (&self.keys, &items.factors);
        let row = |number: usize| (keys[number] >> 1) as usize * width;
        scorer.of(&self.answers, |number, eight| factors[row(number) + eight], &mut self.scratch)
    }
}
