//! What the page says of drivers: its functions, called; and what they make of a run's row.

use crate::common::bouncer::Bouncer;
use crate::common::value;
use crate::quiz::{Quiz, python};
use serde_json::{Value, json};

/// The Python types of a run's row: integers, text, moments, numbers, and `settings`.
fn are_values(row: &Value, settings: &str) {
    for (column, kind) in [
        ("id", "int"),
        ("status", "str"),
        ("started_at", "datetime"),
        ("duration_seconds", "float"),
        ("persons_count", "int"),
        ("mean_difficulty", "float"),
        ("settings", settings),
        ("error_message", "NoneType"),
        ("curve_ability", "list"),
    ] {
        assert_eq!(row[column], kind, "{column} in {row}");
    }
}

fn state(found: &Value, call: &str, state: &str, code: &Value) {
    assert_eq!(
        (&found[call]["state"], &found[call]["code"]),
        (&json!(state), code),
        "{call}: {found}"
    );
}

#[test]
fn psycopg_and_sqlalchemy_get_values() {
    let quiz = Quiz::migrated();
    let found = quiz.told_by(&python(), "psycopg_calls.py", &[&quiz.conninfo()]);
    state(&found, "first", "completed", &Value::Null);
    state(&found, "nothing new", "skipped", &Value::Null);
    state(&found, "integers", "completed", &Value::Null);
    state(&found, "texts", "completed", &Value::Null);
    state(&found, "no such item", "failed", &json!("22023"));
    assert!(found["no such item"]["why"].as_str().unwrap().contains("99"), "{found}");
    assert!(found["no such item"]["hint"].is_string(), "{found}");
    for driver in ["psycopg", "psycopg2", "sqlalchemy"] {
        are_values(&found[driver], "dict");
    }
    assert_eq!(found["composite"], "str");
    assert_eq!([&found["psycopg2 error"], &found["sqlalchemy error"]], ["22023"; 2]);
}

#[test]
fn asyncpg_gets_values() {
    let quiz = Quiz::migrated();
    let found = quiz.told_by(&python(), "asyncpg_calls.py", &[&quiz.url("quiz_app", "quiz")]);
    state(&found, "first", "completed", &Value::Null);
    state(&found, "nothing new", "skipped", &Value::Null);
    state(&found, "integers", "completed", &Value::Null);
    state(&found, "no such item", "failed", &json!("22023"));
    assert_eq!(found["no cast, strings"], "int");
    assert_eq!(found["no cast, integers"], "DataError");
    are_values(&found["asyncpg"], "dict");
    assert_eq!(found["composite beside a codec"], "UnsupportedClientFeatureError");
    assert_eq!(found["runs of that"], 0);
    assert_eq!(found["composite"], "Record");
}

/// Both drivers' calls in the page, behind PgBouncer that pools transactions.
#[test]
fn both_work_behind_pgbouncer() {
    let quiz = Quiz::migrated();
    let Some(bouncer) = Bouncer::start(&quiz.cluster) else { return };
    let port = bouncer.port();
    // As the one user that PgBouncer logs everybody in as.
    let url = format!("postgresql://postgres@127.0.0.1:{port}/quiz");
    let found = quiz.told_by(&python(), "asyncpg_calls.py", &[&url]);
    state(&found, "first", "completed", &Value::Null);
    let conninfo = format!("host=127.0.0.1 port={port} user=postgres dbname=quiz");
    let line = format!(
        "import json, psycopg\n\
         connection = psycopg.connect('{conninfo}', autocommit=True, prepare_threshold=None)\n\
         run = 'SELECT status FROM irt.irt_run_calibration(bank => %s)'\n\
         print(json.dumps([connection.execute(run, ['default']).fetchone()[0] for _ in range(8)]))"
    );
    assert_eq!(quiz.told_by_line(&line), json!(["skipped"].repeat(8)));
}

/// The states that are no success, and what is worth another attempt.
#[test]
fn what_becomes_of_a_run_is_told_in_the_applications_words() {
    let quiz = Quiz::migrated();
    let conninfo = quiz.conninfo();
    let mut superuser = quiz.superuser("quiz");
    let calibrate = format!(
        "import json; from calibrate import calibrate; print(json.dumps(calibrate('{conninfo}', force=True)))"
    );
    let configure = |superuser: &mut postgres::Client, setting: &str| {
        value(superuser, &format!("SELECT irt.irt_configure({setting})"));
    };
    configure(&mut superuser, "publish => 'after_approval'");
    assert_eq!(quiz.told_by_line(&calibrate)["state"], "held");
    configure(&mut superuser, "publish => 'automatic', min_persons => 1000");
    let failed = quiz.told_by_line(&calibrate);
    assert_eq!([&failed["state"], &failed["code"]], ["failed", "IR001"]);
    configure(&mut superuser, "min_persons => 10");

    // Another run is at work.
    quiz.owner("quiz").batch_execute(&slow_view(60)).unwrap();
    let run =
        value(&mut quiz.app("quiz"), "SELECT irt.irt_start_calibration(force => true)").unwrap();
    let busy = quiz.told_by_line(&calibrate);
    assert_eq!([&busy["state"], &busy["code"]], ["later", "55P03"]);
    let cancel = format!("SELECT irt.irt_cancel_calibration({run})");
    assert_eq!(value(&mut quiz.app("quiz"), &cancel).as_deref(), Some("t"));
}

/// The view of completed sessions, which takes so many seconds a look; a run has two.
pub fn slow_view(seconds: u32) -> String {
    let migration = crate::page::later_migration();
    let view = migration.split(';').find(|statement| statement.contains("CREATE VIEW")).unwrap();
    let view = view.replace("CREATE VIEW", "CREATE OR REPLACE VIEW");
    format!("{view} AND (SELECT pg_sleep({seconds})) IS NOT NULL")
}
