//! Seeded responses with known item parameters, for tests and benches.

use rand::{Rng, RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::data::grouped::RepeatedResponses;
use crate::data::responses::Responses;
use crate::data::rows::{NO_TIME, ResponseRows};
use crate::model::two_pl::SlopeIntercept;
use crate::monitor::Unmonitored;

/// What to simulate.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Simulation {
    /// Persons; ability ~ N(0, 1).
    pub persons: u32,
    /// Items; discrimination ~ lognormal(0, 0.3²), difficulty ~ N(0, 1).
    pub items: u32,
    /// Probability that a person meets an item: 1 is a complete matrix.
    pub answered: f64,
    /// Where the random stream starts.
    pub seed: u64,
}

/// True item parameters of a simulation, in the order of its labels.
///
/// # Panics
/// Never for any input.
#[must_use]
pub fn simulate_items(items: u32, seed: u64) -> Vec<SlopeIntercept> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    (0..items)
        .map(|_| {
            let discrimination = libm::exp(0.3 * standard_normal(&mut rng));
            let difficulty = standard_normal(&mut rng);
            SlopeIntercept::from_discrimination_difficulty(discrimination, difficulty)
        })
        .collect()
}

/// Draws items, abilities and responses; returns the responses and the true items.
///
/// # Panics
/// Never for a design whose responses fit into memory.
#[must_use]
pub fn simulate(design: &Simulation) -> (Responses, Vec<SlopeIntercept>) {
    let items = simulate_items(design.items, design.seed);
    (simulate_responses(design, &items), items)
}

/// Draws abilities and responses to the given items. Labels are `I00000001`, ….
#[must_use]
pub fn simulate_responses(design: &Simulation, items: &[SlopeIntercept]) -> Responses {
    let mut rows = ResponseRows::new(false);
    draw_responses(design, items, |person, item, correct| {
        let pushed = rows.push(person, item, correct, NO_TIME);
        debug_assert!(pushed.is_ok());
    });
    let labels = (0..items.len()).map(|item| format!("I{item:08}")).collect();
    Responses::from_rows(labels, rows, RepeatedResponses::First, &Unmonitored)
        .unwrap_or_else(|error| unreachable!("simulated responses are valid: {error}"))
}

/// Draws the same responses one by one: person, item and correctness, as many
/// as there is no room for in memory.
pub fn draw_responses(
    design: &Simulation,
    items: &[SlopeIntercept],
    mut response: impl FnMut(u32, u32, bool),
) {
    let mut rng = ChaCha8Rng::seed_from_u64(design.seed);
    rng.set_stream(1);
    for person in 0..design.persons {
        let ability = standard_normal(&mut rng);
        for (number, item) in items.iter().enumerate() {
            if design.answered < 1.0 && rng.random::<f64>() >= design.answered {
                continue;
            }
            response(person, number as u32, rng.random::<f64>() < item.probability(ability));
        }
    }
}

/// A standard normal deviate (Box & Muller 1958).
pub(crate) fn standard_normal(rng: &mut impl Rng) -> f64 {
    let uniform = 1.0 - rng.random::<f64>();
    let angle = std::f64::consts::TAU * rng.random::<f64>();
    libm::sqrt(-2.0 * libm::log(uniform)) * libm::cos(angle)
}
