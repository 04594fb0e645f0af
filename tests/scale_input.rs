//! Bad input to scales, groups, anchors and links: a clear error or a flag, and nothing published.

#![allow(
    clippy::unwrap_used,
    reason = "a test stops at the first thing that is not as it should be"
)]

mod common;

use common::{CHANCE, Cluster, error, rows, value};
use postgres::Client;

/// 300 persons of two schools answered 12 items; nobody of the others answered items 101 to 112.
const SETUP: &str = "
CREATE TABLE questions (id int PRIMARY KEY, is_anchor boolean NOT NULL DEFAULT false, mark text);
INSERT INTO questions SELECT generate_series(1, 12);
SELECT irt_add_item_columns('questions');
CREATE TABLE responses (user_id int, question_id int, is_correct boolean, school text,
                        document json, place point);
CREATE FUNCTION answer(first int, last int) RETURNS void LANGUAGE sql AS $$
    INSERT INTO responses
    SELECT u, q, ((chance(u, 1) + chance(u, 2) + chance(u, 3) + chance(u, 4) - 2) * 1.73
                   - (q - 6.5) * 0.25) * (0.7 + chance(q, 7)) + ln(1 / chance(u * 100 + q, 5) - 1) > 0,
           CASE WHEN u % 3 = 0 THEN 'north' ELSE 'south' END, '{}', '(0,0)'
    FROM generate_series(first, last) u, generate_series(1, 12) q
$$;
SELECT answer(1, 300);
";

fn start() -> (Cluster, Client) {
    let (cluster, mut client) = Cluster::with_extension();
    client.batch_execute(CHANCE).unwrap();
    client.batch_execute(SETUP).unwrap();
    (cluster, client)
}

