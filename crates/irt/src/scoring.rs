//! Abilities from answers, given the items' parameters, and what an item would tell next.
//!
//! | question | where |
//! |---|---|
//! | What is scored, and what comes out? | [`Answer`], [`ScorePrior`], [`AbilityEstimate`] |
//! | How able is a person? | [`eap()`], [`map()`], [`ml()`], [`wle()`] |
//! | Which method, chosen at run time? | [`ScoringMethod`], [`Scorer`] |
//! | How able is everybody in a bank? | [`score_everybody`] |
//! | How much do items tell, and which comes next? | [`test_information`], [`next_items`] |
//! | Would new parameters change people's scores? | [`compare_scores`] |
//!
//! | method | what it is | no answers | all right |
//! |---|---|---|---|
//! | EAP | mean of the posterior (Bock & Mislevy 1982) | the prior | finite |
//! | MAP | mode of the posterior (Samejima 1969) | the prior | finite |
//! | ML | mode of the likelihood (Birnbaum 1968) | none | +∞ |
//! | WLE | mode of the weighted likelihood (Warm 1989) | none | finite |
//!
//! An answer to an item with discrimination 0 tells nothing and counts as no
//! answer. The order of the answers changes no bit of a result: all methods
//! sort them first.
//!
//! ```
//! use irt::scoring::{Answer, Eap, ScorePrior, eap, map, ml, wle};
//! use irt::{ItemParameters, Quadrature};
//!
//! let answers = [(1.0, -0.5, true), (1.4, 0.2, true), (0.8, 1.0, false)].map(|(a, b, correct)| {
//!     Answer { item: ItemParameters::new(a, b), correct }
//! });
//! let prior = ScorePrior::default();
//! let expected = eap(&answers, prior, &Quadrature::default())?;
//! let likely = ml(&answers)?.ok_or("no answers")?;
//! assert!(expected.ability < likely.ability, "the prior draws towards its mean");
//! assert!(expected.standard_error < likely.standard_error, "and adds what it knows");
//!
//! // Without answers the posterior is the prior, and there is no likelihood.
//! assert_eq!(map(&[], prior)?.ability, 0.0);
//! assert_eq!(wle(&[])?, None);
//!
//! // Many persons: what depends on prior and grid alone is computed once.
//! let scorer = Eap::new(prior, &Quadrature::default());
//! assert_eq!(scorer.score(&answers)?, expected);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod answers;
mod comparison;
mod eap;
mod estimate;
mod everybody;
mod information;
mod likelihood;
mod log_sum;
mod map;
mod ml;
mod node_likelihood;
mod prior;
mod root;
mod score_changes;
mod scorer;
mod selection;
mod weighted_likelihood;
mod wle;

pub use answers::{Answer, FLAT};
pub use comparison::{ScoreComparison, compare_scores};
pub use eap::{Eap, eap};
pub use estimate::AbilityEstimate;
pub use everybody::{PersonScore, score_everybody};
pub use information::{AbilityInformation, test_information};
pub use map::map;
pub use ml::ml;
pub use prior::ScorePrior;
pub use score_changes::{CHANGE_BIN_BOUND, CHANGE_BINS, ScoreChanges};
pub use scorer::{Scorer, ScoringMethod};
pub use selection::{Choice, SelectedItem, next_items};
pub use wle::wle;
