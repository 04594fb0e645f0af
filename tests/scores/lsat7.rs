//! The 32 patterns of LSAT7, by all methods and ways, against the reference.

use crate::common::{Cluster, data, rows};
use crate::{METHODS, assert_same, expected, number};
use irt::ItemParameters;
use irt::scoring::{Answer, ScorePrior};
use postgres::Client;
use serde_json::Value;

fn json(file: &str) -> Value {
    serde_json::from_str(&data(file)).unwrap()
}

/// The items' parameters behind the reference scores.
fn items() -> Vec<(String, ItemParameters)> {
    let reference = json("lsat7.reference.json");
    let items = reference["ml"]["items"].as_array().unwrap().iter();
    items
        .map(|item| {
            let number = |name: &str| item[name].as_f64().unwrap();
            let name = item["item"].as_str().unwrap().to_owned();
            (name, ItemParameters::new(number("a"), number("b")))
        })
        .collect()
}

/// A bank in which a person has answered in each of the patterns, and the reference parameters
/// are in force.
fn with_patterns(client: &mut Client, patterns: &[&str]) {
    client
        .batch_execute(
            "CREATE TABLE questions (id text PRIMARY KEY);
             SELECT irt_add_item_columns('questions');
             CREATE TABLE responses (user_id text, question_id text, is_correct boolean);
             INSERT INTO questions SELECT 'Item.' || i FROM generate_series(1, 5) i",
        )
        .unwrap();
    for pattern in patterns {
        let answers = format!(
            "INSERT INTO responses SELECT '{pattern}', 'Item.' || i, substr('{pattern}', i, 1) = '1'
             FROM generate_series(1, 5) i"
        );
        client.batch_execute(&answers).unwrap();
    }
    let run = "SELECT irt_run_calibration(min_responses_per_item => 1, standard_errors => 'none')";
    client.simple_query(run).unwrap();
    for (item, parameters) in items() {
        let sql = "UPDATE irt_parameters_in_force SET discrimination = $2, difficulty = $3 \
                   WHERE item = $1";
        let (a, b) = (parameters.discrimination, parameters.difficulty);
        assert_eq!(client.execute(sql, &[&item, &a, &b]).unwrap(), 1);
    }
}

/// Asserts that a score is that of the reference.
fn assert_reference(found: &[Option<String>], row: &Value, method: &str) {
    let (ability, error) = match method {
        "eap" => ("eap", "psd"),
        "map" => ("map", "se_map"),
        "mle" => ("ml", "se_ml"),
        _ => ("wle", "se_wle"),
    };
    let tolerance = if method == "eap" { 1e-9 } else { 1e-8 };
    let ability = match row["ml_status"].as_str() {
        Some("+inf") if method == "mle" => f64::INFINITY,
        Some("-inf") if method == "mle" => f64::NEG_INFINITY,
        _ => row[ability].as_f64().unwrap(),
    };
    let [found_ability, found_error] =
        [number(&found[0]).unwrap(), number(&found[1]).unwrap_or(0.0)];
    let gap = if ability.is_infinite() { 0.0 } else { (found_ability - ability).abs() };
    assert!(gap <= tolerance && found_ability.is_infinite() == ability.is_infinite(), "{row}");
    assert_eq!(found[1].is_none(), ability.is_infinite(), "{row}");
    let gap = (found_error - row[error].as_f64().unwrap_or(0.0)).abs();
    assert!(gap <= 1e-7, "{method} {row}: off by {gap}");
}

#[test]
fn all_patterns_have_the_reference_scores_whichever_way() {
    let (_cluster, mut client) = Cluster::with_extension();
    let reference = json("lsat7_scores.reference.json");
    let reference = reference["dataset"]["rows"].as_array().unwrap();
    let patterns: Vec<&str> =
        reference.iter().map(|row| row["pattern"].as_str().unwrap()).collect();
    assert_eq!(patterns.len(), 32);
    with_patterns(&mut client, &patterns);
    for (name, method) in METHODS {
        // By the aggregate, of a boolean and of an integer, and by irt_score.
        let aggregate = |correct: &str| {
            format!(
                "SELECT user_id, (irt_{name}({correct}, discrimination, difficulty)).*
                 FROM responses JOIN irt_current_parameters ON item = question_id
                 GROUP BY user_id ORDER BY user_id"
            )
        };
        let score = format!(
            "SELECT person, ability, standard_error, responses_count, correct_count
             FROM irt_score(method => '{name}') ORDER BY person"
        );
        let scores = rows(&mut client, &aggregate("is_correct"));
        assert_eq!(scores, rows(&mut client, &aggregate("is_correct::int")));
        assert_eq!(scores, rows(&mut client, &score));
        assert_eq!(scores.len(), 32);
        for (score, row) in scores.iter().zip(reference) {
            let pattern = score[0].as_deref().unwrap();
            assert_eq!(pattern, row["pattern"]);
            assert_reference(&score[1..3], row, name);
            let correct = pattern.matches('1').count().to_string();
            assert_eq!(score[3..], [Some("5".to_owned()), Some(correct)]);
            let answers: Vec<Answer> = items()
                .iter()
                .zip(pattern.chars())
                .map(|((_, item), answer)| Answer { item: *item, correct: answer == '1' })
                .collect();
            assert_same(&score[1..], expected(method, ScorePrior::default(), &answers), pattern);
        }
    }
}
