-- Written by `make schema` from src/ and sql/{bootstrap,functions,scores,finalize}.sql: change those.

\echo Use "CREATE EXTENSION irt_calibration" to load this file. \quit

-- bootstrap
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
    configured_by pg_catalog.name,
    pin_column pg_catalog.name,
    group_column pg_catalog.name,
    reference_group pg_catalog.text,
    anchor_column pg_catalog.name
    -- settings: later columns
    , publish pg_catalog.text NOT NULL DEFAULT 'automatic'
        CHECK (publish OPERATOR(pg_catalog.=) ANY ('{automatic,after_approval}'::pg_catalog.text[]))
    , score_prior_mean pg_catalog.float8 NOT NULL DEFAULT 0
    , score_prior_sd pg_catalog.float8 NOT NULL DEFAULT 1
    , scale pg_catalog.text NOT NULL DEFAULT 'population'
        CHECK (scale OPERATOR(pg_catalog.=) ANY ('{linked,anchored,population}'::pg_catalog.text[]))
    , linking_method pg_catalog.text NOT NULL DEFAULT 'stocking_lord'
        CHECK (linking_method OPERATOR(pg_catalog.=) ANY ('{stocking_lord,haebara,mean_sigma}'::pg_catalog.text[]))
    , diagnostics pg_catalog.bool NOT NULL DEFAULT true
    , keep_diagnostics pg_catalog.int4 NOT NULL DEFAULT 10
        CHECK (keep_diagnostics OPERATOR(pg_catalog.>=) 0)
    , reading pg_catalog.text NOT NULL DEFAULT 'auto'
        CHECK (reading OPERATOR(pg_catalog.=) ANY ('{auto,rows,grouped}'::pg_catalog.text[]))
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
    responses_correct_count pg_catalog.int8,
    -- NULL: no success, or an adopted one.
    publication pg_catalog.text
        CHECK (publication OPERATOR(pg_catalog.=)
               ANY ('{published,held,rejected,not_requested}'::pg_catalog.text[])),
    items_published pg_catalog.int4,
    compared_with pg_catalog.int8,
    scale pg_catalog.text
        CHECK (scale OPERATOR(pg_catalog.=) ANY ('{linked,anchored,population}'::pg_catalog.text[])),
    population_mean pg_catalog.float8,
    population_sd pg_catalog.float8,
    link_slope pg_catalog.float8,
    link_intercept pg_catalog.float8,
    se_link_slope pg_catalog.float8,
    se_link_intercept pg_catalog.float8,
    common_items pg_catalog.int4,
    drifted_items pg_catalog.int4,
    -- The abilities of the points of irt_item_fit's curves.
    curve_ability pg_catalog.float4[]
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
        CHECK (status OPERATOR(pg_catalog.=)
               ANY ('{calibrated,skipped,anchored}'::pg_catalog.text[])),
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

-- What was put in force, and what was taken back: the history from which irt_parameters_in_force
-- follows. Rows are added, and stay.
CREATE TABLE irt_publications (
    id pg_catalog.int8 GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    bank pg_catalog.text NOT NULL,
    run_id pg_catalog.int8 REFERENCES irt_calibration_runs (id),
    published_at pg_catalog.timestamptz NOT NULL,
    published_by pg_catalog.name,
    kind pg_catalog.text NOT NULL
        CHECK (kind OPERATOR(pg_catalog.=)
               ANY ('{automatic,approved,restored}'::pg_catalog.text[])),
    items pg_catalog.text[],
    -- No reference: pg_dump warns of a table that refers to itself, and what it writes with
    -- --inserts is refused where a row comes before the one that it refers to.
    undoes pg_catalog.int8 UNIQUE,
    items_count pg_catalog.int8 NOT NULL,
    score_prior_mean pg_catalog.float8,
    score_prior_sd pg_catalog.float8,
    note pg_catalog.text,
    -- What was in force beside it, where that is less than what it contains: nobody needs to look
    -- further back than to the newest row that says so.
    other_items pg_catalog.text[],
    other_publications pg_catalog.int8[],
    -- The row before it in its bank, 0 for the first: no two transactions add a row to the same state.
    follows pg_catalog.int8 NOT NULL,
    CHECK (run_id IS NOT NULL OR undoes IS NOT NULL)
);
CREATE INDEX ON irt_publications (bank, id);
CREATE UNIQUE INDEX ON irt_publications (bank, follows);
CREATE INDEX ON irt_publications (run_id);

-- The newest values of every item that no rollback took back: a copy for now of what
-- irt_publications and irt_item_parameters say. A row is written when its values change, so its
-- publication is the one that put them there: those after it that contain the item have the same.
CREATE TABLE irt_parameters_in_force (
    bank pg_catalog.text NOT NULL,
    item pg_catalog.text NOT NULL,
    difficulty pg_catalog.float8 NOT NULL,
    discrimination pg_catalog.float8 NOT NULL,
    se_difficulty pg_catalog.float8,
    se_discrimination pg_catalog.float8,
    covariance pg_catalog.float8,
    information_peak pg_catalog.float8,
    responses_count pg_catalog.int8,
    -- Without references and indexes: irt_publications has them.
    run_id pg_catalog.int8 NOT NULL,
    publication_id pg_catalog.int8 NOT NULL,
    PRIMARY KEY (bank, item)
);

-- Beside each row the newest publication that contains its item. That is the newest one that says
-- what else was in force, but for the items that it says, and those that a later one contains.
CREATE VIEW irt_current_parameters AS
WITH standing AS NOT MATERIALIZED (
    SELECT p.id, p.bank, p.run_id, p.items, p.other_items, p.other_publications
    FROM irt_publications AS p
    WHERE p.undoes IS NULL
      AND NOT EXISTS (SELECT FROM irt_publications AS u
                      WHERE u.undoes OPERATOR(pg_catalog.=) p.id)
), base AS NOT MATERIALIZED (
    SELECT s.bank, pg_catalog.max(s.id) AS id FROM standing AS s
    WHERE s.other_items IS NOT NULL GROUP BY s.bank
), later AS NOT MATERIALIZED (
    SELECT s.id, s.bank, s.run_id, s.items
    FROM standing AS s LEFT JOIN base AS b ON b.bank OPERATOR(pg_catalog.=) s.bank
    WHERE s.id OPERATOR(pg_catalog.>) COALESCE(b.id, 0)
), elsewhere AS NOT MATERIALIZED (
    SELECT c.bank, c.item, pg_catalog.max(c.id) AS id
    FROM (
        SELECT l.bank, i.item, l.id
        FROM later AS l
        JOIN irt_item_parameters AS i ON i.run_id OPERATOR(pg_catalog.=) l.run_id
        WHERE l.items IS NULL AND i.status OPERATOR(pg_catalog.=) 'calibrated'
        UNION ALL
        SELECT l.bank, x.item, l.id
        FROM later AS l, ROWS FROM (pg_catalog.unnest(l.items)) AS x (item)
        UNION ALL
        SELECT s.bank, x.item, x.publication
        FROM base AS b JOIN standing AS s ON s.id OPERATOR(pg_catalog.=) b.id,
            ROWS FROM (pg_catalog.unnest(s.other_items),
                pg_catalog.unnest(s.other_publications)) AS x (item, publication)
    ) AS c
    GROUP BY c.bank, c.item
)
SELECT f.bank, f.item, f.difficulty, f.discrimination, f.se_difficulty, f.se_discrimination,
       f.covariance, p.run_id, p.id AS publication_id, p.published_at
FROM irt_parameters_in_force AS f
LEFT JOIN elsewhere AS e ON e.bank OPERATOR(pg_catalog.=) f.bank
    AND e.item OPERATOR(pg_catalog.=) f.item
LEFT JOIN base AS b ON b.bank OPERATOR(pg_catalog.=) f.bank
JOIN irt_publications AS p ON p.id OPERATOR(pg_catalog.=) COALESCE(e.id, b.id, f.publication_id);

CREATE FUNCTION irt_parameters_at(bank pg_catalog.text, at pg_catalog.timestamptz)
RETURNS TABLE (
    item pg_catalog.text, difficulty pg_catalog.float8, discrimination pg_catalog.float8,
    se_difficulty pg_catalog.float8, se_discrimination pg_catalog.float8,
    covariance pg_catalog.float8, run_id pg_catalog.int8, publication_id pg_catalog.int8,
    published_at pg_catalog.timestamptz)
LANGUAGE sql STABLE PARALLEL SAFE AS $$
WITH standing AS MATERIALIZED (
    SELECT p.id, p.run_id, p.published_at, p.items, p.other_items, p.other_publications
    FROM @extschema@.irt_publications AS p
    WHERE p.bank OPERATOR(pg_catalog.=) $1
      AND p.undoes IS NULL
      AND p.published_at OPERATOR(pg_catalog.<=) $2
      AND NOT EXISTS (
          SELECT FROM @extschema@.irt_publications AS u
          WHERE u.undoes OPERATOR(pg_catalog.=) p.id
            AND u.published_at OPERATOR(pg_catalog.<=) $2)
), base AS MATERIALIZED (
    SELECT COALESCE(pg_catalog.max(s.id), 0) AS id FROM standing AS s
    WHERE s.other_items IS NOT NULL
), contained AS (
    SELECT s.id, i.item
    FROM standing AS s
    JOIN @extschema@.irt_item_parameters AS i ON i.run_id OPERATOR(pg_catalog.=) s.run_id
    WHERE s.items IS NULL AND i.status OPERATOR(pg_catalog.=) 'calibrated'
      AND s.id OPERATOR(pg_catalog.>=) (SELECT b.id FROM base AS b)
    UNION ALL
    SELECT s.id, x.item
    FROM standing AS s, ROWS FROM (pg_catalog.unnest(s.items)) AS x (item)
    WHERE s.id OPERATOR(pg_catalog.>=) (SELECT b.id FROM base AS b)
    UNION ALL
    SELECT x.publication, x.item
    FROM standing AS s, ROWS FROM (pg_catalog.unnest(s.other_items),
        pg_catalog.unnest(s.other_publications)) AS x (item, publication)
    WHERE s.id OPERATOR(pg_catalog.=) (SELECT b.id FROM base AS b)
), newest AS (
    SELECT c.item, pg_catalog.max(c.id) AS id FROM contained AS c GROUP BY c.item
)
SELECT i.item, i.difficulty, i.discrimination, i.se_difficulty, i.se_discrimination, i.covariance,
       i.run_id, s.id, s.published_at
FROM newest AS n
JOIN standing AS s ON s.id OPERATOR(pg_catalog.=) n.id
JOIN @extschema@.irt_item_parameters AS i
    ON i.run_id OPERATOR(pg_catalog.=) s.run_id AND i.item OPERATOR(pg_catalog.=) n.item
$$;

