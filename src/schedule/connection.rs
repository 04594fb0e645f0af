//! Whether pg_cron will get in: it connects as the job's role like any client, unless it uses
//! background workers, and has no password but that of the server's own .pgpass.
//!
//! pg_hba.conf says, read as the server reads it: the first line that matches
//! counts. What cannot be known is not warned of.

use super::settings::setting;
use crate::error::ExtensionError;
use crate::postgres::error_report::{ErrorReport, Level};
use crate::postgres::privileges::{as_owner, current_role, role_name};
use crate::postgres::raising::tell;
use crate::postgres::reading;
use std::net::IpAddr;

/// Methods for which a client must know a password.
const PASSWORD: [&str; 7] = ["scram-sha-256", "md5", "password", "ldap", "radius", "pam", "bsd"];

/// How pg_cron connects.
struct Connection {
    /// What cron.host says.
    host: String,
    /// Where that leads; `None`: a Unix socket.
    address: Option<IpAddr>,
}

impl Connection {
    /// `None`: it does not connect at all, or nobody knows where to.
    fn of_cron() -> Option<Self> {
        if setting(c"cron.use_background_workers").as_deref() == Some("on") {
            return None;
        }
        let host = setting(c"cron.host").unwrap_or_default();
        let address = match host.as_str() {
            "" => None,
            path if path.starts_with(['/', '@']) => None,
            // The first that libpq tries is the one that counts, and both are alike nearly everywhere.
            "localhost" => Some(IpAddr::from([127, 0, 0, 1])),
            name => Some(name.parse().ok()?),
        };
        Some(Self { host, address })
    }

    /// The types of lines in pg_hba.conf that match it.
    fn types(&self) -> Vec<&'static str> {
        match self.address {
            None => vec!["local"],
            // libpq takes TLS where it is to be had.
            Some(_) if setting(c"ssl").as_deref() == Some("on") => {
                vec!["host", "hostssl", "hostnogssenc"]
            }
            Some(_) => vec!["host", "hostnossl", "hostnogssenc"],
        }
    }
}

/// Warns when the job's role will not get in by what pg_cron has.
///
/// # Errors
/// Only when SPI fails.
pub fn warn() -> Result<(), ExtensionError> {
    let Some(connection) = Connection::of_cron() else { return Ok(()) };
    if may_have_a_password() {
        return Ok(());
    }
    let role = role_name(current_role());
    let why = match method(&connection, &role)? {
        Method::Unknown => return Ok(()),
        Method::Named(method) if PASSWORD.contains(&method.as_str()) => {
            format!("pg_hba.conf asks it for a password ({method}), and it has none")
        }
        Method::Named(method) if method == "reject" => "pg_hba.conf rejects it".to_owned(),
        Method::Named(_) => return Ok(()),
        Method::None => "pg_hba.conf has no line that lets it in".to_owned(),
    };
    let host = if connection.host.is_empty() { "a Unix socket" } else { &connection.host };
    let report = ErrorReport::new(
        b"01000",
        format!(
            "pg_cron will not be able to run this job: it connects to {host} as role {role}, {why}"
        ),
    )
    .hint(
        "Set cron.use_background_workers = on and restart the server; or put the password into \
         .pgpass of the server's operating system user; or let the role in by trust, peer or ident \
         in pg_hba.conf, for cron.host.",
    );
    tell(Level::Warning, &report);
    Ok(())
}

/// True where libpq in the server may find a password: whether it is the right one is not known.
fn may_have_a_password() -> bool {
    let there = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
    let file = there("PGPASSFILE")
        .map(std::path::PathBuf::from)
        .or_else(|| home().map(|home| home.join(".pgpass")));
    there("PGPASSWORD").is_some() || file.is_some_and(|file| file.exists())
}

/// The home of the server's operating system user.
fn home() -> Option<std::path::PathBuf> {
    // The environment may be that of whoever started the server.
    std::env::home_dir()
}

/// What pg_hba.conf says.
enum Method {
    /// It cannot be read, or not all of it is understood.
    Unknown,
    /// The method of the first line that matches.
    Named(String),
    /// No line matches.
    None,
}

