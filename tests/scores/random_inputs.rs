//! Ten thousand random inputs: a number with its error, a NULL by the rules, or a clear refusal, and
//! what crates/irt says, to the bit.

use crate::common::{Cluster, value};
use crate::{METHODS, expected};
use irt::ItemParameters;
use irt::scoring::{AbilityEstimate, Answer, ScorePrior, ScoringMethod};
use postgres::{Client, Statement};

#[path = "../soak/random.rs"]
#[allow(dead_code, reason = "moments are the soak tests'")]
mod random;
use random::Random;

/// Rows of one group: correct, a, b.
type Row = (Option<bool>, Option<f64>, Option<f64>);

const ODD: [f64; 16] = [
    f64::NAN,
    f64::INFINITY,
    f64::NEG_INFINITY,
    0.0,
    -0.0,
    1e-300,
    -1e-13,
    1e300,
    20.0,
    20.000001,
    -10.0,
    -10.1,
    1e12,
    -1e12,
    6.0,
    f64::MIN_POSITIVE,
];

fn some_number(random: &mut Random, odd: usize, scale: f64) -> Option<f64> {
    match random.below(100) {
        0 => None,
        x if x <= odd => Some(ODD[random.below(ODD.len())]),
        _ => Some((random.below(2_000_001) as f64 / 1e6 - 1.0) * scale),
    }
}

fn some_rows(random: &mut Random, case: usize) -> Vec<Row> {
    let count = match case % 1000 {
        // One person with very many answers.
        500 if case < 3000 => 100_000,
        x if x < 20 => 1000,
        _ => random.below(40),
    };
    // One odd value in the lot refuses all of it: mostly none.
    let odd = if random.below(3) == 0 && count < 1000 { 3 } else { 0 };
    let alike = random.below(4);
    let correct = |random: &mut Random| match (alike, random.below(30)) {
        (_, 0) => None,
        (0, _) => Some(true),
        (1, _) => Some(false),
        (_, x) => Some(x % 2 == 0),
    };
    (0..count)
        .map(|_| {
            let a = match some_number(random, odd, 3.0) {
                // Rising, mostly.
                Some(a) if a.abs() < 3.0 && random.below(10) > 0 => Some(a.abs()),
                a => a,
            };
            (correct(random), a, some_number(random, odd, 4.0))
        })
        .collect()
}

/// What the rules say of a group; `None`: refused.
fn by_the_rules(rows: &[Row]) -> Option<Vec<Answer>> {
    let counted = rows.iter().filter_map(|&(correct, a, b)| Some((correct?, a?, b?)));
    counted
        .map(|(correct, a, b)| {
            let usable = (-10.0..=20.0).contains(&a) && b.abs() <= 1e12;
            usable.then_some(Answer { item: ItemParameters::new(a, b), correct })
        })
        .collect()
}

struct Statements(Vec<(ScoringMethod, Statement)>);

impl Statements {
    fn prepare(client: &mut Client) -> Self {
        let prepare = |(name, method)| {
            let prior = if ["eap", "map"].contains(&name) { ", $4, $5" } else { "" };
            let sql = format!(
                "SELECT (s).ability, (s).standard_error, (s).responses_count, (s).correct_count
                 FROM (SELECT irt_{name}(x, a, b{prior}) AS s
                       FROM unnest($1::boolean[], $2::float8[], $3::float8[]) AS r (x, a, b)
                       WHERE $4::float8 IS NOT NULL AND $5::float8 IS NOT NULL) g"
            );
            (method, client.prepare(&sql).unwrap())
        };
        Self(METHODS.into_iter().map(prepare).collect())
    }
}

#[test]
fn random_inputs_have_a_score_a_null_or_a_refusal() {
    let (_cluster, mut client) = Cluster::with_extension();
    let statements = Statements::prepare(&mut client);
    let mut random = Random::of_test(16);
    let mut seen = [0; 3];
    for case in 0..10_000 {
        let rows = some_rows(&mut random, case);
        let (method, statement) = &statements.0[random.below(4)];
        let mean = some_number(&mut random, 1, 3.0).unwrap_or(0.0);
        let sd = some_number(&mut random, 1, 2.0).unwrap_or(1.0);
        let correct: Vec<_> = rows.iter().map(|row| row.0).collect();
        let a: Vec<_> = rows.iter().map(|row| row.1).collect();
        let b: Vec<_> = rows.iter().map(|row| row.2).collect();
        let found = client.query_one(statement, &[&correct, &a, &b, &mean, &sd]);
        let with_prior = matches!(method, ScoringMethod::Eap | ScoringMethod::Map);
        let prior =
            if with_prior { ScorePrior::new(mean, sd).ok() } else { Some(ScorePrior::default()) };
        // Without rows there is no prior to be refused.
        let answers = by_the_rules(&rows).filter(|_| prior.is_some() || rows.is_empty());
        let Some(answers) = answers else {
            let refused = found.expect_err("it must be refused");
            assert_eq!(refused.code().unwrap().code(), "22023", "case {case}: {refused}");
            seen[2] += 1;
            continue;
        };
        let found = found.unwrap_or_else(|error| panic!("case {case}: {error}"));
        let estimate = found
            .get::<_, Option<f64>>(0)
            .map(|ability| AbilityEstimate { ability, standard_error: found.get(1) });
        let nothing = if with_prior { rows.is_empty() } else { answers.is_empty() };
        let wanted = match prior {
            Some(prior) if !nothing => expected(*method, prior, &answers),
            _ => None,
        };
        let bits = |estimate: Option<AbilityEstimate>| {
            estimate.map(|e| (e.ability.to_bits(), e.standard_error.map(f64::to_bits)))
        };
        assert_eq!(bits(estimate), bits(wanted), "case {case}: {method:?} of {} rows", rows.len());
        if !nothing {
            assert_eq!(found.get::<_, i32>(2) as usize, answers.len());
            let right = answers.iter().filter(|answer| answer.correct).count();
            assert_eq!(found.get::<_, i32>(3) as usize, right);
        }
        seen[usize::from(estimate.is_none())] += 1;
    }
    println!("scores, NULLs, refusals: {seen:?}");
    assert!(seen.iter().all(|count| *count > 100), "{seen:?}");
    assert_eq!(value(&mut client, "SELECT 1").as_deref(), Some("1"), "the session goes on");
}
