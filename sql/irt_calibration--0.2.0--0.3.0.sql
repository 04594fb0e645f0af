-- Written by hand: what irt_calibration--0.3.0.sql has and irt_calibration--0.2.0.sql has not.
-- tests/upgrade.rs compares an updated catalog with that of a fresh install.

\echo Use "ALTER EXTENSION irt_calibration UPDATE" to load this file. \quit

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

COMMENT ON FUNCTION irt_validate_calibration IS
    'How the estimates of the bank''s last successful run go together with the proportions correct, in numbers and in words; whether keys and model are right it does not test. It takes SELECT on irt_calibration_runs and irt_item_parameters.';

-- In ASCII: scripts are read in the database's encoding.
COMMENT ON FUNCTION irt_fit_2pl IS
    'The estimator alone, read-only, in this session and transaction, over any query that yields (person, item, correct) or (person, item, correct, answered_at). prior_log_discrimination_sd or prior_difficulty_sd ''infinity'': no such prior. standard_errors: ''bootstrap'', ''observed_information'' or ''none''.';
