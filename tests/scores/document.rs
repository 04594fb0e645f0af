//! docs/adaptive.md tells the truth: its statements, and an adaptive test with them.

use crate::common::document::sql_blocks;
use crate::common::{Cluster, rows, value};
use postgres::Client;

/// 150 items are calibrated from 600 persons; 3 are new.
const SETUP: &str = "
CREATE TABLE questions (id int PRIMARY KEY);
INSERT INTO questions SELECT generate_series(1, 153);
SELECT irt_add_item_columns('questions');
CREATE TABLE responses (user_id bigint, question_id int, is_correct boolean,
                        answered_at timestamptz DEFAULT clock_timestamp());
SELECT setseed(0.16);
INSERT INTO responses (user_id, question_id, is_correct)
SELECT p, q, random() < irt_probability(theta, 1.4 + 0.6 * sin(q), (q - 75) / 30.0)
FROM (SELECT p, sqrt(-2 * ln(random())) * cos(2 * pi() * random()) AS theta
      FROM generate_series(1, 600) p) person, generate_series(1, 150) q";

fn start() -> (Cluster, Client) {
    let (cluster, mut client) = Cluster::with_extension();
    client.batch_execute(SETUP).unwrap();
    let run = "SELECT publication FROM irt_run_calibration(standard_errors => 'none')";
    assert_eq!(value(&mut client, run).as_deref(), Some("published"));
    (cluster, client)
}

fn blocks() -> Vec<&'static str> {
    sql_blocks(include_str!("../../docs/adaptive.md")).collect()
}

/// The block that contains `word`.
fn block(word: &str) -> &'static str {
    blocks().into_iter().find(|block| block.contains(word)).unwrap()
}

#[test]
fn every_statement_works_in_its_order() {
    let (_cluster, mut client) = start();
    for block in blocks() {
        client.simple_query(block).unwrap_or_else(|error| panic!("{block}\n{error:?}"));
    }
    let kept = "SELECT count(*) FROM scores";
    assert_eq!(value(&mut client, kept).as_deref(), Some("600"));
}

#[test]
fn kept_scores_come_out_again_and_new_ones_are_other_ones() {
    let (_cluster, mut client) = start();
    client.simple_query(block("CREATE TABLE scores")).unwrap();
    let told = rows(&mut client, "SELECT * FROM scores ORDER BY person");
    client
        .batch_execute(
            "INSERT INTO responses (user_id, question_id, is_correct)
             SELECT 600 + p, q, (p * q) % 3 > 0 FROM generate_series(1, 60) p, generate_series(1, 150) q",
        )
        .unwrap();
    let run = "SELECT irt_publish(id) FROM irt_run_calibration(true, standard_errors => 'none')
               WHERE publication = 'held'";
    client.simple_query(run).unwrap();
    let keep = block("CREATE TABLE scores").split("\n\n").nth(1).unwrap();
    client.simple_query(keep).unwrap();
    assert_eq!(value(&mut client, "SELECT count(*) FROM scores").as_deref(), Some("1260"));
    let first = "SELECT * FROM scores WHERE publication_id = 1 ORDER BY person";
    assert_eq!(rows(&mut client, first), told);
    assert!(rows(&mut client, block("told")).is_empty(), "computed again to the bit");
    let moved = "SELECT count(*) > 500 FROM scores a JOIN scores b USING (person)
                 WHERE a.publication_id < b.publication_id AND a.ability <> b.ability";
    assert_eq!(value(&mut client, moved).as_deref(), Some("t"));
}

