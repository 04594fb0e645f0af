//! What the design of the data alone, who answered what, says of identification under flat priors.

use std::collections::HashMap;
use std::ops::Range;

use crate::data::patterns::Patterns;
use crate::data::persons::Persons;

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
        let responses = patterns.pattern(set.start);
        let item = |at: usize| responses[at].item();
        match responses.len() {
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
pub(crate) fn is_answered_in_threes(persons: Persons<'_>) -> bool {
    let Persons { patterns, weights } = persons;
    let answered = |set: &Range<usize>| patterns.pattern(set.start).len();
    if patterns.item_sets(0..patterns.len()).all(|set| answered(&set) >= 3) {
        return true;
    }
    let (mut all, mut in_threes) = (vec![0_u64; patterns.items()], vec![0_u64; patterns.items()]);
    for set in patterns.item_sets(0..patterns.len()) {
        let persons: u64 = weights[set.clone()].iter().map(|weight| u64::from(*weight)).sum();
        let responses = patterns.pattern(set.start);
        for item in responses.iter().map(|response| response.item()) {
            all[item] += persons;
            in_threes[item] += if responses.len() >= 3 { persons } else { 0 };
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::components::components;
    use crate::data::patterns::of_persons;

    /// Persons who answered these items, all correctly: which are known by products alone?
    fn by_products(sets: &[&[u32]]) -> Vec<usize> {
        let persons: Vec<Vec<(u32, bool)>> =
            sets.iter().map(|set| set.iter().map(|item| (*item, true)).collect()).collect();
        let persons: Vec<&[(u32, bool)]> = persons.iter().map(Vec::as_slice).collect();
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
        let persons: [&[(u32, bool)]; 3] = [
            &[(0, false), (1, false), (2, false)],
            &[(0, true), (1, true)],
            &[(0, false), (1, false)],
        ];
        let data = of_persons(&persons, 3);
        let weight = |three: u32| -> Vec<u32> {
            let long = |pattern: usize| data.pattern(pattern).len() == 3;
            (0..data.len()).map(|pattern| if long(pattern) { three } else { 1 }).collect()
        };
        let of_weights =
            |weights: &[u32]| is_answered_in_threes(Persons { patterns: &data, weights });
        assert!(of_weights(&weight(2)));
        assert!(!of_weights(&weight(1)));
    }
}
