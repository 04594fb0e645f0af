//! When a cron expression comes true next.
//!
//! The five fields of cron: numbers, names of months and days, lists, ranges and
//! steps. What else some version of pg_cron knows ('30 seconds', '$') is not
//! understood here, and not guessed at.
//! Pure: no clock; a moment is local time in the zone of pg_cron.

use std::fmt;

/// February 29 may be eight years away.
const HORIZON_DAYS: i64 = 8 * 366;

const MONTHS: [&str; 12] =
    ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const WEEKDAYS: [&str; 7] = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

/// A minute of local time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Clock {
    /// Days since 1970-01-01.
    day: i64,
    /// Minutes since midnight.
    minute: u32,
}

impl Clock {
    /// From local seconds since 1970.
    pub fn from_epoch(seconds: i64) -> Self {
        let minutes = seconds.div_euclid(60);
        Self { day: minutes.div_euclid(1440), minute: minutes.rem_euclid(1440) as u32 }
    }
}

impl fmt::Display for Clock {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = civil(self.day);
        let name = WEEKDAYS[weekday(self.day) as usize];
        let (hour, minute) = (self.minute / 60, self.minute % 60);
        write!(out, "{}{}", name[..1].to_uppercase(), &name[1..])?;
        write!(out, " {year}-{month:02}-{day:02} {hour:02}:{minute:02}")
    }
}

/// A parsed expression: a set of bits per field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Expression {
    minutes: u64,
    hours: u64,
    days: u64,
    months: u64,
    weekdays: u64,
    /// Either day field begins with a star, so both must hold; else one is enough.
    both_days: bool,
}

impl Expression {
    /// `None` for what is not the plain syntax.
    pub fn parse(text: &str) -> Option<Self> {
        let fields: Vec<&str> = text.split_ascii_whitespace().collect();
        let [minutes, hours, days, months, weekdays] = fields[..] else { return None };
        let week = field(weekdays, 0, 7, 0, &WEEKDAYS)?;
        Some(Self {
            minutes: field(minutes, 0, 59, 0, &[])?,
            hours: field(hours, 0, 23, 0, &[])?,
            days: field(days, 1, 31, 1, &[])?,
            months: field(months, 1, 12, 1, &MONTHS)?,
            // Sunday is 0 and 7.
            weekdays: (week | week >> 7) & 0x7f,
            both_days: days.starts_with('*') || weekdays.starts_with('*'),
        })
    }

    /// The next `count` moments after `now`.
    pub fn after(&self, now: Clock, count: usize) -> Vec<Clock> {
        (now.day..now.day + HORIZON_DAYS)
            .filter(|&day| self.is_on(day))
            .flat_map(|day| {
                (0..1440)
                    .filter(|&minute| self.is_at(minute))
                    .map(move |minute| Clock { day, minute })
            })
            .filter(|moment| (moment.day, moment.minute) > (now.day, now.minute))
            .take(count)
            .collect()
    }

    fn is_at(&self, minute: u32) -> bool {
        has(self.hours, minute / 60) && has(self.minutes, minute % 60)
    }

    fn is_on(&self, day: i64) -> bool {
        let (_, month, of_month) = civil(day);
        let (monthly, weekly) = (has(self.days, of_month), has(self.weekdays, weekday(day)));
        has(self.months, month)
            && if self.both_days { monthly && weekly } else { monthly || weekly }
    }
}

fn has(set: u64, value: u32) -> bool {
    set >> value & 1 == 1
}

fn field(text: &str, low: u32, high: u32, first: u32, names: &[&str]) -> Option<u64> {
    text.split(',').try_fold(0, |set, part| Some(set | range(part, low, high, first, names)?))
}

fn range(text: &str, low: u32, high: u32, first: u32, names: &[&str]) -> Option<u64> {
    let (span, step) = text.split_once('/').unwrap_or((text, "1"));
    let step: usize = step.parse().ok().filter(|&step| step > 0)?;
    let value = |text: &str| -> Option<u32> {
        let named = names.iter().position(|name| text.eq_ignore_ascii_case(name));
        let value = named.map_or_else(|| text.parse().ok(), |at| Some(at as u32 + first))?;
        (low..=high).contains(&value).then_some(value)
    };
    let (from, to) = match span.split_once('-') {
        _ if span == "*" => (low, high),
        Some((from, to)) => (value(from)?, value(to)?),
        // Versions of cron differ about a step without a range.
        None if text.contains('/') => return None,
        None => (value(span)?, value(span)?),
    };
    (from <= to).then(|| (from..=to).step_by(step).fold(0, |set, value| set | 1 << value))
}

/// 1970-01-01 was a Thursday.
fn weekday(day: i64) -> u32 {
    (day + 4).rem_euclid(7) as u32
}

/// Year, month and day of the Gregorian calendar (Howard Hinnant's `civil_from_days`).
fn civil(day: i64) -> (i64, u32, u32) {
    let shifted = day + 719_468;
    let era = shifted.div_euclid(146_097);
    let of_era = shifted.rem_euclid(146_097);
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let shifted_month = (5 * of_year + 2) / 153;
    let of_month = (of_year - (153 * shifted_month + 2) / 5 + 1) as u32;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 } as u32;
    (year + era * 400 + i64::from(month <= 2), month, of_month)
}
