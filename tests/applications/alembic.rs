//! Alembic: up, nothing to propose, down.

use crate::common::{rows, value};
use crate::page;
use crate::quiz::{Quiz, must_succeed, python};
use std::process::{Command, Output};

const ENV: &str = "migrations/env.py";
/// Columns, views and tables of the application.
const CATALOG: &str = "
SELECT c.relname, c.relkind, a.attname, format_type(a.atttypid, a.atttypmod)
FROM pg_class AS c JOIN pg_attribute AS a ON a.attrelid = c.oid
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'v') AND a.attnum > 0 AND NOT a.attisdropped
ORDER BY 1, a.attnum";

fn alembic(quiz: &Quiz, arguments: &[&str]) -> Command {
    let url = quiz.url("quiz_owner", "quiz").replace("postgresql", "postgresql+psycopg");
    let mut command = quiz.command(python());
    command.args(["-m", "alembic"]).args(arguments).env("MIGRATIONS_URL", url);
    command
}

/// What `alembic check` finds, without the lines of env.py that contain `left_out`.
fn proposals(quiz: &Quiz, left_out: &str) -> Output {
    let kept = page::file(ENV).lines().filter(|line| !line.contains(left_out));
    std::fs::write(quiz.path(ENV), kept.collect::<Vec<_>>().join("\n")).unwrap();
    alembic(quiz, &["check"]).output().unwrap()
}

#[test]
fn it_migrates_up_and_down_and_finds_nothing_to_propose() {
    let quiz = Quiz::start();
    quiz.create_database("quiz");
    let mut owner = quiz.owner("quiz");
    must_succeed(&mut alembic(&quiz, &["upgrade", "0001"]));
    let before = rows(&mut owner, CATALOG);
    must_succeed(&mut alembic(&quiz, &["upgrade", "head"]));
    let after = rows(&mut owner, CATALOG);
    must_succeed(&mut alembic(&quiz, &["check"]));

    // Without the rules it would drop what it does not know.
    for (left_out, dropped) in [
        ("include_name=", vec!["irt_item_banks", "irt_publications"]),
        ("include_object=", vec!["irt_se_difficulty", "irt_calibration_n"]),
    ] {
        let output = proposals(&quiz, left_out);
        let said =
            String::from_utf8_lossy(&output.stderr) + String::from_utf8_lossy(&output.stdout);
        assert!(!output.status.success(), "{said}");
        for name in dropped {
            assert!(said.contains("remove_") && said.contains(name), "{left_out}: {said}");
        }
        assert!(!said.contains("irt_difficulty"), "the model has it: {said}");
    }
    let clean = proposals(&quiz, "nothing is left out");
    assert!(clean.status.success(), "{clean:?}");

    quiz.execute_file("quiz", "answers.sql");
    let run = "SELECT status, publication FROM irt.irt_run_calibration()";
    let published = [Some("success".to_owned()), Some("published".to_owned())];
    assert_eq!(rows(&mut quiz.app("quiz"), run), [published]);
    must_succeed(&mut alembic(&quiz, &["downgrade", "0001"]));
    assert_eq!(rows(&mut owner, CATALOG), before);
    let left = "SELECT (SELECT count(*) FROM irt.irt_item_banks) + (SELECT count(*) FROM irt.irt_calibration_runs)";
    assert_eq!(value(&mut quiz.superuser("quiz"), left).as_deref(), Some("0"));
    must_succeed(&mut alembic(&quiz, &["upgrade", "head"]));
    assert_eq!(rows(&mut owner, CATALOG), after);
}
