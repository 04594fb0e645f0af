//! What a statement on a relation can make the server execute, and whose it is.
//!
//! Whoever owns a relation decides what runs when it is used, with the user's
//! rights: functions in a view, in a rule, in a trigger of a partition, in a
//! CHECK, a generated column or a policy. Even a plain table that is only read
//! runs its owner's functions: the planner evaluates constant parts of its index
//! expressions and constraints. So a superuser's run looks at all that it would
//! reach, not at the kind of it, and not at the top relation alone.
//!
//! What is reached: through a view what it selects from; through a partitioned
//! or inherited table its children; from each of them the functions, operators
//! and domains of its rules, triggers, constraints, defaults, policies, indexes
//! and extended statistics; through a function what the catalog knows of its
//! body (BEGIN ATOMIC) and, of an aggregate, its parts; through a foreign table its
//! server. A materialized view is storage: what it was made from is not reached.
//! What a function's body does otherwise nobody can know; its owner answers for it.

use crate::error::{ExtensionError, OwnershipError};
use crate::postgres::spi::Spi;
use pgrx::pg_sys;

/// Every object that is reached, by class and OID, from relation $1; then the first of those
/// (a relation, if there is one) whose owner is neither $2 nor a superuser.
///
/// An object *of* a relation (deptype a, i) is followed where it can execute something; a foreign
/// key is not, because its checks run as the tables' owners. What such an object *uses* (deptype n)
/// is followed where it is a relation, a function, an operator or a type. Objects of the server's
/// own are in no pg_depend.
const FIRST_OF_ANOTHER: &str = "
WITH RECURSIVE reached (class, object) AS (
    SELECT 'pg_catalog.pg_class'::pg_catalog.regclass::pg_catalog.oid, $1::pg_catalog.oid
    UNION
    SELECT step.class, step.object
    FROM reached
    LEFT JOIN pg_catalog.pg_class AS relation
        ON reached.class OPERATOR(pg_catalog.=) 'pg_catalog.pg_class'::pg_catalog.regclass
       AND relation.oid OPERATOR(pg_catalog.=) reached.object
       AND relation.relkind OPERATOR(pg_catalog.=) ANY ('{r,p,v,m,f}'::pg_catalog.\"char\"[])
    CROSS JOIN LATERAL (
        SELECT reached.class, i.inhrelid FROM pg_catalog.pg_inherits AS i
        WHERE i.inhparent OPERATOR(pg_catalog.=) relation.oid
        UNION ALL
        -- That of a constraint is the constraint's, in pg_depend.
        SELECT reached.class, i.indexrelid FROM pg_catalog.pg_index AS i
        WHERE i.indrelid OPERATOR(pg_catalog.=) relation.oid
        UNION ALL
        SELECT d.classid, d.objid FROM pg_catalog.pg_depend AS d
        LEFT JOIN pg_catalog.pg_constraint AS c
            ON d.classid OPERATOR(pg_catalog.=)
                   'pg_catalog.pg_constraint'::pg_catalog.regclass
           AND c.oid OPERATOR(pg_catalog.=) d.objid
        WHERE d.refclassid OPERATOR(pg_catalog.=) reached.class
          AND d.refobjid OPERATOR(pg_catalog.=) reached.object
          AND d.deptype OPERATOR(pg_catalog.=) ANY ('{a,i}'::pg_catalog.\"char\"[])
          AND (relation.oid IS NOT NULL OR reached.class OPERATOR(pg_catalog.=)
                   'pg_catalog.pg_type'::pg_catalog.regclass)
          AND d.classid OPERATOR(pg_catalog.=) ANY (ARRAY[
                  'pg_catalog.pg_rewrite', 'pg_catalog.pg_trigger', 'pg_catalog.pg_constraint',
                  'pg_catalog.pg_attrdef', 'pg_catalog.pg_policy', 'pg_catalog.pg_class',
                  'pg_catalog.pg_statistic_ext']::pg_catalog.regclass[]::pg_catalog.oid[])
          AND (c.oid IS NULL
               OR c.contype OPERATOR(pg_catalog.<>) 'f'::pg_catalog.\"char\")
          AND (relation.relkind IS NULL
               OR relation.relkind OPERATOR(pg_catalog.<>) 'm'::pg_catalog.\"char\"
               OR d.classid OPERATOR(pg_catalog.<>)
                      'pg_catalog.pg_rewrite'::pg_catalog.regclass)
        UNION ALL
        SELECT d.refclassid, d.refobjid FROM pg_catalog.pg_depend AS d
        WHERE d.classid OPERATOR(pg_catalog.=) reached.class
          AND d.objid OPERATOR(pg_catalog.=) reached.object
          AND d.deptype OPERATOR(pg_catalog.=) 'n'::pg_catalog.\"char\"
          AND d.refclassid OPERATOR(pg_catalog.=) ANY (ARRAY[
                  'pg_catalog.pg_type', 'pg_catalog.pg_foreign_server', 'pg_catalog.pg_class',
                  'pg_catalog.pg_proc', 'pg_catalog.pg_operator'
              ]::pg_catalog.regclass[]::pg_catalog.oid[])
          -- A relation itself uses the types of its columns, and its server. (Its parent too.)
          AND (relation.oid IS NULL OR d.refclassid OPERATOR(pg_catalog.<>)
                  'pg_catalog.pg_class'::pg_catalog.regclass)
        UNION ALL
        -- An array has the type of its elements.
        SELECT reached.class, t.typelem FROM pg_catalog.pg_type AS t
        WHERE reached.class OPERATOR(pg_catalog.=) 'pg_catalog.pg_type'::pg_catalog.regclass
          AND t.oid OPERATOR(pg_catalog.=) reached.object
          AND t.typelem OPERATOR(pg_catalog.<>) 0::pg_catalog.oid
    ) AS step (class, object)
), owned (class, object, owner) AS (
    SELECT r.class, r.object, c.relowner FROM reached AS r
    JOIN pg_catalog.pg_class AS c ON c.oid OPERATOR(pg_catalog.=) r.object
    WHERE r.class OPERATOR(pg_catalog.=) 'pg_catalog.pg_class'::pg_catalog.regclass
      AND c.relkind OPERATOR(pg_catalog.=) ANY ('{r,p,v,m,f}'::pg_catalog.\"char\"[])
    UNION ALL
    SELECT r.class, r.object, p.proowner FROM reached AS r
    JOIN pg_catalog.pg_proc AS p ON p.oid OPERATOR(pg_catalog.=) r.object
    WHERE r.class OPERATOR(pg_catalog.=) 'pg_catalog.pg_proc'::pg_catalog.regclass
    UNION ALL
    SELECT r.class, r.object, t.typowner FROM reached AS r
    JOIN pg_catalog.pg_type AS t ON t.oid OPERATOR(pg_catalog.=) r.object
    WHERE r.class OPERATOR(pg_catalog.=) 'pg_catalog.pg_type'::pg_catalog.regclass
      AND t.typtype OPERATOR(pg_catalog.=) ANY ('{d,r,m}'::pg_catalog.\"char\"[])
    UNION ALL
    SELECT r.class, r.object, s.srvowner FROM reached AS r
    JOIN pg_catalog.pg_foreign_server AS s ON s.oid OPERATOR(pg_catalog.=) r.object
    WHERE r.class OPERATOR(pg_catalog.=) 'pg_catalog.pg_foreign_server'::pg_catalog.regclass
)
SELECT pg_catalog.pg_describe_object(o.class, o.object, 0), a.rolname::pg_catalog.text,
       top.rolname::pg_catalog.text
FROM owned AS o
JOIN pg_catalog.pg_roles AS a ON a.oid OPERATOR(pg_catalog.=) o.owner
JOIN pg_catalog.pg_roles AS top ON top.oid OPERATOR(pg_catalog.=) $2
WHERE o.owner OPERATOR(pg_catalog.<>) $2 AND NOT a.rolsuper
ORDER BY o.class OPERATOR(pg_catalog.<>) 'pg_catalog.pg_class'::pg_catalog.regclass,
    o.class, o.object";

/// Refuses a relation through which a superuser's work would execute what belongs to a role that
/// is neither `owner`, the relation's owner, nor a superuser.
///
/// # Errors
/// [`OwnershipError::Reached`], with the first such object.
pub(super) fn must_be_of(owner: pg_sys::Oid, relation: pg_sys::Oid) -> Result<(), ExtensionError> {
    let found = Spi::connect(|client| {
        let rows = client.select(FIRST_OF_ANOTHER, Some(1), &[relation.into(), owner.into()])?;
        if rows.is_empty() {
            return Ok(None);
        }
        let first = rows.first();
        let text = |column| first.get::<String>(column);
        Ok::<_, pgrx::spi::Error>(Some((text(1)?, text(2)?, text(3)?)))
    })?;
    let Some((Some(object), Some(of), Some(top))) = found else { return Ok(()) };
    Err(OwnershipError::Reached { object, of, top }.into())
}