-- Full successes that count when a bank's last success is asked for: what is held, and what was
-- published and not undone. Those without a word are adopted, or of an older version.
CREATE VIEW irt_counting_successes AS
SELECT r.id, r.bank, r.started_at
FROM irt_calibration_runs AS r
WHERE r.status OPERATOR(pg_catalog.=) 'success'
  AND (r.settings OPERATOR(pg_catalog.->>) 'item_ids') IS NULL
  AND (r.publication IS NULL
       OR r.publication OPERATOR(pg_catalog.=) 'held'
       OR r.publication OPERATOR(pg_catalog.=) 'published' AND EXISTS (
           SELECT FROM irt_publications AS p
           WHERE p.run_id OPERATOR(pg_catalog.=) r.id AND p.undoes IS NULL
             AND NOT EXISTS (SELECT FROM irt_publications AS u
                             WHERE u.undoes OPERATOR(pg_catalog.=) p.id)));

-- Whether a run's numbers may be published, one row per question that was asked of it.
CREATE TABLE irt_run_checks (
    run_id pg_catalog.int8 NOT NULL REFERENCES irt_calibration_runs (id) ON DELETE CASCADE,
    check_name pg_catalog.text NOT NULL,
    value pg_catalog.float8,
    warn_above pg_catalog.float8,
    hold_above pg_catalog.float8,
    outcome pg_catalog.text NOT NULL
        CHECK (outcome OPERATOR(pg_catalog.=)
               ANY ('{pass,warn,hold,not_applicable}'::pg_catalog.text[])),
    PRIMARY KEY (run_id, check_name)
);

-- What irt_set_check wrote. NULL: the default; infinity: never.
CREATE TABLE irt_check_thresholds (
    bank pg_catalog.text NOT NULL,
    check_name pg_catalog.text NOT NULL,
    warn_above pg_catalog.float8,
    hold_above pg_catalog.float8,
    PRIMARY KEY (bank, check_name)
);

-- The groups of persons of a run: their distributions of ability on the published scale. A bank
-- without group_column has one, '(all)'.
CREATE TABLE irt_run_groups (
    run_id pg_catalog.int8 NOT NULL REFERENCES irt_calibration_runs (id) ON DELETE CASCADE,
    group_name pg_catalog.text NOT NULL,
    persons_count pg_catalog.int8 NOT NULL,
    mean pg_catalog.float8 NOT NULL,
    sd pg_catalog.float8 NOT NULL,
    se_mean pg_catalog.float8,
    se_sd pg_catalog.float8,
    log_likelihood pg_catalog.float8,
    -- Persons by EAP, and by the change of EAP: the bins are those of docs/reference.md.
    ability_counts pg_catalog.int4[],
    score_before_counts pg_catalog.int4[],
    score_after_counts pg_catalog.int4[],
    score_change_counts pg_catalog.int4[],
    score_change_mean pg_catalog.float8,
    score_change_max pg_catalog.float8,
    share_changed_by_more_than_one_se pg_catalog.float8,
    PRIMARY KEY (run_id, group_name)
);

-- The joint sampling covariance of a run's items on the published scale, for the standard errors of
-- the links to it: of a and b of the first item, of the second, and so on, the lower triangle row by row.
CREATE TABLE irt_run_covariances (
    run_id pg_catalog.int8 PRIMARY KEY REFERENCES irt_calibration_runs (id) ON DELETE CASCADE,
    items pg_catalog.text[] NOT NULL,
    covariance pg_catalog.float4[] NOT NULL
);

-- How each item of a run fits the model. Kept for keep_diagnostics runs of a bank, and for the one in
-- force, as the two tables below.
CREATE TABLE irt_item_fit (
    run_id pg_catalog.int8 NOT NULL REFERENCES irt_calibration_runs (id) ON DELETE CASCADE,
    item pg_catalog.text NOT NULL,
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
    curve_attempts pg_catalog.float4[],
    curve_observed pg_catalog.float4[],
    curve_expected pg_catalog.float4[],
    PRIMARY KEY (run_id, item)
);

-- How each item does in each group of persons with 100 or more responses to it. The group '(new)' are
-- responses since the run in force.
CREATE TABLE irt_item_groups (
    run_id pg_catalog.int8 NOT NULL REFERENCES irt_calibration_runs (id) ON DELETE CASCADE,
    item pg_catalog.text NOT NULL,
    group_name pg_catalog.text NOT NULL,
    responses_count pg_catalog.int8 NOT NULL,
    proportion_correct pg_catalog.float8,
    rmsd pg_catalog.float8,
    mean_deviation pg_catalog.float8,
    delta_difficulty pg_catalog.float8,
    delta_z pg_catalog.float8,
    PRIMARY KEY (run_id, item, group_name)
);

-- Pairs of items that share more than ability, at most 1,000 of a run.
CREATE TABLE irt_item_pairs (
    run_id pg_catalog.int8 NOT NULL REFERENCES irt_calibration_runs (id) ON DELETE CASCADE,
    item pg_catalog.text NOT NULL,
    other_item pg_catalog.text NOT NULL,
    persons_count pg_catalog.int8 NOT NULL,
    q3 pg_catalog.float8 NOT NULL,
    PRIMARY KEY (run_id, item, other_item)
);

-- Successes of a version that published whatever it recorded become publications, in the order in
-- which they ended. Called by the update, and at a bank's first use after a dump of such a version
-- was restored. NULL: every bank.
CREATE FUNCTION irt_publish_older_successes(bank pg_catalog.text) RETURNS pg_catalog.void
LANGUAGE sql VOLATILE AS $$
INSERT INTO @extschema@.irt_publications AS new
    (bank, run_id, published_at, published_by, kind, items, items_count, follows)
SELECT r.bank, r.id, r.published_at, r.run_by, 'automatic',
       CASE WHEN list.items IS NOT NULL THEN c.items END, c.count, OPERATOR(pg_catalog.-) r.id
FROM (
    -- When they ended; of two at the same moment the second is a microsecond later.
    SELECT o.*, pg_catalog.max(o.completed_at OPERATOR(pg_catalog.-) o.place) OVER w
                    OPERATOR(pg_catalog.+) o.place AS published_at
    FROM (
        SELECT s.*, pg_catalog.row_number() OVER w
                        OPERATOR(pg_catalog.*) '1 microsecond'::pg_catalog.interval AS place
        FROM @extschema@.irt_calibration_runs AS s
        WHERE s.status OPERATOR(pg_catalog.=) 'success'
          AND s.publication IS NULL
          AND s.completed_at IS NOT NULL
          AND NOT COALESCE(s.settings OPERATOR(pg_catalog.?) 'adopted_from', false)
        WINDOW w AS (PARTITION BY s.bank ORDER BY s.completed_at, s.id)
    ) AS o
    WINDOW w AS (PARTITION BY o.bank ORDER BY o.completed_at, o.id)
) AS r,
LATERAL (SELECT NULLIF(r.settings OPERATOR(pg_catalog.->) 'item_ids', 'null') AS items) AS list,
LATERAL (
    SELECT COALESCE(pg_catalog.array_agg(i.item ORDER BY i.item), '{}'),
           pg_catalog.count(*)
    FROM @extschema@.irt_item_parameters AS i
    WHERE i.run_id OPERATOR(pg_catalog.=) r.id
      AND i.status OPERATOR(pg_catalog.=) 'calibrated'
      AND (list.items IS NULL OR list.items OPERATOR(pg_catalog.?) i.item)
) AS c (items, count)
WHERE ($1 IS NULL OR r.bank OPERATOR(pg_catalog.=) $1)
  AND NOT EXISTS (SELECT FROM @extschema@.irt_publications AS p
                  WHERE p.bank OPERATOR(pg_catalog.=) r.bank)
ORDER BY r.completed_at, r.id;

UPDATE @extschema@.irt_publications AS p
SET follows = o.before
FROM (SELECT q.id,
             COALESCE(pg_catalog.lag(q.id) OVER (PARTITION BY q.bank ORDER BY q.id), 0) AS before
      FROM @extschema@.irt_publications AS q) AS o
WHERE o.id OPERATOR(pg_catalog.=) p.id AND p.follows OPERATOR(pg_catalog.<) 0
  AND ($1 IS NULL OR p.bank OPERATOR(pg_catalog.=) $1);

UPDATE @extschema@.irt_calibration_runs AS r
SET publication = 'published', items_published = p.items_count
FROM @extschema@.irt_publications AS p
WHERE p.run_id OPERATOR(pg_catalog.=) r.id AND p.undoes IS NULL AND r.publication IS NULL
  AND r.status OPERATOR(pg_catalog.=) 'success'
  AND ($1 IS NULL OR r.bank OPERATOR(pg_catalog.=) $1);

INSERT INTO @extschema@.irt_parameters_in_force
    (bank, item, difficulty, discrimination, se_difficulty, se_discrimination, covariance,
     information_peak, responses_count, run_id, publication_id)
SELECT DISTINCT ON (p.bank, i.item)
       p.bank, i.item, i.difficulty, i.discrimination, i.se_difficulty, i.se_discrimination,
       i.covariance, i.information_peak, i.responses_count, i.run_id, p.id
FROM @extschema@.irt_publications AS p
JOIN @extschema@.irt_item_parameters AS i ON i.run_id OPERATOR(pg_catalog.=) p.run_id
WHERE i.status OPERATOR(pg_catalog.=) 'calibrated'
  AND (p.items IS NULL OR i.item OPERATOR(pg_catalog.=) ANY (p.items))
  AND ($1 IS NULL OR p.bank OPERATOR(pg_catalog.=) $1)
  AND NOT EXISTS (SELECT FROM @extschema@.irt_parameters_in_force AS f
                  WHERE f.bank OPERATOR(pg_catalog.=) p.bank)
  AND NOT EXISTS (SELECT FROM @extschema@.irt_publications AS u
                  WHERE u.undoes IS NOT NULL AND u.bank OPERATOR(pg_catalog.=) p.bank)
ORDER BY p.bank, i.item, p.id DESC;

-- Nobody needs to look further back than to the newest. Publications of today have a score prior.
UPDATE @extschema@.irt_publications AS p
SET other_items = o.items, other_publications = o.publications
FROM (
    SELECT n.id,
           COALESCE(pg_catalog.array_agg(f.item ORDER BY f.item) FILTER (
               WHERE f.publication_id OPERATOR(pg_catalog.<>) n.id), '{}') AS items,
           COALESCE(pg_catalog.array_agg(f.publication_id ORDER BY f.item) FILTER (
               WHERE f.publication_id OPERATOR(pg_catalog.<>) n.id), '{}') AS publications
    FROM (SELECT q.bank, pg_catalog.max(q.id) AS id
          FROM @extschema@.irt_publications AS q
          WHERE $1 IS NULL OR q.bank OPERATOR(pg_catalog.=) $1
          GROUP BY q.bank
          HAVING pg_catalog.bool_and(q.undoes IS NULL AND q.score_prior_sd IS NULL)) AS n
    JOIN @extschema@.irt_parameters_in_force AS f ON f.bank OPERATOR(pg_catalog.=) n.bank
    GROUP BY n.id
) AS o
WHERE o.id OPERATOR(pg_catalog.=) p.id
  AND pg_catalog.cardinality(o.items)::pg_catalog.int8 OPERATOR(pg_catalog.<=) p.items_count
