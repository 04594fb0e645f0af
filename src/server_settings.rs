//! Every setting of the server's: default, bounds, unit, and why.
//!
//! Settings of a bank are columns of irt_item_banks; here is what belongs to
//! the server or the session. The accessors are the only readers.

use crate::postgres::encoding::decode_c;
use crate::postgres::priority::LOWEST;
use pgrx::guc::{GucContext, GucFlags, GucRegistry, GucSetting};
use pgrx::pg_sys;
use std::ffi::CString;
use std::time::Duration;

/// Where failures are reported. Empty: nowhere. It is a credential, hence hidden from all
/// but superusers and pg_read_all_settings. What ALTER DATABASE or ALTER ROLE sets is in
/// pg_db_role_setting for everybody to read: the server's environment is the better way in.
static SENTRY_DSN: GucSetting<Option<CString>> = GucSetting::<Option<CString>>::new(None);

/// Sentry's word for which deployment this is.
static ENVIRONMENT: GucSetting<Option<CString>> = GucSetting::<Option<CString>>::new(None);

/// -1 leaves it to the environment variable; a share of runs otherwise.
static TRACES_SAMPLE_RATE: GucSetting<f64> = GucSetting::<f64>::new(-1.0);

/// Slug of the Sentry cron monitor that notices runs which never started.
static SENTRY_MONITOR: GucSetting<Option<CString>> = GucSetting::<Option<CString>>::new(None);

/// Milliseconds. Half an hour is ten times what a million responses take with 2,000
/// bootstrap replicates, and still over before the morning.
static TIMEOUT: GucSetting<i32> = GucSetting::<i32>::new(30 * 60 * 1000);

/// 0 stands for max_parallel_workers_per_gather + 1: what the server would give one query.
/// Superuser-set, because cores are everybody's.
static MAX_THREADS: GucSetting<i32> = GucSetting::<i32>::new(0);

/// Megabytes. Superuser-set, because memory is everybody's.
static MAX_MEMORY: GucSetting<i32> = GucSetting::<i32>::new(4096);

/// Milliseconds. Short: whoever holds a lock on the items table for longer is at work
/// there, and publishing is tried again until the timeout.
static LOCK_TIMEOUT: GucSetting<i32> = GucSetting::<i32>::new(10_000);

/// Milliseconds. A minute lets a few hundred jobs that begin at once follow each other; whoever
/// waits longer had better hear that there are too few workers.
static WORKER_TIMEOUT: GucSetting<i32> = GucSetting::<i32>::new(60_000);

/// As the command of this name takes it; superuser-set, because cores are everybody's. 10 leaves a thread that computes a tenth of a core for
/// which somebody else waits; what nobody else wants it gets whole.
static NICE: GucSetting<i32> = GucSetting::<i32>::new(10);

/// No bank gains from more threads, and a typing error should not start a million.
const MOST_THREADS: i32 = 256;

/// Registers every setting. Called once, when the library is loaded.
pub fn register() {
    register_sentry();
    register_limits();
    #[cfg(any(feature = "pg15", feature = "pg16", feature = "pg17", feature = "pg18"))]
    // SAFETY: called while the library is being loaded, with a static string.
    unsafe {
        pg_sys::MarkGUCPrefixReserved(c"irt_calibration".as_ptr());
    }
    #[cfg(not(any(feature = "pg15", feature = "pg16", feature = "pg17", feature = "pg18")))]
    // SAFETY: as above; the name that it had before Postgres 15.
    unsafe {
        pg_sys::EmitWarningsOnPlaceholders(c"irt_calibration".as_ptr());
    }
}

fn register_sentry() {
    GucRegistry::define_string_guc(
        c"irt_calibration.sentry_dsn",
        c"Where failed calibrations are reported.",
        c"A Sentry DSN, which is a credential: pg_monitor sees it here, and everybody sees what ALTER \
          DATABASE or ALTER ROLE sets. Better leave it empty and give the server the environment \
          variable SENTRY_DSN.",
        &SENTRY_DSN,
        GucContext::Suset,
        GucFlags::SUPERUSER_ONLY,
    );
    GucRegistry::define_string_guc(
        c"irt_calibration.environment",
        c"Name of this deployment in Sentry.",
        c"Empty: the server's environment variable ENV, else \"production\".",
        &ENVIRONMENT,
        GucContext::Userset,
        GucFlags::default(),
    );
    GucRegistry::define_float_guc(
        c"irt_calibration.traces_sample_rate",
        c"Share of runs that are traced in Sentry, 0 to 1.",
        c"-1: the server's environment variable SENTRY_TRACES_SAMPLE_RATE, else 0.",
        &TRACES_SAMPLE_RATE,
        -1.0,
        1.0,
        GucContext::Userset,
        GucFlags::default(),
    );
    GucRegistry::define_string_guc(
        c"irt_calibration.sentry_monitor",
        c"Slug of the Sentry cron monitor to check in with.",
        c"Empty: no check-ins.",
        &SENTRY_MONITOR,
        GucContext::Userset,
        GucFlags::default(),
    );
}

