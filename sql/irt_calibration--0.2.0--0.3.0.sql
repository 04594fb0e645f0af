-- Written by hand: what irt_calibration--0.3.0.sql has and irt_calibration--0.2.0.sql has not.
-- tests/upgrade.rs compares an updated catalog with that of a fresh install. From "settings: ..." to
-- "end of settings" it is written by `make schema`.

\echo Use "ALTER EXTENSION irt_calibration UPDATE" to load this file. \quit

-- Functions with other arguments than before. CREATE OR REPLACE FUNCTION cannot change them, and
-- DROP FUNCTION would lose what was granted and fail where a view uses the function. So they are
-- changed in place, as extensions of the server's own do it (btree_gist 1.1 to 1.2): the OID stays,
-- and with it grants, comments and whatever depends on it. CREATE OR REPLACE FUNCTION, below, does
-- the rest.
-- settings: changed arguments
DO LANGUAGE plpgsql $$
DECLARE
    changed record;
    function pg_catalog.regprocedure;
BEGIN
    FOR changed IN
        SELECT * FROM (VALUES
            ('irt_configure',
             'text, regclass, name, name, name, name, regclass, name, int4, int4, int4, text, int4, float8, float8, float8, float8, float8, text, int4, int8',
             'text, regclass, name, name, name, name, regclass, name, int4, int4, int4, text, int4, float8, float8, float8, float8, float8, text, int4, int8, name'),
            ('irt_run_calibration',
             'bool, int4, int4, text[], text, int4, int8, text',
             'bool, int4, int4, anycompatiblearray, text, int4, int8, text'),
            ('irt_start_calibration',
             'bool, int4, int4, text[], text, int4, int8, text',
             'bool, int4, int4, anycompatiblearray, text, int4, int8, text')
        ) AS c (name, before, after)
    LOOP
        function := pg_catalog.format('@extschema@.%I(%s)', changed.name, changed.before);
        UPDATE pg_catalog.pg_proc AS p
        SET proargtypes = a.types, pronargs = a.count, pronargdefaults = 0, proargdefaults = NULL
        FROM (SELECT pg_catalog.string_agg(t.type::pg_catalog.regtype::pg_catalog.oid
                         ::pg_catalog.text, ' ' ORDER BY t.place)::pg_catalog.oidvector,
                     pg_catalog.count(*)::pg_catalog.int2
              FROM ROWS FROM (pg_catalog.string_to_table(changed.after, ', '))
                  WITH ORDINALITY AS t (type, place)) AS a (types, count)
        WHERE p.oid OPERATOR(pg_catalog.=) function::pg_catalog.oid;
    END LOOP;
END $$;
-- end of settings

ALTER TABLE irt_item_banks
    -- NULL until irt_configure writes it: a dump of a version without owners can be restored.
    ADD COLUMN owner pg_catalog.name,
    ADD COLUMN configured_by pg_catalog.name;
COMMENT ON COLUMN irt_item_banks.owner IS
    'Role that may change the bank. Its runs are refused to roles that lack its rights, unless it is a superuser or the extension''s owner. NULL: nobody has taken the bank over yet.';
COMMENT ON COLUMN irt_item_banks.configured_by IS 'Role that called irt_configure last.';

ALTER TABLE irt_calibration_runs ADD COLUMN run_by pg_catalog.name;
COMMENT ON COLUMN irt_calibration_runs.run_by IS
    'Role with whose rights it ran; NULL: not known, as of older versions and adopted runs.';

-- How many of the responses that a run saw were correct: what was changed since is new.
ALTER TABLE irt_calibration_runs ADD COLUMN responses_correct_count pg_catalog.int8;
COMMENT ON COLUMN irt_calibration_runs.responses_correct_count IS
    'The correct ones among responses_seen_count. NULL: a run of 0.2.0 or older.';

