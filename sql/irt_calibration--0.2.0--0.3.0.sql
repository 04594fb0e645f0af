-- Written by hand: what irt_calibration--0.3.0.sql has and irt_calibration--0.2.0.sql has not.
-- tests/upgrade.rs compares an updated catalog with that of a fresh install.

\echo Use "ALTER EXTENSION irt_calibration UPDATE" to load this file. \quit

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