/// A statement, its SQLSTATE, its message.
type Case = (&'static str, &'static str, &'static str);

fn refused(client: &mut Client, cases: &[Case], wrap: impl Fn(&str) -> String) {
    for (statement, sqlstate, message) in cases {
        let refusal = error(client, &wrap(statement));
        assert_eq!(
            (refusal.code().code(), refusal.message()),
            (*sqlstate, *message),
            "{statement}"
        );
        if refusal.file() == Some("irt_calibration") {
            assert!(refusal.hint().is_some(), "{statement}: no hint");
        }
    }
}

/// Whatever could have been published.
fn in_force(client: &mut Client) -> Vec<Vec<Option<String>>> {
    let held = "SELECT (SELECT count(*) FROM irt_publications),
                       (SELECT md5(string_agg(q::text, ',' ORDER BY id)) FROM questions q)";
    rows(client, held)
}

const CONFIGURE: &[Case] = &[
    (
        "responses => 'responses', group_column => 'document'",
        "42804",
        "column \"document\" of public.responses has type json, but must be of a type with a \
         default hash operator class, such as bigint, uuid or text (group_column)",
    ),
    (
        "responses => 'responses', group_column => 'place'",
        "42804",
        "column \"place\" of public.responses has type point, but must be of a type with a \
         default hash operator class, such as bigint, uuid or text (group_column)",
    ),
    (
        "responses => 'responses', group_column => 'nobody'",
        "42703",
        "column \"nobody\" of public.responses does not exist (group_column)",
    ),
    (
        "responses => 'responses', items => 'questions', anchor_column => 'mark'",
        "42804",
        "column \"mark\" of public.questions has type text, but must be boolean (anchor_column)",
    ),
    (
        "responses => 'responses', items => 'questions', anchor_column => 'nobody'",
        "42703",
        "column \"nobody\" of public.questions does not exist (anchor_column)",
    ),
    (
        "responses => 'responses', scale => 'best'",
        "22023",
        "scale is 'best', but must be 'linked', 'anchored' or 'population'",
    ),
    (
        "responses => 'responses', linking_method => 'by_eye'",
        "22023",
        "linking_method is 'by_eye', but must be 'stocking_lord', 'haebara' or 'mean_sigma'",
    ),
];

/// Queries of anchors.
const ANCHORS: &[Case] = &[
    ("SELECT 1", "42703", "anchors: the query yields no column \"item\""),
    (
        "SELECT id, 0 AS difficulty, 1 AS discrimination FROM questions",
        "42703",
        "anchors: the query yields no column \"item\"",
    ),
    (
        "SELECT id AS item, 0 AS b, 1 AS discrimination FROM questions",
        "42703",
        "anchors: the query yields no column \"difficulty\"",
    ),
    (
        "SELECT 1 AS item, 0 AS difficulty, 1 AS discrimination",
        "IR001",
        "too few anchors: 1 of them were answered, at least 2 are needed",
    ),
    (
        "SELECT id + 200 AS item, 0 AS difficulty, 1 AS discrimination FROM questions",
        "IR001",
        "too few anchors: 0 of them were answered, at least 2 are needed",
    ),
    (
        "SELECT id AS item, 0 AS difficulty, 1 AS discrimination FROM questions WHERE false",
        "IR001",
        "too few anchors: 0 of them were answered, at least 2 are needed",
    ),
    (
        "SELECT id AS item, 0.1 * id AS difficulty, 0 AS discrimination FROM questions",
        "22023",
        "the discrimination of the anchor \"1\" is 0, but must be above 0, and at most 1e6",
    ),
    (
        "SELECT id AS item, 0.1 * id AS difficulty, -1 AS discrimination FROM questions",
        "22023",
        "the discrimination of the anchor \"1\" is -1, but must be above 0, and at most 1e6",
    ),
    (
        "SELECT 1 AS item, 0 AS difficulty, 1 AS discrimination FROM questions",
        "22023",
        "anchors: item of row 2 is one that an earlier row has",
    ),
    (
        "SELECT nullif(id, 2) AS item, 0 AS difficulty, 1 AS discrimination FROM questions ORDER BY id",
        "22023",
        "anchors: item of row 2 is NULL",
    ),
    (
        "SELECT id AS item, NULL::float8 AS difficulty, 1 AS discrimination FROM questions",
        "22023",
        "anchors: difficulty of row 1 is NULL",
    ),
    (
        "SELECT id AS item, 'NaN'::numeric AS difficulty, 1 AS discrimination FROM questions",
        "22023",
        "anchors: difficulty of row 1 is NaN",
    ),
    (
        "SELECT id AS item, 0 AS difficulty, 'infinity'::float8 AS discrimination FROM questions",
        "22023",
        "anchors: discrimination of row 1 is inf",
    ),
    (
        "SELECT id AS item, '0'::text AS difficulty, 1 AS discrimination FROM questions",
        "42804",
        "column 2 (\"difficulty\") of the query, difficulty, has type text, but must be double \
         precision, real, numeric or an integer",
    ),
    (
        "SELECT point(id, 0) AS item, 0 AS difficulty, 1 AS discrimination FROM questions",
        "42804",
        "column \"item\" has type point, which has no default hash operator class",
    ),
    (
        "UPDATE questions SET mark = 1 RETURNING id AS item, 0 AS difficulty, 1 AS discrimination",
        "22023",
        "query must be one SELECT, VALUES or TABLE statement, found UPDATE",
    ),
    (
        "WITH x AS (DELETE FROM questions RETURNING id)
         SELECT id AS item, 0 AS difficulty, 1 AS discrimination FROM x",
        "22023",
        "query must be one SELECT, VALUES or TABLE statement, found a WITH clause that writes",
    ),
    (
        "SELECT 1; SELECT 2",
        "22023",
        "query must be one SELECT, VALUES or TABLE statement, found 2 statements",
    ),
    ("", "22023", "query must be one SELECT, VALUES or TABLE statement, found 0 statements"),
    ("SELEKT", "42601", "syntax error at or near \"SELEKT\""),
];

/// Both sides of irt_link: what is done to difficulty and discrimination of five items.
const LINK: &[Case] = &[
    ("NULL, NULL", "22004", "items must not be NULL"),
    ("'TABLE five', NULL", "22004", "onto must not be NULL"),
    ("'TABLE five', 'TABLE five', NULL", "22004", "method must not be NULL"),
    (
        "'TABLE five', 'TABLE five', 'by_eye'",
        "22023",
        "method is 'by_eye', but must be 'stocking_lord', 'haebara' or 'mean_sigma'",
    ),
    (
        "'TABLE five', 'SELECT * FROM five LIMIT 2'",
        "IR001",
        "too few common items: 2, at least 3 are needed to link two scales",
    ),
    (
        "'TABLE five', 'SELECT item, 0 AS difficulty, 1 AS discrimination FROM five'",
        "IR001",
        "the common items determine no link by mean_sigma: their difficulties do not vary",
    ),
    (
        "'SELECT item, 0 AS difficulty, 1 AS discrimination FROM five', 'TABLE five'",
        "IR001",
        "the common items determine no link by mean_sigma: their difficulties do not vary",
    ),
    (
        "'TABLE five', 'SELECT item, difficulty, discrimination / 1.702 AS discrimination FROM five'",
        "IR001",
        "the common items do not agree on a unit: by their discriminations the slope of the link \
         is 1.7020, by their difficulties 1.0000; at most a factor of 1.25 between the two is \
         accepted",
    ),
    (
        "'TABLE five', 'SELECT item, difficulty, -discrimination AS discrimination FROM five'",
        "IR001",
        "the common items determine no link by the mean of ln a: no discrimination has the same \
         sign on both scales",
    ),
    (
        "'TABLE five', 'SELECT item, difficulty, ''NaN''::real AS discrimination FROM five'",
        "22023",
        "onto: discrimination of row 1 is NaN",
    ),
    (
        "'TABLE five', 'SELECT item, 1e7 * difficulty AS difficulty, discrimination FROM five'",
        "IR001",
        "the common items do not agree on a unit: by their discriminations the slope of the link \
         is 1.0000, by their difficulties 10000000.0000; at most a factor of 1.25 between the two \
         is accepted",
    ),
];

/// Queries of responses with groups.
const GROUPS: &[Case] = &[
    (
        "SELECT user_id, question_id, is_correct, NULL, place FROM responses",
        "42804",
        "column \"place\" has type point, which has no default hash operator class",
    ),
    (
        "SELECT user_id, question_id, is_correct, 'noon'::text, school FROM responses",
        "42804",
        "column 4 (\"text\") of the query, answered_at, has type text, but must be timestamptz, \
         timestamp or date",
    ),
    (
        "SELECT user_id, question_id, is_correct, NULL, school, 1 FROM responses",
        "22023",
        "query yields 6 columns, but must yield (person, item, correct), (person, item, correct, \
         answered_at) or (person, item, correct, answered_at, group)",
    ),
    (
        "SELECT g * 1000 + user_id, question_id, is_correct, NULL, g FROM responses,
                generate_series(1, 1001) g WHERE user_id <= 10 AND question_id <= 3",
        "54000",
        "too many groups: found 1001, at most 1000 can be handled",
    ),
];

#[test]
fn bad_settings_queries_and_links_are_refused_by_name() {
    let (_cluster, mut client) = start();
    client
        .batch_execute(
            "CREATE TABLE five AS SELECT id AS item, (id - 3.0) / 2 AS difficulty,
                                         1.0 + id / 10.0 AS discrimination
             FROM questions WHERE id <= 5",
        )
        .unwrap();
    let before = in_force(&mut client);
    refused(&mut client, CONFIGURE, |arguments| {
        format!("SELECT irt_configure('new', {arguments})")
    });
    let responses = "'SELECT user_id, question_id, is_correct FROM responses'";
    let quoted = |query: &str| format!("'{}'", query.replace('\'', "''"));
    for function in ["irt_fit_2pl", "irt_fit_groups"] {
        refused(&mut client, ANCHORS, |anchors| {
            format!("SELECT * FROM {function}({responses}, anchors => {})", quoted(anchors))
        });
        refused(&mut client, GROUPS, |query| {
            format!("SELECT * FROM {function}({})", quoted(query))
        });
    }
    refused(&mut client, LINK, |arguments| format!("SELECT * FROM irt_link({arguments})"));
    assert_eq!(in_force(&mut client), before);
    let banks = "SELECT count(*) FROM irt_item_banks";
    assert_eq!(value(&mut client, banks).as_deref(), Some("0"));
}

/// Numbers count whatever their type.
#[test]
fn anchors_are_read_from_every_type_of_number() {
    let (_cluster, mut client) = start();
    for kind in ["numeric", "real", "float8", "bigint", "smallint"] {
        let fit = format!(
            "SELECT item, difficulty, discrimination
             FROM irt_fit_2pl('SELECT user_id, question_id, is_correct FROM responses',
                 anchors => 'SELECT id AS item, (id - 6)::{kind} AS difficulty,
                                    1::{kind} AS discrimination FROM questions WHERE id <= 6')
             WHERE status = 'anchored' ORDER BY item::int"
        );
        let expected: Vec<_> = (1..=6)
            .map(|id| [id.to_string(), (id - 6).to_string(), "1".to_owned()].map(Some).to_vec())
            .collect();
        assert_eq!(rows(&mut client, &fit), expected, "{kind}");
    }
}

#[test]
fn odd_groups_are_counted_pooled_and_named() {
    let (_cluster, mut client) = start();
    let groups = |client: &mut Client, time: &str, group: &str| {
        let fit = format!(
            "SELECT group_name, persons_count, se_sd IS NULL FROM irt_fit_groups(
                 'SELECT user_id, question_id, is_correct, {time}, {group} FROM responses',
                 standard_errors => 'observed_information') ORDER BY group_name COLLATE \"C\""
        );
        let row = |row: Vec<Option<String>>| -> String {
            row.into_iter().map(Option::unwrap).collect::<Vec<_>>().join(" ")
        };
        rows(client, &fit).into_iter().map(row).collect::<Vec<_>>()
    };
    // Text that is NULL throughout is no time, and says nothing.
    assert_eq!(groups(&mut client, "NULL::text", "school"), ["north 100 f", "south 200 t"]);
    assert_eq!(groups(&mut client, "NULL", "NULL"), ["(none) 300 t"]);
    assert_eq!(
        groups(&mut client, "NULL", "nullif(school, ''north'')"),
        ["(none) 100 f", "south 200 t"]
    );
    // One person tells no standard deviation.
    let alone = "CASE WHEN user_id > 1 THEN school END";
    assert_eq!(groups(&mut client, "NULL", alone), ["(small) 1 t", "north 100 f", "south 199 t"]);
    let flagged = "SELECT count(*) FROM irt_fit_2pl('SELECT user_id, question_id, is_correct, NULL,
                       user_id > 1 FROM responses') WHERE flags <> '{}'";
    assert_eq!(value(&mut client, flagged).as_deref(), Some("0"));
}

#[test]
fn a_person_in_two_groups_counts_in_each_and_a_missing_reference_is_said() {
    let (_cluster, mut client) = start();
    client
        .batch_execute(
            "INSERT INTO responses SELECT user_id, question_id, is_correct, 'north'
             FROM responses WHERE user_id <= 40 AND school = 'south';
             INSERT INTO responses SELECT user_id + 1000, question_id, is_correct FROM responses
             WHERE user_id BETWEEN 41 AND 80;
             SELECT irt_configure('grouped', 'responses', items => 'questions',
                                  group_column => 'school', scale => 'population')",
        )
        .unwrap();
    let run = "SELECT publication, settings ->> 'persons_in_several_groups'
               FROM irt_run_calibration(true, bank => 'grouped', publish => false)";
    let expected = ["not_requested", "27"].map(|cell| Some(cell.to_owned()));
    assert_eq!(rows(&mut client, run).remove(0), expected);
    let groups = "SELECT string_agg(group_name || ' ' || persons_count, ', ' ORDER BY group_name
                      COLLATE \"C\") FROM irt_run_groups";
    let expected = "(none) 40, north 127, south 200";
    assert_eq!(value(&mut client, groups).as_deref(), Some(expected));

    let before = in_force(&mut client);
    client.batch_execute("SELECT irt_configure('grouped', reference_group => 'east')").unwrap();
    let refusal = error(&mut client, "SELECT irt_run_calibration(true, bank => 'grouped')");
    assert_eq!(
        (refusal.code().code(), refusal.message()),
        (
            "22023",
            "there is no group \"east\" to be the reference; the groups are \"(none)\", \
             \"north\", \"south\""
        )
    );
    client.batch_execute("SELECT irt_configure('grouped', group_column => '')").unwrap();
    let refusal = error(&mut client, "SELECT irt_run_calibration(true, bank => 'grouped')");
    assert_eq!(
        (refusal.code().code(), refusal.message()),
        (
            "22023",
            "there is no group \"east\" to be the reference; the groups are none: persons are not \
             grouped"
        )
    );
    assert_eq!(in_force(&mut client), before);
}

#[test]
fn a_scale_without_enough_to_hold_it_is_not_published() {
    let (_cluster, mut client) = start();
    client
        .batch_execute(
            "SELECT irt_configure('b', 'responses', items => 'questions',
                                  anchor_column => 'is_anchor', group_column => 'school')",
        )
        .unwrap();
    let run = "SELECT publication FROM irt_run_calibration(true, bank => 'b')";
    // Where nothing is in force, nothing needs to be held.
    assert_eq!(value(&mut client, run).as_deref(), Some("published"));
    let before = in_force(&mut client);
    let too_few = |client: &mut Client, found: u32| {
        let refusal = error(client, run);
        let message =
            format!("too few anchors: {found} of them were answered, at least 2 are needed");
        assert_eq!((refusal.code().code(), refusal.message()), ("IR001", message.as_str()));
    };
    let not_linked = |client: &mut Client, found: u32| {
        assert_eq!(value(client, run).as_deref(), Some("held"));
        let why =
            "SELECT settings ->> 'not_linked' FROM irt_calibration_runs ORDER BY id DESC LIMIT 1";
        let expected =
            format!("too few common items: {found}, at least 3 are needed to link two scales");
        assert_eq!(value(client, why).as_deref(), Some(expected.as_str()));
        let id = value(client, "SELECT max(id) FROM irt_calibration_runs").unwrap();
        let refusal = error(client, &format!("SELECT irt_publish({id})"));
        assert_eq!(refusal.code().code(), "55000", "{}", refusal.message());
        assert!(refusal.message().contains(&expected), "{}", refusal.message());
    };
    // No item is marked.
    not_linked(&mut client, 0);
    client.batch_execute("SELECT irt_configure('b', scale => 'anchored')").unwrap();
    too_few(&mut client, 0);
    // Marked, and nothing in force.
    client
        .batch_execute(
            "INSERT INTO questions (id, is_anchor) SELECT generate_series(21, 25), true;
             INSERT INTO responses SELECT user_id, question_id + 20, is_correct, school FROM responses
             WHERE question_id <= 5",
        )
        .unwrap();
    let before_marks = in_force(&mut client);
    too_few(&mut client, 0);
    client.batch_execute("SELECT irt_configure('b', scale => 'linked')").unwrap();
    not_linked(&mut client, 0);
    client.batch_execute("UPDATE questions SET is_anchor = true WHERE id <= 2").unwrap();
    not_linked(&mut client, 2);
    client.batch_execute("UPDATE questions SET is_anchor = false WHERE id <= 2").unwrap();
    assert_eq!(in_force(&mut client), before_marks);
    assert_eq!(in_force(&mut client)[0][0], before[0][0]);
}

