-- First act: what the extension remembers. The second act, the functions, is
-- generated from the Rust sources; the third is finalize.sql.
--
-- Words: an item is answered by a person and gives a response; a bank is a set
-- of items calibrated together; a run is one attempt to calibrate a bank.
--
-- Plain CREATE throughout: an object that exists already under one of our names
-- must make CREATE EXTENSION fail. Adopting it would hand our data to its owner.

CREATE TABLE irt_item_banks (
    bank pg_catalog.text PRIMARY KEY DEFAULT 'default' CHECK (bank OPERATOR(pg_catalog.<>) ''),
    responses pg_catalog.regclass,
    person_column pg_catalog.name NOT NULL DEFAULT 'user_id',
    item_column pg_catalog.name NOT NULL DEFAULT 'question_id',
    correct_column pg_catalog.name NOT NULL DEFAULT 'is_correct',
    answered_at_column pg_catalog.name,
    items pg_catalog.regclass,
    item_key_column pg_catalog.name NOT NULL DEFAULT 'id',
    -- settings: first columns
    min_new_responses pg_catalog.int4 NOT NULL DEFAULT 100
        CHECK (min_new_responses OPERATOR(pg_catalog.>=) 0),
    min_responses_per_item pg_catalog.int4 NOT NULL DEFAULT 50
        CHECK (min_responses_per_item OPERATOR(pg_catalog.>=) 1),
    min_persons pg_catalog.int4 NOT NULL DEFAULT 10
        CHECK (min_persons OPERATOR(pg_catalog.>=) 1),
    repeated_responses pg_catalog.text NOT NULL DEFAULT 'first'
        CHECK (repeated_responses OPERATOR(pg_catalog.=) ANY ('{first,last}'::pg_catalog.text[])),
    quadrature_nodes pg_catalog.int4 NOT NULL DEFAULT 61,
    quadrature_bound pg_catalog.float8 NOT NULL DEFAULT 6,
    prior_log_discrimination_mean pg_catalog.float8 NOT NULL DEFAULT 0,
    prior_log_discrimination_sd pg_catalog.float8 NOT NULL DEFAULT 0.5,
    prior_difficulty_mean pg_catalog.float8 NOT NULL DEFAULT 0,
    prior_difficulty_sd pg_catalog.float8 NOT NULL DEFAULT 2,
    standard_errors pg_catalog.text NOT NULL DEFAULT 'bootstrap'
        CHECK (standard_errors OPERATOR(pg_catalog.=) ANY ('{bootstrap,observed_information,none}'::pg_catalog.text[])),
    bootstrap_iterations pg_catalog.int4 NOT NULL DEFAULT 2000
        CHECK (bootstrap_iterations OPERATOR(pg_catalog.>=) 2),
    seed pg_catalog.int8 NOT NULL DEFAULT 42,
    -- end of settings
    -- What irt_configure saw. A run compares: a relation dropped and recreated
    -- under the same name need not mean what it meant.
    responses_name pg_catalog.text,
    items_name pg_catalog.text,
    column_types pg_catalog.jsonb NOT NULL DEFAULT '{}',
    -- NULL until irt_configure writes it: a dump of a version without owners can be restored.
    owner pg_catalog.name,
    configured_by pg_catalog.name
    -- settings: later columns
    -- end of settings
);

CREATE TABLE irt_calibration_runs (
    id pg_catalog.int8 GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    bank pg_catalog.text NOT NULL,
    status pg_catalog.text NOT NULL
        CHECK (status OPERATOR(pg_catalog.=)
               ANY ('{running,success,failed,skipped}'::pg_catalog.text[])),
    triggered_by pg_catalog.text NOT NULL,
    started_at pg_catalog.timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
    completed_at pg_catalog.timestamptz,
    duration_seconds pg_catalog.float8,
    responses_through pg_catalog.timestamptz,
    new_responses_count pg_catalog.int8,
    responses_seen_count pg_catalog.int8,
    persons_count pg_catalog.int8,
    responses_count pg_catalog.int8,
    repeats_dropped pg_catalog.int8,
    items_calibrated pg_catalog.int4,
    items_skipped pg_catalog.int4,
    mean_difficulty pg_catalog.float8,
    mean_discrimination pg_catalog.float8,
    log_likelihood pg_catalog.float8,
    em_iterations pg_catalog.int4,
    bootstrap_iterations pg_catalog.int4,
    settings pg_catalog.jsonb,
    error_message pg_catalog.text,
    error_sqlstate pg_catalog.text,
    bootstrap_failures pg_catalog.int4,
    responses_ahead_count pg_catalog.int8,
    run_by pg_catalog.name,
    responses_correct_count pg_catalog.int8
);

