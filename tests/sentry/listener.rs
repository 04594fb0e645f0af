//! Servers in Sentry's place: one that keeps what it is sent, and those that fail.

use rustls::{ServerConfig, ServerConnection, StreamOwned};
use serde_json::Value;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// What a server answers to a whole request.
#[derive(Debug, Clone, Copy)]
pub enum Answer {
    /// This text, then the end.
    Text(&'static str),
    /// This text, before anything was asked.
    AtOnce(&'static str),
    /// Nothing, ever.
    Silence,
    /// An answer that comes a byte at a time and never ends.
    Drip,
    /// The end, with the request unread: a reset.
    Reset,
}

pub const ACCEPTED: Answer = Answer::Text("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}");

/// A server on a port of its own, until the test's process ends.
pub struct Listener {
    pub port: u16,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Listener {
    pub fn start(answer: Answer) -> Self {
        Self::serving(move |stream, kept| serve(stream, answer, kept))
    }

    /// The same over TLS.
    pub fn start_tls(answer: Answer, config: Arc<ServerConfig>) -> Self {
        Self::serving(move |stream, kept| {
            let connection = ServerConnection::new(Arc::clone(&config)).unwrap();
            serve(StreamOwned::new(connection, stream), answer, kept);
        })
    }

    fn serving(serve: impl Fn(TcpStream, &Mutex<Vec<String>>) + Clone + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let requests = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&requests);
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let (kept, serve) = (Arc::clone(&kept), serve.clone());
                thread::spawn(move || serve(stream, &kept));
            }
        });
        Self { port, requests }
    }

    /// All requests so far, head and body.
    pub fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }

    /// Each envelope's items, as type and payload.
    pub fn items(&self) -> Vec<(String, Value)> {
        let requests = self.requests();
        let bodies = requests.iter().filter_map(|request| request.split_once("\r\n\r\n"));
        bodies
            .map(|(_, body)| {
                let mut lines = body.lines().skip(1);
                let head: Value = serde_json::from_str(lines.next().unwrap()).unwrap();
                let payload = serde_json::from_str(lines.next().unwrap()).unwrap();
                (head["type"].as_str().unwrap().to_owned(), payload)
            })
            .collect()
    }
}

fn serve(mut stream: impl Read + Write, answer: Answer, kept: &Mutex<Vec<String>>) {
    if matches!(answer, Answer::Reset) {
        let _ = stream.read(&mut [0; 1]);
        return;
    }
    if let Answer::AtOnce(text) = answer {
        let _ = stream.write_all(text.as_bytes());
        let _ = std::io::copy(&mut stream, &mut std::io::sink());
        return;
    }
    if let Some(request) = read_request(&mut stream) {
        kept.lock().unwrap().push(request);
    }
    match answer {
        Answer::Text(text) => {
            let _ = stream.write_all(text.as_bytes());
            let _ = stream.flush();
        }
        Answer::Silence | Answer::Reset | Answer::AtOnce(_) => {
            thread::sleep(Duration::from_secs(30))
        }
        Answer::Drip => {
            let head = b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n";
            for byte in head.iter().chain(std::iter::repeat_n(&b' ', 1000)) {
                if stream.write_all(&[*byte]).is_err() {
                    return;
                }
                thread::sleep(Duration::from_millis(100));
            }
        }
    }
}

fn read_request(stream: &mut impl Read) -> Option<String> {
    let mut bytes = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let text = String::from_utf8_lossy(&bytes);
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let head = head.to_ascii_lowercase();
            let length = head.split("content-length: ").nth(1)?.lines().next()?.parse().ok()?;
            if body.len() >= length {
                return Some(text.into_owned());
            }
        }
        match stream.read(&mut buffer).ok()? {
            0 => return None,
            count => bytes.extend_from_slice(&buffer[..count]),
        }
    }
}