$$;

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
       moved.largest_discrimination_change,
       r.publication,
       r.items_published
FROM irt_calibration_runs AS r
LEFT JOIN LATERAL (
    SELECT s.id
    FROM irt_counting_successes AS s
    WHERE s.bank OPERATOR(pg_catalog.=) r.bank
      AND (s.started_at, s.id) OPERATOR(pg_catalog.<) (r.started_at, r.id)
    ORDER BY s.started_at DESC, s.id DESC LIMIT 1
) AS before ON true
LEFT JOIN irt_calibration_runs AS previous
    ON previous.id OPERATOR(pg_catalog.=) before.id
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
SELECT pg_catalog.pg_extension_config_dump('irt_publications', '');
SELECT pg_catalog.pg_extension_config_dump(
    pg_catalog.pg_get_serial_sequence('irt_publications', 'id')::pg_catalog.regclass, '');
SELECT pg_catalog.pg_extension_config_dump('irt_parameters_in_force', '');
SELECT pg_catalog.pg_extension_config_dump('irt_run_checks', '');
SELECT pg_catalog.pg_extension_config_dump('irt_check_thresholds', '');
SELECT pg_catalog.pg_extension_config_dump('irt_run_groups', '');
SELECT pg_catalog.pg_extension_config_dump('irt_run_covariances', '');
SELECT pg_catalog.pg_extension_config_dump('irt_item_fit', '');
SELECT pg_catalog.pg_extension_config_dump('irt_item_groups', '');
SELECT pg_catalog.pg_extension_config_dump('irt_item_pairs', '');

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

-- requires:
--   functions

-- irt_eap, irt_map, irt_mle, irt_wle: the ability of a person whose answers a query groups. Their
-- parts are for the server alone: sql/finalize.sql.

CREATE TYPE irt_ability AS (
    ability pg_catalog.float8,
    standard_error pg_catalog.float8,
    responses_count pg_catalog.int4,
    correct_count pg_catalog.int4
);

CREATE FUNCTION irt_answers_add(
    state internal, correct pg_catalog.bool,
    discrimination pg_catalog.float8, difficulty pg_catalog.float8
)
RETURNS internal
IMMUTABLE PARALLEL SAFE LANGUAGE c AS 'MODULE_PATHNAME', 'irt_answers_add_wrapper';

CREATE FUNCTION irt_answers_add(
    state internal, correct pg_catalog.bool,
    discrimination pg_catalog.float8, difficulty pg_catalog.float8,
    prior_mean pg_catalog.float8, prior_sd pg_catalog.float8
)
RETURNS internal
IMMUTABLE PARALLEL SAFE LANGUAGE c AS 'MODULE_PATHNAME', 'irt_answers_add_wrapper';

CREATE FUNCTION irt_answers_add(
    state internal, correct pg_catalog.int4,
    discrimination pg_catalog.float8, difficulty pg_catalog.float8
)
RETURNS internal
IMMUTABLE PARALLEL SAFE LANGUAGE c AS 'MODULE_PATHNAME', 'irt_answers_add_integer_wrapper';

CREATE FUNCTION irt_answers_add(
    state internal, correct pg_catalog.int4,
    discrimination pg_catalog.float8, difficulty pg_catalog.float8,
    prior_mean pg_catalog.float8, prior_sd pg_catalog.float8
)
RETURNS internal
IMMUTABLE PARALLEL SAFE LANGUAGE c AS 'MODULE_PATHNAME', 'irt_answers_add_integer_wrapper';

CREATE FUNCTION irt_answers_combine(state internal, other internal)
RETURNS internal
IMMUTABLE PARALLEL SAFE LANGUAGE c AS 'MODULE_PATHNAME', 'irt_answers_combine_wrapper';

CREATE FUNCTION irt_answers_serialize(state internal)
RETURNS pg_catalog.bytea
STRICT IMMUTABLE PARALLEL SAFE LANGUAGE c AS 'MODULE_PATHNAME', 'irt_answers_serialize_wrapper';

CREATE FUNCTION irt_answers_deserialize(state pg_catalog.bytea, other internal)
RETURNS internal
STRICT IMMUTABLE PARALLEL SAFE LANGUAGE c AS 'MODULE_PATHNAME', 'irt_answers_deserialize_wrapper';

-- Without rows: the usual prior; where the prior is an argument, nobody has said which.

CREATE FUNCTION irt_answers_eap(state internal)
RETURNS @extschema@.irt_ability
IMMUTABLE PARALLEL SAFE LANGUAGE c AS 'MODULE_PATHNAME', 'irt_answers_eap_wrapper';

CREATE FUNCTION irt_answers_eap_prior(state internal)
RETURNS @extschema@.irt_ability
STRICT IMMUTABLE PARALLEL SAFE LANGUAGE c AS 'MODULE_PATHNAME', 'irt_answers_eap_wrapper';

CREATE FUNCTION irt_answers_map(state internal)
RETURNS @extschema@.irt_ability
IMMUTABLE PARALLEL SAFE LANGUAGE c AS 'MODULE_PATHNAME', 'irt_answers_map_wrapper';

CREATE FUNCTION irt_answers_map_prior(state internal)
RETURNS @extschema@.irt_ability
STRICT IMMUTABLE PARALLEL SAFE LANGUAGE c AS 'MODULE_PATHNAME', 'irt_answers_map_wrapper';

CREATE FUNCTION irt_answers_mle(state internal)
RETURNS @extschema@.irt_ability
STRICT IMMUTABLE PARALLEL SAFE LANGUAGE c AS 'MODULE_PATHNAME', 'irt_answers_mle_wrapper';

CREATE FUNCTION irt_answers_wle(state internal)
RETURNS @extschema@.irt_ability
STRICT IMMUTABLE PARALLEL SAFE LANGUAGE c AS 'MODULE_PATHNAME', 'irt_answers_wle_wrapper';

CREATE AGGREGATE irt_eap(
    correct pg_catalog.bool, discrimination pg_catalog.float8, difficulty pg_catalog.float8
) (
    SFUNC = @extschema@.irt_answers_add, STYPE = internal, SSPACE = 1024,
    FINALFUNC = @extschema@.irt_answers_eap,
    COMBINEFUNC = @extschema@.irt_answers_combine,
    SERIALFUNC = @extschema@.irt_answers_serialize,
    DESERIALFUNC = @extschema@.irt_answers_deserialize,
    PARALLEL = SAFE
);

CREATE AGGREGATE irt_eap(
    correct pg_catalog.bool, discrimination pg_catalog.float8, difficulty pg_catalog.float8,
    prior_mean pg_catalog.float8, prior_sd pg_catalog.float8
) (
    SFUNC = @extschema@.irt_answers_add, STYPE = internal, SSPACE = 1024,
    FINALFUNC = @extschema@.irt_answers_eap_prior,
    COMBINEFUNC = @extschema@.irt_answers_combine,
    SERIALFUNC = @extschema@.irt_answers_serialize,
    DESERIALFUNC = @extschema@.irt_answers_deserialize,
    PARALLEL = SAFE
);

CREATE AGGREGATE irt_eap(
    correct pg_catalog.int4, discrimination pg_catalog.float8, difficulty pg_catalog.float8
) (
    SFUNC = @extschema@.irt_answers_add, STYPE = internal, SSPACE = 1024,
    FINALFUNC = @extschema@.irt_answers_eap,
    COMBINEFUNC = @extschema@.irt_answers_combine,
    SERIALFUNC = @extschema@.irt_answers_serialize,
    DESERIALFUNC = @extschema@.irt_answers_deserialize,
    PARALLEL = SAFE
);

CREATE AGGREGATE irt_eap(
    correct pg_catalog.int4, discrimination pg_catalog.float8, difficulty pg_catalog.float8,
    prior_mean pg_catalog.float8, prior_sd pg_catalog.float8
) (
    SFUNC = @extschema@.irt_answers_add, STYPE = internal, SSPACE = 1024,
    FINALFUNC = @extschema@.irt_answers_eap_prior,
    COMBINEFUNC = @extschema@.irt_answers_combine,
    SERIALFUNC = @extschema@.irt_answers_serialize,
    DESERIALFUNC = @extschema@.irt_answers_deserialize,
    PARALLEL = SAFE
);

CREATE AGGREGATE irt_map(
    correct pg_catalog.bool, discrimination pg_catalog.float8, difficulty pg_catalog.float8
) (
    SFUNC = @extschema@.irt_answers_add, STYPE = internal, SSPACE = 1024,
    FINALFUNC = @extschema@.irt_answers_map,
    COMBINEFUNC = @extschema@.irt_answers_combine,
    SERIALFUNC = @extschema@.irt_answers_serialize,
    DESERIALFUNC = @extschema@.irt_answers_deserialize,
    PARALLEL = SAFE
);

CREATE AGGREGATE irt_map(
    correct pg_catalog.bool, discrimination pg_catalog.float8, difficulty pg_catalog.float8,
    prior_mean pg_catalog.float8, prior_sd pg_catalog.float8
) (
    SFUNC = @extschema@.irt_answers_add, STYPE = internal, SSPACE = 1024,
    FINALFUNC = @extschema@.irt_answers_map_prior,
    COMBINEFUNC = @extschema@.irt_answers_combine,
    SERIALFUNC = @extschema@.irt_answers_serialize,
    DESERIALFUNC = @extschema@.irt_answers_deserialize,
    PARALLEL = SAFE
);

CREATE AGGREGATE irt_map(
    correct pg_catalog.int4, discrimination pg_catalog.float8, difficulty pg_catalog.float8
) (
    SFUNC = @extschema@.irt_answers_add, STYPE = internal, SSPACE = 1024,
    FINALFUNC = @extschema@.irt_answers_map,
    COMBINEFUNC = @extschema@.irt_answers_combine,
    SERIALFUNC = @extschema@.irt_answers_serialize,
    DESERIALFUNC = @extschema@.irt_answers_deserialize,
    PARALLEL = SAFE
);

CREATE AGGREGATE irt_map(
    correct pg_catalog.int4, discrimination pg_catalog.float8, difficulty pg_catalog.float8,
    prior_mean pg_catalog.float8, prior_sd pg_catalog.float8
) (
    SFUNC = @extschema@.irt_answers_add, STYPE = internal, SSPACE = 1024,
    FINALFUNC = @extschema@.irt_answers_map_prior,
    COMBINEFUNC = @extschema@.irt_answers_combine,
    SERIALFUNC = @extschema@.irt_answers_serialize,
    DESERIALFUNC = @extschema@.irt_answers_deserialize,
    PARALLEL = SAFE
);

CREATE AGGREGATE irt_mle(
    correct pg_catalog.bool, discrimination pg_catalog.float8, difficulty pg_catalog.float8
) (
    SFUNC = @extschema@.irt_answers_add, STYPE = internal, SSPACE = 1024,
    FINALFUNC = @extschema@.irt_answers_mle,
    COMBINEFUNC = @extschema@.irt_answers_combine,
    SERIALFUNC = @extschema@.irt_answers_serialize,
    DESERIALFUNC = @extschema@.irt_answers_deserialize,
    PARALLEL = SAFE
);

