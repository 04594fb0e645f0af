//! irt_eap, irt_map, irt_mle and irt_wle: the functions that the server calls for an aggregate.
//!
//! A transition adds a row's answer to the group's state. A state is the answers themselves, because
//! what depends on their order in the last bits is computed at the end, from sorted answers: so any
//! plan gives the same bits, parallel ones too. For the same reason there is no inverse transition
//! for moving windows: the work is at the end, and nothing would be saved.

use super::answers::Answers;
use super::arithmetic;
use crate::error::ExtensionError;
use crate::postgres::calls::{argument, arguments_count, row};
use irt::Quadrature;
use irt::scoring::{ScorePrior, Scorer, ScoringMethod};
use pgrx::pg_sys::{Datum, FunctionCallInfo};
use pgrx::{FromDatum, IntoDatum};
use std::cell::RefCell;

/// The transition for (state, correct boolean, discrimination, difficulty), and the same with
/// (…, prior_mean, prior_sd). A row with a NULL is not counted.
///
/// # Errors
/// 22023 for numbers that cannot be, 54000.
///
/// # Safety
/// `call` is the server's, of a function with these arguments.
#[inline]
pub unsafe fn add_boolean(call: FunctionCallInfo) -> Result<Option<Datum>, ExtensionError> {
    // SAFETY: promised by the caller.
    unsafe { add(call, |correct| Ok(correct.value() as u8 != 0)) }
}

/// The same for (state, correct int, …).
///
/// # Errors
/// As [`add_boolean`], and 22023 for what is neither 0 nor 1.
///
/// # Safety
/// As [`add_boolean`].
#[inline]
pub unsafe fn add_integer(call: FunctionCallInfo) -> Result<Option<Datum>, ExtensionError> {
    // SAFETY: promised by the caller.
    unsafe {
        add(call, |correct| match correct.value() as i32 {
            0 => Ok(false),
            1 => Ok(true),
            other => Err(ExtensionError::InvalidArgument {
                argument: "correct",
                found: other.to_string(),
                expected: "0 or 1",
            }),
        })
    }
}

/// # Safety
/// As [`add_boolean`].
#[inline]
unsafe fn add(
    call: FunctionCallInfo,
    read: impl FnOnce(Datum) -> Result<bool, ExtensionError>,
) -> Result<Option<Datum>, ExtensionError> {
    // SAFETY: promised by the caller: the call has these arguments, of these types.
    unsafe {
        let state = argument(call, 0);
        let answer = argument(call, 1).zip(number(call, 2)).zip(number(call, 3));
        let (prior, counts) = match arguments_count(call) {
            6 => {
                let prior = number(call, 4).zip(number(call, 5));
                (prior, prior.is_some())
            }
            _ => (None, true),
        };
        let answer = answer.filter(|_| counts);
        if answer.is_none() && prior.is_none() {
            return Ok(state);
        }
        let mut answers = match state {
            Some(state) => Answers::from_datum(state),
            None => Answers::of_group(call)?,
        };
        if let Some((mean, sd)) = prior {
            answers.note_prior(mean, sd)?;
        }
        if let Some(((correct, discrimination), difficulty)) = answer {
            let item = arithmetic::item(discrimination, difficulty)?;
            answers.add(item, read(correct)?)?;
        }
        Ok(Some(answers.datum()))
    }
}

/// # Safety
/// `call` is the server's, and this argument a double precision.
#[inline]
unsafe fn number(call: FunctionCallInfo, position: usize) -> Option<f64> {
    // SAFETY: promised by the caller.
    unsafe { argument(call, position).and_then(|datum| f64::from_datum(datum, false)) }
}

/// Puts two parts of a group together: (state, state).
///
/// # Errors
/// 22023 for two priors, 54000.
///
/// # Safety
/// `call` is the server's, of a function with these arguments.
pub unsafe fn combine(call: FunctionCallInfo) -> Result<Option<Datum>, ExtensionError> {
    // SAFETY: promised by the caller.
    unsafe {
        let (Some(other), state) = (argument(call, 1), argument(call, 0)) else {
            return Ok(argument(call, 0));
        };
        // The second one does not live long enough to become the first.
        let mut answers = match state {
            Some(state) => Answers::from_datum(state),
            None => Answers::of_group(call)?,
        };
        answers.append(Answers::from_datum(other))?;
        Ok(Some(answers.datum()))
    }
}

/// A state as a bytea.
///
/// # Errors
/// None.
///
/// # Safety
/// `call` is the server's, of a strict function with a state.
pub unsafe fn serialize(call: FunctionCallInfo) -> Result<Option<Datum>, ExtensionError> {
    // SAFETY: promised by the caller.
    let state = unsafe { argument(call, 0).map(|state| Answers::from_datum(state)) };
    Ok(state.map(|mut answers| answers.serialized()))
}

/// A state from a bytea.
///
/// # Errors
/// 53200.
///
/// # Safety
/// `call` is the server's, of a strict function with a bytea.
pub unsafe fn deserialize(call: FunctionCallInfo) -> Result<Option<Datum>, ExtensionError> {
    // SAFETY: promised by the caller.
    unsafe {
        let Some(bytes) = argument(call, 0) else { return Ok(None) };
        Ok(Some(Answers::deserialized(bytes)?.datum()))
    }
}

/// The irt_ability of a group; NULL for a group that has no answers and therefore none.
///
/// # Errors
/// 53200.
///
/// # Safety
/// `call` is the server's, of a function that takes a state and returns an irt_ability.
pub unsafe fn finish(
    call: FunctionCallInfo,
    method: ScoringMethod,
) -> Result<Option<Datum>, ExtensionError> {
    // SAFETY: promised by the caller.
    let state = unsafe { argument(call, 0).map(|state| Answers::from_datum(state)) };
    let (prior, answers, correct) = match state {
        Some(mut state) => (state.prior()?, state.to_vec()?, state.correct()),
        None => (ScorePrior::default(), Vec::new(), 0),
    };
    let count = answers.len();
    let estimate = with_scorer(method, prior, |scorer| scorer.score(&answers))?;
    drop(answers);
    if estimate.is_none() && count == 0 {
        return Ok(None);
    }
    let values = [
        estimate.and_then(|estimate| estimate.ability.into_datum()),
        estimate.and_then(|estimate| estimate.standard_error).and_then(f64::into_datum),
        (count as i32).into_datum(),
        correct.cast_signed().into_datum(),
    ];
    // SAFETY: promised by the caller.
    unsafe { row(call, values).map(Some) }
}

thread_local! {
    /// The scorer of the last group: that of the next one, nearly always.
    static LAST: RefCell<Option<(ScoringMethod, ScorePrior, Scorer)>> = const { RefCell::new(None) };
}

fn with_scorer<T>(
    method: ScoringMethod,
    prior: ScorePrior,
    work: impl FnOnce(&Scorer) -> Result<T, irt::IrtError>,
) -> Result<T, ExtensionError> {
    LAST.with_borrow_mut(|last| {
        let found = match last {
            Some((of, with, scorer)) if (*of, *with) == (method, prior) => scorer,
            _ => {
                let scorer = Scorer::new(method, prior, &Quadrature::default());
                &mut last.insert((method, prior, scorer)).2
            }
        };
        Ok(work(found)?)
    })
}
