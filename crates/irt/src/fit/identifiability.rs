//! Which items hang together: connected components of the item bank.
//!
//! Items are joined by persons who answered both. Within a component one scale
//! holds; between components nothing but the assumption that their persons
//! come from the same population.

use std::collections::HashMap;

use crate::data::patterns::{ItemSet, Patterns};

/// With a flat prior on discrimination, a component needs this many items:
/// two items have four parameters and three free proportions.
pub(crate) const SMALLEST_IDENTIFIED_COMPONENT: usize = 3;

/// Items of the components that tell of discriminations no more than pairs of items without an
/// odd cycle do.
///
/// Where nobody answered more than two items of a component, all that is known of its slopes is
/// one association for every pair that somebody answered, and that is nearly a product of the
/// two (of the normal ogive's a / √(1 + a²), exactly). Unless some cycle of pairs has an odd
/// number of items, these fall into two sides with every pair across: what is multiplied on one
/// side and divided on the other changes no product. A tree of pairs has fewer associations than
/// slopes, besides. In the logistic metric an even ring of four tells of this direction 1e-8 of
/// what the complete data would: nothing.
pub(crate) fn known_by_products_alone(
    patterns: &Patterns,
    components: &[Vec<usize>],
) -> Vec<usize> {
    let mut component_of = vec![0; patterns.items()];
    for (number, component) in components.iter().enumerate() {
        component.iter().for_each(|item| component_of[*item] = number);
    }
    let mut answered_three = vec![false; components.len()];
    let mut partners: Vec<Vec<usize>> = vec![Vec::new(); patterns.items()];
    for set in patterns.item_sets(0..patterns.len()) {
        let codes = patterns.codes(set.patterns.start);
        let item = |at: usize| (codes[at] >> 1) as usize;
        match codes.len() {
            0 | 1 => {}
            2 => {
                partners[item(0)].push(item(1));
                partners[item(1)].push(item(0));
            }
            _ => answered_three[component_of[item(0)]] = true,
        }
    }
    let pairs_alone = components.iter().zip(answered_three).filter(|(_, three)| !three);
    pairs_alone
        .map(|(component, _)| component)
        .filter(|component| falls_into_two_sides(component, &partners))
        .flatten()
        .copied()
        .collect()
}

/// True where at least half of every item's responses come from persons who answered three items
/// or more. Three items that are answered together have six parameters and seven free
/// proportions: such data determine them, unless they are degenerate.
pub(crate) fn is_answered_in_threes(patterns: &Patterns, weights: &[u32]) -> bool {
    let answered = |set: &ItemSet| patterns.codes(set.patterns.start).len();
    if patterns.item_sets(0..patterns.len()).all(|set| answered(&set) >= 3) {
        return true;
    }
    let (mut all, mut in_threes) = (vec![0_u64; patterns.items()], vec![0_u64; patterns.items()]);
    for set in patterns.item_sets(0..patterns.len()) {
        let persons: u64 = weights[set.patterns.clone()].iter().map(|w| u64::from(*w)).sum();
        let codes = patterns.codes(set.patterns.start);
        for code in codes {
            let item = (code >> 1) as usize;
            all[item] += persons;
            in_threes[item] += if codes.len() >= 3 { persons } else { 0 };
        }
    }
    all.iter().zip(&in_threes).all(|(all, in_threes)| 2 * in_threes >= *all)
}

/// True where no two partners of a component need to be on the same side.
fn falls_into_two_sides(component: &[usize], partners: &[Vec<usize>]) -> bool {
    let mut sides: HashMap<usize, bool> = HashMap::from([(component[0], false)]);
    let mut waiting = vec![component[0]];
    while let Some(item) = waiting.pop() {
        let side = sides[&item];
        for partner in &partners[item] {
            match sides.insert(*partner, !side) {
                Some(other) if other == side => return false,
                Some(_) => {}
                None => waiting.push(*partner),
            }
        }
    }
    true
}

