//! Who has answered by a week: persons come, and in a window they go.

use crate::Design;
use crate::random::Random;
use irt::simulate::{Simulation, draw_responses};
use irt::two_pl::SlopeIntercept;
use std::collections::VecDeque;

/// Which persons a run sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keeps {
    /// Everybody; a bank that has become too large begins anew, with other items.
    All,
    /// The newest; at least a quarter of them are new every week.
    Window,
    /// Those of this week only.
    NewestOnly,
}

/// A new cumulative bank grows by so much a week.
const GROWTH: f64 = 0.05;
/// The sizes of windows, and of a week's growth, vary by so much.
const VARIATION: f64 = 0.2;
/// So much of a window is new.
const RENEWED: f64 = 0.25;

/// The persons of a bank, and their answers.
pub struct Persons {
    items: Vec<SlopeIntercept>,
    answers: VecDeque<Vec<bool>>,
    seed: u64,
}

impl Persons {
    /// Nobody yet. Another seed: other items, and other persons.
    pub fn new(items: u32, seed: u64) -> Self {
        Self { items: irt::simulate::simulate_items(items, seed), answers: VecDeque::new(), seed }
    }

    /// Goes on by a week. False where a cumulative bank has become too large.
    pub fn next_week(&mut self, design: &Design, random: &mut Random) -> bool {
        let varied = 1.0 + VARIATION * (2.0 * random.uniform() - 1.0);
        let (first, last) = design.persons;
        let now = self.answers.len();
        let wanted = (first as f64 * varied) as usize;
        let (gone, come) = match design.keeps {
            Keeps::All if now == 0 => (0, first),
            Keeps::All => (0, (now as f64 * GROWTH * varied) as usize),
            Keeps::NewestOnly => (now, wanted),
            Keeps::Window => {
                let kept = now.min((wanted as f64 * (1.0 - RENEWED)) as usize);
                (now - kept, wanted - kept)
            }
        };
        self.answers.drain(..gone);
        self.add(come);
        self.answers.len() <= last || design.keeps != Keeps::All
    }

    fn add(&mut self, count: usize) {
        self.seed = self.seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        let items = self.items.len();
        let week = Simulation {
            persons: u32::try_from(count).unwrap(),
            items: u32::try_from(items).unwrap(),
            answered: 1.0,
            seed: self.seed,
        };
        let mut person = Vec::with_capacity(items);
        draw_responses(&week, &self.items, |_, _, correct| {
            person.push(correct);
            if person.len() == items {
                self.answers.push_back(std::mem::take(&mut person));
            }
        });
    }

    /// The lines of a COPY into (user_id, question_id, is_correct).
    pub fn lines(&self) -> String {
        let mut lines = String::new();
        for (person, answers) in self.answers.iter().enumerate() {
            for (item, correct) in answers.iter().enumerate() {
                let correct = if *correct { 't' } else { 'f' };
                lines.push_str(&format!("{person}\t{item}\t{correct}\n"));
            }
        }
        lines
    }
}
