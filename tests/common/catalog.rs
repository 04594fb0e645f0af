//! What the catalog says, as text that can be compared between databases.

use super::rows;
use postgres::Client;

/// Members of the extension: every object with class, identity and comment; then, of each kind,
/// all that makes it what it is. OIDs do not occur, names are qualified.
const EXTENSION: &str = r#"
WITH extension AS (SELECT * FROM pg_extension WHERE extname = 'irt_calibration'),
     member AS (
         SELECT d.classid, d.objid FROM pg_depend AS d, extension AS e
         WHERE d.deptype = 'e' AND d.refclassid = 'pg_extension'::regclass AND d.refobjid = e.oid),
     relation AS (
         SELECT c.* FROM pg_class AS c JOIN member AS m ON m.objid = c.oid
         WHERE m.classid = 'pg_class'::regclass),
     facts (kind, name, fact) AS (
         SELECT 'extension', e.extname::text,
                format('%s %s %s', e.extnamespace::regnamespace, e.extrelocatable, e.extversion)
         FROM extension AS e
         UNION ALL
         SELECT 'dumped', c.oid::regclass::text, c.condition
         FROM extension AS e, unnest(e.extconfig, e.extcondition) AS c (oid, condition)
         UNION ALL
         SELECT 'member', i.identity, i.type
         FROM member AS m, pg_identify_object(m.classid, m.objid, 0) AS i
         UNION ALL
         SELECT 'comment', i.identity, d.description
         FROM member AS m JOIN pg_description AS d ON d.classoid = m.classid AND d.objoid = m.objid,
              pg_identify_object(d.classoid, d.objoid, d.objsubid) AS i
         UNION ALL
         SELECT 'initial rights', i.identity, format('%s %s', p.privtype, p.initprivs)
         FROM member AS m JOIN pg_init_privs AS p ON p.classoid = m.classid AND p.objoid = m.objid,
              pg_identify_object(p.classoid, p.objoid, p.objsubid) AS i
         UNION ALL
         SELECT 'function', p.oid::regprocedure::text,
                format('%s %s %s %s %s',
                       CASE WHEN p.prokind <> 'a' THEN pg_get_functiondef(p.oid) END, p.prosrc,
                       p.probin, p.proowner::regrole, p.proacl)
         FROM pg_proc AS p JOIN member AS m ON m.objid = p.oid AND m.classid = 'pg_proc'::regclass
         UNION ALL
         SELECT 'aggregate', p.oid::regprocedure::text,
                format('%s %s %s %s %s', to_jsonb(a) - 'aggfnoid' - 'aggtranstype', p.proparallel,
                       p.provolatile, pg_get_function_arguments(p.oid), a.aggtranstype::regtype)
         FROM pg_proc AS p JOIN member AS m ON m.objid = p.oid AND m.classid = 'pg_proc'::regclass
         JOIN pg_aggregate AS a ON a.aggfnoid = p.oid
         UNION ALL
         SELECT 'attribute', t.oid::regtype || '.' || a.attname,
                format('%s %s', a.attnum, format_type(a.atttypid, a.atttypmod))
         FROM pg_type AS t JOIN member AS m ON m.objid = t.oid AND m.classid = 'pg_type'::regclass
         -- A type by itself. Those of a table's rows, which pg_upgrade makes members, are its columns below.
         JOIN pg_class AS c ON c.oid = t.typrelid AND c.relkind = 'c'
         JOIN pg_attribute AS a ON a.attrelid = t.typrelid
         UNION ALL
         SELECT 'relation', r.oid::regclass::text,
                format('%s %s %s %s %s %s %s', r.relkind, r.relpersistence, r.relowner::regrole,
                       r.relacl, r.reloptions, r.relrowsecurity, r.relreplident)
         FROM relation AS r
         UNION ALL
         SELECT 'column', r.oid::regclass || '.' || a.attname,
                format('%s %s %s %s %s %s %s %s %s',
                       row_number() OVER (PARTITION BY r.oid ORDER BY a.attnum),
                       format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attidentity,
                       a.attgenerated, pg_get_expr(d.adbin, d.adrelid), a.attacl,
                       a.attcollation::regcollation, a.attstorage)
         FROM relation AS r
         JOIN pg_attribute AS a ON a.attrelid = r.oid AND a.attnum > 0 AND NOT a.attisdropped
         LEFT JOIN pg_attrdef AS d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
         UNION ALL
         SELECT 'constraint', r.oid::regclass || '.' || c.conname, pg_get_constraintdef(c.oid)
         FROM relation AS r JOIN pg_constraint AS c ON c.conrelid = r.oid
         -- From Postgres 18 on NOT NULL has rows of its own; the columns' say it everywhere.
         WHERE c.contype <> 'n'
         UNION ALL
         SELECT 'index', i.indexrelid::regclass::text,
                format('%s %s', pg_get_indexdef(i.indexrelid), i.indisvalid)
         FROM relation AS r JOIN pg_index AS i ON i.indrelid = r.oid
         UNION ALL
         SELECT 'rule', r.oid::regclass || '.' || w.rulename, pg_get_ruledef(w.oid)
         FROM relation AS r JOIN pg_rewrite AS w ON w.ev_class = r.oid
         UNION ALL
         SELECT 'trigger', r.oid::regclass || '.' || t.tgname, pg_get_triggerdef(t.oid)
         FROM relation AS r JOIN pg_trigger AS t ON t.tgrelid = r.oid AND NOT t.tgisinternal
         UNION ALL
         SELECT 'sequence', r.oid::regclass::text,
                format('%s %s %s %s %s %s', format_type(s.seqtypid, NULL), s.seqstart, s.seqincrement,
                       s.seqmin, s.seqmax, s.seqcycle)
         FROM relation AS r JOIN pg_sequence AS s ON s.seqrelid = r.oid)
