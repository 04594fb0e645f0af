//! The answers of one group, while an aggregate collects them.
//!
//! An incorrect answer to an item says what a correct one to the item with the opposite
//! discrimination says, so both are kept as the latter: sixteen bytes.

use super::arithmetic;
use crate::error::ExtensionError;
use crate::postgres::aggregate_state::AggregateState;
use irt::ItemParameters;
use irt::memory::reserve_exact;
use irt::scoring::{Answer, ScorePrior};
use pgrx::pg_sys::{self, Datum};

/// An answer that counts as correct: discrimination, with its sign turned round for an incorrect
/// one, and difficulty.
type Kept = [f64; 2];

/// What is known of a group beside the answers.
#[derive(Debug, Clone, Copy, Default)]
pub struct Head {
    /// How many answers are correct.
    correct: u32,
    /// The prior, where the aggregate has one in its arguments and a row had it.
    prior: Option<(f64, f64)>,
}

/// The answers of one group.
pub struct Answers(AggregateState<Head, Kept>);

/// The bytes of a group's head, before its answers, where one process hands them to another.
const HEAD: usize = 4 * size_of::<u64>();

impl Answers {
    /// # Safety
    /// As for [`AggregateState::from_datum`], of a datum of this type's.
    #[inline]
    pub unsafe fn from_datum(datum: Datum) -> Self {
        // SAFETY: promised by the caller.
        Self(unsafe { AggregateState::from_datum(datum) })
    }

    /// What the server is given for them.
    #[inline]
    pub fn datum(&self) -> Datum {
        self.0.datum()
    }

    /// None yet.
    ///
    /// # Errors
    /// Outside of an aggregate.
    ///
    /// # Safety
    /// `call` is a call of the server's.
    #[cold]
    pub unsafe fn of_group(call: pg_sys::FunctionCallInfo) -> Result<Self, ExtensionError> {
        // SAFETY: promised by the caller.
        Ok(Self(unsafe { AggregateState::of_group(call, Head::default())? }))
    }

    /// Adds an answer.
    ///
    /// # Errors
    /// 54000.
    #[inline]
    pub fn add(&mut self, item: ItemParameters, correct: bool) -> Result<(), ExtensionError> {
        let signed = if correct { item.discrimination } else { -item.discrimination };
        self.0.push([signed, item.difficulty])?;
        self.0.head().correct += u32::from(correct);
        Ok(())
    }

    /// Takes note of the prior in a row.
    ///
    /// # Errors
    /// 22023 for one that is no prior, or another than in the rows before.
    #[inline]
    pub fn note_prior(&mut self, mean: f64, sd: f64) -> Result<(), ExtensionError> {
        let head = self.0.head();
        match head.prior {
            Some(prior) if prior == (mean, sd) => Ok(()),
            Some(prior) => Err(two_priors(prior, (mean, sd))),
            None => {
                arithmetic::prior(mean, sd)?;
                // Adding 0 makes one 0 of the two that there are.
                head.prior = Some((mean + 0.0, sd));
                Ok(())
            }
        }
    }

    /// Adds the answers of another part of the same group.
    ///
    /// # Errors
    /// 22023 for another prior; 54000.
    pub fn append(&mut self, mut other: Self) -> Result<(), ExtensionError> {
        let Head { correct, prior } = *other.0.head();
        if let Some((mean, sd)) = prior {
            self.note_prior(mean, sd)?;
        }
        for kept in other.0.elements() {
            self.0.push(*kept)?;
        }
        self.0.head().correct += correct;
        Ok(())
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.0.elements().len()
    }

    /// How many of them are correct.
    pub fn correct(&mut self) -> u32 {
        self.0.head().correct
    }

    /// The prior that the rows named, if any; else the usual one.
    ///
    /// # Errors
    /// None that [`Self::note_prior`] has not found.
    pub fn prior(&mut self) -> Result<ScorePrior, ExtensionError> {
        match self.0.head().prior {
            Some((mean, sd)) => arithmetic::prior(mean, sd),
            None => Ok(ScorePrior::default()),
        }
    }