CREATE AGGREGATE irt_mle(
    correct pg_catalog.int4, discrimination pg_catalog.float8, difficulty pg_catalog.float8
) (
    SFUNC = @extschema@.irt_answers_add, STYPE = internal, SSPACE = 1024,
    FINALFUNC = @extschema@.irt_answers_mle,
    COMBINEFUNC = @extschema@.irt_answers_combine,
    SERIALFUNC = @extschema@.irt_answers_serialize,
    DESERIALFUNC = @extschema@.irt_answers_deserialize,
    PARALLEL = SAFE
);

CREATE AGGREGATE irt_wle(
    correct pg_catalog.bool, discrimination pg_catalog.float8, difficulty pg_catalog.float8
) (
    SFUNC = @extschema@.irt_answers_add, STYPE = internal, SSPACE = 1024,
    FINALFUNC = @extschema@.irt_answers_wle,
    COMBINEFUNC = @extschema@.irt_answers_combine,
    SERIALFUNC = @extschema@.irt_answers_serialize,
    DESERIALFUNC = @extschema@.irt_answers_deserialize,
    PARALLEL = SAFE
);

CREATE AGGREGATE irt_wle(
    correct pg_catalog.int4, discrimination pg_catalog.float8, difficulty pg_catalog.float8
) (
    SFUNC = @extschema@.irt_answers_add, STYPE = internal, SSPACE = 1024,
    FINALFUNC = @extschema@.irt_answers_wle,
    COMBINEFUNC = @extschema@.irt_answers_combine,
    SERIALFUNC = @extschema@.irt_answers_serialize,
    DESERIALFUNC = @extschema@.irt_answers_deserialize,
    PARALLEL = SAFE
);

CREATE  FUNCTION "irt_add_item_columns"(
	"items" regclass /* Option < RegClass > */
) RETURNS SETOF name /* SqlName */
VOLATILE PARALLEL UNSAFE
LANGUAGE c /* Rust */
AS 'MODULE_PATHNAME', 'irt_add_item_columns_wrapper';

CREATE  FUNCTION "irt_adopt_runs"(
	"source" regclass /* Option < RegClass > */
) RETURNS bigint /* i64 */
VOLATILE PARALLEL UNSAFE
LANGUAGE c /* Rust */
AS 'MODULE_PATHNAME', 'irt_adopt_runs_wrapper';

-- Skipped due to `#[pgrx(sql = false)]`

-- Skipped due to `#[pgrx(sql = false)]`

-- Skipped due to `#[pgrx(sql = false)]`

-- Skipped due to `#[pgrx(sql = false)]`

-- Skipped due to `#[pgrx(sql = false)]`

-- Skipped due to `#[pgrx(sql = false)]`

-- Skipped due to `#[pgrx(sql = false)]`

-- Skipped due to `#[pgrx(sql = false)]`

-- Skipped due to `#[pgrx(sql = false)]`

CREATE  FUNCTION "irt_cancel_calibration"(
	"run_id" bigint /* Option < i64 > */
) RETURNS bool /* bool */
VOLATILE PARALLEL UNSAFE
LANGUAGE c /* Rust */
AS 'MODULE_PATHNAME', 'irt_cancel_calibration_wrapper';

CREATE  FUNCTION "irt_check_dimensions"(
	"bank" text DEFAULT 'default', /* Option < Text > */
	"replicates" INT DEFAULT 100, /* Option < i32 > */
	"seed" bigint DEFAULT 42 /* Option < i64 > */
) RETURNS TABLE (
	"largest_share" double precision,  /* Option < f64 > */
	"mean_q3" double precision,  /* Option < f64 > */
	"pairs" bigint,  /* i64 */
	"replicates" INT,  /* i32 */
	"p" double precision,  /* Option < f64 > */
	"verdict" text  /* Text */
)
STABLE PARALLEL UNSAFE
LANGUAGE c /* Rust */
AS 'MODULE_PATHNAME', 'irt_check_dimensions_wrapper';

CREATE  FUNCTION "irt_compare_runs"(
	"run_id" bigint, /* Option < i64 > */
	"with_run_id" bigint DEFAULT NULL /* Option < i64 > */
) RETURNS TABLE (
	"item" text,  /* Text */
	"difficulty" double precision,  /* Option < f64 > */
	"discrimination" double precision,  /* Option < f64 > */
	"se_difficulty" double precision,  /* Option < f64 > */
	"se_discrimination" double precision,  /* Option < f64 > */
	"with_difficulty" double precision,  /* Option < f64 > */
	"with_discrimination" double precision,  /* Option < f64 > */
	"difficulty_change" double precision,  /* Option < f64 > */
	"discrimination_change" double precision,  /* Option < f64 > */
	"curve_distance" double precision,  /* Option < f64 > */
	"drifted" bool  /* Option < bool > */
)
STABLE PARALLEL UNSAFE
LANGUAGE c /* Rust */
AS 'MODULE_PATHNAME', 'irt_compare_runs_wrapper';

-- Skipped due to `#[pgrx(sql = false)]`

CREATE  FUNCTION "irt_drop_bank"(
	"bank" text /* Option < Text > */
) RETURNS void
VOLATILE PARALLEL UNSAFE
LANGUAGE c /* Rust */
AS 'MODULE_PATHNAME', 'irt_drop_bank_wrapper';

-- Skipped due to `#[pgrx(sql = false)]`

-- Skipped due to `#[pgrx(sql = false)]`

-- Skipped due to `#[pgrx(sql = false)]`

CREATE  FUNCTION "irt_forget_runs"(
	"bank" text, /* Option < Text > */
	"before" timestamp with time zone /* Option < TimestampWithTimeZone > */
) RETURNS bigint /* i64 */
VOLATILE PARALLEL UNSAFE
LANGUAGE c /* Rust */
AS 'MODULE_PATHNAME', 'irt_forget_runs_wrapper';

CREATE  FUNCTION "irt_information"(
	"ability" double precision, /* f64 */
	"discrimination" double precision, /* f64 */
	"difficulty" double precision /* f64 */
) RETURNS double precision /* f64 */
IMMUTABLE STRICT PARALLEL SAFE
LANGUAGE c /* Rust */
AS 'MODULE_PATHNAME', 'irt_information_wrapper';

CREATE  FUNCTION "irt_item_history"(
	"item" text, /* Option < Text > */
	"bank" text DEFAULT 'default' /* Option < Text > */
) RETURNS TABLE (
	"run_id" bigint,  /* i64 */
	"completed_at" timestamp with time zone,  /* Option < TimestampWithTimeZone > */
	"status" TEXT,  /* String */
	"flags" TEXT[],  /* Vec < String > */
	"difficulty" double precision,  /* Option < f64 > */
	"discrimination" double precision,  /* Option < f64 > */
	"se_difficulty" double precision,  /* Option < f64 > */
	"se_discrimination" double precision,  /* Option < f64 > */
	"difficulty_change" double precision,  /* Option < f64 > */
	"discrimination_change" double precision,  /* Option < f64 > */
	"responses_count" bigint,  /* Option < i64 > */
	"proportion_correct" double precision,  /* Option < f64 > */
	"point_biserial" double precision  /* Option < f64 > */
)
STABLE PARALLEL UNSAFE
LANGUAGE c /* Rust */
AS 'MODULE_PATHNAME', 'irt_item_history_wrapper';

CREATE  FUNCTION "irt_item_verdicts"(
	"bank" text DEFAULT 'default', /* Option < Text > */
	"run_id" bigint DEFAULT NULL /* Option < i64 > */
) RETURNS TABLE (
	"item" text,  /* Text */
	"verdict" TEXT,  /* String */
	"reasons" TEXT[],  /* Vec < String > */
	"advice" TEXT  /* String */
)
STABLE PARALLEL UNSAFE
LANGUAGE c /* Rust */
AS 'MODULE_PATHNAME', 'irt_item_verdicts_wrapper';

CREATE  FUNCTION "irt_last_successful_calibration"(
	"bank" text DEFAULT 'default' /* Option < Text > */
) RETURNS timestamp with time zone /* Option < TimestampWithTimeZone > */
STABLE PARALLEL UNSAFE
LANGUAGE c /* Rust */
AS 'MODULE_PATHNAME', 'irt_last_successful_calibration_wrapper';

CREATE  FUNCTION "irt_link"(
	"items" text, /* Option < Text > */
	"onto" text, /* Option < Text > */
	"method" text DEFAULT 'stocking_lord' /* Option < Text > */
) RETURNS TABLE (
	"slope" double precision,  /* f64 */
	"intercept" double precision,  /* f64 */
	"se_slope" double precision,  /* Option < f64 > */
	"se_intercept" double precision,  /* Option < f64 > */
	"common_items" INT,  /* i32 */
	"drifted" TEXT[]  /* Vec < String > */
)
VOLATILE PARALLEL UNSAFE
LANGUAGE c /* Rust */
AS 'MODULE_PATHNAME', 'irt_link_wrapper';

CREATE  FUNCTION "irt_next_items"(
	"ability" double precision, /* Option < f64 > */
	"exclude" text[] DEFAULT '{}', /* Option < Texts > */
	"count" INT DEFAULT 1, /* Option < i32 > */
	"randomesque" INT DEFAULT 1, /* Option < i32 > */
	"seed" bigint DEFAULT NULL, /* Option < i64 > */
	"bank" text DEFAULT 'default' /* Option < Text > */
) RETURNS TABLE (
	"item" text,  /* Text */
	"information" double precision,  /* f64 */
	"difficulty" double precision,  /* f64 */
	"discrimination" double precision  /* f64 */
)
VOLATILE PARALLEL UNSAFE
LANGUAGE c /* Rust */
AS 'MODULE_PATHNAME', 'irt_next_items_wrapper';

CREATE  FUNCTION "irt_probability"(
	"ability" double precision, /* f64 */
	"discrimination" double precision, /* f64 */
	"difficulty" double precision /* f64 */
) RETURNS double precision /* f64 */
IMMUTABLE STRICT PARALLEL SAFE
LANGUAGE c /* Rust */
AS 'MODULE_PATHNAME', 'irt_probability_wrapper';

CREATE  FUNCTION "irt_publish"(
	"run_id" bigint, /* Option < i64 > */
	"note" text DEFAULT NULL /* Option < Text > */
) RETURNS @extschema@.irt_publications /* PublicationRow */
VOLATILE PARALLEL UNSAFE
LANGUAGE c /* Rust */
AS 'MODULE_PATHNAME', 'irt_publish_wrapper';

