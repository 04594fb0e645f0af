//! Which items hang together: connected components of the item bank.
//!
//! Items are joined by persons who answered both. Within a component one scale
//! holds; between components nothing but the assumption that their persons
//! come from the same population.

use super::patterns::Patterns;

/// Items grouped into connected components, each ascending, by their first item.
pub(crate) fn components(patterns: &Patterns) -> Vec<Vec<usize>> {
    let mut parents: Vec<usize> = (0..patterns.items()).collect();
    for set in patterns.item_sets(0..patterns.len()) {
        let responses = patterns.pattern(set.start);
        for response in &responses[1..] {
            let one = root(&mut parents, responses[0].item());
            let other = root(&mut parents, response.item());
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
    use super::super::patterns::of_persons;
    use super::*;

    #[test]
    fn persons_join_items() {
        let persons: [&[(u32, bool)]; 5] = [
            &[(4, false), (5, true)],
            &[(0, false), (2, false)],
            &[(1, false)],
            &[(2, false), (3, false)],
            &[(5, false), (6, true)],
        ];
        let data = of_persons(&persons, 7);
        assert_eq!(components(&data), [vec![0, 2, 3], vec![1], vec![4, 5, 6]]);
    }
}
