//! Whatever is run, published, rolled back and rejected, in whatever order: what is in force is
//! what the publications say, and every past moment stays known.

use crate::common::{Cluster, rows, value};
use crate::figures::say;
use crate::replay::{Items, assert_replays, shown};
use crate::volume;
use postgres::Client;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use std::cell::{Cell, RefCell};

/// Two banks; the runs of the second one are not held for a rollback.
const BANKS: [&str; 2] = ["first", "second"];
const ITEMS: u16 = 8;

const TABLES: &str = "
    CREATE TABLE responses_$ AS
        SELECT p AS user_id, q AS question_id,
               sin(p * 12.9898) * 2 - (q - 4.5) * 0.4 + sin(p * 78.233 + q * 37.719) * 1.5 > 0 AS is_correct
        FROM generate_series(1, 300) p, generate_series(1, 8) q;
    CREATE TABLE items_$ AS SELECT generate_series(1, 8) AS id;
    SELECT irt_add_item_columns('items_$');";

/// What somebody does to a bank.
#[derive(Debug, Clone)]
enum Action {
    /// A run of all items.
    Run,
    /// A run that publishes some of them: a bit each.
    Some(u16),
    /// A run that a check holds, if there is anything to compare it with.
    Held,
    /// irt_publish of one of the bank's successes.
    Publish(Index),
    Rollback,
    Reject(Index),
}

/// An action, the bank that it is done to, and whose answers change before it.
#[derive(Debug, Clone)]
struct Step {
    bank: usize,
    action: Action,
    changed: u16,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let action = prop_oneof![
        3 => Just(Action::Run),
        2 => (1..1_u16 << ITEMS).prop_map(Action::Some),
        3 => Just(Action::Held),
        4 => any::<Index>().prop_map(Action::Publish),
        4 => Just(Action::Rollback),
        3 => any::<Index>().prop_map(Action::Reject),
    ];
    let step = (0..BANKS.len(), action, 0..30_u16);
    vec(step.prop_map(|(bank, action, changed)| Step { bank, action, changed }), 8..16)
}

/// What must be known of a bank to say what comes next.
#[derive(Default)]
struct Known {
    /// The items table before each publication that stands.
    before: Vec<Items>,
    /// Moments, and the items table then.
    past: Vec<(String, Items)>,
}

#[test]
fn in_force_is_what_the_publications_say_after_any_sequence() {
    let (cluster, client) = set();
    let cases = volume(8, 300);
    let config = Config {
        cases: u32::try_from(cases).unwrap(),
        failure_persistence: None,
        max_shrink_iters: 60,
        ..Config::default()
    };
    let seed = std::env::var("IRT_SOAK_SEED").map_or(1, |seed| seed.parse::<u8>().unwrap());
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[seed; 32]);
    // A property is an Fn.
    let (client, counts) = (RefCell::new(client), Cell::new([0; 6]));
    TestRunner::new_with_rng(config, rng)
        .run(&steps(), |steps| {
            let done = carry_out(&mut client.borrow_mut(), &steps);
            counts.set(std::array::from_fn(|kind| counts.get()[kind] + done[kind]));
            Ok(())
        })
        .unwrap_or_else(|error| panic!("{error}\n{}", cluster.log()));
    let counts = counts.into_inner();
    let [runs, limited, held, published, undone, rejected] = counts;
    say(&format!(
        "sequences: {cases}, with {runs} runs, {limited} runs of some items, {held} runs with a check \
         that holds, {published} publications by hand, {undone} rollbacks and {rejected} rejections: \
         in force was always what the publications said"
    ));
    assert!(counts.iter().all(|&count| count > 0), "{counts:?}: nothing of a kind was done");
}

/// A sequence, from banks without a history to banks that have nothing in force; how many actions
/// of each kind were done.
fn carry_out(client: &mut Client, steps: &[Step]) -> [usize; 6] {
    reset(client);
    let mut known: [Known; 2] = Default::default();
    let mut done = [0; 6];
    for step in steps {
        let acted = take(client, &mut known[step.bank], step);
        done[kind(&step.action)] += usize::from(acted);
        remember(client, &mut known, step);
    }
    undo_everything(client, &mut known);
    done
}