CREATE  FUNCTION "irt_readiness"(
	"bank" text DEFAULT 'default', /* Option < Text > */
	"by_column" name DEFAULT NULL, /* Option < SqlName > */
	"max_se_difficulty" double precision DEFAULT 0.5, /* Option < f64 > */
	"max_se_discrimination" double precision DEFAULT 0.3, /* Option < f64 > */
	"min_items" INT DEFAULT 30, /* Option < i32 > */
	"min_items_per_band" INT DEFAULT 5 /* Option < i32 > */
) RETURNS TABLE (
	"domain" text,  /* Option < Text > */
	"items" INT,  /* i32 */
	"ready_items" INT,  /* i32 */
	"easy" INT,  /* i32 */
	"medium" INT,  /* i32 */
	"hard" INT,  /* i32 */
	"is_ready" bool,  /* bool */
	"reason" TEXT  /* String */
)
STABLE PARALLEL UNSAFE
LANGUAGE c /* Rust */
AS 'MODULE_PATHNAME', 'irt_readiness_wrapper';

CREATE  FUNCTION "irt_reject"(
	"run_id" bigint, /* Option < i64 > */
	"note" text DEFAULT NULL /* Option < Text > */
) RETURNS @extschema@.irt_calibration_runs /* RunRow */
VOLATILE PARALLEL UNSAFE
LANGUAGE c /* Rust */
AS 'MODULE_PATHNAME', 'irt_reject_wrapper';

CREATE  FUNCTION "irt_report"(
	"bank" text DEFAULT 'default', /* Option < Text > */
	"run_id" bigint DEFAULT NULL, /* Option < i64 > */
	"with_run_id" bigint DEFAULT NULL, /* Option < i64 > */
	"sections" text[] DEFAULT NULL /* Option < Texts > */
) RETURNS text /* Text */
STABLE PARALLEL UNSAFE
LANGUAGE c /* Rust */
AS 'MODULE_PATHNAME', 'irt_report_wrapper';

CREATE  FUNCTION "irt_rollback"(
	"bank" text DEFAULT 'default', /* Option < Text > */
	"note" text DEFAULT NULL /* Option < Text > */
) RETURNS @extschema@.irt_publications /* PublicationRow */
VOLATILE PARALLEL UNSAFE
LANGUAGE c /* Rust */
AS 'MODULE_PATHNAME', 'irt_rollback_wrapper';

-- Skipped due to `#[pgrx(sql = false)]`

CREATE  FUNCTION "irt_schedule_calibration"(
	"schedule" text DEFAULT '0 4 * * 0', /* Option < Text > */
	"bank" text DEFAULT 'default' /* Option < Text > */
) RETURNS bigint /* i64 */
VOLATILE PARALLEL UNSAFE
LANGUAGE c /* Rust */
AS 'MODULE_PATHNAME', 'irt_schedule_calibration_wrapper';

CREATE  FUNCTION "irt_score"(
	"bank" text DEFAULT 'default', /* Option < Text > */
	"method" text DEFAULT 'eap', /* Option < Text > */
	"at" timestamp with time zone DEFAULT NULL /* Option < TimestampWithTimeZone > */
) RETURNS TABLE (
	"person" text,  /* Text */
	"group_name" text,  /* Option < Text > */
	"ability" double precision,  /* Option < f64 > */
	"standard_error" double precision,  /* Option < f64 > */
	"responses_count" INT,  /* i32 */
	"correct_count" INT,  /* i32 */
	"publication_id" bigint  /* Option < i64 > */
)
STABLE PARALLEL UNSAFE
LANGUAGE c /* Rust */
AS 'MODULE_PATHNAME', 'irt_score_wrapper';

CREATE  FUNCTION "irt_set_check"(
	"check_name" text, /* Option < Text > */
	"warn_above" double precision, /* Option < f64 > */
	"hold_above" double precision, /* Option < f64 > */
	"bank" text DEFAULT 'default' /* Option < Text > */
) RETURNS @extschema@.irt_check_thresholds /* ThresholdRow */
VOLATILE PARALLEL UNSAFE
LANGUAGE c /* Rust */
AS 'MODULE_PATHNAME', 'irt_set_check_wrapper';

CREATE  FUNCTION "irt_should_run_calibration"(
	"min_new_responses" INT DEFAULT NULL, /* Option < i32 > */
	"bank" text DEFAULT 'default' /* Option < Text > */
) RETURNS TABLE (
	"should_run" bool,  /* bool */
	"new_responses_count" bigint,  /* i64 */
	"last_calibration_at" timestamp with time zone  /* Option < TimestampWithTimeZone > */
)
STABLE PARALLEL UNSAFE
LANGUAGE c /* Rust */
AS 'MODULE_PATHNAME', 'irt_should_run_calibration_wrapper';

-- Skipped due to `#[pgrx(sql = false)]`

CREATE  FUNCTION "irt_test_information"(
	"bank" text DEFAULT 'default', /* Option < Text > */
	"items" text[] DEFAULT NULL /* Option < Texts > */
) RETURNS TABLE (
	"ability" double precision,  /* f64 */
	"information" double precision,  /* f64 */
	"standard_error" double precision  /* Option < f64 > */
)
STABLE PARALLEL UNSAFE
LANGUAGE c /* Rust */
AS 'MODULE_PATHNAME', 'irt_test_information_wrapper';

CREATE  FUNCTION "irt_unschedule_calibration"(
	"bank" text DEFAULT 'default' /* Option < Text > */
) RETURNS bool /* bool */
VOLATILE PARALLEL UNSAFE
LANGUAGE c /* Rust */
AS 'MODULE_PATHNAME', 'irt_unschedule_calibration_wrapper';

CREATE  FUNCTION "irt_validate_calibration"(
	"bank" text DEFAULT 'default' /* Option < Text > */
) RETURNS TABLE (
	"correlation" double precision,  /* Option < f64 > */
	"rmse" double precision,  /* Option < f64 > */
	"items_count" bigint,  /* i64 */
	"mean_se_difficulty" double precision,  /* Option < f64 > */
	"mean_se_discrimination" double precision,  /* Option < f64 > */
	"interpretation" text  /* Text */
)
STABLE PARALLEL UNSAFE
LANGUAGE c /* Rust */
AS 'MODULE_PATHNAME', 'irt_validate_calibration_wrapper';

-- finalize
-- Third act: what everything is, and who may use it.

REVOKE ALL ON TABLE irt_item_banks, irt_calibration_runs, irt_item_parameters,
    irt_running_calibrations, irt_calibration_progress FROM PUBLIC;

COMMENT ON TABLE irt_item_banks IS
    'Banks: sets of items that are calibrated together, and how. Written by irt_configure.';
COMMENT ON COLUMN irt_item_banks.bank IS 'Name of the bank.';
COMMENT ON COLUMN irt_item_banks.responses IS
    'Table or view with one row per response. A view is how responses are filtered.';
COMMENT ON COLUMN irt_item_banks.person_column IS 'Column of responses: who answered.';
COMMENT ON COLUMN irt_item_banks.item_column IS 'Column of responses: which item was answered.';
COMMENT ON COLUMN irt_item_banks.correct_column IS
    'Column of responses: boolean, or 0 and 1. NULL: the response is not eligible.';
COMMENT ON COLUMN irt_item_banks.answered_at_column IS
    'Column of responses: when. NULL: there is no time, and "new" is the growth of the count.';
COMMENT ON COLUMN irt_item_banks.items IS
    'Table whose irt_* columns receive the parameters. NULL: they are published nowhere.';
COMMENT ON COLUMN irt_item_banks.item_key_column IS
    'Column of items that holds what item_column refers to.';
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
COMMENT ON COLUMN irt_item_banks.publish IS
    'Who decides what is published: automatic, the run itself; after_approval, irt_publish.';
COMMENT ON COLUMN irt_item_banks.score_prior_mean IS
    'Mean of the normal prior of abilities when persons are scored.';
COMMENT ON COLUMN irt_item_banks.score_prior_sd IS
    'Standard deviation of the prior of abilities when persons are scored.';
COMMENT ON COLUMN irt_item_banks.scale IS
    'What origin and unit of ability are: linked or anchored, those in force; population, those of the reference group of each run.';
COMMENT ON COLUMN irt_item_banks.linking_method IS
    'How a run is linked to the scale in force: stocking_lord, haebara or mean_sigma.';
COMMENT ON COLUMN irt_item_banks.diagnostics IS
    'Whether a run finds out how its items fit the model.';
COMMENT ON COLUMN irt_item_banks.keep_diagnostics IS
    'Of how many of the newest runs irt_item_fit, irt_item_groups and irt_item_pairs are kept, beside those in force.';
COMMENT ON COLUMN irt_item_banks.reading IS
    'In which shape responses are read: rows, one a response; grouped, one a person; auto, as the catalogs say.';
-- end of settings
COMMENT ON COLUMN irt_item_banks.responses_name IS
    'Qualified name of responses when irt_configure checked it. A run fails if it has changed.';
COMMENT ON COLUMN irt_item_banks.items_name IS
    'Qualified name of items when irt_configure checked it. A run fails if it has changed.';
COMMENT ON COLUMN irt_item_banks.column_types IS
    'Types of the columns when irt_configure checked them. A run fails if they have changed.';
COMMENT ON COLUMN irt_item_banks.owner IS
    'Role that may change the bank. Its runs are refused to roles that lack its rights, unless it is a superuser or the extension''s owner. NULL: nobody has taken the bank over yet.';
COMMENT ON COLUMN irt_item_banks.configured_by IS 'Role that called irt_configure last.';
COMMENT ON COLUMN irt_item_banks.pin_column IS
    'Column of items: true for items that are estimated and compared, and not published. NULL: none is.';
COMMENT ON COLUMN irt_item_banks.group_column IS
    'Column of responses: to which population of persons one belongs. NULL: all are of one.';
COMMENT ON COLUMN irt_item_banks.reference_group IS
    'The group that is N(0, 1) where a run defines the scale. NULL: the largest of the bank''s first run.';
COMMENT ON COLUMN irt_item_banks.anchor_column IS
    'Column of items: true for those by which runs are put on the scale in force. NULL: chosen by what is known of them.';

COMMENT ON TABLE irt_calibration_runs IS
    'Audit trail: one row per attempt to calibrate a bank. Nothing but a run writes it.';
COMMENT ON COLUMN irt_calibration_runs.id IS 'Number of the run.';
COMMENT ON COLUMN irt_calibration_runs.bank IS 'Name of the bank.';
COMMENT ON COLUMN irt_calibration_runs.status IS 'running, success, failed or skipped.';
COMMENT ON COLUMN irt_calibration_runs.triggered_by IS 'cron, api or manual.';
COMMENT ON COLUMN irt_calibration_runs.started_at IS 'When the run began.';
COMMENT ON COLUMN irt_calibration_runs.completed_at IS 'When it ended; NULL while it runs.';
COMMENT ON COLUMN irt_calibration_runs.duration_seconds IS 'How long it took, in seconds.';
COMMENT ON COLUMN irt_calibration_runs.responses_through IS
    'Moment of the snapshot in which the responses were read.';
COMMENT ON COLUMN irt_calibration_runs.new_responses_count IS
    'Responses that were new since the last successful full run.';
COMMENT ON COLUMN irt_calibration_runs.responses_seen_count IS
    'Eligible responses with a time up to responses_through, or none, that the snapshot held.';