    /// The answers as scoring wants them, in the order in which they came.
    ///
    /// # Errors
    /// 53200.
    pub fn to_vec(&self) -> Result<Vec<Answer>, ExtensionError> {
        let mut answers = Vec::new();
        reserve_exact(&mut answers, self.count(), "a person's answers")?;
        answers.extend(self.0.elements().iter().map(|&[discrimination, difficulty]| Answer {
            item: ItemParameters::new(discrimination, difficulty),
            correct: true,
        }));
        Ok(answers)
    }

    /// All of it as a bytea, for another process of the same server.
    pub fn serialized(&mut self) -> Datum {
        let Head { correct, prior } = *self.0.head();
        let (mean, sd) = prior.unwrap_or_default();
        let head: [u64; 4] =
            [u64::from(correct), u64::from(prior.is_some()), mean.to_bits(), sd.to_bits()];
        let elements = self.0.elements();
        let bytes = pg_sys::VARHDRSZ + HEAD + size_of_val(elements);
        // SAFETY: fresh memory of that size takes the header, the head and all elements; below
        // 1 GB, as AggregateState::MOST says.
        unsafe {
            let start = pg_sys::palloc(bytes).cast::<u8>();
            pgrx::varlena::set_varsize_4b(start.cast(), bytes as i32);
            let data = start.add(pg_sys::VARHDRSZ);
            data.copy_from_nonoverlapping(head.as_ptr().cast(), HEAD);
            data.add(HEAD)
                .copy_from_nonoverlapping(elements.as_ptr().cast(), size_of_val(elements));
            Datum::from(start)
        }
    }

    /// The inverse of [`Self::serialized`], as long as the current memory context.
    ///
    /// # Errors
    /// A length that it never has.
    ///
    /// # Safety
    /// The datum is a bytea.
    pub unsafe fn deserialized(datum: Datum) -> Result<Self, ExtensionError> {
        // SAFETY: promised by the caller; readable until the current memory context ends.
        let bytes = unsafe {
            let plain = pg_sys::pg_detoast_datum_packed(datum.cast_mut_ptr());
            pgrx::varlena::varlena_to_byte_slice(plain)
        };
        let (words, rest) = bytes.as_chunks::<8>();
        let [correct, has_prior, mean, sd, answers @ ..] = words else { return Err(broken()) };
        let (answers, odd) = answers.as_chunks::<2>();
        if !rest.is_empty() || !odd.is_empty() {
            return Err(broken());
        }
        let number = |word: &[u8; 8]| f64::from_bits(u64::from_ne_bytes(*word));
        let head = Head {
            correct: u32::try_from(u64::from_ne_bytes(*correct)).map_err(|_| broken())?,
            prior: (u64::from_ne_bytes(*has_prior) == 1).then(|| (number(mean), number(sd))),
        };
        let room = u32::try_from(answers.len()).unwrap_or(u32::MAX);
        let mut state = AggregateState::for_now(head, room)?;
        for [discrimination, difficulty] in answers {
            state.push([number(discrimination), number(difficulty)])?;
        }
        Ok(Self(state))
    }
}

fn broken() -> ExtensionError {
    ExtensionError::Internal("a state of an aggregate is none of ours".to_owned())
}

#[cold]
fn two_priors(one: (f64, f64), other: (f64, f64)) -> ExtensionError {
    let text = |(mean, sd): (f64, f64)| format!("N({mean}, {sd}²)");
    let argument = if one.0 == other.0 { "prior_sd" } else { "prior_mean" };
    ExtensionError::InvalidArgument {
        argument,
        // Which of them comes first depends on the plan.
        found: format!(
            "not constant: {} and {}",
            text(if one <= other { one } else { other }),
            text(if one <= other { other } else { one })
        ),
        expected: "the same in all rows of a group",
    }
}