fn kind(action: &Action) -> usize {
    match action {
        Action::Run => 0,
        Action::Some(_) => 1,
        Action::Held => 2,
        Action::Publish(_) => 3,
        Action::Rollback => 4,
        Action::Reject(_) => 5,
    }
}

fn set() -> (Cluster, Client) {
    let (cluster, mut client) = Cluster::with_extension();
    for bank in BANKS {
        client.batch_execute(&TABLES.replace('$', bank)).unwrap();
    }
    (cluster, client)
}

/// Banks without a history.
fn reset(client: &mut Client) {
    // A sequence that failed may have left a transaction open.
    client.batch_execute("ROLLBACK").unwrap();
    for bank in BANKS {
        let table = format!("items_{bank}");
        let dropped = format!(
            "SELECT irt_drop_bank(bank) FROM irt_item_banks WHERE bank = '{bank}';
             DELETE FROM {table}; INSERT INTO {table} (id) SELECT generate_series(1, {ITEMS});
             SELECT irt_configure('{bank}', 'responses_{bank}', items => '{table}')"
        );
        client.batch_execute(&dropped).unwrap();
    }
    value(client, "SELECT irt_set_check('since_rollback', NULL, 'infinity', 'second')");
}

/// Does it, and asserts that it was allowed or refused as it should. True where it was done.
fn take(client: &mut Client, known: &mut Known, step: &Step) -> bool {
    let bank = BANKS[step.bank];
    let before = shown(client, &format!("items_{bank}"));
    match &step.action {
        Action::Run => run(client, bank, step.changed, "NULL", known, before),
        Action::Some(bits) => {
            let chosen: Vec<String> = (1..=ITEMS)
                .filter(|item| bits >> (item - 1) & 1 == 1)
                .map(|item| item.to_string())
                .collect();
            let list = format!("'{{{}}}'", chosen.join(","));
            run(client, bank, step.changed, &list, known, before)
        }
        Action::Held => {
            value(client, &format!("SELECT irt_set_check('score_change', 0, 0, '{bank}')"));
            run(client, bank, step.changed, "NULL", known, before);
            value(client, &format!("SELECT irt_set_check('score_change', NULL, NULL, '{bank}')"));
            true
        }
        Action::Publish(which) => {
            let Some((id, may)) = choose(client, bank, which, "true") else { return false };
            let done = attempt(client, &format!("SELECT irt_publish({id})"));
            let expected = may == "published" || may == "current";
            assert_eq!(done, expected, "irt_publish of run {id}, which is {may}");
            known.before.extend(done.then_some(before));
            done
        }
        Action::Rollback => {
            let done = attempt(client, &format!("SELECT irt_rollback('{bank}')"));
            let expected = known.before.pop();
            assert_eq!(done, expected.is_some(), "irt_rollback");
            if let Some(expected) = expected {
                assert_eq!(
                    shown(client, &format!("items_{bank}")),
                    expected,
                    "{bank}: rolled back"
                );
            }
            done
        }
        Action::Reject(which) => {
            // One that waits, if any does.
            let chosen = choose(client, bank, which, "publication = 'held'");
            let Some((id, may)) = chosen.or_else(|| choose(client, bank, which, "true")) else {
                return false;
            };
            let done = attempt(client, &format!("SELECT irt_reject({id})"));
            let expected = !["published", "in force"].contains(&&*may);
            assert_eq!(done, expected, "irt_reject of run {id}, which is {may}");
            done
        }
    }
}

