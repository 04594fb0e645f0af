//! What the page's table says of timeouts.

use crate::common::{error, rows, value};
use crate::drivers::slow_view;
use crate::quiz::Quiz;

const LAST: &str =
    "SELECT status, error_sqlstate FROM irt.irt_calibration_runs ORDER BY id DESC LIMIT 1";

fn canceled() -> Vec<Vec<Option<String>>> {
    vec![["failed", "57014"].map(|word| Some(word.to_owned())).to_vec()]
}

#[test]
fn a_timeout_of_the_caller_ends_the_run_that_it_waits_for() {
    let quiz = Quiz::migrated();
    let mut owner = quiz.owner("quiz");
    let mut superuser = quiz.superuser("quiz");
    owner.batch_execute(&slow_view(60)).unwrap();
    superuser.batch_execute("ALTER ROLE quiz_app SET statement_timeout = '500ms'").unwrap();
    let run = "SELECT * FROM irt.irt_run_calibration(force => true)";
    assert_eq!(error(&mut quiz.app("quiz"), run).code().code(), "57014");
    assert_eq!(rows(&mut superuser, LAST), canceled());

    // A driver's own.
    let url = quiz.url("quiz_app", "quiz");
    let line = format!(
        "import asyncio, asyncpg, json\n\
         async def main():\n\
        \x20   connection = await asyncpg.connect('{url}')\n\
        \x20   await connection.execute('SET statement_timeout = 0')\n\
        \x20   try:\n\
        \x20       await connection.fetch('{run}', timeout=0.5)\n\
        \x20   except TimeoutError as error:\n\
        \x20       print(json.dumps(type(error).__name__))\n\
         asyncio.run(main())"
    );
    assert_eq!(quiz.told_by_line(&line), "TimeoutError");
    let ended = "SELECT count(*) FROM irt.irt_calibration_runs WHERE status = 'running'";
    let patience = std::time::Instant::now();
    while value(&mut superuser, ended).as_deref() != Some("0") {
        assert!(patience.elapsed().as_secs() < 60, "the run goes on");
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    assert_eq!(rows(&mut superuser, LAST), canceled());

    // One that was started goes on, and its caller holds no snapshot.
    owner.batch_execute(&slow_view(1)).unwrap();
    let mut app = quiz.app("quiz");
    let run = value(&mut app, "SELECT irt.irt_start_calibration(force => true)").unwrap();
    let held = "SELECT count(backend_xmin) FROM pg_stat_activity WHERE usename = 'quiz_app'
                AND backend_type = 'client backend'";
    assert_eq!(value(&mut superuser, held).as_deref(), Some("0"));
    let line = format!(
        "import asyncio, json, calibrate_async as calibrate\n\
         async def main():\n\
        \x20   pool = await calibrate.pool('{url}')\n\
        \x20   print(json.dumps(await calibrate.ended(pool, {run})))\n\
         asyncio.run(main())"
    );
    assert_eq!(quiz.told_by_line(&line)["state"], "completed");
}

/// The page's function waits as long as it takes, and its caller holds a snapshot.
#[test]
fn the_pages_function_waits_under_a_timeout() {
    let quiz = Quiz::migrated();
    let mut superuser = quiz.superuser("quiz");
    quiz.owner("quiz").batch_execute(&slow_view(1)).unwrap();
    superuser.batch_execute("ALTER ROLE quiz_app SET statement_timeout = '500ms'").unwrap();
    let line = format!(
        "import json; from calibrate import calibrate; print(json.dumps(calibrate('{}', force=True)))",
        quiz.conninfo()
    );
    let held = "SELECT count(backend_xmin) FROM pg_stat_activity WHERE usename = 'quiz_app'
                AND backend_type = 'client backend' AND state = 'active'";
    std::thread::scope(|scope| {
        let call = scope.spawn(|| quiz.told_by_line(&line));
        let patience = std::time::Instant::now();
        while value(&mut superuser, held).as_deref() != Some("1") {
            assert!(
                patience.elapsed().as_secs() < 60 && !call.is_finished(),
                "no snapshot is held"
            );
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
        assert_eq!(call.join().unwrap()["state"], "completed");
    });
}
