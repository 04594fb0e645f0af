//! Carrying envelopes to Sentry, within a time that nothing can stretch.
//!
//! The client's own transport joins its thread without a limit, and takes a
//! refused connection for a success. Here one thread, with signals blocked and without
//! any business with Postgres, posts what it was given; the main thread waits for
//! it until the deadline and no longer.

use crate::postgres::signals::SignalsBlocked;
use sentry::protocol::Envelope;
use sentry::types::Dsn;
use std::io::ErrorKind;
use std::sync::mpsc::{self, Receiver};
use std::time::{Duration, Instant};
use ureq::tls::{RootCerts, TlsConfig};

/// The most that a run spends on waiting for Sentry.
pub const PATIENCE: Duration = Duration::from_millis(1900);

/// The thread gives up before anybody stops waiting for it.
const LIMIT: Duration = Duration::from_millis(1700);

/// Sentry's answer is read to its end and not looked at. One that is longer is a failure.
const LONGEST_ANSWER: u64 = 64 << 10;

/// Who we are.
pub const AGENT: &str = concat!("irt_calibration/", env!("CARGO_PKG_VERSION"));

/// Envelopes on their way.
pub struct Delivery(Receiver<Result<(), String>>);

impl Delivery {
    /// Sends them from a thread of their own.
    pub fn start(dsn: &Dsn, envelopes: Vec<Envelope>) -> Self {
        let (sender, receiver) = mpsc::channel();
        let url = dsn.envelope_api_url().to_string();
        let auth = dsn.to_auth(Some(AGENT)).to_string();
        let _blocked = SignalsBlocked::begin();
        let until = Instant::now() + LIMIT;
        // If no thread can be started, the channel closes, and waiting for it says so.
        let _ = std::thread::Builder::new().name("irt_sentry".to_owned()).spawn(move || {
            let sent = envelopes.iter().try_for_each(|envelope| post(&url, &auth, envelope, until));
            let _ = sender.send(sent);
        });
        Self(receiver)
    }

    /// Waits for the end.
    ///
    /// # Errors
    /// Why it was not delivered, without anything secret.
    pub fn wait(self, deadline: Instant) -> Result<(), String> {
        match self.0.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
            Ok(sent) => sent,
            Err(mpsc::RecvTimeoutError::Timeout) => Err("timed out".to_owned()),
            Err(mpsc::RecvTimeoutError::Disconnected) => Err("no thread could do it".to_owned()),
        }
    }
}

fn post(url: &str, auth: &str, envelope: &Envelope, until: Instant) -> Result<(), String> {
    let mut body = Vec::new();
    envelope.to_writer(&mut body).map_err(|error| error.kind().to_string())?;
    let tls = TlsConfig::builder().root_certs(RootCerts::PlatformVerifier).build();
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .timeout_global(Some(until.saturating_duration_since(Instant::now())))
        .http_status_as_error(false)
        .max_redirects(0)
        .tls_config(tls)
        .user_agent(AGENT)
        .build()
        .into();
    let mut answer = agent
        .post(url)
        .header("X-Sentry-Auth", auth)
        .content_type("application/x-sentry-envelope")
        .send(&body[..])
        .map_err(|error| describe(&error))?;
    if !answer.status().is_success() {
        return Err(format!("it answered with HTTP status {}", answer.status().as_u16()));
    }
    // A proxy that breaks off may not have passed the envelope on.
    let read = answer.body_mut().with_config().limit(LONGEST_ANSWER).read_to_vec();
    read.map(drop).map_err(|error| describe(&error))
}

const NO_TLS: &str = "no TLS connection; its certificate may not be trusted";

/// ureq's own words may contain the address.
fn describe(error: &ureq::Error) -> String {
    match error {
        ureq::Error::Timeout(_) => "timed out".to_owned(),
        ureq::Error::HostNotFound => "its host is not known".to_owned(),
        ureq::Error::ConnectionFailed => "no connection".to_owned(),
        // What rustls refuses arrives as data that is not valid.
        ureq::Error::Io(error) if error.kind() == ErrorKind::InvalidData => NO_TLS.to_owned(),
        ureq::Error::Io(error) => error.kind().to_string(),
        ureq::Error::Tls(_) | ureq::Error::Rustls(_) => NO_TLS.to_owned(),
        ureq::Error::TooManyRedirects => "it only redirects".to_owned(),
        _ => "its answer is no HTTP".to_owned(),
    }
}
