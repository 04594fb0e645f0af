//! A real Sentry-compatible server: what it stores is what was sent.

use serde_json::Value;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Installing takes a minute, once; starting takes a few seconds, more on a busy machine.
const PATIENCE: Duration = Duration::from_secs(300);

/// bugsink, until dropped.
pub struct Bugsink {
    folder: PathBuf,
    server: Child,
    /// Where its only project takes events.
    pub dsn: String,
}

impl Bugsink {
    /// One that answers.
    pub fn start() -> Self {
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let folder = std::env::temp_dir().join(format!("irt-bugsink-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let log = std::fs::File::create(folder.join("log")).unwrap();
        let mut server = Command::new("scripts/bugsink.sh")
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .arg(&folder)
            .arg(port.to_string())
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .unwrap();
        let mut dsn = String::new();
        BufReader::new(server.stdout.take().unwrap()).read_line(&mut dsn).unwrap();
        let bugsink = Self { folder, server, dsn: dsn.trim().to_owned() };
        assert!(bugsink.dsn.starts_with("http://"), "{}", bugsink.log());
        let deadline = Instant::now() + PATIENCE;
        while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(Instant::now() < deadline, "bugsink does not start: {}", bugsink.log());
            std::thread::sleep(Duration::from_millis(200));
        }
        bugsink
    }

    /// What it said.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.folder.join("log")).unwrap_or_default()
    }

    /// The events in its database, oldest first.
    pub fn events(&self) -> Vec<Value> {
        let script = "import json, sqlite3, sys\n\
            rows = sqlite3.connect(sys.argv[1]).execute('SELECT data FROM events_event ORDER BY digest_order')\n\
            print(json.dumps([json.loads(row[0]) for row in rows]))";
        let output = Command::new("python3")
            .args(["-c", script])
            .arg(self.folder.join("db.sqlite3"))
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).unwrap()
    }
}

impl Drop for Bugsink {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}