-- It had all columns of irt_calibration_runs in it, and has those now that it needs.
CREATE OR REPLACE VIEW irt_calibration_history AS
SELECT r.id,
       r.bank,
       r.status,
       r.triggered_by,
       r.started_at,
       r.completed_at,
       r.duration_seconds,
       r.new_responses_count,
       r.persons_count,
       r.responses_count,
       r.items_calibrated,
       r.items_skipped,
       r.mean_difficulty,
       r.mean_discrimination,
       r.log_likelihood OPERATOR(pg_catalog./)
           NULLIF(r.responses_count, 0)::pg_catalog.float8 AS log_likelihood_per_response,
       r.error_sqlstate,
       r.error_message,
       previous.id AS previous_id,
       r.items_calibrated OPERATOR(pg_catalog.-) previous.items_calibrated
           AS items_calibrated_change,
       r.mean_difficulty OPERATOR(pg_catalog.-) previous.mean_difficulty AS mean_difficulty_change,
       r.mean_discrimination OPERATOR(pg_catalog.-) previous.mean_discrimination
           AS mean_discrimination_change,
       (r.log_likelihood OPERATOR(pg_catalog./)
               NULLIF(r.responses_count, 0)::pg_catalog.float8)
           OPERATOR(pg_catalog.-) (previous.log_likelihood OPERATOR(pg_catalog./)
               NULLIF(previous.responses_count, 0)::pg_catalog.float8)
           AS log_likelihood_per_response_change,
       moved.largest_difficulty_change,
       moved.largest_discrimination_change
FROM irt_calibration_runs AS r
LEFT JOIN LATERAL (
    SELECT p.id, p.responses_count, p.items_calibrated, p.mean_difficulty, p.mean_discrimination,
           p.log_likelihood
    FROM irt_calibration_runs AS p
    WHERE p.bank OPERATOR(pg_catalog.=) r.bank
      AND p.status OPERATOR(pg_catalog.=) 'success'
      AND (p.started_at, p.id) OPERATOR(pg_catalog.<) (r.started_at, r.id)
    ORDER BY p.started_at DESC, p.id DESC LIMIT 1
) AS previous ON true
LEFT JOIN LATERAL (
    SELECT pg_catalog.max(pg_catalog.abs(
               i.difficulty OPERATOR(pg_catalog.-) i.previous_difficulty))
               AS largest_difficulty_change,
           pg_catalog.max(pg_catalog.abs(
               i.discrimination OPERATOR(pg_catalog.-) i.previous_discrimination))
               AS largest_discrimination_change
    FROM irt_item_parameters AS i
    WHERE i.run_id OPERATOR(pg_catalog.=) r.id
) AS moved ON true;

-- settings: new columns
-- end of settings
-- settings: comments
COMMENT ON COLUMN irt_item_banks.min_new_responses IS
    'A run with fewer new responses than this is skipped, unless it is forced.';
COMMENT ON COLUMN irt_item_banks.min_responses_per_item IS
    'Items with fewer responses than this are skipped.';
COMMENT ON COLUMN irt_item_banks.min_persons IS
    'A run with fewer persons than this fails.';
COMMENT ON COLUMN irt_item_banks.repeated_responses IS
    'Which of several responses by one person to one item counts: first or last.';
COMMENT ON COLUMN irt_item_banks.quadrature_nodes IS
    'Least number of nodes of the ability grid: more are used where persons answered very much.';
COMMENT ON COLUMN irt_item_banks.quadrature_bound IS
    'Half width of the ability grid, in standard deviations of ability.';
COMMENT ON COLUMN irt_item_banks.prior_log_discrimination_mean IS
    'Mean of the normal prior on log discrimination.';
COMMENT ON COLUMN irt_item_banks.prior_log_discrimination_sd IS
    'Standard deviation of the prior on log discrimination; infinity: no prior.';
COMMENT ON COLUMN irt_item_banks.prior_difficulty_mean IS
    'Mean of the normal prior on difficulty.';
COMMENT ON COLUMN irt_item_banks.prior_difficulty_sd IS
    'Standard deviation of the prior on difficulty; infinity: no prior.';
COMMENT ON COLUMN irt_item_banks.standard_errors IS
    'How standard errors are computed: bootstrap, observed_information or none.';
COMMENT ON COLUMN irt_item_banks.bootstrap_iterations IS
    'Number of bootstrap replicates.';
COMMENT ON COLUMN irt_item_banks.seed IS
    'Where the random streams of the bootstrap start: the same seed gives the same numbers.';
-- end of settings

