//! Every kind of relation and column that responses and items can be.

use crate::common::{has_extension, value};
use crate::{expected, with_answers};
use postgres::Client;

/// What the answers are in: its name, what makes it, and the configuration beyond its name.
const RESPONSES: [(&str, &str, &str); 13] = [
    ("partitioned",
     "CREATE TABLE r (person int, item int, correct boolean, at timestamptz) PARTITION BY LIST (item);
      CREATE TABLE r_1 PARTITION OF r FOR VALUES IN (1, 2);
      CREATE TABLE r_rest (at timestamptz, dropped int, correct boolean, item int, person int);
      ALTER TABLE r_rest DROP COLUMN dropped;
      ALTER TABLE r ATTACH PARTITION r_rest DEFAULT;
      INSERT INTO r SELECT * FROM answers", ""),
    ("view", "CREATE VIEW r AS SELECT * FROM answers WHERE person > 0", ""),
    ("view of a view, with a barrier",
     "CREATE VIEW inner_r WITH (security_barrier) AS SELECT * FROM answers; CREATE VIEW r AS TABLE inner_r", ""),
    ("union", "CREATE VIEW r AS SELECT * FROM answers WHERE person <= 60
               UNION ALL SELECT * FROM answers WHERE person > 60", ""),
    ("materialized view", "CREATE MATERIALIZED VIEW r AS TABLE answers", ""),
    ("inheritance",
     "CREATE TABLE r (LIKE answers); CREATE TABLE r_child (more text) INHERITS (r);
      INSERT INTO r SELECT * FROM answers WHERE item < 3;
      INSERT INTO r_child SELECT * FROM answers WHERE item >= 3", ""),
    ("dropped and generated columns",
     "CREATE TABLE r (gone text, person int, gone_too int, item int, right_answers int,
                      correct boolean GENERATED ALWAYS AS (right_answers > 0) STORED, at timestamptz);
      ALTER TABLE r DROP COLUMN gone, DROP COLUMN gone_too;
      ALTER TABLE r ADD COLUMN later text DEFAULT 'x';
      INSERT INTO r (person, item, right_answers, at) SELECT person, item, correct::int, at FROM answers", ""),
    ("domains",
     "CREATE DOMAIN person_key AS int CHECK (VALUE > 0); CREATE DOMAIN item_key AS int;
      CREATE DOMAIN verdict AS boolean; CREATE DOMAIN final_verdict AS verdict NOT NULL;
      CREATE DOMAIN moment AS timestamptz;
      CREATE TABLE r (person person_key, item item_key, correct final_verdict, at moment);
      INSERT INTO r SELECT * FROM answers", ""),
    ("numeric correctness, text persons, date",
     "CREATE TABLE r AS SELECT person::text || ' ' AS person, item::bigint AS item,
                               correct::int::numeric(3, 1) AS correct, at::date AS at FROM answers", ""),
    ("smallint and uuid",
     "CREATE TABLE r AS SELECT md5(person::text)::uuid AS person, item::smallint AS item,
                               correct::int::smallint AS correct, at AT TIME ZONE 'UTC' AS at FROM answers", ""),
    ("unlogged, with rules of its own",
     "CREATE UNLOGGED TABLE r AS TABLE answers;
      CREATE RULE no_more AS ON DELETE TO r DO INSTEAD NOTHING", ""),
    ("foreign table",
     "CREATE FOREIGN TABLE r (person int, item int, correct boolean, at timestamptz)
          SERVER here OPTIONS (schema_name 'public', table_name 'answers')", ""),
    ("no time", "CREATE VIEW r AS SELECT person, item, correct FROM answers", ", answered_at_column => ''"),
];

/// Where parameters go: the same, for items.
const ITEMS: [(&str, &str); 9] = [
    ("partitioned",
     "CREATE TABLE q (id int PRIMARY KEY) PARTITION BY RANGE (id);
      CREATE TABLE q_low PARTITION OF q FOR VALUES FROM (0) TO (3);
      CREATE TABLE q_high PARTITION OF q FOR VALUES FROM (3) TO (100);
      INSERT INTO q SELECT generate_series(1, 5); SELECT irt_add_item_columns('q')"),
    ("view", "CREATE TABLE base AS SELECT generate_series(1, 5) AS id; SELECT irt_add_item_columns('base');
              CREATE VIEW q AS SELECT * FROM base WHERE id > 0"),
    ("view with an INSTEAD OF trigger",
     "CREATE TABLE base (key int, b float8, a float8); INSERT INTO base SELECT generate_series(1, 5);
      CREATE VIEW q AS SELECT key + 0 AS id, b + 0 AS irt_difficulty, a + 0 AS irt_discrimination FROM base;
      CREATE FUNCTION store() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN
          UPDATE s.base SET b = NEW.irt_difficulty, a = NEW.irt_discrimination WHERE key = NEW.id; RETURN NEW; END';
      CREATE TRIGGER store INSTEAD OF UPDATE ON q FOR EACH ROW EXECUTE FUNCTION store()"),
    ("inheritance",
     "CREATE TABLE q (id int); CREATE TABLE q_child () INHERITS (q);
      INSERT INTO q SELECT generate_series(1, 2); INSERT INTO q_child SELECT generate_series(3, 5);
      SELECT irt_add_item_columns('q')"),
    ("foreign table",
     "CREATE TABLE public.far (id int, irt_difficulty float8, irt_discrimination float8);
      INSERT INTO public.far SELECT generate_series(1, 5);
      CREATE FOREIGN TABLE q (id int, irt_difficulty float8, irt_discrimination float8)
          SERVER here OPTIONS (schema_name 'public', table_name 'far')"),
    ("domains and a bigint key",
     "CREATE DOMAIN logit AS float8 CHECK (VALUE BETWEEN -50 AND 50);
      CREATE TABLE q (id bigint, irt_difficulty logit, irt_discrimination logit);
      INSERT INTO q SELECT generate_series(1, 5)"),
    ("text key", "CREATE TABLE q AS SELECT generate_series(1, 5)::text AS id; SELECT irt_add_item_columns('q')"),
    ("dropped and generated columns",
     "CREATE TABLE q (gone int, id int GENERATED BY DEFAULT AS IDENTITY, label text GENERATED ALWAYS AS ('x') STORED);
      ALTER TABLE q DROP COLUMN gone; INSERT INTO q SELECT generate_series(1, 5);
      SELECT irt_add_item_columns('q')"),
    ("an irt_calibration_n that can hold it", "CREATE TABLE q (id numeric, irt_difficulty float8, irt_discrimination float8,
          irt_calibration_n int, irt_calibrated_at timestamp); INSERT INTO q SELECT generate_series(1, 5)"),
];

/// Configures and runs in schema `s`, and compares what is published in `q`.
fn calibrate(client: &mut Client, what: &str, more: &str, expected: &str) {
    for statement in [
        format!(
            "SELECT irt_configure('kinds', 's.r', 'person', 'item', 'correct', items => 's.q',
                 standard_errors => 'none'{more})"
        ),
        "SELECT irt_run_calibration(true, bank => 'kinds')".to_owned(),
    ] {
        client.simple_query(&statement).unwrap_or_else(|error| panic!("{what}: {error:?}"));
    }
    let published = "SELECT string_agg(format('%s %s %s', id, irt_difficulty, irt_discrimination),
                                       ', ' ORDER BY id::int) FROM s.q";
    assert_eq!(value(client, published).as_deref(), Some(expected), "{what}");
}

/// An empty schema `s`, and a foreign server that is this very database.
fn with_schema() -> (crate::common::Cluster, Client, String) {
    let (cluster, mut client) = with_answers("");
    if !has_extension("postgres_fdw") {
        let expected = expected(&mut client);
        return (cluster, client, expected);
    }
    client
        .batch_execute(&format!(
            "CREATE EXTENSION postgres_fdw;
             CREATE SERVER here FOREIGN DATA WRAPPER postgres_fdw
                 OPTIONS (host '127.0.0.1', port '{}', dbname 'postgres');
             CREATE USER MAPPING FOR postgres SERVER here OPTIONS (user 'postgres')",
            cluster.port()
        ))
        .unwrap();
    let expected = expected(&mut client);
    (cluster, client, expected)
}

fn fresh_schema(client: &mut Client) {
    client
        .batch_execute(
            "DROP SCHEMA IF EXISTS s CASCADE; CREATE SCHEMA s; SET search_path = s, public",
        )
        .unwrap();
}

#[test]
fn responses_may_be_anything_that_can_be_selected_from() {
    let (_cluster, mut client, expected) = with_schema();
    for (what, sql, more) in RESPONSES {
        if sql.contains("SERVER here") && !has_extension("postgres_fdw") {
            continue;
        }
        fresh_schema(&mut client);
        client.batch_execute(sql).unwrap_or_else(|error| panic!("{what}: {error:?}"));
        client
            .batch_execute("CREATE TABLE q AS SELECT generate_series(1, 5) AS id; SELECT irt_add_item_columns('q')")
            .unwrap();
        let time = if more.is_empty() { ", answered_at_column => 'at'" } else { more };
        calibrate(&mut client, what, time, &expected);
    }
}

#[test]
fn items_may_be_anything_that_can_be_updated() {
    let (_cluster, mut client, expected) = with_schema();
    client.batch_execute("CREATE VIEW public.r AS TABLE public.answers").unwrap();
    for (what, sql) in ITEMS {
        if sql.contains("SERVER here") && !has_extension("postgres_fdw") {
            continue;
        }
        fresh_schema(&mut client);
        client.batch_execute(sql).unwrap_or_else(|error| panic!("{what}: {error:?}"));
        client.batch_execute("CREATE VIEW r AS TABLE public.answers").unwrap();
        calibrate(&mut client, what, ", answered_at_column => 'at'", &expected);
    }
}
