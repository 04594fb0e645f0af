//! Every function with arguments that nobody would give it.
//!
//! The functions and the types of their arguments come from the catalog, so that
//! a new one is tried without being listed here. Whatever is refused must be
//! refused by a SQLSTATE that means something: no internal error, no lost
//! connection, no process ended by a signal, no number that is not finite.

mod arguments;

use crate::common::{Cluster, rows, value};
use crate::figures::say;
use crate::random::Random;
use crate::volume;
use arguments::{SURROUNDINGS, argument};
use postgres::Client;
use std::collections::BTreeMap;

/// A function as the catalog has it.
struct Function {
    name: String,
    /// Name and type of every argument.
    arguments: Vec<(String, String)>,
    /// How many of them have no default.
    required: usize,
}

/// Functions whose result is made of estimates: all of its numbers must be finite.
const YIELDS_ESTIMATES: [&str; 3] = ["irt_fit_2pl", "irt_item_history", "irt_validate_calibration"];

/// How a query begins that yields rows only where a number is not finite.
const WHERE_NOT_FINITE: &str = "SELECT 'not finite', to_jsonb(f) ";

/// Is a number of the row `f` not finite? An item may well be called NaN.
const NOT_FINITE: &str = "(to_jsonb(f) - 'item')::text ~ '\"-?(NaN|Infinity)\"'";

/// These start a process each time, and are tried less often.
fn is_slow(function: &Function) -> bool {
    ["irt_run_calibration", "irt_start_calibration"].contains(&function.name.as_str())
}

fn functions(client: &mut Client) -> Vec<Function> {
    let sql = "SELECT p.proname, p.pronargs - p.pronargdefaults,
                      array_to_string(p.proargnames[1:p.pronargs], ','),
                      (SELECT string_agg(format_type(t, NULL), ',' ORDER BY i)
                       FROM unnest(p.proargtypes::oid[]) WITH ORDINALITY AS a (t, i))
               FROM pg_proc AS p JOIN pg_depend AS d ON d.objid = p.oid AND d.deptype = 'e'
               JOIN pg_extension AS e ON e.oid = d.refobjid AND e.extname = 'irt_calibration'
               WHERE d.classid = 'pg_proc'::regclass AND p.oid <> ALL (
                   -- SQL has no values of that type.
                   SELECT a.oid FROM pg_proc AS a WHERE 'internal'::regtype = ANY (a.proargtypes))
               ORDER BY 1";
    let found: Vec<Function> = rows(client, sql)
        .into_iter()
        .map(|row| {
            let text = |i: usize| row[i].clone().unwrap_or_default();
            let (names, types) = (text(2), text(3));
            let arguments = names.split(',').zip(types.split(','));
            Function {
                name: text(0),
                arguments: arguments.map(|(n, t)| (n.to_owned(), t.to_owned())).collect(),
                required: text(1).parse().unwrap(),
            }
        })
        .collect();
    assert!(found.len() >= 10);
    found
}

/// A call with random arguments: all required ones, and some of the others by name.
fn call(function: &Function, random: &mut Random) -> String {
    let mut given = Vec::new();
    for (i, (name, sql_type)) in function.arguments.iter().enumerate() {
        if i < function.required || random.below(3) == 0 {
            let value = argument(name, sql_type, random);
            // An aggregate's arguments have a place only.
            let by_name = function.required < function.arguments.len();
            given.push(if by_name { format!("{name} => {value}") } else { value });
        }
    }
    let call = format!("{}({})", function.name, given.join(", "));
    if YIELDS_ESTIMATES.contains(&function.name.as_str()) {
        format!("{WHERE_NOT_FINITE}FROM {call} AS f WHERE {NOT_FINITE}")
    } else {
        format!("SELECT {call}")
    }
}

/// What came of all calls.
#[derive(Default)]
struct Outcome {
    /// How often each SQLSTATE was met; success is 00000.
    states: BTreeMap<String, usize>,
    findings: Vec<String>,
}

impl Outcome {
    fn add(&mut self, client: &mut Client, sql: &str) {
        let state = match client.simple_query(sql) {
            Ok(messages) => {
                let yielded = messages
                    .iter()
                    .any(|message| matches!(message, postgres::SimpleQueryMessage::Row(_)));
                if yielded && sql.starts_with(WHERE_NOT_FINITE) {
                    self.findings.push(format!("not finite: {sql}"));
                }
                "00000".to_owned()
            }
            Err(error) => match error.as_db_error() {
                Some(refusal) => {
                    if refusal.code().code().starts_with("XX") {
                        self.findings.push(format!("{}: {sql}", refusal.message()));
                    }
                    refusal.code().code().to_owned()
                }
                None => panic!("the connection was lost: {error}: {sql}"),
            },
        };
        *self.states.entry(state).or_default() += 1;
    }
}

