//! Rails: its migration, both of its schema files, and the job.

use crate::common::value;
use crate::quiz::Quiz;
use serde_json::{Value, json};
use std::path::Path;

/// Debian's, for which scripts/setup.sh test installs ActiveRecord.
const RUBY: &str = "/usr/bin/ruby";

fn step(quiz: &Quiz, step: &str) -> Value {
    let port = quiz.cluster.port().to_string();
    quiz.told_by(Path::new(RUBY), "rails.rb", &[&port, step])
}

#[test]
fn it_migrates_keeps_its_structure_and_runs() {
    let quiz = Quiz::start();
    quiz.create_database("quiz");
    let up = step(&quiz, "up");
    let (schema, structure) = (up["schema"].as_str().unwrap(), up["structure"].as_str().unwrap());
    assert!(schema.contains("enable_extension \"irt_calibration\""), "{schema}");
    assert!(schema.contains("irt_difficulty") && !schema.contains("completed_answers"), "{schema}");
    assert!(!schema.contains("irt_calibration_runs"), "{schema}");
    let created = "CREATE EXTENSION IF NOT EXISTS irt_calibration WITH SCHEMA irt";
    assert!(structure.contains(created), "{structure}");
    assert!(structure.contains("CREATE VIEW public.completed_answers"), "{structure}");

    // structure.sql is structure: no bank.
    quiz.cluster.connect().batch_execute("CREATE DATABASE loaded").unwrap();
    let loaded = step(&quiz, "load");
    assert!(
        loaded["extensions"]
            .as_array()
            .unwrap()
            .iter()
            .any(|name| { name.as_str().unwrap().ends_with("irt_calibration") })
    );
    assert_eq!((&loaded["banks"], &loaded["views"]), (&json!(0), &json!(["completed_answers"])));

    quiz.execute_file("quiz", "answers.sql");
    let runs = step(&quiz, "run");
    let states: Vec<&Value> = runs.as_array().unwrap().iter().map(|run| &run["state"]).collect();
    assert_eq!(states, ["success", "skipped", "success"]);
    let mut superuser = quiz.superuser("quiz");
    value(
        &mut superuser,
        "SELECT irt.irt_configure(publish => 'after_approval', min_persons => 1000)",
    );
    let failed = &step(&quiz, "run")[2];
    assert_eq!([&failed["state"], &failed["code"]], ["failed", "IR001"], "{failed}");
    value(&mut superuser, "SELECT irt.irt_configure(min_persons => 10)");
    assert_eq!(step(&quiz, "run")[2]["state"], "held");

    let down = step(&quiz, "down");
    assert_eq!(down, json!({"columns": ["id", "text"], "views": []}));
    let left = "SELECT count(*) FROM irt.irt_item_banks";
    assert_eq!(value(&mut superuser, left).as_deref(), Some("0"));
}

#[test]
fn tables_of_an_extension_in_public_stay_out_of_schema_rb() {
    let quiz = Quiz::start();
    quiz.cluster.connect().batch_execute("CREATE DATABASE older").unwrap();
    quiz.superuser("older").batch_execute("CREATE EXTENSION irt_calibration").unwrap();
    let found = step(&quiz, "in public");
    assert!(found["before"].as_str().unwrap().contains("create_table \"irt_calibration_runs\""));
    assert!(!found["after"].as_str().unwrap().contains("create_table"), "{found}");
}
