//! The scores of all persons of a bank, on all threads.
//!
//! What depends on the items alone is computed once. For EAP an answer then costs
//! two additions and two multiplications a node. The arithmetic of a person is that
//! of a person alone in the same order: the same bits.

use rayon::prelude::*;

use super::answers::RisingAnswer;
use super::eap::{Eap, Scratch};
use super::estimate::AbilityEstimate;
use super::node_likelihood::factors;
use super::scorer::{Method, Scorer};
use crate::data::response::Response;
use crate::error::IrtError;
use crate::memory::{reserve, reserve_exact};
use crate::model::item_parameters::ItemParameters;
use crate::monitor::{Monitor, check};
use crate::numeric::eight::{Eight, LANES, vectorised};

/// Persons that one thread scores in a row.
const PERSONS_AT_ONCE: usize = 256;
/// The rank of an item that tells nothing.
const NO_RANK: u32 = u32::MAX;

/// A person's score, and what it stands on.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct PersonScore {
    /// `None` where there is none: see [`Scorer::score`].
    pub estimate: Option<AbilityEstimate>,
    /// Answers to items that have parameters.
    pub responses: u32,
    /// The correct ones among them.
    pub correct: u32,
}

/// [`Scorer::score`] of persons 0 … `persons` − 1, to the bit.
///
/// `answers(person)` yields a person's responses, in any order. Item numbers count `items` from 0;
/// answers to an item that is `None` do not count.
/// Runs on the rayon pool of the calling thread; the result does not depend on it.
///
/// # Errors
/// [`IrtError::InvalidItemParameters`], [`IrtError::UnknownItem`],
/// [`IrtError::Interrupted`], [`IrtError::OutOfMemory`].
///
/// ```
/// use irt::scoring::{ScorePrior, Scorer, ScoringMethod, score_everybody};
/// use irt::simulate::{Simulation, simulate};
/// use irt::{ItemParameters, Quadrature, Unmonitored};
///
/// let design = Simulation { persons: 200, items: 12, answered: 0.5, seed: 1 };
/// let (responses, truth) = simulate(&design);
/// let items: Vec<Option<ItemParameters>> = truth
///     .iter()
///     .map(|item| Some(ItemParameters::new(item.slope, item.difficulty())))
///     .collect();
/// let scorer = Scorer::new(ScoringMethod::Eap, ScorePrior::default(), &Quadrature::default());
/// let patterns: Vec<_> = responses.iter().map(|pattern| pattern.responses).collect();
/// let answers = |pattern: usize| patterns[pattern];
/// let scores = score_everybody(&scorer, &items, patterns.len(), answers, &Unmonitored)?;
/// assert_eq!(scores.len(), patterns.len());
/// assert!(scores.iter().all(|score| score.correct <= score.responses));
/// # Ok::<(), irt::IrtError>(())
/// ```
pub fn score_everybody<'a>(
    scorer: &Scorer,
    items: &[Option<ItemParameters>],
    persons: usize,
    answers: impl Fn(usize) -> &'a [Response] + Sync,
    monitor: &dyn Monitor,
) -> Result<Vec<PersonScore>, IrtError> {
    let ranked = RankedItems::new(items)?;
    let rows = match scorer.method() {
        Method::Eap(eap) => table(eap, &ranked.items)?,
        _ => Vec::new(),
    };
    let mut scores = reserve(persons, "scores")?;
    scores.resize(persons, PersonScore::default());
    scores.par_chunks_mut(PERSONS_AT_ONCE).enumerate().try_for_each(|(chunk, scores)| {
        let mut desk = Desk::default();
        let mut scratch = match scorer.method() {
            Method::Eap(eap) => Some(Scratch::new(eap.grid())),
            _ => None,
        };
        for (offset, score) in scores.iter_mut().enumerate() {
            check(monitor)?;
            *score = desk.sort(answers(chunk * PERSONS_AT_ONCE + offset), &ranked)?;
            score.estimate = match (scorer.method(), &mut scratch) {
                (Method::Eap(eap), Some(scratch)) => Some(vectorised(
                    #[inline(always)]
                    || desk.eap(eap, &rows, scratch),
                )),
                (method, _) => method.of(&desk.answers),
            };
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
    /// Per item: true where it has parameters.
    known: Vec<bool>,
}

impl RankedItems {
    fn new(items: &[Option<ItemParameters>]) -> Result<Self, IrtError> {
        for (position, item) in items.iter().enumerate() {
            item.map_or(Ok(()), |item| item.validate(position))?;
        }
        let rising = |item: &Option<ItemParameters>| {
            let answer = RisingAnswer::new((*item)?, true)?;
            Some(RisingAnswer { up: false, ..answer })
        };
        let mut distinct: Vec<RisingAnswer> = items.iter().filter_map(rising).collect();
        distinct.sort_unstable_by(RisingAnswer::order);
        // Items with the same parameters share a rank and a row: answers to them are sorted as
        // where nothing but the parameters is known.
        distinct.dedup();
        let rank = |item: &Option<ItemParameters>| {
            let item = rising(item)?;
            distinct.binary_search_by(|other| other.order(&item)).ok()
        };
        let falling =
            |item: &Option<ItemParameters>| item.is_some_and(|item| item.discrimination < 0.0);
        Ok(Self {
            rank: items.iter().map(|item| rank(item).map_or(NO_RANK, |rank| rank as u32)).collect(),
            falling: items.iter().map(falling).collect(),
            known: items.iter().map(Option::is_some).collect(),
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
#[derive(Default)]
struct Desk {
    /// The person's answers: rank times 2, plus 1 if upwards.
    keys: Vec<u32>,
    answers: Vec<RisingAnswer>,
}

impl Desk {
    /// Counts the answers and brings those that tell something into their order.
    fn sort(
        &mut self,
        responses: &[Response],
        items: &RankedItems,
    ) -> Result<PersonScore, IrtError> {
        let mut score = PersonScore::default();
        self.keys.clear();
        reserve_exact(&mut self.keys, responses.len(), "a person's answers")?;
        for response in responses {
            let item = response.item();
            let Some(rank) = items.rank.get(item) else {
                let known = items.rank.len() as u64;
                return Err(IrtError::UnknownItem { item: item as u64, items: known });
            };
            if items.known[item] {
                score.responses += 1;
                score.correct += response.count();
            }
            if *rank != NO_RANK {
                self.keys.push(rank << 1 | response.count() ^ u32::from(items.falling[item]));
            }
        }
        self.keys.sort_unstable();
        let answer =
            |key: &u32| RisingAnswer { up: key & 1 == 1, ..items.items[(key >> 1) as usize] };
        self.answers.clear();
        reserve_exact(&mut self.answers, self.keys.len(), "a person's answers")?;
        self.answers.extend(self.keys.iter().map(answer));
        Ok(score)
    }

    #[inline(always)]
    fn eap(&self, eap: &Eap, rows: &[Eight], scratch: &mut Scratch) -> AbilityEstimate {
        let width = eap.grid().width;
        let row = |number: usize| (self.keys[number] >> 1) as usize * width;
        eap.of(&self.answers, |number, eight| rows[row(number) + eight], scratch)
    }
}