fn with_surroundings() -> (Cluster, Client) {
    let cluster = Cluster::with_settings("max_worker_processes = 20\nmax_connections = 30");
    let mut client = cluster.connect();
    client
        .batch_execute("CREATE EXTENSION irt_calibration; SET client_min_messages = error")
        .unwrap();
    client.batch_execute(SURROUNDINGS).unwrap();
    (cluster, client)
}

/// A session in which nothing lasts long.
fn session(cluster: &Cluster, user: &str) -> Client {
    let mut client = cluster.connect_as(user, "postgres");
    client
        .batch_execute(
            "SET client_min_messages = error; SET statement_timeout = '2s'; SET lock_timeout = '1s';
             SET irt_calibration.timeout = '1s'; SET irt_calibration.lock_timeout = '500ms';
             CREATE TEMPORARY TABLE passing (user_id int, question_id int, is_correct boolean)",
        )
        .unwrap();
    client
}

#[test]
fn no_arguments_break_anything() {
    let (cluster, mut owner) = with_surroundings();
    let started = value(&mut owner, "SELECT pg_postmaster_start_time()");
    let functions = functions(&mut owner);
    for name in YIELDS_ESTIMATES {
        assert!(functions.iter().any(|function| function.name == name), "{name}");
    }
    // Something to look at from the first call on.
    let run = "SELECT status FROM irt_run_calibration(standard_errors => 'observed_information')";
    assert_eq!(value(&mut owner, run).as_deref(), Some("success"));
    let (quick, slow): (Vec<&Function>, Vec<&Function>) =
        functions.iter().partition(|function| !is_slow(function));
    let mut random = Random::of_test(30);
    let mut clients = [session(&cluster, "postgres"), session(&cluster, "fuzzer")];
    let mut outcome = Outcome::default();
    let calls = volume(2_500, 1_000_000);
    for number in 0..calls {
        let pool = if random.below(100) == 0 { &slow } else { &quick };
        let sql = call(pool[random.below(pool.len())], &mut random);
        outcome.add(&mut clients[number % 2], &sql);
    }
    assert!(outcome.findings.is_empty(), "{:#?}", outcome.findings);
    assert!(outcome.states.get("00000").is_some_and(|n| n * 50 > calls), "{:?}", outcome.states);
    assert_eq!(value(&mut owner, "SELECT pg_postmaster_start_time()"), started);
    for word in ["terminated by signal", "PANIC", "TRAP"] {
        assert!(!cluster.log().contains(word), "the log says {word}");
    }
    let internal = rows(
        &mut owner,
        "SELECT id, error_message, settings FROM irt_calibration_runs WHERE error_sqlstate LIKE 'XX%'",
    );
    assert!(internal.is_empty(), "{internal:?}");
    all_finite(&mut owner);
    say(&format!("fuzzing: {calls} calls: {:?}", outcome.states));
}

/// Every number that was recorded or published is a number, and so is what is made of them.
fn all_finite(client: &mut Client) {
    let sql = format!(
        "SELECT f::text FROM (SELECT DISTINCT bank FROM irt_calibration_runs) AS r,
                irt_validate_calibration(r.bank) AS f WHERE {NOT_FINITE}
         UNION ALL
         SELECT f::text FROM (SELECT DISTINCT bank, item FROM irt_item_parameters
                              JOIN irt_calibration_runs ON id = run_id) AS r,
                irt_item_history(r.item, r.bank) AS f WHERE {NOT_FINITE}
         UNION ALL
         SELECT f::text FROM irt_item_parameters AS f WHERE {NOT_FINITE}
         UNION ALL
         SELECT f::text FROM irt_calibration_runs AS f
         WHERE (to_jsonb(f) - 'settings' - 'bank' - 'error_message')::text ~ '\"-?(NaN|Infinity)\"'
         UNION ALL
         SELECT f::text FROM questions AS f
         WHERE (to_jsonb(f) - 'id')::text ~ '\"-?(NaN|Infinity)\"'"
    );
    let wrong = rows(client, &sql);
    assert!(wrong.is_empty(), "{wrong:?}");
}