COMMENT ON COLUMN irt_calibration_runs.persons_count IS 'Persons that entered the fit.';
COMMENT ON COLUMN irt_calibration_runs.responses_count IS 'Responses that entered the fit.';
COMMENT ON COLUMN irt_calibration_runs.repeats_dropped IS
    'Responses dropped because the same person had another one to the same item.';
COMMENT ON COLUMN irt_calibration_runs.items_calibrated IS 'Items that received parameters.';
COMMENT ON COLUMN irt_calibration_runs.items_skipped IS 'Items that did not.';
COMMENT ON COLUMN irt_calibration_runs.mean_difficulty IS 'Mean difficulty of the calibrated items.';
COMMENT ON COLUMN irt_calibration_runs.mean_discrimination IS
    'Mean discrimination of the calibrated items.';
COMMENT ON COLUMN irt_calibration_runs.log_likelihood IS
    'Marginal log-likelihood at the estimate, in nats, without priors.';
COMMENT ON COLUMN irt_calibration_runs.em_iterations IS
    'E-steps that the estimator needed, those of its Newton steps included.';
COMMENT ON COLUMN irt_calibration_runs.bootstrap_iterations IS
    'Bootstrap replicates that were really done.';
COMMENT ON COLUMN irt_calibration_runs.settings IS
    'All settings in force: enough to repeat the run.';
COMMENT ON COLUMN irt_calibration_runs.error_message IS 'Why the run failed or was skipped.';
COMMENT ON COLUMN irt_calibration_runs.error_sqlstate IS 'SQLSTATE of the failure.';
COMMENT ON COLUMN irt_calibration_runs.bootstrap_failures IS
    'Bootstrap replicates that did not converge and were left out of the standard errors.';

COMMENT ON COLUMN irt_calibration_runs.responses_ahead_count IS
    'Eligible responses with a time after responses_through that the snapshot held.';
COMMENT ON COLUMN irt_calibration_runs.run_by IS
    'Role with whose rights it ran; NULL: not known, as of older versions and adopted runs.';
COMMENT ON COLUMN irt_calibration_runs.responses_correct_count IS
    'The correct ones among responses_seen_count. NULL: a run of 0.2.0 or older.';

COMMENT ON COLUMN irt_calibration_runs.publication IS
    'What became of a success: published, held, rejected, or not_requested. NULL: no success, or an adopted one.';
COMMENT ON COLUMN irt_calibration_runs.items_published IS
    'Items whose parameters were put in force by it.';
COMMENT ON COLUMN irt_calibration_runs.compared_with IS
    'The newest row of irt_publications when it was compared with what is in force; NULL: nothing was.';
COMMENT ON COLUMN irt_calibration_runs.scale IS
    'How the scale came about: linked, anchored or population. NULL: not known, as of older versions.';
COMMENT ON COLUMN irt_calibration_runs.population_mean IS
    'Mean ability of all persons on the published scale.';
COMMENT ON COLUMN irt_calibration_runs.population_sd IS
    'Standard deviation of the abilities of all persons on the published scale.';
COMMENT ON COLUMN irt_calibration_runs.link_slope IS
    'A of the link to the scale in force: b'' = A b + B, a'' = a / A. On scale population it is not applied.';
COMMENT ON COLUMN irt_calibration_runs.link_intercept IS 'B of that link.';
COMMENT ON COLUMN irt_calibration_runs.se_link_slope IS
    'Standard error of A; NULL: a covariance was not kept. An upper bound where runs share persons.';
COMMENT ON COLUMN irt_calibration_runs.se_link_intercept IS 'Standard error of B.';
COMMENT ON COLUMN irt_calibration_runs.common_items IS
    'Items that could link it to the scale in force, or anchors.';
COMMENT ON COLUMN irt_calibration_runs.drifted_items IS 'Those of them that drifted.';
COMMENT ON COLUMN irt_calibration_runs.curve_ability IS
    'The abilities of the points of the curves in irt_item_fit.';

REVOKE ALL ON TABLE irt_publications, irt_parameters_in_force, irt_current_parameters,
    irt_run_checks, irt_check_thresholds, irt_counting_successes, irt_run_groups,
    irt_run_covariances, irt_item_fit, irt_item_groups, irt_item_pairs FROM PUBLIC;
REVOKE EXECUTE ON FUNCTION irt_publish, irt_rollback, irt_reject, irt_set_check, irt_drop_bank,
    irt_forget_runs, irt_publish_older_successes FROM PUBLIC;

COMMENT ON TABLE irt_publications IS
    'What was put in force, and what was taken back: one row each, never removed but with its bank.';
COMMENT ON COLUMN irt_publications.id IS 'Number of the publication; a later one has a higher one.';
COMMENT ON COLUMN irt_publications.bank IS 'Name of the bank.';
COMMENT ON COLUMN irt_publications.run_id IS
    'The run whose parameters it put in force; of a rollback, the run whose are in force again, or NULL.';
COMMENT ON COLUMN irt_publications.published_at IS 'From when on it holds; increasing within a bank.';
COMMENT ON COLUMN irt_publications.published_by IS
    'Role that published, approved or rolled back; NULL: not known, as of older versions.';
COMMENT ON COLUMN irt_publications.kind IS
    'automatic: by a run; approved: by irt_publish; restored: an older run, or a rollback.';
COMMENT ON COLUMN irt_publications.items IS
    'Which of the run''s calibrated items it contains; NULL: all of them. A rollback contains none.';
COMMENT ON COLUMN irt_publications.undoes IS 'The publication that a rollback takes back.';
COMMENT ON COLUMN irt_publications.items_count IS
    'How many items it contains; of a rollback, how many it takes back.';
COMMENT ON COLUMN irt_publications.score_prior_mean IS 'Mean of the prior of scores then.';
COMMENT ON COLUMN irt_publications.score_prior_sd IS
    'Standard deviation of the prior of scores then.';
COMMENT ON COLUMN irt_publications.note IS 'What somebody wanted to be remembered.';
COMMENT ON COLUMN irt_publications.other_items IS
    'Items in force beside its own, where they are fewer than those; for irt_parameters_at.';
COMMENT ON COLUMN irt_publications.other_publications IS
    'The publication that each of other_items is of.';
COMMENT ON COLUMN irt_publications.follows IS 'The row before it in its bank; 0: it is the first.';

COMMENT ON TABLE irt_parameters_in_force IS
    'What the items of each bank are scored with now; follows from irt_publications.';
COMMENT ON COLUMN irt_parameters_in_force.bank IS 'Name of the bank.';
COMMENT ON COLUMN irt_parameters_in_force.item IS 'The item''s key as text.';
COMMENT ON COLUMN irt_parameters_in_force.difficulty IS 'b, in standard deviations of ability.';
COMMENT ON COLUMN irt_parameters_in_force.discrimination IS
    'a, in logits per standard deviation of ability (D = 1).';
COMMENT ON COLUMN irt_parameters_in_force.se_difficulty IS 'Standard error of b; NULL: unknown.';
COMMENT ON COLUMN irt_parameters_in_force.se_discrimination IS 'Standard error of a; NULL: unknown.';
COMMENT ON COLUMN irt_parameters_in_force.covariance IS 'Sampling covariance of a and b.';
COMMENT ON COLUMN irt_parameters_in_force.information_peak IS
    'Ability at which the item tells most: b.';
COMMENT ON COLUMN irt_parameters_in_force.responses_count IS 'Responses behind them.';
COMMENT ON COLUMN irt_parameters_in_force.run_id IS 'The run of that publication.';
COMMENT ON COLUMN irt_parameters_in_force.publication_id IS
    'The publication that put these values in force. The newest one that contains the item, where later ones left them as they are: irt_current_parameters.';

COMMENT ON VIEW irt_current_parameters IS 'What is in force now, for every bank.';
COMMENT ON COLUMN irt_current_parameters.bank IS 'Name of the bank.';
COMMENT ON COLUMN irt_current_parameters.item IS 'The item''s key as text.';
COMMENT ON COLUMN irt_current_parameters.difficulty IS 'b, in standard deviations of ability.';
COMMENT ON COLUMN irt_current_parameters.discrimination IS
    'a, in logits per standard deviation of ability (D = 1).';
COMMENT ON COLUMN irt_current_parameters.se_difficulty IS 'Standard error of b; NULL: unknown.';
COMMENT ON COLUMN irt_current_parameters.se_discrimination IS 'Standard error of a; NULL: unknown.';
COMMENT ON COLUMN irt_current_parameters.covariance IS 'Sampling covariance of a and b.';
COMMENT ON COLUMN irt_current_parameters.run_id IS 'The run of that publication.';
COMMENT ON COLUMN irt_current_parameters.publication_id IS
    'The newest publication that contains the item and stands.';
COMMENT ON COLUMN irt_current_parameters.published_at IS 'When that was published.';

COMMENT ON VIEW irt_counting_successes IS
    'Full successes that are held, or published and not undone: the newest is a bank''s last success.';
COMMENT ON COLUMN irt_counting_successes.id IS 'Number of the run.';
COMMENT ON COLUMN irt_counting_successes.bank IS 'Name of the bank.';
COMMENT ON COLUMN irt_counting_successes.started_at IS 'When the run began.';

COMMENT ON TABLE irt_run_checks IS
    'What was asked of each successful run before it was published.';
COMMENT ON COLUMN irt_run_checks.run_id IS 'The run.';
COMMENT ON COLUMN irt_run_checks.check_name IS 'What was asked.';
COMMENT ON COLUMN irt_run_checks.value IS 'The answer; NULL: not applicable.';
COMMENT ON COLUMN irt_run_checks.warn_above IS 'A value above it is said; infinity: never.';
COMMENT ON COLUMN irt_run_checks.hold_above IS
    'A value above it keeps the run from being published; infinity: never.';
COMMENT ON COLUMN irt_run_checks.outcome IS 'pass, warn, hold or not_applicable.';

COMMENT ON TABLE irt_run_groups IS
    'The groups of persons of each successful run, on the published scale.';
COMMENT ON COLUMN irt_run_groups.run_id IS 'The run.';
COMMENT ON COLUMN irt_run_groups.group_name IS
    'The group: a value of group_column as text, (none) for NULL, (small) for those with fewer than min_persons persons, (all) without groups.';
COMMENT ON COLUMN irt_run_groups.persons_count IS 'Persons of the group that entered the fit.';
COMMENT ON COLUMN irt_run_groups.mean IS 'Mean of ability.';
COMMENT ON COLUMN irt_run_groups.sd IS 'Standard deviation of ability.';
COMMENT ON COLUMN irt_run_groups.se_mean IS
    'Standard error of mean before the link; NULL: it defines the scale, or none was computed.';
COMMENT ON COLUMN irt_run_groups.se_sd IS 'Standard error of sd before the link.';
COMMENT ON COLUMN irt_run_groups.log_likelihood IS
    'The group''s part of the marginal log-likelihood, in nats.';

COMMENT ON COLUMN irt_run_groups.ability_counts IS
    'Persons by EAP under the group''s own distribution: 40 bins of .25 from -5 to 5.';
COMMENT ON COLUMN irt_run_groups.score_before_counts IS
    'Persons by EAP with what was in force, items that both have and the bank''s score prior: the same bins.';
