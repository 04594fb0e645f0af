//! The application of the page: its files in a folder of their own, and its databases on a server.

use crate::common::{Cluster, bindir};
use crate::page;
use postgres::Client;
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::atomic::{AtomicUsize, Ordering};

/// What the application has before, and what makes its answers.
const BEFORE: &str = "tests/applications/quiz";

/// Each folder has its number.
static FOLDERS: AtomicUsize = AtomicUsize::new(0);

/// A server with the roles, and the files.
pub struct Quiz {
    pub cluster: Cluster,
    folder: PathBuf,
}

impl Quiz {
    /// Without a database yet.
    pub fn start() -> Self {
        let cluster = Cluster::start();
        let roles = "CREATE ROLE quiz_owner LOGIN; CREATE ROLE quiz_app LOGIN";
        cluster.connect().batch_execute(roles).unwrap();
        let number = FOLDERS.fetch_add(1, Ordering::Relaxed);
        let folder = std::env::temp_dir().join(format!("irt-quiz-{}-{number}", std::process::id()));
        let before = Path::new(env!("CARGO_MANIFEST_DIR")).join(BEFORE);
        fs::create_dir(&folder).unwrap();
        let copied = Command::new("cp").arg("-r").arg(before.join(".")).arg(&folder).status();
        assert!(copied.unwrap().success());
        for block in page::blocks() {
            let Some(name) = block.file else { continue };
            let file = folder.join(name);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, block.text).unwrap();
        }
        Self { cluster, folder }
    }

    /// With database `quiz`, migrated by Flyway's files, and its answers.
    pub fn migrated() -> Self {
        let quiz = Self::start();
        quiz.create_database("quiz");
        for file in ["V1__tables.sql", "V2__calibrate_questions.sql", "answers.sql"] {
            quiz.execute_file("quiz", file);
        }
        quiz
    }

    /// A database of quiz_owner's, with what a superuser does once.
    pub fn create_database(&self, name: &str) {
        let create = format!("CREATE DATABASE {name} OWNER quiz_owner");
        self.cluster.connect().batch_execute(&create).unwrap();
        self.superuser(name).batch_execute(page::once_per_database()).unwrap();
    }

    /// A superuser's connection.
    pub fn superuser(&self, database: &str) -> Client {
        self.cluster.connect_as("postgres", database)
    }

    /// quiz_owner's.
    pub fn owner(&self, database: &str) -> Client {
        self.cluster.connect_as("quiz_owner", database)
    }

    /// quiz_app's.
    pub fn app(&self, database: &str) -> Client {
        self.cluster.connect_as("quiz_app", database)
    }

    /// The file by quiz_owner in one transaction, as Flyway does.
    pub fn execute_file(&self, database: &str, file: &str) {
        let mut psql = Command::new(bindir().join("psql"));
        psql.args([
            "-X",
            "-q",
            "-1",
            "-v",
            "ON_ERROR_STOP=1",
            "-h",
            "127.0.0.1",
            "-U",
            "quiz_owner",
        ])
        .args(["-d", database, "-p", &self.cluster.port().to_string(), "-f", file])
        .current_dir(&self.folder);
        must_succeed(&mut psql);
    }

    /// Where quiz_app connects, as a connection string.
    pub fn conninfo(&self) -> String {
        format!("host=127.0.0.1 port={} user=quiz_app dbname=quiz", self.cluster.port())
    }

    /// Likewise, as a URL.
    pub fn url(&self, user: &str, database: &str) -> String {
        format!("postgresql://{user}@127.0.0.1:{}/{database}", self.cluster.port())
    }

    /// A command that is given in the application's folder.
    pub fn command(&self, program: impl AsRef<Path>) -> Command {
        let mut command = Command::new(program.as_ref());
        let path = std::env::var("PATH").unwrap();
        command
            .current_dir(&self.folder)
            .env("PYTHONPATH", &self.folder)
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .env("PATH", format!("{}:{path}", bindir().display()));
        command
    }

    /// The JSON that a program of tests/applications prints.
    pub fn told_by(&self, interpreter: &Path, program: &str, arguments: &[&str]) -> Value {
        let program =
            Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/applications").join(program);
        let output = must_succeed(self.command(interpreter).arg(program).args(arguments));
        json(&output)
    }

    /// The JSON that a line of Python prints.
    pub fn told_by_line(&self, line: &str) -> Value {
        json(&must_succeed(self.command(python()).args(["-c", line])))
    }

    /// A file of the application.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }
}

impl Drop for Quiz {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// A Python with what tests/applications/requirements.txt names.
pub fn python() -> PathBuf {
    let mut script = Command::new("scripts/applications_python.sh");
    let output = must_succeed(script.current_dir(env!("CARGO_MANIFEST_DIR")));
    PathBuf::from(String::from_utf8(output.stdout).unwrap().trim())
}

/// What it said, if it succeeded.
pub fn must_succeed(command: &mut Command) -> Output {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(
        output.status.success(),
        "{command:?}\n{}\n{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    output
}

/// Its last line: before it may be what programs print that it calls.
fn json(output: &Output) -> Value {
    let said = String::from_utf8_lossy(&output.stdout);
    let last = said.lines().last().unwrap_or_default();
    serde_json::from_str(last).unwrap_or_else(|error| panic!("{error}: {said}"))
}
