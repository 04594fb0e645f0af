//! The table of docs/operations.md: exactly these GRANTs suffice, and each of them is needed.

use super::{members, refusal, with_tables_of_app};
use crate::common::{has_extension, value};
use postgres::Client;

/// A row of the table.
struct Task {
    call: String,
    rights: Vec<Right>,
}

/// One thing that can be granted to a role, or taken from it.
#[derive(Debug, Clone)]
enum Right {
    /// As GRANT and REVOKE spell it.
    Grant(String),
    /// To own a table.
    Owner(String),
    /// To own a bank.
    OwnerOfBank(String),
}

impl Right {
    fn give(&self, client: &mut Client) {
        client
            .batch_execute(&match self {
                Self::Grant(right) => format!("GRANT {right} TO candidate"),
                Self::Owner(table) => format!("ALTER TABLE {table} OWNER TO candidate"),
                Self::OwnerOfBank(bank) => {
                    format!("SELECT irt_configure('{bank}', owner => 'candidate')")
                }
            })
            .unwrap();
    }

    fn take(&self, client: &mut Client) {
        client
            .batch_execute(&match self {
                Self::Grant(right) => format!("REVOKE {right} FROM candidate"),
                Self::Owner(table) => format!("ALTER TABLE {table} OWNER TO app"),
                Self::OwnerOfBank(bank) => {
                    format!("SELECT irt_configure('{bank}', owner => 'app')")
                }
            })
            .unwrap();
    }

    /// `SELECT (a, b) ON t` as one right for each column.
    fn apart(self) -> Vec<Self> {
        let Self::Grant(right) = &self else { return vec![self] };
        let Some((verb, rest)) = right.split_once(" (") else { return vec![self] };
        let (columns, on) = rest.split_once(')').unwrap();
        columns.split(", ").map(|column| Self::Grant(format!("{verb} ({column}){on}"))).collect()
    }
}

/// The code spans of a line of Markdown, each with the word before it.
fn code(cell: &str) -> Vec<(String, String)> {
    let parts: Vec<&str> = cell.split('`').collect();
    let pairs = parts.chunks(2).filter(|pair| pair.len() == 2);
    pairs
        .map(|pair| {
            let word = pair[0].trim().rsplit(' ').next().unwrap_or_default();
            (word.to_owned(), pair[1].to_owned())
        })
        .collect()
}

fn documented_tasks() -> Vec<Task> {
    let operations = include_str!("../../docs/operations.md");
    let table = operations.split("| task | call | what it takes |").nth(1).unwrap();
    let lines = table.lines().skip(2).take_while(|line| line.starts_with('|'));
    lines
        .map(|line| {
            let cells: Vec<&str> = line.split('|').collect();
            let rights = code(cells[3]).into_iter().flat_map(|(word, right)| {
                match (word.as_str(), right.strip_prefix("bank ")) {
                    ("own", Some(bank)) => Right::OwnerOfBank(bank.to_owned()),
                    ("own", None) => Right::Owner(right),
                    _ => Right::Grant(right),
                }
                .apart()
            });
            Task { call: code(cells[2]).remove(0).1, rights: rights.collect() }
        })
        .collect()
}

/// How the call of a task is refused, or `None`. Nothing runs afterwards that the next call could meet.
fn call(owner: &mut Client, client: &mut Client, task: &Task) -> Option<(String, String)> {
    if task.call.contains("irt_add_item_columns") {
        // Where no column is missing there is nothing that could be refused.
        owner
            .batch_execute("ALTER TABLE questions DROP COLUMN IF EXISTS irt_calibration_n")
            .unwrap();
    }
    // What is in force already is not published again, and nothing is taken back twice.
    let before = match task.call.as_str() {
        call if call.contains("irt_publish") => "SELECT irt_rollback()",
        call if call.contains("irt_rollback") => "SELECT irt_publish(1)",
        _ => "SELECT 1",
    };
    let _ = owner.simple_query(before);
    let refused = refusal(client, &task.call);
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(60);
    let idle = "SELECT NOT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory')";
    while value(client, idle).as_deref() != Some("t") {
        assert!(std::time::Instant::now() < deadline, "a run does not end");
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    refused
}

#[test]
fn exactly_these_rights_suffice_and_each_is_needed() {
    let tasks = documented_tasks();
    let has_cron = has_extension("pg_cron");
    let settings = if has_cron { "shared_preload_libraries = 'pg_cron'" } else { "" };
    let (cluster, mut owner) = with_tables_of_app(settings);
    owner.batch_execute("CREATE ROLE candidate LOGIN").unwrap();
    if has_cron {
        owner.batch_execute("CREATE EXTENSION pg_cron").unwrap();
    }
    // So that there is something to remove, cancel and look at.
    owner.simple_query("SELECT irt_configure()").unwrap();
    owner.simple_query("SELECT irt_run_calibration(standard_errors => 'none')").unwrap();
    owner.simple_query("SELECT irt_rollback()").unwrap();
    owner.simple_query("SELECT irt_run_calibration(true, standard_errors => 'none')").unwrap();
    let mut client = cluster.connect_as("candidate", "postgres");
    for task in tasks.iter().filter(|task| has_cron || !task.call.contains("schedule_")) {
        for right in &task.rights {
            right.give(&mut owner);
        }
        assert_eq!(
            call(&mut owner, &mut client, task),
            None,
            "{}: its rights do not suffice",
            task.call
        );
        for right in &task.rights {
            right.take(&mut owner);
            let refused = call(&mut owner, &mut client, task).map(|(sqlstate, _)| sqlstate);
            assert_eq!(refused.as_deref(), Some("42501"), "{} works without {right:?}", task.call);
            right.give(&mut owner);
        }
        assert_eq!(call(&mut owner, &mut client, task), None, "{}", task.call);
        for right in task.rights.iter().rev() {
            right.take(&mut owner);
        }
    }
}

#[test]
fn every_function_and_relation_is_somebodys_task() {
    let (_cluster, mut client) = crate::common::Cluster::with_extension();
    let calls: String = documented_tasks().into_iter().map(|task| task.call + "\n").collect();
    let mut names = members(&mut client, None);
    names.extend(members(&mut client, Some("'r', 'v'")));
    let internal = ["irt_running_calibrations", "irt_publish_older_successes"];
    let is_internal = |name: &str| internal.contains(&name) || name.starts_with("irt_answers_");
    for name in names.iter().filter(|name| !is_internal(name)) {
        assert!(calls.contains(name.as_str()), "docs/operations.md does not say who may {name}");
    }
}
