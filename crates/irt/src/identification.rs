//! Which items hang together: connected components of the item bank.
//!
//! Items are joined by persons who answered both. Within a component one scale
//! holds; between components nothing but the assumption that their persons
//! come from the same population.

use crate::patterns::Patterns;

/// With a flat prior on discrimination, a component needs this many items:
/// two items have four parameters and three free proportions.
pub(crate) const SMALLEST_IDENTIFIED_COMPONENT: usize = 3;

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
    use crate::patterns::of_persons;

    #[test]
    fn persons_join_items() {
        let persons: [&[u32]; 5] = [&[8, 11], &[0, 4], &[2], &[4, 6], &[10, 13]];
        let data = of_persons(&persons, 7);
        assert_eq!(components(&data), [vec![0, 2, 3], vec![1], vec![4, 5, 6]]);
    }
}
