//! The statement that is sent.

use super::part::{Form, Part};
use crate::bank::{Bank, Column};
use crate::responses::conditions::{is_after, is_correct, is_eligible};
use crate::responses::values::Time;
use pgrx::pg_sys;
use pgrx::spi::quote_literal;

/// Keys below this have room for a bit of correctness in an integer.
const CODES: i64 = 1 << 30;

/// A SELECT of one row a person, or, where there are groups, a person in a group: the person, the
/// group, how many values of correctness are neither 0 nor 1 unless it is boolean, the parts, and for
/// each moment a byte a response after it, 1 for a correct one.
pub struct Statement<'a> {
    bank: &'a Bank,
    condition: Option<String>,
    /// The condition that a person is one of those that are named.
    named: Option<String>,
    parts: Vec<Part>,
    moments: Vec<String>,
}

impl<'a> Statement<'a> {
    /// For a bank's responses without their times; `condition`, in SQL, limits which.
    pub fn new(bank: &'a Bank, condition: Option<&str>) -> Self {
        let (condition, parts) = (condition.map(str::to_owned), parts(bank, &[None]));
        Self { bank, condition, named: None, parts, moments: Vec::new() }
    }

    /// The same with what came after each of these moments, SQL expressions. Where there are no times,
    /// nothing did.
    pub fn counting_after(mut self, moments: &[String]) -> Self {
        if self.bank.answered_at.is_some() {
            self.moments = moments.to_vec();
        }
        self
    }

    /// The same for a bank's responses with their times, if it has them.
    pub fn timed(&self) -> Option<Self> {
        let time = match self.bank.answered_at.as_ref()?.base_type {
            pg_sys::DATEOID => Time::Days,
            _ => Time::Microseconds,
        };
        let parts = parts(self.bank, &[None, Some(time)]);
        let (condition, moments) = (self.condition.clone(), Vec::new());
        Some(Self { bank: self.bank, condition, named: None, parts, moments })
    }

    /// The same for the persons with these keys, or everybody if there are none.
    pub fn of(mut self, persons: &[String]) -> Self {
        if persons.is_empty() {
            return self;
        }
        let elements: Vec<String> = persons.iter().map(|key| element(key)).collect();
        let person = &self.bank.person;
        self.named = Some(format!(
            "{} OPERATOR(pg_catalog.=) ANY ({}::pg_catalog.{}[])",
            person.quoted(),
            quote_literal(format!("{{{}}}", elements.join(","))),
            key_type(person)
        ));
        self
    }

    /// What its last columns hold.
    pub fn parts(&self) -> &[Part] {
        &self.parts
    }

    /// How many moments there are.
    pub fn moments(&self) -> usize {
        self.moments.len()
    }

    /// True where the second column is the group.
    pub fn has_group(&self) -> bool {
        self.bank.group.is_some()
    }

    /// True where the next column counts wrong values.
    pub fn counts_wrong_values(&self) -> bool {
        self.bank.correct.base_type != pg_sys::BOOLOID
    }

    /// The text.
    pub fn sql(&self) -> String {
        self.with(self.named.as_deref())
    }

    /// The text for a log: nobody is named in it.
    pub fn shown(&self) -> String {
        self.with(self.named.as_ref().map(|_| "…"))
    }

    fn with(&self, named: Option<&str>) -> String {
        let bank = self.bank;
        let [person, correct] = [&bank.person, &bank.correct].map(Column::quoted);
        let mut keys = vec![person];
        keys.extend(bank.group.as_ref().map(Column::quoted));
        let mut columns = keys.clone();
        if self.counts_wrong_values() {
            columns.push(format!(
                "pg_catalog.count(*) FILTER (WHERE {correct} OPERATOR(pg_catalog.<>) 0 \
                 AND {correct} OPERATOR(pg_catalog.<>) 1)"
            ));
        }
        columns.extend(self.parts.iter().flat_map(|part| self.columns_of(part)));
        columns.extend(self.moments.iter().map(|moment| {
            format!(
                "pg_catalog.string_agg(pg_catalog.boolsend({}), '') FILTER (WHERE {})",
                is_correct(self.bank),
                is_after(bank, moment)
            )
        }));
        let mut conditions = vec![is_eligible(bank)];
        conditions.extend(self.condition.clone());
        conditions.extend(named.map(str::to_owned));
        format!(
            "SELECT {} FROM {} WHERE {} GROUP BY {}",
            columns.join(", "),
            bank.responses.name,
            conditions.join(" AND "),
            keys.join(", ")
        )
    }