-- settings: functions
CREATE OR REPLACE FUNCTION irt_configure(
    bank pg_catalog.text DEFAULT 'default',
    responses pg_catalog.regclass DEFAULT NULL,
    person_column pg_catalog.name DEFAULT NULL,
    item_column pg_catalog.name DEFAULT NULL,
    correct_column pg_catalog.name DEFAULT NULL,
    answered_at_column pg_catalog.name DEFAULT NULL,
    items pg_catalog.regclass DEFAULT NULL,
    item_key_column pg_catalog.name DEFAULT NULL,
    min_new_responses pg_catalog.int4 DEFAULT NULL,
    min_responses_per_item pg_catalog.int4 DEFAULT NULL,
    min_persons pg_catalog.int4 DEFAULT NULL,
    repeated_responses pg_catalog.text DEFAULT NULL,
    quadrature_nodes pg_catalog.int4 DEFAULT NULL,
    quadrature_bound pg_catalog.float8 DEFAULT NULL,
    prior_log_discrimination_mean pg_catalog.float8 DEFAULT NULL,
    prior_log_discrimination_sd pg_catalog.float8 DEFAULT NULL,
    prior_difficulty_mean pg_catalog.float8 DEFAULT NULL,
    prior_difficulty_sd pg_catalog.float8 DEFAULT NULL,
    standard_errors pg_catalog.text DEFAULT NULL,
    bootstrap_iterations pg_catalog.int4 DEFAULT NULL,
    seed pg_catalog.int8 DEFAULT NULL,
    owner pg_catalog.name DEFAULT NULL
) RETURNS @extschema@.irt_item_banks
VOLATILE PARALLEL UNSAFE LANGUAGE c AS 'MODULE_PATHNAME', 'irt_configure_wrapper';

CREATE OR REPLACE FUNCTION irt_run_calibration(
    force pg_catalog.bool DEFAULT false,
    min_new_responses pg_catalog.int4 DEFAULT NULL,
    min_responses_per_item pg_catalog.int4 DEFAULT NULL,
    item_ids anycompatiblearray DEFAULT NULL::pg_catalog.text[],
    standard_errors pg_catalog.text DEFAULT NULL,
    bootstrap_iterations pg_catalog.int4 DEFAULT NULL,
    seed pg_catalog.int8 DEFAULT NULL,
    bank pg_catalog.text DEFAULT 'default'
) RETURNS @extschema@.irt_calibration_runs
VOLATILE PARALLEL UNSAFE LANGUAGE c AS 'MODULE_PATHNAME', 'irt_run_calibration_wrapper';

CREATE OR REPLACE FUNCTION irt_start_calibration(
    force pg_catalog.bool DEFAULT false,
    min_new_responses pg_catalog.int4 DEFAULT NULL,
    min_responses_per_item pg_catalog.int4 DEFAULT NULL,
    item_ids anycompatiblearray DEFAULT NULL::pg_catalog.text[],
    standard_errors pg_catalog.text DEFAULT NULL,
    bootstrap_iterations pg_catalog.int4 DEFAULT NULL,
    seed pg_catalog.int8 DEFAULT NULL,
    bank pg_catalog.text DEFAULT 'default'
) RETURNS pg_catalog.int8
VOLATILE PARALLEL UNSAFE LANGUAGE c AS 'MODULE_PATHNAME', 'irt_start_calibration_wrapper';

CREATE OR REPLACE FUNCTION irt_fit_2pl(
    query pg_catalog.text
    , min_responses_per_item pg_catalog.int4 DEFAULT 1
    , min_persons pg_catalog.int4 DEFAULT 2
    , repeated_responses pg_catalog.text DEFAULT 'first'
    , quadrature_nodes pg_catalog.int4 DEFAULT 61
    , quadrature_bound pg_catalog.float8 DEFAULT 6
    , prior_log_discrimination_mean pg_catalog.float8 DEFAULT 0
    , prior_log_discrimination_sd pg_catalog.float8 DEFAULT 0.5
    , prior_difficulty_mean pg_catalog.float8 DEFAULT 0
    , prior_difficulty_sd pg_catalog.float8 DEFAULT 2
    , standard_errors pg_catalog.text DEFAULT 'observed_information'
    , bootstrap_iterations pg_catalog.int4 DEFAULT 2000
    , seed pg_catalog.int8 DEFAULT 42
) RETURNS TABLE (
    item pg_catalog.text,
    difficulty pg_catalog.float8,
    discrimination pg_catalog.float8,
    se_difficulty pg_catalog.float8,
    se_discrimination pg_catalog.float8,
    information_peak pg_catalog.float8,
    responses_count pg_catalog.int8,
    proportion_correct pg_catalog.float8,
    point_biserial pg_catalog.float8,
    status pg_catalog.text,
    flags pg_catalog.text[]
) VOLATILE PARALLEL UNSAFE LANGUAGE c AS 'MODULE_PATHNAME', 'irt_fit_2pl_wrapper';
-- end of settings

