//! How many random cases a property is tried with, and by which chance.

use proptest::test_runner::{Config, RngSeed};

/// PROPTEST_CASES of new random cases where that is set (`make properties`); `usual` ones, always
/// the same, where it is not: a change is judged by what it changes, not by chance.
pub fn cases(usual: u32) -> Config {
    let asked = std::env::var("PROPTEST_CASES").ok().and_then(|number| number.parse().ok());
    let seed = if asked.is_some() { RngSeed::Random } else { RngSeed::Fixed(20_260_101) };
    Config {
        cases: asked.unwrap_or(usual),
        rng_seed: seed,
        failure_persistence: None,
        ..Config::default()
    }
}
