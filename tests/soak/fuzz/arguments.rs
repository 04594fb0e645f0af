//! Arguments: sensible ones now and then, so that something is reached, and everything else.

use crate::random::Random;

/// What the arguments can refer to: relations of all kinds, and a role with rights on half of them.
pub const SURROUNDINGS: &str = r#"
    CREATE TABLE responses AS
        SELECT p AS user_id, q AS question_id, hashint4(p * 5 + q) % 3 < p % 3 AS is_correct,
               timestamptz '2026-01-01 00:00Z' + p * interval '1 minute' AS answered_at
        FROM generate_series(1, 60) p, generate_series(1, 4) q;
    CREATE TABLE questions AS SELECT generate_series(1, 4) AS id;
    SELECT irt_add_item_columns('questions');
    CREATE TABLE odd (user_id text, question_id numeric, is_correct numeric, answered_at timestamp);
    INSERT INTO odd VALUES ('a', 'NaN', 1, 'infinity'), ('', 1.0, 0, '-infinity'), (NULL, 1.00, 2, NULL),
        (repeat('x', 100000), 1e300, 0.5, '294276-12-31'), ('é', 'Infinity', NULL, '4713-01-01 BC');
    CREATE TABLE empty ();
    CREATE VIEW failing AS SELECT 1 / (user_id - user_id) AS user_id, question_id, is_correct FROM responses;
    CREATE VIEW endless AS SELECT a.user_id, b.question_id, c.is_correct FROM responses a, responses b, responses c;
    CREATE TABLE parted (user_id int, question_id int, is_correct int) PARTITION BY LIST (user_id);
    CREATE MATERIALIZED VIEW seen AS TABLE responses;
    CREATE TABLE "O'Reilly; --" ("user_id" uuid, "question_id" jsonb, "is_correct" smallint);
    INSERT INTO "O'Reilly; --" SELECT gen_random_uuid(), to_jsonb(q), 1 FROM generate_series(1, 9) q;
    CREATE TYPE pair AS (a int, b int);
    CREATE INDEX an_index ON responses (user_id);
    CREATE SEQUENCE a_sequence;
    CREATE ROLE fuzzer LOGIN;
    GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA public TO fuzzer;
    GRANT SELECT ON responses, odd, questions TO fuzzer;
    GRANT UPDATE ON questions TO fuzzer"#;

/// Relations, as regclass literals; OIDs of nothing, of catalogs, of our own tables.
const RELATIONS: [&str; 26] = [
    "'responses'",
    "'responses'",
    "'questions'",
    "'questions'",
    "'odd'",
    "'empty'",
    "'failing'",
    "'endless'",
    "'parted'",
    "'seen'",
    "'\"O''Reilly; --\"'",
    "'pair'",
    "'an_index'",
    "'a_sequence'",
    "'passing'",
    "'-'",
    "'pg_class'",
    "'pg_locks'",
    "'irt_item_banks'",
    "'irt_calibration_runs'",
    "'irt_running_calibrations'",
    "'information_schema.columns'",
    "'4294967295'",
    "'1'",
    "'pg_toast.pg_toast_1255'",
    "'nowhere'",
];

/// Names of columns: there, not there, the server's own, the longest.
const NAMES: [&str; 16] = [
    "'user_id'",
    "'question_id'",
    "'is_correct'",
    "'answered_at'",
    "'id'",
    "''",
    "'ctid'",
    "'tableoid'",
    "'xmin'",
    "'irt_difficulty'",
    "'O''Reilly'",
    "E'\\n'",
    "'\"'",
    "repeat('n', 63)::name",
    "'題'",
    "'USER_ID'",
];

const WHOLE: [&str; 14] = [
    "0",
    "1",
    "2",
    "5",
    "10",
    "21",
    "50",
    "61",
    "961",
    "-1",
    "2147483647",
    "-2147483648",
    "1000000",
    "200",
];

const LONG: [&str; 8] =
    ["0", "1", "42", "-1", "9223372036854775807", "'-9223372036854775808'", "2147483648", "17"];

const REAL: [&str; 20] = [
    "0",
    "'-0'",
    "1",
    "6",
    "0.5",
    "2",
    "-1",
    "1e-300",
    "1e-320",
    "1e308",
    "-1e308",
    "'NaN'",
    "'Infinity'",
    "'-Infinity'",
    "100",
    "1e6",
    "1e-9",
    "0.001",
    "8",
    "30",
];

