-- Written by hand: what irt_calibration--0.3.0.sql has and irt_calibration--0.2.0.sql has not.
-- tests/upgrade.rs compares an updated catalog with that of a fresh install.

\echo Use "ALTER EXTENSION irt_calibration UPDATE" to load this file. \quit

COMMENT ON COLUMN irt_item_banks.responses_name IS
    'Qualified name of responses when irt_configure checked it. A run fails if it has changed.';
COMMENT ON COLUMN irt_item_banks.items_name IS
    'Qualified name of items when irt_configure checked it. A run fails if it has changed.';
COMMENT ON COLUMN irt_item_banks.column_types IS
    'Types of the columns when irt_configure checked them. A run fails if they have changed.';
