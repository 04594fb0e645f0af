//! What a run survives: kills, cancels, rivals, changes of its tables, long use.
//!
//! The same code runs twice. `make test` tries each thing a few times; `make soak`
//! (scripts/soak.sh) as often as it takes to believe it, and prints the figures.
//! Moments are drawn from a seeded generator, so a failure can be tried again.

#![allow(
    clippy::unwrap_used,
    reason = "a test stops at the first thing that is not as it should be"
)]

mod beside;
mod cancels;
mod changes;
#[path = "../common/mod.rs"]
mod common;
mod decisions;
mod figures;
mod fuzz;
mod kills;
mod limits;
mod long_runs;
mod memory;
mod random;
mod replay;
mod sequences;
mod situations;
mod stage;
mod starts;
mod surroundings;

/// How often something is tried: `few` times in `make test`; in `make soak` `many` times, or the
/// share of them that the environment's IRT_SOAK says.
fn volume(few: usize, many: usize) -> usize {
    match std::env::var("IRT_SOAK") {
        Ok(share) => {
            let share: f64 = share.parse().expect("IRT_SOAK is a share of the full volume, as 0.2");
            few.max((many as f64 * share).ceil() as usize)
        }
        Err(_) => few,
    }
}

/// True in `make soak`.
fn is_soaking() -> bool {
    std::env::var_os("IRT_SOAK").is_some()
}