#[test]
fn views_and_triggers_score_as_answers_arrive() {
    let (_cluster, mut client) = start();
    client.simple_query(block("CREATE VIEW abilities")).unwrap();
    client.simple_query(block("CREATE TRIGGER")).unwrap();
    let by_trigger =
        "SELECT ability, standard_error, responses_count FROM live_scores WHERE user_id = 9000";
    let by_view =
        "SELECT ability, standard_error, responses_count FROM abilities WHERE user_id = 9000";
    let mut abilities = Vec::new();
    for question in [3, 77, 151, 140] {
        let answer = format!(
            "INSERT INTO responses (user_id, question_id, is_correct) VALUES (9000, {question}, true)"
        );
        client.simple_query(&answer).unwrap();
        let score = rows(&mut client, by_trigger).remove(0);
        assert_eq!(rows(&mut client, by_view).remove(0), score);
        abilities.push(score[0].as_deref().unwrap().parse::<f64>().unwrap());
    }
    // Each right answer raises it; the one to an item without parameters does not count.
    assert!(
        abilities[0] < abilities[1] && abilities[1] == abilities[2] && abilities[2] < abilities[3]
    );
    client.simple_query("UPDATE responses SET is_correct = false WHERE user_id = 9000").unwrap();
    let score = rows(&mut client, by_trigger).remove(0);
    assert_eq!(rows(&mut client, by_view).remove(0), score);
    assert!(score[0].as_deref().unwrap().starts_with('-'));
}

/// 200 persons take the test; a person's true ability is what decides about answers.
#[test]
fn an_adaptive_test_runs_from_the_first_item_to_the_stopping_rule() {
    let (_cluster, mut client) = start();
    for word in [
        "CREATE TABLE sessions",
        "CREATE VIEW exposure",
        "CREATE FUNCTION ask(",
        "CREATE FUNCTION answer",
        "ask_pretest",
    ] {
        client.simple_query(block(word)).unwrap();
    }
    client
        .batch_execute(
            "CREATE TABLE truth (id bigint, ability float8);
             CREATE PROCEDURE take_test() LANGUAGE plpgsql AS $$
             DECLARE session bigint; question text; truth float8 := 1.5 * (2 * random() - 1); b float8; a float8;
             BEGIN
                 INSERT INTO sessions (user_id) VALUES (1) RETURNING id INTO session;
                 INSERT INTO truth VALUES (session, truth);
                 LOOP
                     question := next_question(session);
                     EXIT WHEN question IS NULL;
                     a := 1.4 + 0.6 * sin(question::int); b := (question::int - 75) / 30.0;
                     PERFORM answer(session, question, random() < irt_probability(truth, a, b));
                 END LOOP;
             END $$",
        )
        .unwrap();
    client.simple_query("SELECT setseed(0.5)").unwrap();
    for _ in 0..200 {
        client.simple_query("CALL take_test()").unwrap();
    }
    let text =
        |cells: &[&str]| cells.iter().map(|cell| Some((*cell).to_owned())).collect::<Vec<_>>();
    // All ended by the rule, with their pretest items.
    let ended = "SELECT count(*), bool_and((standard_error < 0.3) <> (scored_answers >= 30)
                                           OR scored_answers = 30 AND standard_error < 0.3)
                 FROM sessions WHERE ended_at IS NOT NULL";
    assert_eq!(rows(&mut client, ended).remove(0), text(&["200", "t"]));
    let pretest = "SELECT min(n), max(n) FROM (SELECT count(*) AS n FROM session_items
                   WHERE discrimination IS NULL GROUP BY session_id) s";
    let pretest = rows(&mut client, pretest).remove(0);
    assert!(["1", "2"].contains(&pretest[0].as_deref().unwrap()), "{pretest:?}");
    assert!(["2"].contains(&pretest[1].as_deref().unwrap()), "{pretest:?}");
    // 200 errors of .3 have a mean within .1 of 0 (4.7 standard errors), and a root mean square below .45.
    let errors = "SELECT abs(avg(s.ability - t.ability)) < 0.1,
                         sqrt(avg((s.ability - t.ability) ^ 2)) < 0.45 FROM sessions s JOIN truth t USING (id)";
    assert_eq!(rows(&mut client, errors).remove(0), text(&["t", "t"]));
    // Before exposure counts, the first hundred sessions may wear an item out.
    let late = "SELECT max(n) <= 60 FROM (SELECT count(*) AS n FROM session_items
                WHERE session_id > 100 AND discrimination IS NOT NULL GROUP BY question_id) s";
    assert_eq!(value(&mut client, late).as_deref(), Some("t"));
}