-- The server names it: the index of an application's table that had our name, and was
-- renamed, may still have that of ours.
CREATE INDEX ON irt_calibration_runs (started_at);

-- A run that irt_adopt_runs brought is there once. (A job_id can be any text: an index cannot.)
CREATE UNIQUE INDEX irt_calibration_runs_adopted_idx ON irt_calibration_runs (
    (settings OPERATOR(pg_catalog.->>) 'adopted_from'),
    (pg_catalog.md5(COALESCE(settings OPERATOR(pg_catalog.->>) 'job_id', ''))),
    started_at
) WHERE (settings OPERATOR(pg_catalog.->>) 'adopted_from') IS NOT NULL;

-- The last success of a bank, and the one before any run.
CREATE INDEX irt_calibration_runs_success_idx ON irt_calibration_runs (bank, started_at, id)
    WHERE status OPERATOR(pg_catalog.=) 'success';

CREATE TABLE irt_item_parameters (
    run_id pg_catalog.int8 NOT NULL REFERENCES irt_calibration_runs (id) ON DELETE CASCADE,
    item pg_catalog.text NOT NULL,
    difficulty pg_catalog.float8,
    discrimination pg_catalog.float8,
    se_difficulty pg_catalog.float8,
    se_discrimination pg_catalog.float8,
    information_peak pg_catalog.float8,
    responses_count pg_catalog.int8,
    proportion_correct pg_catalog.float8,
    point_biserial pg_catalog.float8,
    status pg_catalog.text NOT NULL
        CHECK (status OPERATOR(pg_catalog.=) ANY ('{calibrated,skipped}'::pg_catalog.text[])),
    flags pg_catalog.text[] NOT NULL DEFAULT '{}',
    previous_difficulty pg_catalog.float8,
    previous_discrimination pg_catalog.float8,
    covariance pg_catalog.float8,
    difficulty_ci_low pg_catalog.float8,
    difficulty_ci_high pg_catalog.float8,
    discrimination_ci_low pg_catalog.float8,
    discrimination_ci_high pg_catalog.float8,
    PRIMARY KEY (run_id, item)
);

-- Runs beside the success that came before them in their bank, for an application's history page.
CREATE VIEW irt_calibration_history AS
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

-- Where each worker says how far it is. Not unlogged: a standby could not read it.
CREATE TABLE irt_running_calibrations (
    run_id pg_catalog.int8 PRIMARY KEY,
    bank pg_catalog.text NOT NULL,
    pid pg_catalog.int4 NOT NULL,
    phase pg_catalog.text NOT NULL
        CHECK (phase OPERATOR(pg_catalog.=)
               ANY ('{checking,loading,fitting,standard errors,publishing}'::pg_catalog.text[])),
    done pg_catalog.int8,
    total pg_catalog.int8,
    started_at pg_catalog.timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp()
);

-- A worker holds its bank's advisory lock, whose class is the OID of irt_calibration_runs and whose
-- object is the hash of the bank's name, for as long as it lives; a row without it is a dead
-- worker's and is not shown.
CREATE VIEW irt_calibration_progress AS
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

SELECT pg_catalog.pg_extension_config_dump('irt_item_banks', '');
SELECT pg_catalog.pg_extension_config_dump('irt_calibration_runs', '');
SELECT pg_catalog.pg_extension_config_dump(
    pg_catalog.pg_get_serial_sequence('irt_calibration_runs', 'id')::pg_catalog.regclass, '');
SELECT pg_catalog.pg_extension_config_dump('irt_item_parameters', '');
