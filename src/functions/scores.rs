//! irt_probability, irt_information, irt_score, irt_next_items, irt_test_information.

use crate::error::ExtensionError;
use crate::postgres::catching::catch_to_raise;
use crate::postgres::raising::or_raise;
use crate::postgres::sql_types::{Text, Texts};
use crate::scores::next_items::{self, Wanted};
use crate::scores::of_bank::{self, Scores};
use crate::scores::{arithmetic, test_information};
use irt::scoring::PersonScore;
use pgrx::datum::TimestampWithTimeZone;
use pgrx::prelude::*;

/// The probability of a correct answer.
#[pg_extern(immutable, parallel_safe)]
fn irt_probability(ability: f64, discrimination: f64, difficulty: f64) -> f64 {
    or_raise(arithmetic::probability(ability, discrimination, difficulty))
}

/// How much an item tells about an ability.
#[pg_extern(immutable, parallel_safe)]
fn irt_information(ability: f64, discrimination: f64, difficulty: f64) -> f64 {
    or_raise(arithmetic::information(ability, discrimination, difficulty))
}

/// The abilities of everybody in a bank.
#[expect(clippy::type_complexity, reason = "the signature is SQL's")]
#[pg_extern(stable, parallel_unsafe)]
fn irt_score(
    bank: default!(Option<Text>, "'default'"),
    method: default!(Option<Text>, "'eap'"),
    at: default!(Option<TimestampWithTimeZone>, "NULL"),
) -> TableIterator<
    'static,
    (
        name!(person, Text),
        name!(group_name, Option<Text>),
        name!(ability, Option<f64>),
        name!(standard_error, Option<f64>),
        name!(responses_count, i32),
        name!(correct_count, i32),
        name!(publication_id, Option<i64>),
    ),
> {
    let score = || of_bank::score(bank.as_deref(), method.as_deref(), at);
    let scored = catch_to_raise(score).unwrap_or_else(|report| Err(report.into()));
    drop((bank, method));
    let Scores { persons, groups, scores, publication } = or_raise(scored);
    let groups =
        groups.into_iter().map(|group| Some(Text(group))).chain(std::iter::repeat_with(|| None));
    let rows = persons.into_iter().zip(groups).zip(scores);
    TableIterator::new(
        rows.map(move |((person, group), score)| row(person, group, score, publication)),
    )
}

type ScoreRow = (Text, Option<Text>, Option<f64>, Option<f64>, i32, i32, Option<i64>);

fn row(
    person: String,
    group_name: Option<Text>,
    score: PersonScore,
    publication: Option<i64>,
) -> ScoreRow {
    (
        Text(person),
        group_name,
        score.estimate.map(|estimate| estimate.ability),
        score.estimate.and_then(|estimate| estimate.standard_error),
        score.responses.cast_signed(),
        score.correct.cast_signed(),
        publication,
    )
}

/// Which items come next.
#[pg_extern(volatile, parallel_unsafe)]
fn irt_next_items(
    ability: Option<f64>,
    exclude: default!(Option<Texts>, "'{}'"),
    count: default!(Option<i32>, "1"),
    randomesque: default!(Option<i32>, "1"),
    seed: default!(Option<i64>, "NULL"),
    bank: default!(Option<Text>, "'default'"),
) -> TableIterator<
    'static,
    (
        name!(item, Text),
        name!(information, f64),
        name!(difficulty, f64),
        name!(discrimination, f64),
    ),
> {
    let chosen = next_items::choose(&Wanted {
        ability,
        exclude: exclude.as_ref().map_or(&[], |Texts(items)| items),
        count,
        randomesque,
        seed,
        bank: bank.as_deref(),
    });
    drop((exclude, bank));
    TableIterator::new(or_raise(chosen))
}

/// How much items tell at the bank's nodes.
#[pg_extern(stable, parallel_unsafe)]
fn irt_test_information(
    bank: default!(Option<Text>, "'default'"),
    items: default!(Option<Texts>, "NULL"),
) -> TableIterator<
    'static,
    (name!(ability, f64), name!(information, f64), name!(standard_error, Option<f64>)),
> {
    let items_given = items.as_ref().map(|Texts(items)| items.as_slice());
    let found = test_information::at_nodes(bank.as_deref(), items_given);
    drop((bank, items));
    let found = or_raise::<_, ExtensionError>(found);
    TableIterator::new(found.into_iter().map(|at| (at.ability, at.information, at.standard_error)))
}
