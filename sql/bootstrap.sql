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