#[test]
fn items_that_nobody_joins_with_the_anchors_get_no_parameters() {
    let (_cluster, mut client) = start();
    client.batch_execute("SELECT irt_configure('b', 'responses', items => 'questions')").unwrap();
    let run = "SELECT publication FROM irt_run_calibration(true, bank => 'b')";
    assert_eq!(value(&mut client, run).as_deref(), Some("published"));
    client
        .batch_execute(
            "UPDATE questions SET is_anchor = true;
             SELECT irt_configure('b', scale => 'anchored', anchor_column => 'is_anchor');
             INSERT INTO questions SELECT generate_series(101, 112);
             INSERT INTO responses SELECT user_id + 1000, question_id + 100, is_correct, school
             FROM responses",
        )
        .unwrap();
    // All that is left to be calibrated is not joined with the anchors.
    let before = value(&mut client, "SELECT md5(string_agg(q::text, ',')) FROM questions q");
    let counted = "SELECT items_calibrated, items_published
                   FROM irt_run_calibration(true, bank => 'b')";
    assert_eq!(rows(&mut client, counted).remove(0), ["0", "0"].map(|cell| Some(cell.to_owned())));
    let after = value(&mut client, "SELECT md5(string_agg(q::text, ',')) FROM questions q");
    assert_eq!(after, before);
    client.batch_execute("UPDATE questions SET is_anchor = id <= 6").unwrap();
    value(&mut client, run);
    let loose = "SELECT count(*), min(flags::text), count(difficulty) FROM irt_item_parameters
                 WHERE run_id = (SELECT max(id) FROM irt_calibration_runs) AND item::int > 100";
    let expected = ["12", "{disconnected}", "0"].map(|cell| Some(cell.to_owned()));
    assert_eq!(rows(&mut client, loose).remove(0), expected);
    let held = "SELECT count(irt_difficulty) FROM questions WHERE id > 100";
    assert_eq!(value(&mut client, held).as_deref(), Some("0"));
}

