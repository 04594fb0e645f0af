-- Functions whose arguments are settings. In C they read their arguments by name (see
-- src/functions/arguments.rs): a signature can change, and the function in C stays the same.
-- New arguments come last: what calls a function by position goes on as it was.

CREATE FUNCTION irt_configure(
    bank pg_catalog.text DEFAULT 'default',
    responses pg_catalog.regclass DEFAULT NULL,
    person_column pg_catalog.name DEFAULT NULL,
    item_column pg_catalog.name DEFAULT NULL,
    correct_column pg_catalog.name DEFAULT NULL,
    answered_at_column pg_catalog.name DEFAULT NULL,
    items pg_catalog.regclass DEFAULT NULL,
    item_key_column pg_catalog.name DEFAULT NULL,
    -- settings: first arguments of irt_configure
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
    -- end of settings
    owner pg_catalog.name DEFAULT NULL,
    pin_column pg_catalog.name DEFAULT NULL,
    group_column pg_catalog.name DEFAULT NULL,
    reference_group pg_catalog.text DEFAULT NULL,
    anchor_column pg_catalog.name DEFAULT NULL
    -- settings: later arguments of irt_configure
    , publish pg_catalog.text DEFAULT NULL
    , score_prior_mean pg_catalog.float8 DEFAULT NULL
    , score_prior_sd pg_catalog.float8 DEFAULT NULL
    , scale pg_catalog.text DEFAULT NULL
    , linking_method pg_catalog.text DEFAULT NULL
    , diagnostics pg_catalog.bool DEFAULT NULL
    , keep_diagnostics pg_catalog.int4 DEFAULT NULL
    , reading pg_catalog.text DEFAULT NULL
    -- end of settings
) RETURNS @extschema@.irt_item_banks
VOLATILE PARALLEL UNSAFE LANGUAGE c AS 'MODULE_PATHNAME', 'irt_configure_wrapper';

CREATE FUNCTION irt_run_calibration(
    force pg_catalog.bool DEFAULT false,
    min_new_responses pg_catalog.int4 DEFAULT NULL,
    min_responses_per_item pg_catalog.int4 DEFAULT NULL,
    item_ids anycompatiblearray DEFAULT NULL::pg_catalog.text[],
    standard_errors pg_catalog.text DEFAULT NULL,
    bootstrap_iterations pg_catalog.int4 DEFAULT NULL,
    seed pg_catalog.int8 DEFAULT NULL,
    bank pg_catalog.text DEFAULT 'default',
    publish pg_catalog.bool DEFAULT NULL
    -- settings: later arguments of irt_run_calibration
    -- end of settings
) RETURNS @extschema@.irt_calibration_runs
VOLATILE PARALLEL UNSAFE LANGUAGE c AS 'MODULE_PATHNAME', 'irt_run_calibration_wrapper';

CREATE FUNCTION irt_start_calibration(
    force pg_catalog.bool DEFAULT false,
    min_new_responses pg_catalog.int4 DEFAULT NULL,
    min_responses_per_item pg_catalog.int4 DEFAULT NULL,
    item_ids anycompatiblearray DEFAULT NULL::pg_catalog.text[],
    standard_errors pg_catalog.text DEFAULT NULL,
    bootstrap_iterations pg_catalog.int4 DEFAULT NULL,
    seed pg_catalog.int8 DEFAULT NULL,
    bank pg_catalog.text DEFAULT 'default',
    publish pg_catalog.bool DEFAULT NULL
    -- settings: later arguments of irt_start_calibration
    -- end of settings
) RETURNS pg_catalog.int8
VOLATILE PARALLEL UNSAFE LANGUAGE c AS 'MODULE_PATHNAME', 'irt_start_calibration_wrapper';

CREATE FUNCTION irt_fit_2pl(
    query pg_catalog.text
    -- settings: arguments of irt_fit_2pl
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
    -- end of settings
    , anchors pg_catalog.text DEFAULT NULL
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

CREATE FUNCTION irt_fit_groups(
    query pg_catalog.text
    -- settings: arguments of irt_fit_groups
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
    -- end of settings
    , anchors pg_catalog.text DEFAULT NULL
) RETURNS TABLE (
    group_name pg_catalog.text,
    persons_count pg_catalog.int8,
    mean pg_catalog.float8,
    sd pg_catalog.float8,
    se_mean pg_catalog.float8,
    se_sd pg_catalog.float8
) VOLATILE PARALLEL UNSAFE LANGUAGE c AS 'MODULE_PATHNAME', 'irt_fit_groups_wrapper';

CREATE FUNCTION irt_fit_items(
    query pg_catalog.text
    -- settings: arguments of irt_fit_items
    , min_responses_per_item pg_catalog.int4 DEFAULT 1
    , min_persons pg_catalog.int4 DEFAULT 2
    , repeated_responses pg_catalog.text DEFAULT 'first'
    , quadrature_nodes pg_catalog.int4 DEFAULT 61
    , quadrature_bound pg_catalog.float8 DEFAULT 6
    , prior_log_discrimination_mean pg_catalog.float8 DEFAULT 0
    , prior_log_discrimination_sd pg_catalog.float8 DEFAULT 0.5
    , prior_difficulty_mean pg_catalog.float8 DEFAULT 0
    , prior_difficulty_sd pg_catalog.float8 DEFAULT 2
    -- end of settings
) RETURNS TABLE (
    item pg_catalog.text,
    responses_count pg_catalog.int8,
    rmsd pg_catalog.float8,
    mean_deviation pg_catalog.float8,
    infit pg_catalog.float8,
    outfit pg_catalog.float8,
    z_infit pg_catalog.float8,
    z_outfit pg_catalog.float8,
    s_x2 pg_catalog.float8,
    s_x2_df pg_catalog.int4,
    s_x2_p pg_catalog.float8,
    guessing_z pg_catalog.float8,
    flags pg_catalog.text[]
) VOLATILE PARALLEL UNSAFE LANGUAGE c AS 'MODULE_PATHNAME', 'irt_fit_items_wrapper';