/// Runs after some answers have changed, so that every run has other parameters.
fn run(
    client: &mut Client,
    bank: &str,
    changed: u16,
    list: &str,
    known: &mut Known,
    before: Items,
) -> bool {
    client
        .batch_execute(&format!(
            "UPDATE responses_{bank} SET is_correct = NOT is_correct
             WHERE user_id % 30 = {changed} AND question_id % 3 = user_id % 3"
        ))
        .unwrap();
    let errors = if changed.is_multiple_of(2) { "none" } else { "observed_information" };
    let run = format!(
        "SELECT publication FROM irt_run_calibration(true, bank => '{bank}', item_ids => {list}, \
         standard_errors => '{errors}')"
    );
    match value(client, &run).as_deref() {
        Some("published") => known.before.push(before),
        Some("held") => assert_eq!(shown(client, &format!("items_{bank}")), before),
        other => panic!("a run is {other:?}"),
    }
    true
}

/// One of the bank's successes that meet a condition, and how it stands: `published`, `in force` where that is the newest that
/// stands and no rollback waits for a decision, `rejected`, or, where it waits for a decision, `current`, `outdated` or
/// `not linked`.
fn choose(
    client: &mut Client,
    bank: &str,
    which: &Index,
    condition: &str,
) -> Option<(String, String)> {
    let successes = format!(
        "SELECT id, CASE WHEN publication = 'published' AND id = (
                             SELECT p.run_id FROM irt_publications p
                             WHERE p.bank = r.bank AND p.undoes IS NULL AND NOT EXISTS (
                                 SELECT FROM irt_publications u WHERE u.undoes = p.id)
                             ORDER BY p.id DESC LIMIT 1)
                         AND NOT COALESCE((
                             SELECT d.undoes IS NOT NULL FROM irt_publications d
                             WHERE d.bank = r.bank AND d.kind <> 'automatic'
                             ORDER BY d.id DESC LIMIT 1), false)
                    THEN 'in force'
                    WHEN publication <> 'held' THEN publication
                    WHEN settings ? 'not_linked' THEN 'not linked'
                    WHEN compared_with IS NOT DISTINCT FROM
                         (SELECT max(p.id) FROM irt_publications p WHERE p.bank = r.bank)
                    THEN 'current' ELSE 'outdated' END
         FROM irt_calibration_runs r WHERE bank = '{bank}' AND status = 'success' AND {condition} ORDER BY id"
    );
    let mut found = rows(client, &successes);
    if found.is_empty() {
        return None;
    }
    let mut row = found.swap_remove(which.index(found.len()));
    Some((row[0].take().unwrap(), row[1].take().unwrap()))
}

/// True where a decision was carried out, false where it was refused for what the bank's state is.
fn attempt(client: &mut Client, sql: &str) -> bool {
    let Err(error) = client.simple_query(sql) else { return true };
    let code = error.code().map(|code| code.code().to_owned());
    assert_eq!(code.as_deref(), Some("55000"), "{sql}: {error:?}");
    false
}

/// Asserts that all tell the same, of both banks, and notes this moment.
fn remember(client: &mut Client, known: &mut [Known; 2], step: &Step) {
    for (bank, known) in BANKS.iter().zip(known) {
        let items = assert_replays(client, bank, &format!("items_{bank}"));
        if *bank == BANKS[step.bank] {
            let now = value(client, "SELECT clock_timestamp()").unwrap();
            known.past.push((now, items));
        }
    }
}

/// Rolls back until nothing is left, and asserts that every moment before is still known.
fn undo_everything(client: &mut Client, known: &mut [Known; 2]) {
    for (bank, known) in BANKS.iter().zip(known) {
        while let Some(before) = known.before.pop() {
            value(client, &format!("SELECT irt_rollback('{bank}')"));
            assert_eq!(assert_replays(client, bank, &format!("items_{bank}")), before);
        }
        assert!(!attempt(client, &format!("SELECT irt_rollback('{bank}')")), "nothing is left");
        for (moment, mut items) in known.past.drain(..) {
            let then = format!(
                "SELECT item, difficulty, discrimination, se_difficulty, se_discrimination
                 FROM irt_parameters_at('{bank}', '{moment}')"
            );
            items.values_mut().for_each(|values| values[4] = None);
            assert_eq!(crate::replay::items(client, &then), items, "{bank} at {moment}");
        }
    }
}
