-- Written by hand: what irt_calibration--0.2.0.sql has and irt_calibration--0.1.0.sql has not.
-- tests/upgrade.rs compares an updated catalog with that of a fresh install.

\echo Use "ALTER EXTENSION irt_calibration UPDATE" to load this file. \quit

CREATE UNIQUE INDEX irt_calibration_runs_adopted_idx ON irt_calibration_runs (
    (settings OPERATOR(pg_catalog.->>) 'adopted_from'),
    (pg_catalog.md5(COALESCE(settings OPERATOR(pg_catalog.->>) 'job_id', ''))),
    started_at
) WHERE (settings OPERATOR(pg_catalog.->>) 'adopted_from') IS NOT NULL;

-- The last success of a bank, and the one before any run.
CREATE INDEX irt_calibration_runs_success_idx ON irt_calibration_runs (bank, started_at, id)
    WHERE status OPERATOR(pg_catalog.=) 'success';

CREATE FUNCTION irt_adopt_runs(source regclass) RETURNS bigint
VOLATILE PARALLEL UNSAFE LANGUAGE c AS 'MODULE_PATHNAME', 'irt_adopt_runs_wrapper';
REVOKE EXECUTE ON FUNCTION irt_adopt_runs FROM PUBLIC;
COMMENT ON FUNCTION irt_adopt_runs IS
    'Copies the rows of an application''s own history of calibrations into irt_calibration_runs, by column name; returns how many were not adopted before.';

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
    SELECT p.* FROM irt_calibration_runs AS p
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

CREATE FUNCTION irt_validate_calibration(bank text DEFAULT 'default')
RETURNS TABLE (correlation float8, rmse float8, items_count bigint, mean_se_difficulty float8,
               mean_se_discrimination float8, interpretation text)
STABLE PARALLEL UNSAFE LANGUAGE c AS 'MODULE_PATHNAME', 'irt_validate_calibration_wrapper';

CREATE FUNCTION irt_item_history(item text, bank text DEFAULT 'default')
RETURNS TABLE (run_id bigint, completed_at timestamptz, status text, flags text[], difficulty float8,
               discrimination float8, se_difficulty float8, se_discrimination float8,
               difficulty_change float8, discrimination_change float8, responses_count bigint,
               proportion_correct float8, point_biserial float8)
STABLE PARALLEL UNSAFE LANGUAGE c AS 'MODULE_PATHNAME', 'irt_item_history_wrapper';

REVOKE ALL ON TABLE irt_calibration_history FROM PUBLIC;
COMMENT ON VIEW irt_calibration_history IS
    'Runs, and what changed since the success before them in their bank.';
COMMENT ON COLUMN irt_calibration_history.id IS 'Number of the run.';
COMMENT ON COLUMN irt_calibration_history.bank IS 'Name of the bank.';
COMMENT ON COLUMN irt_calibration_history.status IS 'running, success, failed or skipped.';
COMMENT ON COLUMN irt_calibration_history.triggered_by IS 'What started it.';
COMMENT ON COLUMN irt_calibration_history.started_at IS 'When the run began.';
COMMENT ON COLUMN irt_calibration_history.completed_at IS 'When it ended.';
COMMENT ON COLUMN irt_calibration_history.duration_seconds IS 'How long it took, in seconds.';
COMMENT ON COLUMN irt_calibration_history.new_responses_count IS 'Responses that were new.';
COMMENT ON COLUMN irt_calibration_history.persons_count IS 'Persons that entered the fit.';
COMMENT ON COLUMN irt_calibration_history.responses_count IS 'Responses that entered the fit.';
COMMENT ON COLUMN irt_calibration_history.items_calibrated IS 'Items that received parameters.';
COMMENT ON COLUMN irt_calibration_history.items_skipped IS 'Items that did not.';
COMMENT ON COLUMN irt_calibration_history.mean_difficulty IS
    'Mean difficulty of the calibrated items.';
COMMENT ON COLUMN irt_calibration_history.mean_discrimination IS
    'Mean discrimination of the calibrated items.';
COMMENT ON COLUMN irt_calibration_history.log_likelihood_per_response IS
    'log_likelihood by responses_count: comparable between runs.';
COMMENT ON COLUMN irt_calibration_history.error_sqlstate IS 'SQLSTATE of the failure.';
COMMENT ON COLUMN irt_calibration_history.error_message IS 'Why it failed or was skipped.';
COMMENT ON COLUMN irt_calibration_history.previous_id IS
    'The success before this run, which the changes refer to.';
COMMENT ON COLUMN irt_calibration_history.items_calibrated_change IS
    'Calibrated items more than then.';
COMMENT ON COLUMN irt_calibration_history.mean_difficulty_change IS
    'Change of the mean difficulty.';
COMMENT ON COLUMN irt_calibration_history.mean_discrimination_change IS
    'Change of the mean discrimination.';
COMMENT ON COLUMN irt_calibration_history.log_likelihood_per_response_change IS
    'Change of the log-likelihood per response.';
COMMENT ON COLUMN irt_calibration_history.largest_difficulty_change IS
    'Largest absolute change of an item''s difficulty.';
COMMENT ON COLUMN irt_calibration_history.largest_discrimination_change IS
    'Largest absolute change of an item''s discrimination.';

COMMENT ON FUNCTION irt_validate_calibration IS
    'How b of the bank''s last successful run goes together with minus the logit of the proportion correct, in numbers and in words. It takes SELECT on irt_calibration_runs and irt_item_parameters.';
COMMENT ON FUNCTION irt_item_history IS
    'What each run of the bank said of an item, the newest first. It takes SELECT on irt_calibration_runs and irt_item_parameters.';