/// Looks pg_hba.conf up, as the owner of the extension: the caller could find out by connecting.
fn method(connection: &Connection, role: &str) -> Result<Method, ExtensionError> {
    as_owner(|_schema| {
        let readable = reading::one::<bool>(
            "SELECT pg_catalog.has_table_privilege('pg_catalog.pg_hba_file_rules', 'SELECT') \
                AND pg_catalog.has_function_privilege('pg_catalog.pg_hba_file_rules()', 'EXECUTE')",
            &[],
        )?;
        if readable != Some(true) {
            return Ok(Method::Unknown);
        }
        let arguments = [
            role.into(),
            connection.types().into(),
            connection.address.map(|address| address.to_string()).into(),
            connection.host.as_str().into(),
        ];
        let query = format!("{MATCHING_LINES} ORDER BY h.{ORDER} LIMIT 1)");
        let (broken, method) = reading::two::<bool, String>(&query, &arguments)?;
        Ok(match (broken, method) {
            (Some(false), Some(method)) => Method::Named(method),
            (Some(false), None) => Method::None,
            // The server goes on with what the file said before.
            _ => Method::Unknown,
        })
    })
}

/// In which order lines count. From Postgres 16 on a file may include others.
const ORDER: &str =
    if cfg!(any(feature = "pg14", feature = "pg15")) { "line_number" } else { "rule_number" };

/// Whether a line is in error, and the methods of those that match role $1 of this database,
/// types $2, address $3 and host name $4.
const MATCHING_LINES: &str = "\
    SELECT EXISTS (SELECT FROM pg_catalog.pg_hba_file_rules e WHERE e.error IS NOT NULL), \
        (SELECT h.auth_method FROM pg_catalog.pg_hba_file_rules h \
         WHERE h.type OPERATOR(pg_catalog.=) ANY ($2) \
           AND EXISTS (SELECT FROM pg_catalog.unnest(h.database) AS d (name) \
               WHERE d.name OPERATOR(pg_catalog.=) \
                     ANY (ARRAY['all', pg_catalog.current_database()::pg_catalog.text]) \
                  OR (d.name OPERATOR(pg_catalog.=) 'sameuser' \
                      AND $1 OPERATOR(pg_catalog.=) pg_catalog.current_database()::pg_catalog.text) \
                  OR (d.name OPERATOR(pg_catalog.=) ANY ('{samerole,samegroup}'::pg_catalog.text[]) \
                      AND EXISTS (SELECT FROM pg_catalog.pg_roles g \
                          WHERE g.rolname OPERATOR(pg_catalog.=) pg_catalog.current_database() \
                            AND pg_catalog.pg_has_role($1::pg_catalog.name, g.oid, 'MEMBER'))) \
                  OR (pg_catalog.left(d.name, 1) OPERATOR(pg_catalog.=) '/' \
                      AND pg_catalog.current_database()::pg_catalog.text \
                          OPERATOR(pg_catalog.~) pg_catalog.substr(d.name, 2))) \
           AND EXISTS (SELECT FROM pg_catalog.unnest(h.user_name) AS u (name) \
               WHERE u.name OPERATOR(pg_catalog.=) ANY (ARRAY['all', $1]) \
                  OR (pg_catalog.left(u.name, 1) OPERATOR(pg_catalog.=) '+' \
                      AND EXISTS (SELECT FROM pg_catalog.pg_roles g \
                          WHERE g.rolname::pg_catalog.text \
                                OPERATOR(pg_catalog.=) pg_catalog.substr(u.name, 2) \
                            AND pg_catalog.pg_has_role($1::pg_catalog.name, g.oid, 'MEMBER'))) \
                  OR (pg_catalog.left(u.name, 1) OPERATOR(pg_catalog.=) '/' \
                      AND $1 OPERATOR(pg_catalog.~) pg_catalog.substr(u.name, 2))) \
           AND CASE \
               WHEN $3 IS NULL THEN true \
               WHEN h.address OPERATOR(pg_catalog.=) \
                    ANY (ARRAY['all', 'samehost', 'samenet', $4]) THEN true \
               WHEN h.netmask IS NULL OR pg_catalog.family(h.address::pg_catalog.inet) \
                    OPERATOR(pg_catalog.<>) pg_catalog.family($3::pg_catalog.inet) THEN false \
               ELSE (h.address::pg_catalog.inet OPERATOR(pg_catalog.&) h.netmask::pg_catalog.inet) \
                    OPERATOR(pg_catalog.=) \
                    ($3::pg_catalog.inet OPERATOR(pg_catalog.&) h.netmask::pg_catalog.inet) END";
