//! Throw-away Postgres servers for the tests.
//!
//! Each [`Cluster`] is a server of its own, on its own folder and port, and is
//! gone when it is dropped. It runs from a private copy of the installed
//! Postgres (scripts/private_postgres.sh), so nothing is installed into the
//! system and tests of several checkouts do not meet.
//!
//! `make test` prepares that copy and names its programs' folder in
//! `IRT_TEST_BINDIR`. Without it, as in a plain `cargo test`, the first cluster
//! of a process prepares one for this checkout.

// Every test file has a copy of this module, and none uses all of it.
#![allow(dead_code, unused_imports)]
#![allow(clippy::unwrap_used, reason = "a test that cannot set itself up must stop")]

pub mod bouncer;
pub mod catalog;
pub mod document;
mod installation;
mod pg_upgrade;
mod process;

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
    time::{Duration, Instant},
};

use postgres::{Client, Config, NoTls, SimpleQueryMessage};

pub use installation::{bindir, has_extension, major};
pub use process::{Shutdown, run_as_server_user};

/// `chance(number, salt)`: uniform numbers between 0 and 1 by hashes, the same on every server.
pub const CHANCE: &str = "
CREATE FUNCTION chance(number bigint, salt int) RETURNS float8 LANGUAGE sql IMMUTABLE AS $$
    SELECT ((hashint8extended(number, salt) & 1048575) + 0.5) / 1048576
$$;";

/// How long a server may take to start, stop or recover.
const PATIENCE: Duration = Duration::from_secs(60);

/// A server of the test's own.
pub struct Cluster {
    folder: PathBuf,
    port: u16,
    programs: PathBuf,
}

impl Cluster {
    /// A running server with default settings.
    pub fn start() -> Self {
        Self::with_settings("")
    }

    /// A running server; `settings` are lines for postgresql.conf.
    pub fn with_settings(settings: &str) -> Self {
        let port = free_port();
        let folder = std::env::temp_dir().join(format!("irt-test-{}-{port}", std::process::id()));
        let cluster = Self { folder, port, programs: bindir().to_path_buf() };
        let initdb =
            ["-A", "trust", "-U", "postgres", "--no-sync", "--locale=C.UTF-8", "-E", "UTF8", "-D"];
        process::must_succeed(
            run_as_server_user(bindir().join("initdb")).args(initdb).arg(&cluster.folder),
        );
        cluster.configure(&format!(
            "port = {port}\nlisten_addresses = '127.0.0.1'\nunix_socket_directories = '{}'\n\
             fsync = off\nshared_buffers = 32MB\nmax_worker_processes = 16\nlog_min_messages = log\n\
             log_line_prefix = '%m [%p] %q%a '\n{settings}",
            cluster.folder.display()
        ));
        cluster.start_again();
        cluster
    }

    /// A running server with the extension created in database postgres, and a superuser's connection.
    pub fn with_extension() -> (Self, Client) {
        let cluster = Self::start();
        let mut client = cluster.connect();
        client.batch_execute("CREATE EXTENSION irt_calibration").unwrap();
        (cluster, client)
    }

    /// Adds lines to postgresql.conf; they count from the next start or [`Cluster::reload`].
    pub fn configure(&self, settings: &str) {
        let file = self.folder.join("postgresql.conf");
        let before = fs::read_to_string(&file).unwrap();
        fs::write(&file, format!("{before}\n{settings}\n")).unwrap();
    }

    /// Makes the server read its configuration again.
    pub fn reload(&self) {
        process::must_succeed(self.pg_ctl().arg("reload"));
    }

    /// A superuser's connection to database postgres.
    pub fn connect(&self) -> Client {
        self.connect_as("postgres", "postgres")
    }

    /// A connection of `user` to `database`.
    pub fn connect_as(&self, user: &str, database: &str) -> Client {
        self.config(user, database).connect(NoTls).unwrap()
    }

    /// How `user` connects to `database`, for tests that set more options.
    pub fn config(&self, user: &str, database: &str) -> Config {
        let mut config = Config::new();
        config.host("127.0.0.1").port(self.port).user(user).dbname(database);
        config
    }

    /// What `psql` prints for `arguments`, run by superuser postgres in database postgres, without ~/.psqlrc.
    pub fn psql(&self, arguments: &[&str]) -> Output {
        Command::new(bindir().join("psql"))
            .args(["-X", "-h", "127.0.0.1", "-U", "postgres", "-d", "postgres", "-p"])
            .arg(self.port.to_string())
            .args(arguments)
            .output()
            .unwrap()
    }

    /// Tables `questions` and `responses` in database postgres, with LSAT7 in them: 1,000 persons, 5 items.
    pub fn load_lsat7(&self) {
        let mut client = self.connect();
        client.batch_execute(include_str!("lsat7.sql")).unwrap();
        let mut copy = client.copy_in("COPY lsat7 FROM STDIN WITH (FORMAT csv, HEADER)").unwrap();
        std::io::Write::write_all(&mut copy, data("lsat7.csv").as_bytes()).unwrap();
        copy.finish().unwrap();
        client.batch_execute("SELECT pg_temp.load_lsat7()").unwrap();
    }