fn register_limits() {
    GucRegistry::define_int_guc(
        c"irt_calibration.timeout",
        c"Time after which a run is stopped.",
        c"A bootstrap with 200 replicates by then is cut short and published instead. 0: never.",
        &TIMEOUT,
        0,
        i32::MAX,
        GucContext::Userset,
        GucFlags::UNIT_MS,
    );
    GucRegistry::define_int_guc(
        c"irt_calibration.max_threads",
        c"Most threads that one calibration uses.",
        c"0: max_parallel_workers_per_gather + 1. The numbers do not depend on it.",
        &MAX_THREADS,
        0,
        MOST_THREADS,
        GucContext::Suset,
        GucFlags::default(),
    );
    GucRegistry::define_int_guc(
        c"irt_calibration.max_memory",
        c"Most memory that the responses of one calibration and its work may take.",
        c"A run that needs more fails and says how much.",
        &MAX_MEMORY,
        1,
        i32::MAX,
        GucContext::Suset,
        GucFlags::UNIT_MB,
    );
    GucRegistry::define_int_guc(
        c"irt_calibration.lock_timeout",
        c"Longest wait for a lock, at each attempt.",
        c"A worker that waits for its own caller's lock would wait for ever. 0: as long as it takes.",
        &LOCK_TIMEOUT,
        0,
        i32::MAX,
        GucContext::Userset,
        GucFlags::UNIT_MS,
    );
    GucRegistry::define_int_guc(
        c"irt_calibration.worker_timeout",
        c"Longest wait for a free background worker.",
        c"Then a run does not begin: 53400. 0: do not wait.",
        &WORKER_TIMEOUT,
        0,
        i32::MAX,
        GucContext::Userset,
        GucFlags::UNIT_MS,
    );
    GucRegistry::define_int_guc(
        c"irt_calibration.nice",
        c"How far threads that compute give way to others.",
        c"As the command nice takes it. 0: not at all.",
        &NICE,
        0,
        LOWEST,
        GucContext::Suset,
        GucFlags::default(),
    );
}

/// By how much the threads that compute give way to others, 0 to 19.
pub fn nice() -> i32 {
    NICE.get()
}

/// The Sentry DSN, or `None` when nothing is to be reported.
pub fn sentry_dsn() -> Option<String> {
    text(&SENTRY_DSN).or_else(|| environment_variable("SENTRY_DSN"))
}

/// The deployment's name.
pub fn environment() -> String {
    text(&ENVIRONMENT)
        .or_else(|| environment_variable("ENV"))
        .unwrap_or_else(|| "production".to_owned())
}

/// Share of runs that are traced, 0 to 1.
pub fn traces_sample_rate() -> f64 {
    let set = TRACES_SAMPLE_RATE.get();
    if set >= 0.0 {
        return set;
    }
    environment_variable("SENTRY_TRACES_SAMPLE_RATE")
        .and_then(|rate| rate.parse().ok())
        .filter(|rate| (0.0..=1.0).contains(rate))
        .unwrap_or(0.0)
}

/// Slug of the cron monitor, if there is one.
pub fn sentry_monitor() -> Option<String> {
    text(&SENTRY_MONITOR)
}

/// How long a run may take; `None`: for ever.
pub fn timeout() -> Option<Duration> {
    milliseconds(TIMEOUT.get())
}

/// Longest wait for a lock; `None`: for ever.
pub fn lock_timeout() -> Option<Duration> {
    milliseconds(LOCK_TIMEOUT.get())
}

/// Longest wait for a free background worker; zero: none.
pub fn worker_timeout() -> Duration {
    milliseconds(WORKER_TIMEOUT.get()).unwrap_or_default()
}

/// How many threads one calibration uses, at least 1.
pub fn max_threads() -> usize {
    let set = MAX_THREADS.get();
    // SAFETY: an int of the server's that the main thread alone writes.
    let default = unsafe { pg_sys::max_parallel_workers_per_gather } + 1;
    let threads = if set > 0 { set } else { default.min(MOST_THREADS) };
    usize::try_from(threads).unwrap_or(1).max(1)
}

/// How many bytes one calibration may take.
pub fn max_memory() -> u64 {
    u64::from(MAX_MEMORY.get().unsigned_abs()) << 20
}

fn milliseconds(set: i32) -> Option<Duration> {
    u64::try_from(set).ok().filter(|&ms| ms > 0).map(Duration::from_millis)
}

fn text(setting: &GucSetting<Option<CString>>) -> Option<String> {
    let text = decode_c(&setting.get()?);
    (!text.is_empty()).then_some(text)
}

fn environment_variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}
