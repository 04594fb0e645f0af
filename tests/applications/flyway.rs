//! Flyway's files, and the migration after them, executed as Flyway does: each in one transaction. (By
//! psql: Flyway is in no registry that can be had here.)

use crate::common::{error, rows, value};
use crate::page;
use crate::quiz::{Quiz, must_succeed};

const RUN: &str = "SELECT status, publication FROM irt.irt_run_calibration(force => true)";

fn published() -> Vec<Vec<Option<String>>> {
    vec![["success", "published"].map(|word| Some(word.to_owned())).to_vec()]
}

#[test]
fn its_files_go_up_and_down_and_survive_a_clean() {
    let quiz = Quiz::migrated();
    let mut owner = quiz.owner("quiz");
    let mut app = quiz.app("quiz");
    assert_eq!(rows(&mut app, RUN), published());
    // One in ten of 400 sessions is not completed; a guest's is a person.
    let persons = "SELECT persons_count FROM irt.irt_calibration_runs";
    assert_eq!(value(&mut app, persons).as_deref(), Some("360"));

    // flyway clean: all that is in the application's schema.
    owner
        .batch_execute("DROP VIEW completed_answers; DROP TABLE answers, sessions, questions")
        .unwrap();
    for file in ["V1__tables.sql", "V2__calibrate_questions.sql", "answers.sql"] {
        quiz.execute_file("quiz", file);
    }
    assert_eq!(rows(&mut app, RUN), published());
    let runs = "SELECT count(*) FROM irt.irt_calibration_runs";
    assert_eq!(value(&mut app, runs).as_deref(), Some("2"), "the history is there still");

    quiz.execute_file("quiz", "U2__calibrate_questions.sql");
    assert_eq!(value(&mut app, runs).as_deref(), Some("0"));
    let columns = "SELECT count(*) FROM pg_attribute WHERE attrelid = 'questions'::regclass AND attname ~ '^irt_'
                   AND NOT attisdropped";
    assert_eq!(value(&mut owner, columns).as_deref(), Some("0"));
    quiz.execute_file("quiz", "V2__calibrate_questions.sql");
    assert_eq!(rows(&mut app, RUN), published());
}

#[test]
fn a_later_migration_changes_what_the_view_reads() {
    let quiz = Quiz::migrated();
    let mut owner = quiz.owner("quiz");
    let mut app = quiz.app("quiz");
    assert_eq!(rows(&mut app, RUN), published());
    let alter = "ALTER TABLE answers ALTER COLUMN question_id TYPE bigint";
    assert_eq!(error(&mut owner, alter).code().code(), "0A000");
    let (migration, configure) = page::later_migration().split_once("SELECT irt.").unwrap();
    owner.batch_execute(&format!("BEGIN; {migration} COMMIT")).unwrap();
    let missing = error(&mut app, RUN);
    assert_eq!(missing.code().code(), "42P01");
    assert!(missing.hint().unwrap().contains("irt_configure"), "{missing:?}");
    owner.batch_execute(&format!("SELECT irt.{configure}")).unwrap();
    assert_eq!(rows(&mut app, RUN), published());
    let bank = "SELECT min_new_responses, owner FROM irt.irt_item_banks";
    let kept = ["500", "quiz_app"].map(|word| Some(word.to_owned()));
    assert_eq!(rows(&mut quiz.superuser("quiz"), bank), [kept]);
}

/// quiz_app runs, and no more; pg_dump of the structure is quiz_owner's.
#[test]
fn the_roles_have_what_they_need_and_no_more() {
    let quiz = Quiz::migrated();
    let mut app = quiz.app("quiz");
    assert_eq!(rows(&mut app, RUN), published());
    for forbidden in [
        "SELECT irt.irt_rollback()",
        "SELECT irt.irt_configure(min_persons => 11)",
        "SELECT * FROM answers",
        "DELETE FROM questions",
        "ALTER EXTENSION irt_calibration UPDATE",
    ] {
        assert_eq!(error(&mut app, forbidden).code().code(), "42501", "{forbidden}");
    }
    let mut dump = quiz.command("pg_dump");
    let port = quiz.cluster.port().to_string();
    dump.args(["-h", "127.0.0.1", "-p", &port, "-U", "quiz_owner", "--schema-only", "quiz"]);
    must_succeed(&mut dump);
}