/// Values of the items table that are no scale: what another program left where nothing was ever
/// published.
#[test]
fn values_that_are_no_scale_are_not_imported() {
    let (_cluster, mut client) = start();
    let cases = [
        ("irt_difficulty = 0, irt_discrimination = 1", None, "published"),
        ("irt_difficulty = id, irt_discrimination = 0", None, "published"),
        ("irt_difficulty = id, irt_discrimination = -1", None, "published"),
        ("irt_difficulty = id, irt_discrimination = 'NaN'", None, "published"),
        ("irt_difficulty = 'infinity', irt_discrimination = 1", None, "published"),
        (
            "irt_difficulty = CASE WHEN id <= 2 THEN id END, irt_discrimination = 1",
            None,
            "published",
        ),
        // Of the normal metric.
        (
            "irt_difficulty = (id - 6.5) * 0.25, irt_discrimination = (0.7 + chance(id, 7)) / 1.702",
            Some("12"),
            "held",
        ),
    ];
    client.batch_execute("SELECT answer(301, 1500)").unwrap();
    for (number, (values, imported, publication)) in cases.into_iter().enumerate() {
        client
            .batch_execute(&format!(
                "CREATE TABLE questions_{number} (LIKE questions INCLUDING ALL);
                 INSERT INTO questions_{number} SELECT * FROM questions;
                 UPDATE questions_{number} SET {values};
                 SELECT irt_configure('{number}', 'responses', items => 'questions_{number}')"
            ))
            .unwrap();
        let run = format!(
            "SELECT publication, settings ->> 'imported_items'
             FROM irt_run_calibration(true, bank => '{number}')"
        );
        let expected = [Some(publication.to_owned()), imported.map(str::to_owned)];
        assert_eq!(rows(&mut client, &run).remove(0), expected, "{values}");
    }
}
