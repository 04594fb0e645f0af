//! How many eligible responses there are, by time and correctness: counted while they are read.

use pgrx::datum::TimestampWithTimeZone;

/// Eligible responses of one snapshot, and the correct ones among them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// All of them.
    pub total: i64,
    /// With a time after the last run's moment.
    pub after_last: i64,
    /// With a time after this moment: in the future.
    pub ahead: i64,
    /// The correct ones of each of these.
    pub correct: i64,
    /// See `correct`.
    pub correct_after_last: i64,
    /// See `correct`.
    pub correct_ahead: i64,
}

/// Counts responses as they pass by.
#[derive(Debug)]
pub struct Counter {
    moments: [TimestampWithTimeZone; 2],
    /// The same as microseconds since Postgres' epoch, in UTC.
    last: i64,
    now: i64,
    /// Of the incorrect ones, and of the correct ones.
    all: [i64; 2],
    after_last: [i64; 2],
    ahead: [i64; 2],
    complete: bool,
}

impl Counter {
    /// None yet: `last` is the last run's moment, `now` this one.
    pub fn new(last: TimestampWithTimeZone, now: TimestampWithTimeZone) -> Self {
        let moments = [last, now];
        let [last, now] = moments.map(TimestampWithTimeZone::into_inner);
        let none = [0; 2];
        Self { moments, last, now, all: none, after_last: none, ahead: none, complete: false }
    }

    /// A response that is eligible, and its time as [`super::values::Time`] reads it, or
    /// [`irt::NO_TIME`].
    ///
    /// It is after a moment exactly when [`super::conditions::is_after`] says so: of a date, midnight
    /// UTC is when the date is a later one.
    #[inline]
    pub fn add(&mut self, correct: bool, time: i64) {
        let place = usize::from(correct);
        self.all[place] += 1;
        self.after_last[place] += i64::from(time > self.last);
        self.ahead[place] += i64::from(time > self.now);
    }

    /// The last run's moment, and this one.
    pub fn moments(&self) -> [TimestampWithTimeZone; 2] {
        self.moments
    }

    /// Somebody else has counted all of them.
    pub fn take(&mut self, counts: Counts) {
        let parts = |total: i64, correct: i64| [total - correct, correct];
        self.all = parts(counts.total, counts.correct);
        self.after_last = parts(counts.after_last, counts.correct_after_last);
        self.ahead = parts(counts.ahead, counts.correct_ahead);
        self.complete = true;
    }

    /// Counts anew.
    pub fn forget(&mut self) {
        let [last, now] = self.moments;
        *self = Self::new(last, now);
    }

    /// There are no more.
    pub fn complete(&mut self) {
        self.complete = true;
    }

    /// How many there were; `None` until all of them have been seen.
    pub fn counts(&self) -> Option<Counts> {
        let sum = |[incorrect, correct]: [i64; 2]| incorrect + correct;
        self.complete.then(|| Counts {
            total: sum(self.all),
            after_last: sum(self.after_last),
            ahead: sum(self.ahead),
            correct: self.all[1],
            correct_after_last: self.after_last[1],
            correct_ahead: self.ahead[1],
        })
    }
}
