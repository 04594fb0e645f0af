-- The tables of a quiz, before anything is calibrated.
CREATE TABLE questions (id serial PRIMARY KEY, text varchar NOT NULL);
CREATE TABLE sessions (id serial PRIMARY KEY, user_id int, completed_at timestamptz);
CREATE TABLE answers (
    session_id int REFERENCES sessions, question_id int REFERENCES questions,
    is_correct boolean NOT NULL, answered_at timestamptz NOT NULL,
    PRIMARY KEY (session_id, question_id)
);
