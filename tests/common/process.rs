//! Processes: started as a user that Postgres accepts, signalled, waited for.

use std::{
    path::Path,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

/// How a server is told to stop, as pg_ctl names it.
#[derive(Clone, Copy, Debug)]
pub enum Shutdown {
    /// Clients are disconnected, transactions rolled back, data flushed.
    Fast,
    /// Every process leaves at once; the next start recovers.
    Immediate,
}

impl Shutdown {
    /// What `pg_ctl -m` calls it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Fast => "fast",
            Self::Immediate => "immediate",
        }
    }
}

/// `program`, to be run as user postgres when we are root: Postgres refuses to run as root.
pub fn run_as_server_user(program: impl AsRef<Path>) -> Command {
    // SAFETY: geteuid has no preconditions and cannot fail.
    let mut command = if unsafe { libc::geteuid() } == 0 {
        let mut command = Command::new("runuser");
        command.args(["-u", "postgres", "--"]).arg(program.as_ref());
        command
    } else {
        Command::new(program.as_ref())
    };
    // Whoever sets it for a server must not see Rust in errors.
    command.env("RUST_BACKTRACE", "1").current_dir(std::env::temp_dir());
    // Nor must it find the passwords of whoever runs the tests.
    command.env_remove("PGPASSWORD").env("PGPASSFILE", "/nonexistent");
    command
}

/// `command` with nothing to read and nowhere to write.
pub fn without_pipes(command: &mut Command) -> &mut Command {
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null())
}

/// Runs `command`, and stops the test with its output when it fails.
pub fn must_succeed(command: &mut Command) {
    let output = command.stdin(Stdio::null()).output().unwrap();
    assert!(
        output.status.success(),
        "{command:?}\n{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
}

/// Sends `signal` to `pid`; a process that is gone already is none of our concern.
pub fn kill(pid: i32, signal: i32) {
    assert!(pid > 1, "{pid} is not one process");
    // SAFETY: kill takes two integers and touches no memory of ours.
    unsafe { libc::kill(pid, signal) };
}

/// Waits until no process has `pid`.
pub fn wait_until_gone(pid: i32, patience: Duration) {
    let deadline = Instant::now() + patience;
    while Path::new(&format!("/proc/{pid}")).exists() && !is_zombie(pid) {
        assert!(Instant::now() < deadline, "process {pid} does not end");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Has `pid` ended, with nobody there to collect its exit status?
fn is_zombie(pid: i32) -> bool {
    std::fs::read_to_string(format!("/proc/{pid}/stat"))
        .is_ok_and(|stat| stat.rsplit(')').next().is_some_and(|rest| rest.trim().starts_with('Z')))
}