SELECT kind || ' ' || name || ': ' || coalesce(fact, '') FROM facts ORDER BY 1
"#;

/// Catalogs in which an extension leaves rows while it is there.
const CATALOGS: [&str; 18] = [
    "pg_attrdef",
    "pg_attribute",
    "pg_cast",
    "pg_constraint",
    "pg_default_acl",
    "pg_depend",
    "pg_description",
    "pg_event_trigger",
    "pg_extension",
    "pg_index",
    "pg_init_privs",
    "pg_namespace",
    "pg_operator",
    "pg_proc",
    "pg_rewrite",
    "pg_sequence",
    "pg_trigger",
    "pg_type",
];

/// Everything that the catalog says about the extension, a line for each fact.
pub fn of_extension(client: &mut Client) -> Vec<String> {
    client.batch_execute("SET search_path = pg_catalog").unwrap();
    let facts = lines(client, EXTENSION);
    client.batch_execute("RESET search_path").unwrap();
    facts
}

/// Every row, OIDs included, of the catalogs that an extension could leave something in.
pub fn of_database(client: &mut Client) -> Vec<String> {
    let mut all: Vec<String> = CATALOGS
        .iter()
        .flat_map(|catalog| {
            lines(client, &format!("SELECT '{catalog} ' || c::text FROM pg_catalog.{catalog} AS c"))
        })
        .collect();
    // The rest of a row of pg_class, sizes and statistics, changes by itself.
    all.extend(lines(client, "SELECT format('pg_class %s %s', oid, relname) FROM pg_class"));
    all.extend(lines(
        client,
        "SELECT 'pg_shdepend ' || s::text FROM pg_shdepend AS s JOIN pg_database AS d ON d.oid = s.dbid
         WHERE d.datname = current_database()",
    ));
    all.sort();
    all
}

/// Asserts that two sets of facts are the same, and says what one has and the other lacks.
pub fn assert_same(found: &[String], expected: &[String], what: &str) {
    let lacking = |some: &[String], others: &[String]| -> String {
        let own = some.iter().filter(|line| !others.contains(line));
        own.map(|line| format!("{line}\n")).collect()
    };
    assert!(
        found == expected,
        "{what}\ntoo much:\n{}missing:\n{}",
        lacking(found, expected),
        lacking(expected, found)
    );
}

fn lines(client: &mut Client, sql: &str) -> Vec<String> {
    rows(client, sql).into_iter().filter_map(|mut row| row.remove(0)).collect()
}