COMMENT ON FUNCTION irt_configure IS
    'Creates or changes a bank; returns its row. One argument per column of irt_item_banks, in '
    'its order: NULL keeps what is there, ''-'' unsets a relation, '''' unsets answered_at_column. '
    'Checks relations, columns, types and privileges at once. A new bank is the caller''s; owner '
    'hands it over.';

COMMENT ON FUNCTION irt_run_calibration IS
    'Calibrates a bank in a background worker, publishes its parameters, and returns the row of irt_calibration_runs. An argument that is NULL: the bank''s setting. force: run whether or not there are enough new responses. item_ids: publish only these items, an array of their keys; such a run does not count as the last full one.';

-- Whose the banks are that there are: nobody has said so, and a guess could be an attacker's.
DO LANGUAGE plpgsql $$
DECLARE
    banks pg_catalog.text;
BEGIN
    SELECT pg_catalog.string_agg(
               pg_catalog.format('%L (responses: %s, which belong to %s)', b.bank,
                   COALESCE(b.responses_name, 'none'),
                   COALESCE(c.relowner::pg_catalog.regrole::pg_catalog.text, 'nobody')),
               '; ' ORDER BY b.bank)
    INTO banks
    FROM @extschema@.irt_item_banks AS b
    LEFT JOIN pg_catalog.pg_class AS c
        ON c.oid OPERATOR(pg_catalog.=) b.responses::pg_catalog.oid
    WHERE b.owner IS NULL;
    IF banks IS NOT NULL THEN
        RAISE WARNING 'banks without an owner: %', banks USING
            DETAIL = 'A run executes the views and triggers that a bank names, with the rights of '
                     'the role that runs. Each run warns until somebody answers for them.',
            HINT = 'Look at what each bank names. Then, as the extension''s owner: '
                   'SELECT irt_configure(bank => ..., owner => ...); or as the owner of its responses: '
                   'SELECT irt_configure(bank => ...);';
    END IF;
END $$;

-- A standby can read it now. What dead workers left in it is not shown, and goes with the next run.
ALTER TABLE irt_running_calibrations SET LOGGED;

-- A process number that another bank's worker has today is not a dead worker's.
CREATE OR REPLACE VIEW irt_calibration_progress AS
SELECT r.run_id,
       r.bank,
       r.pid,
       r.phase,
       r.done,
       r.total,
       pg_catalog.clock_timestamp() OPERATOR(pg_catalog.-) r.started_at AS elapsed
FROM irt_running_calibrations AS r
WHERE EXISTS (
    SELECT FROM pg_catalog.pg_locks AS l
    WHERE l.locktype OPERATOR(pg_catalog.=) 'advisory'
      AND l.granted
      AND l.pid OPERATOR(pg_catalog.=) r.pid
      AND l.classid OPERATOR(pg_catalog.=)
          '@extschema@.irt_calibration_runs'::pg_catalog.regclass::pg_catalog.oid
      AND l.objid OPERATOR(pg_catalog.=)
          ((pg_catalog.hashtext(r.bank)::pg_catalog.int8 OPERATOR(pg_catalog.&) 4294967295)
           ::pg_catalog.oid)
      AND l.objsubid OPERATOR(pg_catalog.=) 2::pg_catalog.int2
);

COMMENT ON FUNCTION irt_validate_calibration IS
    'How the estimates of the bank''s last successful run go together with the proportions correct, in numbers and in words; whether keys and model are right it does not test. It takes SELECT on irt_calibration_runs and irt_item_parameters.';

-- In ASCII: scripts are read in the database's encoding.
COMMENT ON FUNCTION irt_fit_2pl IS
    'The estimator alone, read-only, in this session and transaction, over any query that yields (person, item, correct) or (person, item, correct, answered_at). prior_log_discrimination_sd or prior_difficulty_sd ''infinity'': no such prior. standard_errors: ''bootstrap'', ''observed_information'' or ''none''.';

COMMENT ON COLUMN irt_item_banks.responses_name IS
    'Qualified name of responses when irt_configure checked it. A run fails if it has changed.';
COMMENT ON COLUMN irt_item_banks.items_name IS
    'Qualified name of items when irt_configure checked it. A run fails if it has changed.';
COMMENT ON COLUMN irt_item_banks.column_types IS
    'Types of the columns when irt_configure checked them. A run fails if they have changed.';
