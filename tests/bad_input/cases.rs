//! The statements, their SQLSTATEs and their messages.

/// A statement, and how it is refused.
pub type Case = (&'static str, &'static str, &'static str);

/// Good tables, bad tables, and banks whose tables went bad after they were configured.
pub const SETUP: &str = r#"
CREATE TABLE responses (user_id int, question_id int, is_correct boolean, answered_at timestamptz,
                        score numeric, word text, document json, place point);
INSERT INTO responses
SELECT p, q, (p + q) % 3 > 0, now(), 1, 'yes', '{}', '(0,0)'
FROM generate_series(1, 60) p, generate_series(1, 4) q;
CREATE TABLE questions (id int PRIMARY KEY, body text, irt_difficulty double precision,
                        irt_discrimination double precision);
INSERT INTO questions SELECT q, 'Question ' || q FROM generate_series(1, 4) q;

CREATE TABLE bare (id int PRIMARY KEY);
CREATE TABLE texts (id int, irt_difficulty text, irt_discrimination double precision);
CREATE TABLE computed (id int, irt_discrimination double precision,
                       irt_difficulty double precision GENERATED ALWAYS AS (0) STORED);
CREATE VIEW fixed AS SELECT id, irt_difficulty, irt_discrimination FROM questions GROUP BY 1, 2, 3;
CREATE SEQUENCE numbers;
CREATE TABLE empty (LIKE responses);
CREATE TABLE nulls (LIKE responses);
INSERT INTO nulls SELECT FROM generate_series(1, 9);
CREATE TABLE one_person (LIKE responses);
INSERT INTO one_person SELECT * FROM responses WHERE user_id = 1;
CREATE TABLE one_item (LIKE responses);
INSERT INTO one_item SELECT * FROM responses WHERE question_id = 1;
CREATE TABLE scores (user_id int, question_id int, is_correct numeric);
INSERT INTO scores SELECT user_id, question_id, is_correct::int FROM responses;
INSERT INTO scores VALUES (1, 1, 2), (2, 1, 2), (3, 1, 0.5);

CREATE TABLE dropped (LIKE responses);
CREATE TABLE retyped (LIKE responses);
CREATE TABLE renamed (LIKE responses);
CREATE TABLE gone (LIKE responses);
CREATE TABLE thinned (LIKE questions INCLUDING ALL);
SELECT irt_configure('dropped', 'dropped'), irt_configure('retyped', 'retyped'),
       irt_configure('renamed', 'renamed'), irt_configure('gone', 'gone'),
       irt_configure('thinned', 'responses', items => 'thinned'),
       irt_configure('unset', 'responses'), irt_configure('empty', 'empty'),
       irt_configure('nulls', 'nulls'), irt_configure('one_person', 'one_person'),
       irt_configure('one_item', 'one_item'), irt_configure('scores', 'scores'),
       irt_configure('good', 'responses', items => 'questions', min_new_responses => 1);
SELECT irt_configure('unset', '-');
ALTER TABLE dropped DROP COLUMN is_correct;
ALTER TABLE retyped ALTER is_correct TYPE int USING is_correct::int;
ALTER TABLE renamed RENAME TO renamed_since;
DROP TABLE gone;
ALTER TABLE thinned DROP COLUMN irt_discrimination;

CREATE TABLE touchy (LIKE questions INCLUDING ALL);
INSERT INTO touchy SELECT * FROM questions;
CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
    $$BEGIN RAISE 'do not touch' USING ERRCODE = 'ZZ001', HINT = 'Go away.'; END$$;
CREATE TRIGGER refuse BEFORE UPDATE ON touchy EXECUTE FUNCTION refuse();
SELECT irt_configure('touchy', 'responses', items => 'touchy', standard_errors => 'none');
SELECT irt_set_check('reversed_items', 'infinity', 'infinity', 'touchy');

CREATE ROLE runner LOGIN;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA public TO runner;
CREATE TABLE secret (user_id int);
CREATE VIEW half_open AS SELECT * FROM responses WHERE user_id NOT IN (SELECT user_id FROM secret);
CREATE ROLE author;
GRANT SELECT ON responses TO author;
ALTER VIEW half_open OWNER TO author;
GRANT SELECT ON half_open, empty TO runner;
CREATE TABLE guarded (LIKE responses);
GRANT SELECT ON guarded TO runner;
ALTER TABLE guarded ENABLE ROW LEVEL SECURITY;
"#;

/// Refusals of irt_configure and irt_add_item_columns.
pub const CONFIGURE: &[Case] = &[
    ("SELECT irt_configure(NULL)", "22004", "bank must not be NULL"),
    ("SELECT irt_configure('')", "22023", "bank is '', but must be a name"),
    ("SELECT irt_configure('new')", "IR002", "bank \"new\" has no responses relation"),
    ("SELECT irt_configure('new', 'nowhere')", "42P01", "relation \"nowhere\" does not exist"),
    (
        "SELECT irt_configure('new', '4294967')",
        "42P01",
        "responses is 4294967, but there is no relation with that OID",
    ),
    (
        "SELECT irt_configure('new', 'numbers')",
        "IR002",
        "responses public.numbers is neither a table nor a view, but must be a table or a view",
    ),
    (
        "CREATE TEMP TABLE mine (LIKE responses); SELECT irt_configure('new', 'mine')",
        "IR002",
        "responses pg_temp.mine is temporary, but a run reads it from another session",
    ),
    (
        "SELECT irt_configure('new', 'responses', 'nobody')",
        "42703",
        "column \"nobody\" of public.responses does not exist (person_column)",
    ),
    (
        "SELECT irt_configure('new', 'responses', item_column => 'ctid')",
        "42703",
        "column \"ctid\" of public.responses does not exist (item_column)",
    ),
    (
        "SELECT irt_configure('new', 'responses', correct_column => 'word')",
        "42804",
        "column \"word\" of public.responses has type text, but must be boolean, or smallint, \
         integer, bigint or numeric with 0 and 1 (correct_column)",
    ),
    (
        "SELECT irt_configure('new', 'responses', item_column => 'document')",
        "42804",
        "column \"document\" of public.responses has type json, but must be of a type with a \
         default hash operator class, such as bigint, uuid or text (item_column)",
    ),
    (
        "SELECT irt_configure('new', 'responses', person_column => 'place')",
        "42804",
        "column \"place\" of public.responses has type point, but must be of a type with a \
         default hash operator class, such as bigint, uuid or text (person_column)",
    ),
    (
        "SELECT irt_configure('new', 'responses', answered_at_column => 'word')",
        "42804",
        "column \"word\" of public.responses has type text, but must be timestamp with time zone, \
         timestamp without time zone or date (answered_at_column)",
    ),
    (
        "SELECT irt_configure('new', 'responses', person_column => '')",
        "22023",
        "person_column is '', but must be the name of a column (only answered_at_column, pin_column, group_column and anchor_column can be unset)",
    ),
    (
        "SELECT irt_configure('new', 'responses', items => 'bare')",
        "42703",
        "public.bare has no column irt_difficulty, irt_discrimination, where parameters are published",
    ),
    (
        "SELECT irt_configure('new', 'responses', items => 'questions', item_key_column => 'key')",
        "42703",
        "column \"key\" of public.questions does not exist (item_key_column)",
    ),
    (
        "SELECT irt_configure('new', 'responses', items => 'texts')",
        "42804",
        "column \"irt_difficulty\" of public.texts has type text, but must be double precision, \
         real or numeric, and not generated (items)",
    ),
    (
        "SELECT irt_configure('new', 'responses', items => 'computed')",
        "42804",
        "column \"irt_difficulty\" of public.computed has type double precision (generated), but \
         must be double precision, real or numeric, and not generated (items)",
    ),
    (
        "SELECT irt_configure('new', 'responses', items => 'fixed')",
        "IR002",
        "items public.fixed is a view, but must be a table that can be updated",
    ),
    (
        "SELECT irt_configure('good', min_new_responses => -1)",
        "22023",
        "min_new_responses is -1, but must be 0 or more",
    ),
    (
        "SELECT irt_configure('good', min_responses_per_item => 0)",
        "22023",
        "min_responses_per_item is 0, but must be 1 or more",
    ),
    (
        "SELECT irt_configure('good', min_persons => -5)",
        "22023",
        "min_persons is -5, but must be 1 or more",
    ),
    (
        "SELECT irt_configure('good', repeated_responses => 'all')",
        "22023",
        "repeated_responses is 'all', but must be 'first' or 'last'",
    ),
    (
        "SELECT irt_configure('good', quadrature_nodes => 3)",
        "22023",
        "quadrature_nodes is 3, but must be between 5 and 961",
    ),
    (
        "SELECT irt_configure('good', quadrature_bound => 'NaN')",
        "22023",
        "quadrature_bound is NaN, but must be between 3 and 30",
    ),
    (
        "SELECT irt_configure('good', quadrature_bound => 1)",
        "22023",
        "quadrature_bound is 1, but must be between 3 and 30",
    ),
    (
        "SELECT irt_configure('good', prior_log_discrimination_mean => 50)",
        "22023",
        "prior_log_discrimination_mean is 50, but must be between -5 and 5",
    ),
    (
        "SELECT irt_configure('good', prior_difficulty_mean => -11)",
        "22023",
        "prior_difficulty_mean is -11, but must be between -10 and 10",
    ),
    (
        "SELECT irt_configure('good', prior_log_discrimination_sd => 1e9)",
        "22023",
        "prior_log_discrimination_sd is 1000000000, but must be between 0.001 and 1000, or 'infinity' for no prior",
    ),
    (
        "SELECT irt_configure('good', prior_log_discrimination_mean => 'infinity')",
        "22023",
        "prior_log_discrimination_mean is inf, but must be between -5 and 5",
    ),
    (
        "SELECT irt_configure('good', prior_difficulty_sd => 0)",
        "22023",
        "prior_difficulty_sd is 0, but must be between 0.001 and 1000, or 'infinity' for no prior",
    ),
    (
        "SELECT irt_configure('good', standard_errors => 'sandwich')",
        "22023",
        "standard_errors is 'sandwich', but must be 'bootstrap', 'observed_information' or 'none'",
    ),
    (
        "SELECT irt_configure('good', bootstrap_iterations => 1)",
        "22023",
        "bootstrap_iterations is 1, but must be between 2 and 1000000",
    ),
    ("SELECT irt_add_item_columns(NULL)", "22004", "items must not be NULL"),
    (
        "SELECT irt_add_item_columns('-')",
        "42P01",
        "items is 0, but there is no relation with that OID",
    ),
    (
        "SELECT irt_add_item_columns('fixed')",
        "IR002",
        "items public.fixed is a view, but must be a table",
    ),
];

/// Refusals of whatever loads a bank.
pub const BANKS: &[Case] = &[
    ("irt_report(sections => '{verdict,verdicts}')", "22023", "there is no section \"verdicts\""),
    ("irt_report(sections => '{NULL}')", "22004", "an element of sections must not be NULL"),
    ("irt_report('nobody''s')", "22023", "bank \"nobody's\" does not exist"),
    ("irt_report(with_run_id => 99, run_id => 98)", "22023", "run 98 does not exist"),
    ("irt_should_run_calibration(bank => NULL)", "22004", "bank must not be NULL"),
    ("irt_should_run_calibration(bank => 'none')", "22023", "bank \"none\" does not exist"),
    ("irt_should_run_calibration(-1)", "22023", "min_new_responses is -1, but must be 0 or more"),
    ("irt_last_successful_calibration(NULL)", "22004", "bank must not be NULL"),
    ("irt_last_successful_calibration('none')", "22023", "bank \"none\" does not exist"),
    ("irt_readiness('none')", "22023", "bank \"none\" does not exist"),
    ("irt_readiness('unset')", "IR002", "bank \"unset\" has no responses relation"),
    (
        "irt_readiness('good', 'title')",
        "42703",
        "column \"title\" of public.questions does not exist (by_column)",
    ),
    (
        "irt_readiness('empty', 'id')",
        "22023",
        "by_column is \"id\", but must be NULL where a bank has no items table",
    ),
    ("irt_readiness('good', min_items => -1)", "22023", "min_items is -1, but must be 0 or more"),
    (
        "irt_check_dimensions('good', 0)",
        "22023",
        "replicates is 0, but must be between 1 and 10000",
    ),
    ("irt_check_dimensions('good', seed => NULL)", "22004", "seed must not be NULL"),
    ("irt_item_verdicts(run_id => 77)", "22023", "run 77 does not exist"),
    ("irt_score('none')", "22023", "bank \"none\" does not exist"),
    ("irt_score('unset')", "IR002", "bank \"unset\" has no responses relation"),
    (
        "irt_score('good', 'mean')",
        "22023",
        "method is 'mean', but must be 'eap', 'map', 'mle' or 'wle'",
    ),
    (
        "irt_score('scores')",
        "22023",
        "column \"is_correct\" has the value 0.5 in 1 rows, but must be 0 or 1",
    ),
    (
        "irt_test_information('good', '{1,none}')",
        "22023",
        "items names 2 items without parameters in force in bank \"good\": 1, none",
    ),
    (
        "irt_should_run_calibration(bank => 'unset')",
        "IR002",
        "bank \"unset\" has no responses relation",
    ),
    (
        "irt_should_run_calibration(bank => 'dropped')",
        "42703",
        "column \"is_correct\" of public.dropped does not exist (correct_column)",
    ),
    (
        "irt_should_run_calibration(bank => 'retyped')",
        "IR002",
        "bank \"retyped\" was configured for column \"is_correct\" of public.retyped of type \
         boolean, but now it is of type integer",
    ),
    (
        "irt_should_run_calibration(bank => 'renamed')",
        "IR002",
        "bank \"renamed\" was configured for relation public.renamed, but now it is \
         public.renamed_since",
    ),
    (
        "irt_should_run_calibration(bank => 'gone')",
        "42P01",
        "relation public.gone, the responses of bank \"gone\", does not exist any more",
    ),
];

/// Refusals of irt_fit_2pl.
pub const FIT: &[Case] = &[
    ("irt_fit_2pl(NULL)", "22004", "query must not be NULL"),
    (
        "irt_fit_2pl('SELECT 1, 2')",
        "22023",
        "query yields 2 columns, but must yield (person, item, correct), \
         (person, item, correct, answered_at) or (person, item, correct, answered_at, group)",
    ),
    (
        "irt_fit_2pl('DELETE FROM questions RETURNING 1, 2, 3')",
        "22023",
        "query must be one SELECT, VALUES or TABLE statement, found DELETE",
    ),
    (
        "irt_fit_2pl('SELECT 1, 2, 1; DROP TABLE questions')",
        "22023",
        "query must be one SELECT, VALUES or TABLE statement, found 2 statements",
    ),
    (
        "irt_fit_2pl('SELECT user_id, question_id, is_correct FROM responses', min_persons => NULL)",
        "22004",
        "min_persons must not be NULL",
    ),
    (
        "irt_fit_2pl('SELECT user_id, question_id, is_correct FROM responses', quadrature_nodes => 4)",
        "22023",
        "quadrature_nodes is 4, but must be between 5 and 961",
    ),
    (
        "irt_fit_2pl('SELECT user_id, question_id, is_correct FROM responses', quadrature_bound => 1)",
        "22023",
        "quadrature_bound is 1, but must be between 3 and 30",
    ),
    (
        "irt_fit_2pl('SELECT user_id, question_id, is_correct FROM responses', prior_log_discrimination_mean => 50)",
        "22023",
        "prior_log_discrimination_mean is 50, but must be between -5 and 5",
    ),
    (
        "irt_fit_2pl('SELECT user_id, question_id, is_correct FROM scores')",
        "22023",
        "column \"is_correct\" has the value 0.5 in 1 rows, but must be 0 or 1",
    ),
    (
        "irt_fit_2pl('SELECT user_id, question_id, is_correct FROM scores WHERE is_correct <> 0.5')",
        "22023",
        "column \"is_correct\" has the value 2 in 2 rows, but must be 0 or 1",
    ),
    (
        "irt_fit_2pl('SELECT user_id, question_id, is_correct FROM empty')",
        "IR001",
        "there are no responses to calibrate",
    ),
    (
        "irt_fit_2pl('SELECT user_id, question_id, is_correct FROM nulls')",
        "IR001",
        "there are no responses to calibrate",
    ),
    (
        "irt_fit_2pl('SELECT user_id, question_id, is_correct FROM nowhere')",
        "42P01",
        "relation \"nowhere\" does not exist",
    ),
];

/// Refusals of irt_run_calibration that leave a row behind.
pub const RUN: &[Case] = &[
    ("min_new_responses => -1", "22023", "min_new_responses is -1, but must be 0 or more"),
    ("min_responses_per_item => 0", "22023", "min_responses_per_item is 0, but must be 1 or more"),
    (
        "standard_errors => 'sandwich'",
        "22023",
        "standard_errors is 'sandwich', but must be 'bootstrap', 'observed_information' or 'none'",
    ),
    (
        "bootstrap_iterations => 0",
        "22023",
        "bootstrap_iterations is 0, but must be between 2 and 1000000",
    ),
    ("bank => 'unset'", "IR002", "bank \"unset\" has no responses relation"),
    (
        "bank => 'dropped'",
        "42703",
        "column \"is_correct\" of public.dropped does not exist (correct_column)",
    ),
    (
        "bank => 'retyped'",
        "IR002",
        "bank \"retyped\" was configured for column \"is_correct\" of public.retyped of type \
         boolean, but now it is of type integer",
    ),
    (
        "bank => 'renamed'",
        "IR002",
        "bank \"renamed\" was configured for relation public.renamed, but now it is \
         public.renamed_since",
    ),
    (
        "bank => 'gone'",
        "42P01",
        "relation public.gone, the responses of bank \"gone\", does not exist any more",
    ),
    (
        "bank => 'thinned'",
        "42703",
        "public.thinned has no column irt_discrimination, where parameters are published",
    ),
    ("bank => 'empty'", "IR001", "there are no responses to calibrate"),
    ("bank => 'nulls'", "IR001", "there are no responses to calibrate"),
    (
        "bank => 'one_person'",
        "IR001",
        "too few persons: 1 answered at least one eligible item, at least 10 are needed",
    ),
    (
        "bank => 'one_item'",
        "IR001",
        "too few items can be calibrated: 1 of 1 (few responses: 0, all correct: 0, \
         all incorrect: 0, not identified: 0); at least 2 are needed",
    ),
    (
        "bank => 'scores'",
        "22023",
        "column \"is_correct\" has the value 0.5 in 1 rows, but must be 0 or 1",
    ),
    ("bank => 'touchy'", "ZZ001", "do not touch"),
];

/// What a caller without the rights is told.
pub const RIGHTS: &[Case] = &[
    (
        "SELECT * FROM irt_should_run_calibration(bank => 'good')",
        "42501",
        "permission denied: runner may not SELECT (user_id, question_id, is_correct, answered_at) \
         on public.responses",
    ),
    ("SELECT irt_configure('theirs', 'half_open')", "42501", "permission denied for table secret"),
    (
        "SELECT irt_configure('theirs', 'guarded')",
        "42501",
        "query would be affected by row-level security policy for table \"guarded\"",
    ),
    (
        "SELECT irt_configure('theirs', 'empty', items => 'questions')",
        "42501",
        "permission denied: runner may not SELECT (id) on public.questions",
    ),
    ("SELECT irt_add_item_columns('bare')", "42501", "must be owner of table bare"),
    ("SELECT * FROM irt_item_banks", "42501", "permission denied for table irt_item_banks"),
    (
        "SELECT * FROM irt_calibration_runs",
        "42501",
        "permission denied for table irt_calibration_runs",
    ),
];
