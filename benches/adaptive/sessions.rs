//! Persons who answer: forms at first, then adaptive sessions with new items among them.

use crate::random::Random;
use irt::scoring::{Answer, Choice, ScorePrior, Scorer, ScoringMethod, next_items};
use irt::{ItemParameters, Quadrature};
use std::collections::HashSet;

/// Items of the bank, and items that nobody knows yet.
pub const KNOWN: usize = 200;
/// Items that nobody knows yet.
pub const NEW: usize = 15;
/// Of these, so many are shown to a person, unscored.
const NEW_SHOWN: usize = 5;
/// Items of a form.
const FORM: usize = 40;
/// Known items of a session.
const SESSION: usize = 30;

/// The answers of a person: item and correctness.
#[derive(Debug, Clone, Default)]
pub struct Session {
    /// To items of the bank.
    pub known: Vec<(usize, bool)>,
    /// To new items, numbered from 0.
    pub new: Vec<(usize, bool)>,
}

impl Session {
    /// Lines of a COPY into (user_id, question_id, is_correct); new items stand behind the bank's.
    pub fn lines(&self, person: usize) -> String {
        let new = self.new.iter().map(|(item, correct)| (KNOWN + item, *correct));
        let answers = self.known.iter().copied().chain(new);
        let line =
            |(item, correct)| format!("{person}\t{item}\t{}\n", if correct { 't' } else { 'f' });
        answers.map(line).collect()
    }
}

/// A person answers items of the true bank.
pub struct People<'a> {
    /// The truth: the bank's items, then the new ones.
    pub items: &'a [ItemParameters],
    /// Where chance comes from.
    pub random: Random,
}

impl People<'_> {
    /// A person of this ability answers a form of items by lot.
    pub fn form(&mut self, ability: f64) -> Session {
        let items: Vec<usize> = self.random.draw(FORM, KNOWN);
        let known = items.into_iter().map(|item| (item, self.answer(ability, item))).collect();
        Session { known, new: Vec::new() }
    }

    /// An adaptive session: each item is the one that tells most at the EAP so far, by the values
    /// `in_force`; then new items by lot.
    pub fn adaptive(&mut self, ability: f64, in_force: &[ItemParameters]) -> Session {
        let (prior, grid) = (ScorePrior::default(), Quadrature::default());
        let scorer = Scorer::new(ScoringMethod::Eap, prior, &grid);
        let mut session = Session::default();
        let mut answers = Vec::new();
        let mut given = HashSet::new();
        for _ in 0..SESSION {
            let score = scorer.score(&answers).unwrap().map_or(0.0, |score| score.ability);
            let next = next_items(in_force, score, |item| given.contains(&item), Choice::default());
            let item = next.unwrap()[0].item;
            given.insert(item);
            let correct = self.answer(ability, item);
            answers.push(Answer { item: in_force[item], correct });
            session.known.push((item, correct));
        }
        for item in self.random.draw(NEW_SHOWN, NEW) {
            session.new.push((item, self.answer(ability, KNOWN + item)));
        }
        session
    }

    fn answer(&mut self, ability: f64, item: usize) -> bool {
        let item = self.items[item];
        let p = 1.0 / (1.0 + (-item.discrimination * (ability - item.difficulty)).exp());
        self.random.uniform() < p
    }
}
