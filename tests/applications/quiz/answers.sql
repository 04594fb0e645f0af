-- 12 questions, answered in 400 sessions: one in ten is not completed, one in three a guest's.
INSERT INTO questions (id, text) SELECT q, 'Question ' || q FROM generate_series(1, 12) q;
INSERT INTO sessions (id, user_id, completed_at)
SELECT s, CASE WHEN s % 3 > 0 THEN s END, CASE WHEN s % 10 > 0 THEN now() - interval '1 hour' END
FROM generate_series(1, 400) s;
SELECT setseed(0.5);
INSERT INTO answers (session_id, question_id, is_correct, answered_at)
SELECT s, q, random() < 1 / (1 + exp((q - 6) / 4.0 - theta)), now() - interval '1 hour'
FROM (SELECT s, sqrt(-2 * ln(random())) * cos(2 * pi() * random()) AS theta FROM generate_series(1, 400) s) person,
     generate_series(1, 12) q;