COMMENT ON COLUMN irt_run_groups.score_after_counts IS 'The same with the run''s parameters.';
COMMENT ON COLUMN irt_run_groups.score_change_counts IS
    'Persons by the change of that score: 40 bins of .05 from -1 to 1.';
COMMENT ON COLUMN irt_run_groups.score_change_mean IS 'Mean change of the score.';
COMMENT ON COLUMN irt_run_groups.score_change_max IS 'The largest change in either direction.';
COMMENT ON COLUMN irt_run_groups.share_changed_by_more_than_one_se IS
    'Share of the persons whose score changed by more than its standard error.';

COMMENT ON TABLE irt_run_covariances IS
    'Joint sampling covariances of runs with at most 500 common items, on the published scale.';
COMMENT ON COLUMN irt_run_covariances.run_id IS 'The run.';
COMMENT ON COLUMN irt_run_covariances.items IS 'The items, in the order of the covariance.';
COMMENT ON COLUMN irt_run_covariances.covariance IS
    'Of a and b of the first item, of the second, and so on: the lower triangle, row by row.';

COMMENT ON TABLE irt_item_fit IS 'How each item of a run fits the model.';
COMMENT ON COLUMN irt_item_fit.run_id IS 'The run.';
COMMENT ON COLUMN irt_item_fit.item IS 'The item''s key as text.';
COMMENT ON COLUMN irt_item_fit.rmsd IS
    'Root mean square distance of observed and expected curve, where the persons are.';
COMMENT ON COLUMN irt_item_fit.mean_deviation IS 'Mean of observed less expected.';
COMMENT ON COLUMN irt_item_fit.infit IS 'Information-weighted mean square of the residuals.';
COMMENT ON COLUMN irt_item_fit.outfit IS 'Mean square of the standardised residuals.';
COMMENT ON COLUMN irt_item_fit.z_infit IS 'Infit as a standard normal deviate.';
COMMENT ON COLUMN irt_item_fit.z_outfit IS 'Outfit as a standard normal deviate.';
COMMENT ON COLUMN irt_item_fit.s_x2 IS
    'S-X2 over the persons of the largest item set; NULL: the item is not of it, or there is none.';
COMMENT ON COLUMN irt_item_fit.s_x2_df IS 'Its degrees of freedom.';
COMMENT ON COLUMN irt_item_fit.s_x2_p IS 'Its tail probability.';
COMMENT ON COLUMN irt_item_fit.guessing_z IS 'Score test of a lower asymptote at 0.';
COMMENT ON COLUMN irt_item_fit.curve_attempts IS
    'Expected attempts at each of the run''s curve_ability.';
COMMENT ON COLUMN irt_item_fit.curve_observed IS
    'Expected proportion correct there; NULL where nobody is.';
COMMENT ON COLUMN irt_item_fit.curve_expected IS 'The model''s proportion correct there.';

COMMENT ON TABLE irt_item_groups IS
    'How each item does in each group of persons with 100 or more responses to it; (new): responses since the run in force.';
COMMENT ON COLUMN irt_item_groups.run_id IS 'The run.';
COMMENT ON COLUMN irt_item_groups.item IS 'The item''s key as text.';
COMMENT ON COLUMN irt_item_groups.group_name IS 'The group.';
COMMENT ON COLUMN irt_item_groups.responses_count IS 'Responses of the group to the item.';
COMMENT ON COLUMN irt_item_groups.proportion_correct IS 'The correct share of them.';
COMMENT ON COLUMN irt_item_groups.rmsd IS 'As in irt_item_fit, over the group''s persons.';
COMMENT ON COLUMN irt_item_groups.mean_deviation IS 'Likewise: above 0, easier in this group.';
COMMENT ON COLUMN irt_item_groups.delta_difficulty IS
    'b in this group less b in the others; of (new), less b in force.';
COMMENT ON COLUMN irt_item_groups.delta_z IS 'The same over its standard error.';

COMMENT ON TABLE irt_item_pairs IS 'Pairs of items that share more than ability, at most 1,000 of a run.';
COMMENT ON COLUMN irt_item_pairs.run_id IS 'The run.';
COMMENT ON COLUMN irt_item_pairs.item IS 'One item.';
COMMENT ON COLUMN irt_item_pairs.other_item IS 'The other.';
COMMENT ON COLUMN irt_item_pairs.persons_count IS 'Persons who answered both that were looked at.';
COMMENT ON COLUMN irt_item_pairs.q3 IS 'Correlation of their residuals.';

COMMENT ON TABLE irt_check_thresholds IS 'Thresholds of checks that irt_set_check replaced.';
COMMENT ON COLUMN irt_check_thresholds.bank IS 'Name of the bank.';
COMMENT ON COLUMN irt_check_thresholds.check_name IS 'What is asked.';
COMMENT ON COLUMN irt_check_thresholds.warn_above IS 'NULL: the default; infinity: never.';
COMMENT ON COLUMN irt_check_thresholds.hold_above IS 'NULL: the default; infinity: never.';

COMMENT ON FUNCTION irt_publish IS
    'Puts a successful run in force: approves one that is held, or restores an older one.';
COMMENT ON FUNCTION irt_rollback IS
    'Undoes the newest publication of a bank that is not undone. Twice goes back twice. From then on the bank''s runs are held until irt_publish.';
COMMENT ON FUNCTION irt_reject IS 'Says that a held run will not be published.';
COMMENT ON FUNCTION irt_compare_runs IS
    'A run''s parameters beside those of another, or those in force; the items furthest apart first.';
COMMENT ON FUNCTION irt_parameters_at IS
    'What was in force in a bank at a moment: every past score can be computed again.';
COMMENT ON FUNCTION irt_set_check IS
    'Replaces the thresholds of a check for a bank. NULL: the default; infinity: never.';
COMMENT ON FUNCTION irt_drop_bank IS
    'Removes a bank: configuration, history and parameters. The application''s tables stay.';
COMMENT ON FUNCTION irt_forget_runs IS
    'Removes parameters and checks of runs that ended before a moment, where nothing in force since then needs them; returns how many runs lost some. Their rows stay.';
COMMENT ON FUNCTION irt_publish_older_successes IS
    'Makes publications of the successes of a version that had none; called by the extension.';

COMMENT ON TABLE irt_item_parameters IS
    'What each run estimated, for every item, calibrated or skipped.';
COMMENT ON COLUMN irt_item_parameters.run_id IS 'The run.';
COMMENT ON COLUMN irt_item_parameters.item IS 'The item''s key as text.';
COMMENT ON COLUMN irt_item_parameters.difficulty IS 'b, in standard deviations of ability.';
COMMENT ON COLUMN irt_item_parameters.discrimination IS
    'a, in logits per standard deviation of ability (D = 1).';
COMMENT ON COLUMN irt_item_parameters.se_difficulty IS 'Standard error of b; NULL: unknown.';
COMMENT ON COLUMN irt_item_parameters.se_discrimination IS 'Standard error of a; NULL: unknown.';
COMMENT ON COLUMN irt_item_parameters.information_peak IS
    'Ability at which the item tells most: b.';
COMMENT ON COLUMN irt_item_parameters.responses_count IS
    'Responses to the item, after repeats were dropped.';
COMMENT ON COLUMN irt_item_parameters.proportion_correct IS 'Share of them that is correct.';
COMMENT ON COLUMN irt_item_parameters.point_biserial IS
    'Correlation with the proportion correct on the person''s other eligible items.';
COMMENT ON COLUMN irt_item_parameters.status IS
    'calibrated, skipped, or anchored: it kept the values in force.';
COMMENT ON COLUMN irt_item_parameters.flags IS 'Remarks; for a skipped item, the reason.';
COMMENT ON COLUMN irt_item_parameters.previous_difficulty IS
    'b that was in force in the bank.';
COMMENT ON COLUMN irt_item_parameters.previous_discrimination IS
    'a that was in force in the bank.';
COMMENT ON COLUMN irt_item_parameters.covariance IS 'Sampling covariance of a and b.';
COMMENT ON COLUMN irt_item_parameters.difficulty_ci_low IS
    'Lower end of the 95 % percentile interval of b; bootstrap only.';
COMMENT ON COLUMN irt_item_parameters.difficulty_ci_high IS
    'Upper end of the 95 % percentile interval of b; bootstrap only.';
COMMENT ON COLUMN irt_item_parameters.discrimination_ci_low IS
    'Lower end of the 95 % percentile interval of a; bootstrap only.';
COMMENT ON COLUMN irt_item_parameters.discrimination_ci_high IS
    'Upper end of the 95 % percentile interval of a; bootstrap only.';

COMMENT ON TABLE irt_running_calibrations IS
    'Behind irt_calibration_progress: what each worker last said about itself.';
COMMENT ON COLUMN irt_running_calibrations.run_id IS 'The run.';
COMMENT ON COLUMN irt_running_calibrations.bank IS 'Name of the bank.';
COMMENT ON COLUMN irt_running_calibrations.pid IS 'Process that carries it out.';
COMMENT ON COLUMN irt_running_calibrations.phase IS
    'checking, loading, fitting, standard errors or publishing.';
COMMENT ON COLUMN irt_running_calibrations.done IS 'Units of this phase that are done.';
COMMENT ON COLUMN irt_running_calibrations.total IS 'Units that there are, where known.';
COMMENT ON COLUMN irt_running_calibrations.started_at IS 'When the run began.';

COMMENT ON VIEW irt_calibration_progress IS 'How far each running calibration is.';
COMMENT ON COLUMN irt_calibration_progress.run_id IS 'The run.';
COMMENT ON COLUMN irt_calibration_progress.bank IS 'Name of the bank.';
COMMENT ON COLUMN irt_calibration_progress.pid IS 'Process that carries it out.';
COMMENT ON COLUMN irt_calibration_progress.phase IS
    'checking, loading, fitting, standard errors or publishing.';
COMMENT ON COLUMN irt_calibration_progress.done IS
    'Units of this phase that are done: responses, cycles, replicates or items.';
COMMENT ON COLUMN irt_calibration_progress.total IS 'Units that there are, where known.';
COMMENT ON COLUMN irt_calibration_progress.elapsed IS 'Time since the run began.';

-- Functions that write, run or fit are for those who were granted them.
REVOKE EXECUTE ON FUNCTION irt_configure, irt_add_item_columns FROM PUBLIC;

