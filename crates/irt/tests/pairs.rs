//! Designs in which persons answer two items each, with a flat prior on discrimination.
//!
//! What pairs alone determine is a matter of graphs (see docs/method.md, Identification): chains,
//! trees and even rings do not, odd rings do, and what hangs on items that are determined is.
#![allow(clippy::unwrap_used)]

mod common;

use common::settings;
use irt::simulate::simulate_items;
use irt::{
    Flag, IrtError, ItemStatus, NO_TIME, Priors, RepeatedResponses, ResponseRows, Responses,
    StandardErrors, Unmonitored, calibrate,
};

/// A stream of numbers in [0, 1): splitmix64.
struct Lot(u64);

impl Lot {
    fn draw(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    }

    fn below(&mut self, limit: u32) -> u32 {
        (self.draw() * f64::from(limit)) as u32
    }
}

/// Which items are answered together.
type Sets = Vec<Vec<u32>>;

fn chain(items: u32) -> Sets {
    (1..items).map(|item| vec![item - 1, item]).collect()
}

fn ring(items: u32) -> Sets {
    let mut sets = chain(items);
    sets.push(vec![0, items - 1]);
    sets
}

/// Everybody answers one of the sets; `scale` persons for each, more or less.
fn responses(sets: &Sets, scale: f64, lot: &mut Lot) -> Responses {
    let items = 1 + sets.iter().flatten().max().unwrap();
    let truth = simulate_items(items, lot.below(1 << 30).into());
    let mut rows = ResponseRows::new(false);
    let mut person = 0;
    for set in sets {
        for _ in 0..(scale * (0.5 + lot.draw())) as u32 {
            let ability = (0..12).map(|_| lot.draw()).sum::<f64>() - 6.0;
            for item in set {
                let correct = lot.draw() < truth[*item as usize].probability(ability);
                rows.push(person, *item, correct, NO_TIME).unwrap();
            }
            person += 1;
        }
    }
    let labels = (0..items).map(|item| format!("i{item:03}")).collect();
    Responses::from_rows(labels, rows, RepeatedResponses::First, &Unmonitored).unwrap()
}

/// The items that are calibrated. Each must have a standard error, and one that says something.
fn published(sets: &Sets, scale: f64, lot: &mut Lot) -> Vec<u32> {
    let settings = settings(Priors::flat(), StandardErrors::ObservedInformation);
    let found = match calibrate(&responses(sets, scale, lot), &settings, &Unmonitored) {
        Ok(found) => found,
        Err(IrtError::TooFewItems { .. }) => return Vec::new(),
        Err(error) => panic!("{sets:?}: {error}"),
    };
    for item in found.calibrated() {
        let (a, error) = (item.discrimination.unwrap(), item.se_discrimination);
        assert!(error.is_some_and(|error| error < 20.0 * a.abs().max(1.0)), "{sets:?}: {item:?}");
    }
    let calibrated = |(_, item): &(u32, &irt::ItemResult)| item.status == ItemStatus::Calibrated;
    (0..).zip(&found.items).filter(calibrated).map(|(number, _)| number).collect()
}

const SCALES: [f64; 4] = [60.0, 200.0, 600.0, 2000.0];

#[test]
fn chains_trees_and_even_rings_are_not_published() {
    let mut lot = Lot(1);
    for round in 0..40 {
        let items = 3 + lot.below(6);
        let tree = (1..items).map(|item| vec![lot.below(item), item]).collect();
        for sets in [chain(items), tree, ring(4 + 2 * lot.below(3))] {
            let published = published(&sets, SCALES[round % 4], &mut lot);
            assert_eq!(published, [0; 0], "{sets:?}");
        }
    }
}

#[test]
fn beside_three_items_that_are_answered_together_a_chain_is_left_out() {
    let mut lot = Lot(2);
    for round in 0..20 {
        let items = 3 + lot.below(5);
        let mut sets = chain(items);
        sets.push((items..items + 4).collect());
        let published = published(&sets, [600.0, 2000.0][round % 2], &mut lot);
        assert!(published.iter().all(|item| *item >= items), "{sets:?}: {published:?}");
    }
}

#[test]
fn what_is_determined_is_published() {
    let mut lot = Lot(3);
    for _ in 0..10 {
        // An odd ring, and a chain that ends in three items answered together.
        assert_eq!(published(&ring(3), 8000.0, &mut lot).len(), 3);
        let mut sets = chain(3);
        sets.push(vec![2, 3, 4]);
        assert_eq!(published(&sets, 8000.0, &mut lot).len(), 5);
    }
}

/// Rings with chords and mixtures of everything: no claim which, but none without information.
#[test]
fn whatever_is_published_has_a_standard_error() {
    let mut lot = Lot(4);
    for round in 0..120 {
        let items = 4 + lot.below(5);
        let mut sets = ring(items);
        for _ in 0..1 + lot.below(2) {
            let (one, other) = (lot.below(items), lot.below(items));
            if one != other {
                sets.push(vec![one.min(other), one.max(other)]);
            }
        }
        if lot.draw() < 0.3 {
            sets.push((items - 1..items + 3).collect());
        }
        published(&sets, SCALES[round % 4], &mut lot);
    }
}

#[test]
fn items_left_out_are_flagged() {
    let settings = settings(Priors::flat(), StandardErrors::None);
    let mut sets = ring(4);
    sets.push(vec![4, 5, 6]);
    let found = calibrate(&responses(&sets, 2000.0, &mut Lot(5)), &settings, &Unmonitored).unwrap();
    for item in &found.items[..4] {
        assert_eq!(item.flags.first(), Some(&Flag::NotIdentified));
    }
}
