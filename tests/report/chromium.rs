//! A browser that is told what to do: Chromium's DevTools protocol over a pair of pipes.

use serde_json::{Value, json};
use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

/// How long an answer may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(120);
/// Where Chromium reads commands, and where it writes answers and events.
const ITS_INPUT: i32 = 3;
const ITS_OUTPUT: i32 = 4;

/// The distribution's Chromium, where it is installed (scripts/setup.sh test).
pub fn program() -> Option<PathBuf> {
    let found = ["/usr/bin/chromium", "/usr/bin/chromium-browser"].map(PathBuf::from);
    found.into_iter().find(|path| path.exists())
}

/// A running browser with one page.
pub struct Browser {
    child: Child,
    profile: PathBuf,
    commands: File,
    messages: Receiver<Value>,
    session: Option<String>,
    sent: u64,
    events: Vec<Value>,
}

impl Browser {
    /// Starts it without a window.
    pub fn start(program: &Path) -> Self {
        let profile = std::env::temp_dir().join(format!("irt-browser-{}", std::process::id()));
        let (its_input, commands) = std::io::pipe().unwrap();
        let (answers, its_output) = std::io::pipe().unwrap();
        let child = spawn(program, &profile, &its_input.into(), &its_output.into());
        let (send, messages) = channel();
        std::thread::spawn(move || {
            let mut answers = BufReader::new(answers);
            let mut message = Vec::new();
            while answers.read_until(0, &mut message).is_ok_and(|read| read > 0) {
                message.pop();
                let read = serde_json::from_slice(&message).unwrap();
                if send.send(read).is_err() {
                    break;
                }
                message.clear();
            }
        });
        let commands = File::from(OwnedFd::from(commands));
        let (session, sent, events) = (None, 0, Vec::new());
        let mut browser = Self { child, profile, commands, messages, session, sent, events };
        let page = browser.call("Target.createTarget", &json!({"url": "about:blank"}));
        let attach = json!({"targetId": page["targetId"], "flatten": true});
        let attached = browser.call("Target.attachToTarget", &attach);
        browser.session = attached["sessionId"].as_str().map(str::to_owned);
        for domain in ["Page", "Runtime", "Log"] {
            browser.call(&format!("{domain}.enable"), &json!({}));
        }
        browser
    }

    /// Calls a method, and returns its result.
    pub fn call(&mut self, method: &str, parameters: &Value) -> Value {
        self.sent += 1;
        let mut command = json!({"id": self.sent, "method": method, "params": parameters});
        if let Some(session) = &self.session {
            command["sessionId"] = json!(session);
        }
        self.commands.write_all(format!("{command}\0").as_bytes()).unwrap();
        loop {
            let mut message = self.messages.recv_timeout(PATIENCE).expect(method);
            if message["id"] == json!(self.sent) {
                assert!(message["error"].is_null(), "{method}: {}", message["error"]);
                return message["result"].take();
            }
            self.events.push(message);
        }
    }

    /// Opens a file, and waits until it is loaded.
    pub fn open(&mut self, file: &Path) {
        self.events.clear();
        let url = format!("file://{}", file.display());
        let opened = self.call("Page.navigate", &json!({"url": url}));
        assert!(opened["errorText"].is_null(), "{url}: {opened}");
        while !self.events.iter().any(|event| event["method"] == "Page.loadEventFired") {
            let event = self.messages.recv_timeout(PATIENCE).expect("the page does not load");
            self.events.push(event);
        }
    }

    /// The value of an expression in the page.
    pub fn evaluate(&mut self, expression: &str) -> Value {
        let parameters =
            json!({"expression": expression, "returnByValue": true, "awaitPromise": true});
        let mut found = self.call("Runtime.evaluate", &parameters);
        let failed = &found["exceptionDetails"];
        assert!(failed.is_null(), "{failed}");
        found["result"]["value"].take()
    }

    /// What the page, or the browser about it, has said since it was opened.
    pub fn console(&self) -> Vec<&Value> {
        let loud = [
            "Runtime.consoleAPICalled",
            "Runtime.exceptionThrown",
            "Log.entryAdded",
            "Page.javascriptDialogOpening",
        ];
        let is_loud = |event: &&Value| loud.iter().any(|method| event["method"] == *method);
        self.events.iter().filter(is_loud).collect()
    }

    /// A window of this width.
    pub fn resize(&mut self, width: u32) {
        let size = json!({"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": false});
        self.call("Emulation.setDeviceMetricsOverride", &size);
    }

    /// Media `screen` or `print`, colours `light` or `dark`.
    pub fn emulate(&mut self, media: &str, colours: &str) {
        let features = json!([{"name": "prefers-color-scheme", "value": colours}]);
        self.call("Emulation.setEmulatedMedia", &json!({"media": media, "features": features}));
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = std::fs::remove_dir_all(&self.profile);
    }
}

fn spawn(program: &Path, profile: &Path, input: &OwnedFd, output: &OwnedFd) -> Child {
    let mut command = Command::new(program);
    command
        .args(["--headless=new", "--remote-debugging-pipe", "--disable-gpu", "--no-first-run"])
        .args(["--disable-dev-shm-usage", "--hide-scrollbars"])
        .arg(format!("--user-data-dir={}", profile.display()))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    // SAFETY: geteuid has no preconditions and cannot fail.
    if unsafe { libc::geteuid() } == 0 {
        // Its sandbox refuses to work for root.
        command.arg("--no-sandbox");
    }
    let (input, output) = (input.as_raw_fd(), output.as_raw_fd());
    // SAFETY: between fork and exec only fcntl and dup2 are called, which are safe there. The copies
    // beyond 9 cannot be what dup2 writes over.
    unsafe {
        command.pre_exec(move || {
            let input = libc::fcntl(input, libc::F_DUPFD, 10);
            let output = libc::fcntl(output, libc::F_DUPFD, 10);
            if libc::dup2(input, ITS_INPUT) < 0 || libc::dup2(output, ITS_OUTPUT) < 0 {
                return Err(std::io::Error::last_os_error());
            }
            libc::close(input);
            libc::close(output);
            Ok(())
        });
    }
    command.spawn().unwrap()
}
