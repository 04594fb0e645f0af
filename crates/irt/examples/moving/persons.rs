//! Who answers: a fixed cohort, and new persons every week, of a population that moves.

use irt::two_pl::SlopeIntercept;
use irt::{NO_TIME, RepeatedResponses, ResponseRows, Responses, Unmonitored};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::collections::VecDeque;

/// Which persons a run sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keeps {
    /// Everybody until then.
    All,
    /// The newest; so many as there were in the first week.
    Window,
}

/// Persons by their answers to every item.
pub struct Persons {
    answers: VecDeque<Vec<bool>>,
    rng: ChaCha8Rng,
}

impl Persons {
    /// Nobody yet. A stream is a sequence of its own.
    pub fn new(seed: u64, stream: u64) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        rng.set_stream(stream);
        Self { answers: VecDeque::new(), rng }
    }

    /// `count` persons of N(`mean`, 1) answer every item.
    pub fn come(&mut self, count: usize, mean: f64, items: &[SlopeIntercept]) {
        for _ in 0..count {
            let ability = mean + self.normal();
            let answer =
                |item: &SlopeIntercept| self.rng.random::<f64>() < item.probability(ability);
            self.answers.push_back(items.iter().map(answer).collect());
        }
    }

    /// Only the newest `count` stay.
    pub fn keep(&mut self, count: usize) {
        self.answers.drain(..self.answers.len().saturating_sub(count));
    }

    /// Everybody's answers.
    pub fn answers(&self) -> &VecDeque<Vec<bool>> {
        &self.answers
    }

    /// As a calibration takes them.
    pub fn responses(&self, labels: &[String]) -> Responses {
        let mut rows = ResponseRows::new(false);
        for (person, answers) in self.answers.iter().enumerate() {
            for (item, correct) in answers.iter().enumerate() {
                let pushed = rows.push(person as u32, item as u32, *correct, NO_TIME);
                pushed.unwrap_or_else(|error| panic!("{error}"));
            }
        }
        Responses::from_rows(labels.to_vec(), rows, RepeatedResponses::First, &Unmonitored)
            .unwrap_or_else(|error| panic!("simulated responses are valid: {error}"))
    }

    /// A normal number, by Box and Muller.
    fn normal(&mut self) -> f64 {
        let (u, v): (f64, f64) = (1.0 - self.rng.random::<f64>(), self.rng.random());
        libm::sqrt(-2.0 * libm::log(u)) * libm::cos(std::f64::consts::TAU * v)
    }
}
