//! Which item to give next: the one that tells most, or one of the few that do.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::information::{finite_ability, log_information_of};
use crate::error::IrtError;
use crate::model::item_parameters::ItemParameters;

/// How many items are wanted, and how freely they are chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Choice {
    /// How many items.
    pub count: usize,
    /// Each is drawn from the so many most informative that are left; 1: always the best.
    pub randomesque: usize,
    /// Where the random stream starts; without meaning for `randomesque` 1.
    pub seed: u64,
}

impl Default for Choice {
    /// The most informative item.
    fn default() -> Self {
        Self { count: 1, randomesque: 1, seed: 0 }
    }
}

/// An item that was chosen.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SelectedItem {
    /// Its position among the items.
    pub item: usize,
    /// a² P (1 − P) at the ability, per unit² of ability.
    pub information: f64,
}

/// The next items for a person of this ability, in the order of their choice.
///
/// The items not `excluded` are ranked by information, of equal ones the first
/// in `items` first. With `randomesque` k, each choice is one of the k best
/// that are left, all equally likely, so that the best items are not worn out
/// (Kingsbury & Zara 1989). Fewer than `count` where no more are left.
///
/// # Errors
/// [`IrtError::InvalidItemParameters`]; [`IrtError::InvalidSetting`] where the
/// ability is not finite or `randomesque` is 0.
///
/// # Source
/// Kingsbury & Zara (1989), Applied Measurement in Education 2(4), 359–375.
///
/// ```
/// use irt::ItemParameters;
/// use irt::scoring::{Choice, next_items};
/// let items = [-1.0, 0.1, 0.2, 2.0].map(|b| ItemParameters::new(1.0, b));
/// let next = next_items(&items, 0.0, |item| item == 1, Choice { count: 2, ..Choice::default() })?;
/// assert_eq!(next.iter().map(|next| next.item).collect::<Vec<_>>(), [2, 0]);
/// # Ok::<(), irt::IrtError>(())
/// ```
pub fn next_items(
    items: &[ItemParameters],
    ability: f64,
    excluded: impl Fn(usize) -> bool,
    choice: Choice,
) -> Result<Vec<SelectedItem>, IrtError> {
    let ability = finite_ability(ability)?;
    let Choice { count, randomesque, seed } = choice;
    if randomesque == 0 {
        let (found, expected) = (randomesque.to_string(), "at least 1");
        return Err(IrtError::InvalidSetting { name: "randomesque", found, expected });
    }
    let mut ranked = Vec::with_capacity(items.len());
    for (position, item) in items.iter().enumerate() {
        item.validate(position)?;
        if !excluded(position) {
            ranked.push((log_information_of(item, ability), position));
        }
    }
    let mut candidates = best(ranked, count.saturating_add(randomesque - 1));
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut chosen = Vec::with_capacity(count.min(candidates.len()));
    while chosen.len() < count && !candidates.is_empty() {
        let eligible = randomesque.min(candidates.len());
        let drawn = if eligible == 1 { 0 } else { rng.random_range(0..eligible) };
        let (_, item) = candidates.remove(drawn);
        chosen.push(SelectedItem { item, information: items[item].information(ability) });
    }
    Ok(chosen)
}

/// The `count` largest, descending; of equal ones the first positions.
fn best(mut ranked: Vec<(f64, usize)>, count: usize) -> Vec<(f64, usize)> {
    let order = |x: &(f64, usize), y: &(f64, usize)| y.0.total_cmp(&x.0).then(x.1.cmp(&y.1));
    if count < ranked.len() {
        ranked.select_nth_unstable_by(count, order);
        ranked.truncate(count);
    }
    ranked.sort_unstable_by(order);
    ranked
}

#[cfg(test)]
mod tests {
    use super::*;

    fn items() -> Vec<ItemParameters> {
        (0..50).map(|item| ItemParameters::new(1.0, f64::from((item * 37) % 50) * 0.1)).collect()
    }

    #[test]
    fn the_most_informative_come_first_and_ties_by_position() {
        let chosen = |items: &[ItemParameters], count| -> Vec<usize> {
            let choice = Choice { count, ..Choice::default() };
            let next = next_items(items, 0.0, |_| false, choice).unwrap();
            assert!(next.windows(2).all(|pair| pair[0].information >= pair[1].information));
            next.iter().map(|next| next.item).collect()
        };
        assert_eq!(chosen(&[ItemParameters::new(1.0, 0.5); 4], 3), [0, 1, 2]);
        assert_eq!(chosen(&items(), 60).len(), 50);
        assert_eq!(chosen(&items(), 0).len(), 0);
        // Both are too far for their information to be a number; the nearer one tells more.
        let far = [ItemParameters::new(20.0, 90.0), ItemParameters::new(-20.0, 80.0)];
        assert_eq!(chosen(&far, 2), [1, 0]);
    }

    #[test]
    fn randomesque_draws_each_of_the_k_best_equally_often() {
        let items = items();
        let choice = |seed| Choice { count: 3, randomesque: 5, seed };
        let ranked = next_items(&items, 0.0, |_| false, Choice { count: 7, ..Choice::default() });
        let best: Vec<usize> = ranked.unwrap().iter().map(|next| next.item).collect();
        let mut first = [0; 5];
        for seed in 0..2000 {
            let next = next_items(&items, 0.0, |_| false, choice(seed)).unwrap();
            assert_eq!(next, next_items(&items, 0.0, |_| false, choice(seed)).unwrap());
            let place = |number: usize| best.iter().position(|item| *item == next[number].item);
            first[place(0).unwrap()] += 1;
            assert!(place(1).unwrap() < 6 && place(2).unwrap() < 7 && place(1) != place(2));
        }
        // 400 each; 5 standard deviations of a binomial count are 89.
        assert!(first.iter().all(|count| (311..489).contains(count)), "{first:?}");
    }

    #[test]
    fn what_is_excluded_or_impossible_is_not_chosen() {
        let items = items();
        let next = next_items(&items, 0.0, |_| true, Choice::default()).unwrap();
        assert!(next.is_empty());
        let never = Choice { randomesque: 0, ..Choice::default() };
        assert!(next_items(&items, 0.0, |_| false, never).is_err());
        assert!(next_items(&items, f64::INFINITY, |_| false, Choice::default()).is_err());
        let nan = [ItemParameters::new(1.0, f64::NAN)];
        assert!(next_items(&nan, 0.0, |_| false, Choice::default()).is_err());
    }
}
