-- Written by hand: what irt_calibration--0.3.0.sql has and irt_calibration--0.2.0.sql has not.
-- tests/upgrade.rs compares an updated catalog with that of a fresh install.

\echo Use "ALTER EXTENSION irt_calibration UPDATE" to load this file. \quit