const WORDS: [&str; 24] = [
    "'default'",
    "'default'",
    "'b1'",
    "'b2'",
    "'b1'",
    "''",
    "' '",
    "'first'",
    "'last'",
    "'bootstrap'",
    "'none'",
    "'observed_information'",
    "'jackknife'",
    "'DEFAULT'",
    "E'a\\nb'",
    "'%s%n$1'",
    "'''; DROP TABLE responses; --'",
    "repeat('x', 100000)",
    "'題🦀'",
    "'0 4 * * 0'",
    "'* * * * * *'",
    "'NaN'",
    "chr(1)",
    "repeat('{', 1000)",
];

const ARRAYS: [&str; 13] = [
    "'{}'",
    "'{1,2}'",
    "'{NULL}'",
    "'{1,NULL,2}'",
    "'{{1,2},{3,4}}'",
    "'[5:6]={1,2}'",
    "'{\"\"}'",
    "array_fill('x'::text, ARRAY[10000])",
    "ARRAY[repeat('y', 100000)]",
    "'{nobody}'",
    "ARRAY[1, 2]",
    "ARRAY[1, NULL]::bigint[]",
    "ARRAY[1.5::numeric, 'NaN']",
];

/// Queries for the estimator: good ones, and some with every kind of defect.
const QUERIES: [&str; 30] = [
    "SELECT user_id, question_id, is_correct FROM responses",
    "SELECT user_id, question_id, is_correct, answered_at FROM responses",
    "SELECT user_id, question_id, is_correct FROM responses WHERE user_id < 9",
    "SELECT user_id, question_id, is_correct::int::numeric FROM responses",
    "SELECT user_id::text, question_id::text COLLATE \"C\", is_correct FROM responses",
    "SELECT md5(user_id::text)::uuid, question_id::float8, is_correct FROM responses",
    "SELECT user_id, ROW(question_id, 1), is_correct FROM responses",
    "SELECT ARRAY[user_id], question_id, is_correct FROM responses",
    "SELECT user_id, question_id, is_correct FROM responses UNION ALL SELECT 1, 99, NULL",
    "TABLE odd",
    "TABLE endless",
    "TABLE failing",
    "TABLE empty",
    "TABLE nowhere",
    "SELECT",
    "SELECT 1",
    "",
    ";",
    "SELECT 1, 2, 3",
    "SELECT 1, 2, true",
    "SELECT NULL, NULL, NULL",
    "SELECT NULL::int, 1, true",
    "VALUES (1, 'a', true), (2, 'a', false), (1, 'b', false), (2, 'b', true)",
    "DELETE FROM responses",
    "SELECT 1; SELECT 2",
    "SELECT 1, 2, true FOR UPDATE",
    "SELECT point(1, 2), 1, true",
    "SELECT i, i % 3, i % 2 FROM generate_series(1, 300) i",
    "SELECT i % 50, i % 7, (i * 7919) % 5 > 1, now() FROM generate_series(1, 350) i",
    "WITH gone AS (DELETE FROM responses RETURNING *) SELECT user_id, question_id, is_correct FROM gone",
];

fn one_of(choices: &[&str], random: &mut Random) -> String {
    choices[random.below(choices.len())].to_owned()
}

const MOMENTS: [&str; 4] = ["now()", "'-infinity'", "'infinity'", "'2026-01-01'"];

/// An argument of this name and type, as SQL.
pub fn argument(name: &str, sql_type: &str, random: &mut Random) -> String {
    if random.below(12) == 0 {
        return "NULL".to_owned();
    }
    match sql_type {
        "boolean" => one_of(&["true", "false"], random),
        "integer" => one_of(&WHOLE, random),
        "bigint" if random.below(3) == 0 => random.below(1000).to_string(),
        "bigint" => one_of(&LONG, random),
        "double precision" => format!("{}::float8", one_of(&REAL, random)),
        "name" => one_of(&NAMES, random),
        "timestamp with time zone" => one_of(&MOMENTS, random),
        "text[]" if name == "sections" && random.below(3) > 0 => {
            one_of(&["'{verdict,items}'", "'{checks,history}'", "'{}'"], random)
        }
        "text[]" | "anycompatiblearray" => one_of(&ARRAYS, random),
        "regclass" => format!("{}::regclass", one_of(&RELATIONS, random)),
        "text" if name == "query" && random.below(8) > 0 => {
            format!("'{}'", one_of(&QUERIES, random).replace('\'', "''"))
        }
        "text" if name == "bank" && random.below(3) > 0 => one_of(&WORDS[..5], random),
        "text" if name == "item" && random.below(3) > 0 => {
            one_of(&["'1'", "'2'", "'3'", "'4'"], random)
        }
        "text" if name == "method" && random.below(4) > 0 => {
            one_of(&["'eap'", "'map'", "'mle'", "'wle'"], random)
        }
        "text" => one_of(&WORDS, random),
        other => panic!("{name} is of type {other}, for which there are no arguments here"),
    }
}
