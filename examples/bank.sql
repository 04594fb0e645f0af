-- A larger bank for the report of `make demo`: 80 exercises and 2,600 learners of two grades, simulated.
-- In the second week the keys of seven exercises are wrong, so that run is held.
\set ON_ERROR_STOP on

CREATE SCHEMA school;
SET search_path = school, public;
SELECT setseed(0.42);

CREATE FUNCTION normal() RETURNS double precision LANGUAGE sql VOLATILE
    AS 'SELECT sqrt(-2 * ln(1 - random())) * cos(2 * pi() * random())';
CREATE TABLE exercise AS
    SELECT (ARRAY['Fractions', 'Equations', 'Geometry', 'Reading graphs'])[1 + n % 4] || ' ' || (n / 4 + 1) AS title,
           (n - 39.5) / 22 + 0.3 * normal() AS b, exp(0.3 * normal()) AS a
    FROM generate_series(0, 79) AS n;
ALTER TABLE exercise ADD PRIMARY KEY (title);
CREATE TABLE learner AS
    SELECT n AS id, CASE WHEN n % 3 = 0 THEN 'grade 8' ELSE 'grade 7' END AS grade,
           CASE WHEN n % 3 = 0 THEN 0.5 ELSE 0 END + normal() AS ability
    FROM generate_series(1, 2600) AS n;
CREATE TABLE attempt (
    learner int NOT NULL, exercise text NOT NULL REFERENCES exercise, solved boolean NOT NULL, grade text NOT NULL
);
CREATE FUNCTION week(first int, last int) RETURNS void LANGUAGE sql AS $$
    INSERT INTO attempt
    SELECT l.id, e.title, random() < 1 / (1 + exp(-e.a * (l.ability - e.b))), l.grade
    FROM learner AS l, exercise AS e WHERE l.id BETWEEN first AND last AND random() < 0.4
$$;

SELECT irt_add_item_columns('exercise');
SELECT irt_configure('exercises', responses => 'attempt', person_column => 'learner', item_column => 'exercise',
                     correct_column => 'solved', group_column => 'grade', items => 'exercise',
                     item_key_column => 'title');

SELECT week(1, 2000);
SELECT irt_run_calibration(true, bank => 'exercises');
SELECT week(2001, 2600);
UPDATE attempt SET solved = NOT solved
    WHERE exercise IN ('Fractions 3', 'Fractions 17', 'Equations 5', 'Geometry 8', 'Geometry 14', 'Reading graphs 2',
                       'Reading graphs 19');
SET client_min_messages = error;
SELECT irt_run_calibration(true, bank => 'exercises');
