//! Functions whose arguments are settings, in an upgrade script.

/// A function and the types of its arguments.
#[derive(Debug, PartialEq)]
struct Signature {
    name: String,
    types: Vec<String>,
}

/// A statement that gives functions their new arguments in place; empty, where none has other ones
/// than `before`, an install script.
pub fn changed(before: &str, functions: &str) -> String {
    let before = signatures(before);
    let rows: Vec<String> = signatures(functions)
        .into_iter()
        .filter_map(|new| {
            let old = before.iter().find(|old| old.name == new.name && old.types != new.types)?;
            let list = |types: &[String]| types.join(", ");
            Some(format!(
                "            ('{}',\n             '{}',\n             '{}')",
                new.name,
                list(&old.types),
                list(&new.types)
            ))
        })
        .collect();
    if rows.is_empty() { String::new() } else { CHANGE.replace("{rows}", &rows.join(",\n")) }
}

const CHANGE: &str = "\
DO LANGUAGE plpgsql $$
DECLARE
    changed record;
    function pg_catalog.regprocedure;
BEGIN
    FOR changed IN
        SELECT * FROM (VALUES
{rows}
        ) AS c (name, before, after)
    LOOP
        function := pg_catalog.format('@extschema@.%I(%s)', changed.name, changed.before);
        UPDATE pg_catalog.pg_proc AS p
        SET proargtypes = a.types, pronargs = a.count, pronargdefaults = 0, proargdefaults = NULL
        FROM (SELECT pg_catalog.string_agg(t.type::pg_catalog.regtype::pg_catalog.oid
                         ::pg_catalog.text, ' ' ORDER BY t.place)::pg_catalog.oidvector,
                     pg_catalog.count(*)::pg_catalog.int2
              FROM ROWS FROM (pg_catalog.string_to_table(changed.after, ', '))
                  WITH ORDINALITY AS t (type, place)) AS a (types, count)
        WHERE p.oid OPERATOR(pg_catalog.=) function::pg_catalog.oid;
    END LOOP;
END $$;
";

/// What CREATE FUNCTION statements take. Their comments, and defaults, have no parenthesis or comma.
fn signatures(script: &str) -> Vec<Signature> {
    let statements = script.split("CREATE ").filter_map(|rest| {
        let function = rest.trim_start().strip_prefix("FUNCTION ")?;
        let (name, rest) = function.split_once('(')?;
        let (arguments, _) = rest.split_once(')')?;
        let name = name.trim().trim_matches('"').to_owned();
        let arguments = without_comments(arguments);
        let types = arguments.split(',').filter_map(type_of).collect();
        Some(Signature { name, types })
    });
    statements.collect()
}

fn without_comments(arguments: &str) -> String {
    let lines = arguments.lines().filter(|line| !line.trim_start().starts_with("--"));
    let code = lines.map(|line| line.split("/*").next().unwrap_or_default());
    code.collect::<Vec<_>>().join(" ")
}

/// The type in `name type DEFAULT value`, as pg_catalog calls it.
fn type_of(argument: &str) -> Option<String> {
    let (_, rest) = argument.trim().split_once(' ')?;
    let named = rest.split(" DEFAULT ").next().unwrap_or(rest).trim().to_lowercase();
    let bare = named.strip_prefix("pg_catalog.").unwrap_or(&named);
    Some(match bare {
        "int" | "integer" => "int4".to_owned(),
        "bigint" => "int8".to_owned(),
        "double precision" => "float8".to_owned(),
        "boolean" => "bool".to_owned(),
        other => other.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const OLD: &str = "CREATE  FUNCTION \"f\"(\n\t\"a\" INT DEFAULT 1, /* Option < i32 > */\n\
                       \t\"b\" double precision DEFAULT NULL /* Option < f64 > */\n) RETURNS bigint;\n\
                       CREATE FUNCTION g() RETURNS int;";
    const NEW: &str = "-- Words.\nCREATE FUNCTION f(\n    a pg_catalog.int4 DEFAULT 1,\n    b pg_catalog.float8\n\
                       -- settings: x\n    , c name DEFAULT NULL\n    -- end\n) RETURNS pg_catalog.int8;\n\
                       CREATE FUNCTION g() RETURNS int;\n";

    #[test]
    fn what_changed_is_named_with_its_types() {
        let change = changed(OLD, NEW);
        assert!(
            change.contains(
                "('f',\n             'int4, float8',\n             'int4, float8, name')"
            )
        );
        assert!(!change.contains("'g'"));
        assert_eq!(changed(NEW, NEW), "");
        assert_eq!(changed(OLD, OLD), "");
    }
}
