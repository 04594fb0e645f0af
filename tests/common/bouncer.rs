//! PgBouncer in transaction mode, in front of a test's server.

use super::{Cluster, run_as_server_user};
use postgres::{Client, Config, NoTls};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

/// Where Debian has it, off an ordinary user's PATH.
const PROGRAM: &str = "/usr/sbin/pgbouncer";

/// A running PgBouncer.
pub struct Bouncer {
    port: u16,
    pid_file: PathBuf,
}

impl Bouncer {
    /// Starts one; `None`, with a word about it, on a machine without PgBouncer.
    pub fn start(cluster: &Cluster) -> Option<Self> {
        if !Path::new(PROGRAM).exists() {
            eprintln!("PgBouncer is not installed (scripts/setup.sh test does): not tried");
            return None;
        }
        let folder = cluster.folder().display();
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let pid_file = cluster.folder().join("pgbouncer.pid");
        let settings = format!(
            "[databases]\n* = host=127.0.0.1 port={}\n[pgbouncer]\npool_mode = transaction\n\
             auth_type = any\nlisten_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\n\
             max_client_conn = 100\ndefault_pool_size = 20\nlogfile = {folder}/pgbouncer.log\n\
             pidfile = {}\n",
            cluster.port(),
            pid_file.display()
        );
        // `any` logs everybody in as the one user that the database names.
        let settings = settings.replace("127.0.0.1 port", "127.0.0.1 user=postgres port");
        let file = cluster.folder().join("pgbouncer.ini");
        fs::write(&file, settings).unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
        let mut command = run_as_server_user(PROGRAM);
        command.arg("-d").arg(&file).stdin(Stdio::null()).stdout(Stdio::null());
        assert!(command.stderr(Stdio::null()).status().unwrap().success(), "PgBouncer");
        let bouncer = Self { port, pid_file };
        bouncer.await_answer();
        Some(bouncer)
    }

    /// Where it listens, on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// A connection through it.
    pub fn connect(&self) -> Client {
        self.config().connect(NoTls).unwrap()
    }

    fn config(&self) -> Config {
        let mut config = Config::new();
        config.host("127.0.0.1").port(self.port).user("postgres").dbname("postgres");
        config
    }

    fn await_answer(&self) {
        let deadline = Instant::now() + Duration::from_secs(20);
        while self.config().connect(NoTls).is_err() {
            assert!(Instant::now() < deadline, "PgBouncer does not answer");
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Bouncer {
    fn drop(&mut self) {
        let pid = fs::read_to_string(&self.pid_file).ok().and_then(|pid| pid.trim().parse().ok());
        if let Some(pid) = pid {
            // SAFETY: kill takes two integers; the process is the one that we started.
            unsafe { libc::kill(pid, libc::SIGTERM) };
        }
    }
}
