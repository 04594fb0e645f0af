//! Eleven ways in which responses come about, of which the model describes some.

use super::random::Random;
use irt::ItemParameters;
use irt::Quadrature;
use irt::scoring::{Answer, Choice, ScorePrior, Scorer, ScoringMethod, next_items};
use std::collections::HashSet;

/// Items of the bank.
pub const ITEMS: usize = 60;
/// Items of a form, and of an adaptive session.
const FORM: usize = 40;
const SESSION: usize = 25;
/// Answers of a session that a cut history keeps: the last ones.
const KEPT: usize = 12;
/// Items whose keys are wrong in one of the worlds.
const WRONG: usize = 12;

/// How persons come to their responses.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum World {
    /// Forms, by a population with this mean and standard deviation.
    Normal(f64, f64),
    /// Forms, by a population with a long tail.
    Skewed,
    /// Adaptive sessions, of so many persons, of which all answers are there.
    Adaptive(usize),
    /// Adaptive sessions, of which the first half is gone.
    Cut,
    /// Persons skip what they would get wrong.
    SelfSelected,
    /// Persons guess: a lower asymptote of .2.
    Guessing,
    /// Half of the items ask for another ability, with this correlation.
    TwoDimensions(f64),
    /// Every fifth key is wrong.
    WrongKeys,
}

/// A response: person, item, correctness.
pub type Response = (usize, usize, bool);

impl World {
    /// All of them, with their names in the table.
    pub const ALL: [(&'static str, Self); 11] = [
        ("population .8 better", Self::Normal(0.8, 1.0)),
        ("population 1.3 times as wide", Self::Normal(0.0, 1.3)),
        ("population skewed", Self::Skewed),
        ("adaptive sessions, whole", Self::Adaptive(2000)),
        ("adaptive sessions, a window of persons", Self::Adaptive(1000)),
        ("adaptive sessions, cut", Self::Cut),
        ("persons choose items", Self::SelfSelected),
        ("guessing, c = .2", Self::Guessing),
        ("two abilities, r = .5", Self::TwoDimensions(0.5)),
        ("two abilities, r = .2", Self::TwoDimensions(0.2)),
        ("12 of 60 keys wrong", Self::WrongKeys),
    ];

    fn persons(self) -> usize {
        match self {
            Self::Adaptive(persons) => persons,
            _ => 2000,
        }
    }

    /// The responses of its persons; `in_force` is what adaptive sessions go by.
    pub fn responses(
        self,
        items: &[ItemParameters],
        in_force: &[ItemParameters],
        random: &mut Random,
    ) -> Vec<Response> {
        (0..self.persons())
            .flat_map(|person| {
                let abilities = self.abilities(random);
                let answers = match self {
                    Self::Adaptive(_) => session(abilities[0], items, in_force, random),
                    Self::Cut => {
                        session(abilities[0], items, in_force, random).split_off(SESSION - KEPT)
                    }
                    _ => self.form(abilities, items, random),
                };
                answers.into_iter().map(move |(item, correct)| (person, item, correct))
            })
            .collect()
    }

    /// A person's ability, and the other one.
    fn abilities(self, random: &mut Random) -> [f64; 2] {
        let normal = random.normal();
        match self {
            Self::Normal(mean, sd) => [mean + sd * normal; 2],
            Self::Skewed => [-(1.0 - random.uniform()).ln() - 1.0; 2],
            Self::TwoDimensions(r) => [normal, r * normal + (1.0 - r * r).sqrt() * random.normal()],
            _ => [normal; 2],
        }
    }

    fn form(
        self,
        abilities: [f64; 2],
        items: &[ItemParameters],
        random: &mut Random,
    ) -> Vec<(usize, bool)> {
        let form = random.draw(FORM, ITEMS);
        let mut answers = Vec::with_capacity(FORM);
        for item in form {
            let p = items[item].probability(abilities[item % 2]);
            let p = if self == Self::Guessing { 0.2 + 0.8 * p } else { p };
            let skips = self == Self::SelfSelected && random.uniform() > 0.2 + 0.8 * p;
            let correct = random.uniform() < p;
            let is_wrong = self == Self::WrongKeys && item % (ITEMS / WRONG) == 0;
            if !skips {
                answers.push((item, correct != is_wrong));
            }
        }
        answers
    }
}

/// Each item is the one that tells most at the EAP so far.
fn session(
    ability: f64,
    items: &[ItemParameters],
    in_force: &[ItemParameters],
    random: &mut Random,
) -> Vec<(usize, bool)> {
    let scorer = Scorer::new(ScoringMethod::Eap, ScorePrior::default(), &Quadrature::default());
    let (mut answers, mut given, mut session) = (Vec::new(), HashSet::new(), Vec::new());
    for _ in 0..SESSION {
        let score = scorer.score(&answers).unwrap().map_or(0.0, |score| score.ability);
        let next = next_items(in_force, score, |item| given.contains(&item), Choice::default());
        let item = next.unwrap()[0].item;
        given.insert(item);
        let correct = random.uniform() < items[item].probability(ability);
        answers.push(Answer { item: in_force[item], correct });
        session.push((item, correct));
    }
    session
}