/// Items grouped into connected components, each ascending, by their first item.
pub(crate) fn components(patterns: &Patterns) -> Vec<Vec<usize>> {
    let mut parents: Vec<usize> = (0..patterns.items()).collect();
    for set in patterns.item_sets(0..patterns.len()) {
        let codes = patterns.codes(set.patterns.start);
        for code in &codes[1..] {
            let one = root(&mut parents, (codes[0] >> 1) as usize);
            let other = root(&mut parents, (code >> 1) as usize);
            parents[one.max(other)] = one.min(other);
        }
    }
    let mut members: Vec<Vec<usize>> = vec![Vec::new(); patterns.items()];
    for item in 0..patterns.items() {
        let component = root(&mut parents, item);
        members[component].push(item);
    }
    members.retain(|component| !component.is_empty());
    members
}

fn root(parents: &mut [usize], item: usize) -> usize {
    let mut at = item;
    while parents[at] != at {
        parents[at] = parents[parents[at]];
        at = parents[at];
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::patterns::of_persons;

    #[test]
    fn persons_join_items() {
        let persons: [&[u32]; 5] = [&[8, 11], &[0, 4], &[2], &[4, 6], &[10, 13]];
        let data = of_persons(&persons, 7);
        assert_eq!(components(&data), [vec![0, 2, 3], vec![1], vec![4, 5, 6]]);
    }

    /// Persons who answered these items, all correctly: which are known by products alone?
    fn by_products(sets: &[&[u32]]) -> Vec<usize> {
        let persons: Vec<Vec<u32>> =
            sets.iter().map(|set| set.iter().map(|item| 2 * item + 1).collect()).collect();
        let persons: Vec<&[u32]> = persons.iter().map(Vec::as_slice).collect();
        let items = 1 + sets.iter().flat_map(|set| set.iter()).max().unwrap();
        let data = of_persons(&persons, items as usize);
        known_by_products_alone(&data, &components(&data))
    }

    #[test]
    fn pairs_determine_slopes_by_odd_cycles_only() {
        let chain: [&[u32]; 3] = [&[0, 1], &[1, 2], &[2, 3]];
        assert_eq!(by_products(&chain), [0, 1, 2, 3]);
        let star: [&[u32]; 3] = [&[0, 1], &[0, 2], &[0, 3]];
        assert_eq!(by_products(&star), [0, 1, 2, 3]);
        let even_ring: [&[u32]; 4] = [&[0, 1], &[1, 2], &[2, 3], &[0, 3]];
        assert_eq!(by_products(&even_ring), [0, 1, 2, 3]);
        let odd_ring: [&[u32]; 5] = [&[0, 1], &[1, 2], &[2, 3], &[3, 4], &[0, 4]];
        assert_eq!(by_products(&odd_ring), [0; 0]);
        let chord: [&[u32]; 5] = [&[0, 1], &[1, 2], &[2, 3], &[0, 3], &[0, 2]];
        assert_eq!(by_products(&chord), [0; 0]);
        let hangs_on_three: [&[u32]; 3] = [&[0, 1], &[1, 2], &[2, 3, 4]];
        assert_eq!(by_products(&hangs_on_three), [0; 0]);
        let beside_three: [&[u32]; 4] = [&[0, 1], &[2, 3, 4], &[5], &[6, 7]];
        assert_eq!(by_products(&beside_three), [0, 1, 5, 6, 7]);
    }

    #[test]
    fn half_of_an_items_responses_must_be_in_threes() {
        let persons: [&[u32]; 3] = [&[0, 2, 4], &[1, 3], &[0, 2]];
        let data = of_persons(&persons, 3);
        let weight = |three: u32| -> Vec<u32> {
            let long = |pattern: usize| data.codes(pattern).len() == 3;
            (0..data.len()).map(|pattern| if long(pattern) { three } else { 1 }).collect()
        };
        assert!(is_answered_in_threes(&data, &weight(2)));
        assert!(!is_answered_in_threes(&data, &weight(1)));
    }
}