    /// The columns of a part: items, and times where they are read.
    fn columns_of(&self, part: &Part) -> Vec<String> {
        let filter = self.filter(part);
        let aggregate = |values: String, between: &str| {
            format!("pg_catalog.string_agg({values}, '{between}') FILTER (WHERE {filter})")
        };
        let mut columns = vec![match part.form {
            Form::Text => aggregate(self.key(part), ","),
            _ => aggregate(self.key(part), ""),
        }];
        if let (Some(_), Some(time)) = (part.time, &self.bank.answered_at) {
            let send = match time.base_type {
                pg_sys::DATEOID => "date_send",
                pg_sys::TIMESTAMPOID => "timestamp_send",
                _ => "timestamptz_send",
            };
            columns.push(aggregate(format!("pg_catalog.{send}({})", time.quoted()), ""));
        }
        columns
    }

    /// An item as the part writes it down.
    fn key(&self, part: &Part) -> String {
        let item = self.bank.item.quoted();
        match part.form {
            Form::Narrow => format!("pg_catalog.int4send({item}::pg_catalog.int4)"),
            Form::Code => format!(
                "pg_catalog.int4send(pg_catalog.int4({item}::pg_catalog.int8 OPERATOR(pg_catalog.*) \
                 2 OPERATOR(pg_catalog.+) pg_catalog.int4({})))",
                is_correct(self.bank)
            ),
            Form::Integer => format!("pg_catalog.int8send({item}::pg_catalog.int8)"),
            Form::Uuid => format!("pg_catalog.uuid_send({item})"),
            Form::Text => format!("pg_catalog.quote_literal({item}::pg_catalog.text)"),
        }
    }

    /// Which responses a part has.
    fn filter(&self, part: &Part) -> String {
        let item = self.bank.item.quoted();
        let mut conditions = Vec::new();
        match part.form {
            Form::Code => conditions.push(format!(
                "{item} OPERATOR(pg_catalog.>=) 0 AND {item} OPERATOR(pg_catalog.<) {CODES}"
            )),
            Form::Integer => conditions.push(format!(
                "({item} OPERATOR(pg_catalog.<) 0 OR {item} OPERATOR(pg_catalog.>=) {CODES})"
            )),
            Form::Narrow | Form::Uuid | Form::Text => {}
        }
        match (part.form, part.correct) {
            (Form::Code, _) => {}
            (_, true) => conditions.push(is_correct(self.bank)),
            (_, false) => conditions.push(format!("NOT {}", is_correct(self.bank))),
        }
        // Without times there is one part for both.
        if let (true, Some(time)) = (self.reads_times(), &self.bank.answered_at) {
            let not = if part.time.is_some() { "NOT " } else { "" };
            conditions.push(format!("{} IS {not}NULL", time.quoted()));
        }
        if conditions.is_empty() { "true".to_owned() } else { conditions.join(" AND ") }
    }

    fn reads_times(&self) -> bool {
        self.parts.iter().any(|part| part.time.is_some())
    }
}

/// The parts of a bank's responses, for those with each of these `times`.
fn parts(bank: &Bank, times: &[Option<Time>]) -> Vec<Part> {
    let of_forms: &[(Form, bool)] = match bank.item.base_type {
        pg_sys::UUIDOID => &[(Form::Uuid, true), (Form::Uuid, false)],
        pg_sys::INT2OID | pg_sys::INT4OID => &[(Form::Narrow, true), (Form::Narrow, false)],
        pg_sys::TEXTOID | pg_sys::VARCHAROID => &[(Form::Text, true), (Form::Text, false)],
        _ => &[(Form::Code, true), (Form::Integer, true), (Form::Integer, false)],
    };
    let with = |&time: &Option<Time>| {
        of_forms.iter().map(move |&(form, correct)| Part { form, correct, time })
    };
    times.iter().flat_map(with).collect()
}

/// The type of a key, domains resolved.
fn key_type(column: &Column) -> &'static str {
    match column.base_type {
        pg_sys::INT2OID => "int2",
        pg_sys::INT4OID => "int4",
        pg_sys::INT8OID => "int8",
        pg_sys::UUIDOID => "uuid",
        _ => "text",
    }
}

/// An element of an array, quoted.
fn element(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}