COMMENT ON FUNCTION irt_configure IS
    'Creates or changes a bank; returns its row. One argument per column of irt_item_banks, in '
    'its order: NULL keeps what is there, ''-'' unsets a relation, '''' unsets answered_at_column. '
    'Checks relations, columns, types and privileges at once. A new bank is the caller''s; owner '
    'hands it over.';
COMMENT ON FUNCTION irt_add_item_columns IS
    'Adds the irt_* columns that the table items lacks, as the caller, and names them. Never '
    'drops or retypes a column.';
COMMENT ON FUNCTION irt_last_successful_calibration IS
    'When the last successful full run of the bank started; NULL: never.';
COMMENT ON FUNCTION irt_should_run_calibration IS
    'How many responses the last successful full run of the bank did not see, and whether they are '
    'at least min_new_responses (NULL: the bank''s). Where an index on the time shows enough, as many as '
    'it shows, up to 10,000. Writes nothing.';

REVOKE EXECUTE ON FUNCTION irt_fit_2pl, irt_fit_groups, irt_fit_items FROM PUBLIC;
COMMENT ON FUNCTION irt_fit_2pl IS
    'The estimator alone, read-only, in this session and transaction, over any query that yields (person, item, correct), (person, item, correct, answered_at) or (person, item, correct, answered_at, group). anchors: a query that yields item, difficulty, discrimination of items that keep these. prior_log_discrimination_sd or prior_difficulty_sd ''infinity'': no such prior. standard_errors: ''bootstrap'', ''observed_information'' or ''none''.';
COMMENT ON FUNCTION irt_fit_groups IS
    'The groups of persons of the same fit: mean and standard deviation of ability. The arguments are those of irt_fit_2pl. Without a group in the query there is one group, (all).';

COMMENT ON FUNCTION irt_fit_items IS
    'How each item of a query fits the model, read-only, in this session: the fit of irt_fit_2pl with the same arguments, then residuals, curves, S-X2 and score tests, and what is remarkable.';

COMMENT ON FUNCTION irt_link IS
    'The link that puts the items of a query on the scale of another''s: b'' = A b + B, a'' = a / A. Both queries yield item, difficulty, discrimination, and where they are known se_difficulty, se_discrimination. Items that drifted are left out.';

REVOKE EXECUTE ON FUNCTION irt_run_calibration, irt_start_calibration, irt_cancel_calibration
    FROM PUBLIC;
COMMENT ON FUNCTION irt_run_calibration IS
    'Calibrates a bank in a background worker, publishes its parameters, and returns the row of irt_calibration_runs. An argument that is NULL: the bank''s setting. force: run whether or not there are enough new responses. item_ids: publish only these items, an array of their keys; such a run does not count as the last full one.';
COMMENT ON FUNCTION irt_start_calibration IS
    'Like irt_run_calibration, but returns the run''s id as soon as its row is committed: poll irt_calibration_runs, or LISTEN irt_calibration.';
COMMENT ON FUNCTION irt_cancel_calibration IS
    'Stops a running calibration; false when none with this run_id is running.';

REVOKE EXECUTE ON FUNCTION irt_schedule_calibration, irt_unschedule_calibration FROM PUBLIC;
COMMENT ON FUNCTION irt_schedule_calibration IS
    'Lets pg_cron calibrate a bank, as the current role; returns the job''s id. The job is named irt_calibration_<bank>; calling again changes its schedule.';
COMMENT ON FUNCTION irt_unschedule_calibration IS
    'Removes the job of pg_cron that irt_schedule_calibration made for a bank; false when there is none.';

REVOKE EXECUTE ON FUNCTION irt_adopt_runs FROM PUBLIC;
COMMENT ON FUNCTION irt_adopt_runs IS
    'Copies the rows of an application''s own history of calibrations into irt_calibration_runs, by column name; returns how many were not adopted before.';

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
COMMENT ON COLUMN irt_calibration_history.publication IS
    'What became of a success: published, held, rejected or not_requested; NULL: no success, or adopted.';
COMMENT ON COLUMN irt_calibration_history.items_published IS 'How many items it put in force.';

COMMENT ON FUNCTION irt_validate_calibration IS
    'How the estimates of the bank''s last successful run go together with the proportions correct, in numbers and in words, and what the run found wrong with items. It takes SELECT on irt_calibration_runs and irt_item_parameters.';
COMMENT ON FUNCTION irt_item_verdicts IS
    'What is to be done about each item of a run (NULL: the one that irt_validate_calibration looks at), the severest first: good, review or revise, why, and how to begin. It takes SELECT on irt_calibration_runs and irt_item_parameters.';
COMMENT ON FUNCTION irt_readiness IS
    'Whether a bank has enough items in force for adaptive tests, as a whole or per value of a column of its items table. It takes SELECT on irt_parameters_in_force and on the columns of the items table.';
REVOKE EXECUTE ON FUNCTION irt_check_dimensions FROM PUBLIC;
COMMENT ON FUNCTION irt_check_dimensions IS
    'Whether one ability is enough for all items of a bank: the largest eigenvalue of Q3 at the estimates of its last run, beside what replicates with one ability give.';
COMMENT ON FUNCTION irt_item_history IS
    'What each run of the bank said of an item, the newest first. It takes SELECT on irt_calibration_runs and irt_item_parameters.';

COMMENT ON TYPE irt_ability IS 'An ability and how sure it is: what irt_eap, irt_map, irt_mle and irt_wle return.';
COMMENT ON COLUMN irt_ability.ability IS
    'On the scale of the items'' difficulties; +-infinity only by maximum likelihood.';
COMMENT ON COLUMN irt_ability.standard_error IS
    'Its standard error; by EAP the posterior standard deviation; NULL where the ability is infinite.';
COMMENT ON COLUMN irt_ability.responses_count IS 'Answers behind it.';
COMMENT ON COLUMN irt_ability.correct_count IS 'The correct ones among them.';

COMMENT ON FUNCTION irt_probability IS
    'Probability of a correct answer: 1 / (1 + exp(-discrimination * (ability - difficulty))).';
COMMENT ON FUNCTION irt_information IS
    'Fisher information of an item about ability: discrimination^2 P (1 - P).';

-- Aggregates have no argument names in a call: the order is in every comment.
COMMENT ON AGGREGATE irt_eap(bool, float8, float8) IS
    'irt_eap(correct, discrimination, difficulty): mean of the posterior under the prior N(0, 1).';
COMMENT ON AGGREGATE irt_eap(int4, float8, float8) IS
    'irt_eap(correct, discrimination, difficulty): mean of the posterior under the prior N(0, 1).';
COMMENT ON AGGREGATE irt_eap(bool, float8, float8, float8, float8) IS
    'irt_eap(correct, discrimination, difficulty, prior_mean, prior_sd): mean of the posterior.';
COMMENT ON AGGREGATE irt_eap(int4, float8, float8, float8, float8) IS
    'irt_eap(correct, discrimination, difficulty, prior_mean, prior_sd): mean of the posterior.';
COMMENT ON AGGREGATE irt_map(bool, float8, float8) IS
    'irt_map(correct, discrimination, difficulty): mode of the posterior under the prior N(0, 1).';
COMMENT ON AGGREGATE irt_map(int4, float8, float8) IS
    'irt_map(correct, discrimination, difficulty): mode of the posterior under the prior N(0, 1).';
COMMENT ON AGGREGATE irt_map(bool, float8, float8, float8, float8) IS
    'irt_map(correct, discrimination, difficulty, prior_mean, prior_sd): mode of the posterior.';
COMMENT ON AGGREGATE irt_map(int4, float8, float8, float8, float8) IS
    'irt_map(correct, discrimination, difficulty, prior_mean, prior_sd): mode of the posterior.';
COMMENT ON AGGREGATE irt_mle(bool, float8, float8) IS
    'irt_mle(correct, discrimination, difficulty): maximum likelihood, infinite where all answers point one way.';
COMMENT ON AGGREGATE irt_mle(int4, float8, float8) IS
    'irt_mle(correct, discrimination, difficulty): maximum likelihood, infinite where all answers point one way.';
COMMENT ON AGGREGATE irt_wle(bool, float8, float8) IS
    'irt_wle(correct, discrimination, difficulty): Warm''s weighted likelihood.';
COMMENT ON AGGREGATE irt_wle(int4, float8, float8) IS
    'irt_wle(correct, discrimination, difficulty): Warm''s weighted likelihood.';

-- Parts of these aggregates, which the server calls with the rights of their owner.
REVOKE EXECUTE ON FUNCTION
    irt_answers_add(internal, bool, float8, float8),
    irt_answers_add(internal, bool, float8, float8, float8, float8),
    irt_answers_add(internal, int4, float8, float8),
    irt_answers_add(internal, int4, float8, float8, float8, float8),
    irt_answers_combine, irt_answers_serialize, irt_answers_deserialize,
    irt_answers_eap, irt_answers_eap_prior, irt_answers_map, irt_answers_map_prior,
    irt_answers_mle, irt_answers_wle
    FROM PUBLIC;
COMMENT ON FUNCTION irt_answers_add(internal, bool, float8, float8) IS
    'Part of irt_eap, irt_map, irt_mle and irt_wle.';
COMMENT ON FUNCTION irt_answers_add(internal, bool, float8, float8, float8, float8) IS
    'Part of irt_eap and irt_map.';
COMMENT ON FUNCTION irt_answers_add(internal, int4, float8, float8) IS
    'Part of irt_eap, irt_map, irt_mle and irt_wle.';
COMMENT ON FUNCTION irt_answers_add(internal, int4, float8, float8, float8, float8) IS
    'Part of irt_eap and irt_map.';
COMMENT ON FUNCTION irt_answers_combine IS 'Part of irt_eap, irt_map, irt_mle and irt_wle.';
COMMENT ON FUNCTION irt_answers_serialize IS 'Part of irt_eap, irt_map, irt_mle and irt_wle.';
COMMENT ON FUNCTION irt_answers_deserialize IS 'Part of irt_eap, irt_map, irt_mle and irt_wle.';
COMMENT ON FUNCTION irt_answers_eap IS 'Part of irt_eap.';
COMMENT ON FUNCTION irt_answers_eap_prior IS 'Part of irt_eap.';
COMMENT ON FUNCTION irt_answers_map IS 'Part of irt_map.';
COMMENT ON FUNCTION irt_answers_map_prior IS 'Part of irt_map.';
COMMENT ON FUNCTION irt_answers_mle IS 'Part of irt_mle.';
COMMENT ON FUNCTION irt_answers_wle IS 'Part of irt_wle.';

REVOKE EXECUTE ON FUNCTION irt_score FROM PUBLIC;
COMMENT ON FUNCTION irt_score IS
    'The ability of everybody in a bank, with what is in force and the bank''s score prior, or with what was at a moment. method: ''eap'', ''map'', ''mle'' or ''wle''.';
COMMENT ON FUNCTION irt_next_items IS
    'The items in force that tell most about this ability and are not excluded, the best first. randomesque: each is drawn from the so many best that are left. It takes SELECT on irt_parameters_in_force.';
COMMENT ON FUNCTION irt_test_information IS
    'How much the items in force tell, or those that are named, at the bank''s ability nodes, and the standard error that follows. It takes SELECT on irt_parameters_in_force.';

COMMENT ON FUNCTION irt_report IS
    'A run of a bank as one HTML page for people: whether it is in force or held and why, what it changes, its items by verdict. run_id NULL: the newest held run that can be published, else the run in force. with_run_id NULL: compared with what is in force, or for the run in force with what was before. sections: verdict, checks, changes, scores, parameters, persons_items, information, groups, items, pairs, history; NULL: all. It takes SELECT on the tables that it reads.';
