-- From responses to published item parameters, in one session of psql.
-- `make demo` runs it on a throw-away server, from the project's root.
\set ON_ERROR_STOP on
\pset null '-'
\pset footer off

CREATE EXTENSION irt_calibration;

\echo
\echo '1. A real test. LSAT7 (Bock & Lieberman 1970): 1,000 people answered five'
\echo '   questions of the Law School Admission Test. Your tables look like these.'
\echo

CREATE TABLE questions (id text PRIMARY KEY, body text NOT NULL);
CREATE TABLE responses (
    user_id bigint NOT NULL,
    question_id text NOT NULL REFERENCES questions,
    is_correct boolean NOT NULL,
    answered_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

CREATE TEMPORARY TABLE lsat7 (person bigint, item text, correct int);
\copy lsat7 FROM 'tests/data/lsat7.csv' WITH (FORMAT csv, HEADER)
INSERT INTO questions
    SELECT DISTINCT item, 'LSAT section 7, question ' || right(item, 1) FROM lsat7;
INSERT INTO responses (user_id, question_id, is_correct)
    SELECT person, item, correct = 1 FROM lsat7;

SELECT id, body, count(*) AS answers, round(avg(is_correct::int), 3) AS share_correct
FROM questions JOIN responses ON question_id = id
GROUP BY id ORDER BY id;

\echo '2. Give the questions the columns that receive the parameters.'
\echo

SELECT irt_add_item_columns('questions');

\echo '3. Is there enough that is new? Tables named questions and responses need no'
\echo '   configuring: they are found.'
\echo

SELECT * FROM irt_should_run_calibration();

\echo '4. Calibrate. The estimate, and standard errors from the curvature of the likelihood:'
\echo

SELECT id AS run, status, persons_count AS persons, responses_count AS responses,
       items_calibrated AS items, round(log_likelihood::numeric, 4) AS log_likelihood,
       em_iterations, round(duration_seconds::numeric, 2) AS seconds
FROM irt_run_calibration();

\echo '5. The questions now know how hard they are (b) and how sharply they tell people'
\echo '   apart (a). By default weak priors keep small samples sane; "reference" is an'
\echo '   independent program''s optimum under the same priors.'
\echo

CREATE TEMPORARY TABLE reference (item text, prior boolean, b float8, a float8);
INSERT INTO reference VALUES
    ('Item.1', true,  -1.847034, 1.008002), ('Item.1', false, -1.879260, 0.987546),
    ('Item.2', true,  -0.759541, 1.050672), ('Item.2', false, -0.747540, 1.080837),
    ('Item.3', true,  -1.103554, 1.561410), ('Item.3', false, -1.057236, 1.707478),
    ('Item.4', true,  -0.620736, 0.783282), ('Item.4', false, -0.635302, 0.764990),
    ('Item.5', true,  -2.391232, 0.781191), ('Item.5', false, -2.520764, 0.735673);

SELECT q.id, round(q.irt_difficulty::numeric, 6) AS b, round(r.b::numeric, 6) AS reference_b,
       round(q.irt_se_difficulty::numeric, 3) AS se_b,
       round(q.irt_discrimination::numeric, 6) AS a, round(r.a::numeric, 6) AS reference_a,
       round(q.irt_se_discrimination::numeric, 3) AS se_a
FROM questions AS q JOIN reference AS r ON r.item = q.id AND r.prior
ORDER BY q.id;

\echo '6. The published estimates are maximum likelihood: no priors, on a scale of their own. So'
\echo '   switch priors off, and run although nothing is new.'
\echo

SELECT bank, scale, prior_log_discrimination_sd, prior_difficulty_sd
FROM irt_configure(prior_log_discrimination_sd => 'infinity', prior_difficulty_sd => 'infinity',
                   scale => 'population');
SELECT id AS run, status, items_calibrated AS items,
       round(log_likelihood::numeric, 4) AS log_likelihood,
       -2658.8051 AS published_log_likelihood
FROM irt_run_calibration(force => true);

SELECT q.id, round(q.irt_difficulty::numeric, 6) AS b, round(r.b::numeric, 6) AS published_b,
       round(q.irt_discrimination::numeric, 6) AS a, round(r.a::numeric, 6) AS published_a,
       greatest(abs(q.irt_difficulty - r.b), abs(q.irt_discrimination - r.a)) < 1e-5 AS same
FROM questions AS q JOIN reference AS r ON r.item = q.id AND NOT r.prior
ORDER BY q.id;

\echo '7. And now? Nothing is new, so nothing needs to run. Cron may ask as often as it likes.'
\echo

SELECT should_run, new_responses_count, last_calibration_at IS NOT NULL AS calibrated_before
FROM irt_should_run_calibration();

\echo '8. A month later, other people: 20,000, simulated with the parameters above, but half a'
\echo '   standard deviation better. What would become of the difficulties? Two rehearsals, on the'
\echo '   scale of these people, and on "linked", the default, which puts a run where the last one was.'
\echo

CREATE TEMPORARY TABLE first AS SELECT id, irt_discrimination AS a, irt_difficulty AS b FROM questions;
SELECT setseed(0.1) \gset
DELETE FROM responses;
INSERT INTO responses (user_id, question_id, is_correct)
    SELECT person, id, random() < irt_probability(ability, a, b)
    FROM (SELECT person, 0.5 + sqrt(-2 * ln(1 - random())) * cos(2 * pi() * random()) AS ability
          FROM generate_series(2001, 22000) AS person OFFSET 0) AS people, first;

SELECT id AS run_1 FROM irt_run_calibration(force => true, publish => false) \gset
SELECT scale AS scale_2 FROM irt_configure(scale => 'linked') \gset
SELECT id AS run_2, round(population_mean::numeric, 2) AS mean_2
FROM irt_run_calibration(force => true, publish => false) \gset

SELECT f.id, round(f.b::numeric, 2) AS b_a_month_ago, round(p.difficulty::numeric, 2) AS b_population,
       round(l.difficulty::numeric, 2) AS b_linked, :mean_2 AS mean_of_these_people
FROM first AS f JOIN irt_item_parameters AS p ON p.item = f.id AND p.run_id = :run_1
                JOIN irt_item_parameters AS l ON l.item = f.id AND l.run_id = :run_2
ORDER BY f.id;
