-- The tables that an application would have, ready for LSAT7.
CREATE TABLE questions (id text PRIMARY KEY, body text);
CREATE TABLE responses (
    user_id bigint NOT NULL,
    question_id text NOT NULL REFERENCES questions,
    is_correct boolean NOT NULL,
    answered_at timestamptz NOT NULL
);

CREATE TEMPORARY TABLE lsat7 (person bigint, item text, correct int);

-- Answers came in over the last 1,000 minutes, a person a minute.
CREATE FUNCTION pg_temp.load_lsat7() RETURNS void LANGUAGE sql AS $$
    INSERT INTO questions (id) SELECT DISTINCT item FROM lsat7;
    INSERT INTO responses
        SELECT person, item, correct = 1, now() - person * interval '1 minute' FROM lsat7;
$$;