    /// Starts a stopped or crashed server and waits until it lets clients in.
    pub fn start_again(&self) {
        // A killed server's last processes may hold its shared memory for a moment.
        let deadline = Instant::now() + PATIENCE;
        while !self.try_start() {
            assert!(Instant::now() < deadline, "the server does not start:\n{}", self.log());
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    /// Stops the server and waits until it is gone.
    pub fn stop(&self, how: Shutdown) {
        process::must_succeed(self.pg_ctl().args(["-m", how.name(), "stop"]));
    }

    /// Kills the postmaster as the kernel would, and waits until it is gone.
    pub fn kill_postmaster(&self) {
        let pid = self.postmaster_pid();
        process::kill(pid, libc::SIGKILL);
        process::wait_until_gone(pid, PATIENCE);
    }

    /// Sends `signal` (such as `libc::SIGKILL`) to one of the server's processes.
    pub fn signal(&self, pid: i32, signal: i32) {
        process::kill(pid, signal);
    }

    /// Waits until clients are let in again, as after a crash of one process.
    pub fn wait_until_ready(&self) {
        let deadline = Instant::now() + PATIENCE;
        while !self.answers() {
            assert!(Instant::now() < deadline, "the server does not answer:\n{}", self.log());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Process id of the postmaster.
    pub fn postmaster_pid(&self) -> i32 {
        let file = fs::read_to_string(self.folder.join("postmaster.pid")).unwrap();
        file.lines().next().unwrap().trim().parse().unwrap()
    }

    /// A streaming standby of this server, running.
    pub fn standby(&self) -> Self {
        let port = free_port();
        let folder = std::env::temp_dir().join(format!("irt-test-{}-{port}", std::process::id()));
        let standby = Self { folder, port, programs: self.programs.clone() };
        process::must_succeed(
            run_as_server_user(bindir().join("pg_basebackup"))
                .args(["-h", "127.0.0.1", "-U", "postgres", "-c", "fast", "-R", "-p"])
                .arg(self.port.to_string())
                .arg("-D")
                .arg(&standby.folder),
        );
        standby.configure(&format!(
            "port = {port}\nunix_socket_directories = '{}'",
            standby.folder.display()
        ));
        standby.start_again();
        standby
    }

    /// Stops the server and lets pg_upgrade make one of a newer major of it, which is started.
    /// `newer` is the folder of that major's programs.
    pub fn upgraded(self, newer: &Path) -> Self {
        self.stop(Shutdown::Fast);
        let port = free_port();
        let folder = std::env::temp_dir().join(format!("irt-test-{}-{port}", std::process::id()));
        let next = Self { folder, port, programs: newer.to_path_buf() };
        pg_upgrade::between(&self, &next);
        next.start_again();
        next
    }

    /// All that the server has logged.
    pub fn log(&self) -> String {
        fs::read_to_string(self.log_file()).unwrap_or_default()
    }

    /// The server's TCP port on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The server's data folder; its Unix socket is there as well.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    fn log_file(&self) -> PathBuf {
        self.folder.join("server.log")
    }

    fn pg_ctl(&self) -> Command {
        let mut command = run_as_server_user(self.programs.join("pg_ctl"));
        command.arg("-w").arg("-D").arg(&self.folder);
        command
    }

    fn try_start(&self) -> bool {
        // A pipe would be inherited by the server, and reading it would never end.
        let mut command = self.pg_ctl();
        command.arg("-l").arg(self.log_file()).arg("start");
        process::without_pipes(&mut command).status().unwrap().success()
    }

    fn answers(&self) -> bool {
        let mut config = self.config("postgres", "postgres");
        config.connect_timeout(Duration::from_secs(2));
        config.connect(NoTls).is_ok_and(|mut client| client.simple_query("SELECT 1").is_ok())
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        let _ = self.pg_ctl().args(["-m", "immediate", "stop"]).output();
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// The rows of the last statement of `sql`, each value as text; NULL is `None`.
pub fn rows(client: &mut Client, sql: &str) -> Vec<Vec<Option<String>>> {
    let messages = client.simple_query(sql).unwrap_or_else(|error| panic!("{sql}: {error:?}"));
    messages
        .iter()
        .filter_map(|message| match message {
            SimpleQueryMessage::Row(row) => {
                Some((0..row.len()).map(|column| row.get(column).map(str::to_owned)).collect())
            }
            _ => None,
        })
        .collect()
}

/// The one value that `sql` yields, as text.
pub fn value(client: &mut Client, sql: &str) -> Option<String> {
    let mut rows = rows(client, sql);
    assert_eq!(rows.len(), 1, "{sql} yields {rows:?}");
    rows.remove(0).remove(0)
}

/// Asserts that `sql` fails, and returns its error with SQLSTATE, message, detail and hint.
pub fn error(client: &mut Client, sql: &str) -> postgres::error::DbError {
    let error = client.simple_query(sql).expect_err(sql);
    error.as_db_error().unwrap_or_else(|| panic!("{sql}: {error}")).clone()
}

/// The text of a file of tests/data.
pub fn data(file: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(file);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}
