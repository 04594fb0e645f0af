//! What the dimensionality of a bank would be if there were one ability.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::dimensionality::Dimensionality;
use super::item_rows::ItemRows;
use super::pair_items::{Answered, PairItems};
use super::posteriors::posterior_moments;
use super::q3::pairs;
use super::source::{KnownItems, Source, check_populations, group_ranges};
use crate::ability::population::Population;
use crate::ability::quadrature::Quadrature;
use crate::data::patterns::Patterns;
use crate::data::response::Response;
use crate::data::responses::Responses;
use crate::error::IrtError;
use crate::memory::reserve;
use crate::model::item_parameters::ItemParameters;
use crate::monitor::Monitor;
use crate::numeric::eight::in_eights;
use crate::simulate::standard_normal;

/// The dimensionality, next to what one ability gives.
#[derive(Debug, Clone, PartialEq)]
pub struct DimensionsCheck {
    /// Of the responses.
    pub observed: Dimensionality,
    /// [`Dimensionality::largest_share`] of each replicate, ascending.
    pub replicates: Vec<f64>,
    /// (1 + replicates that reach the observed share) / (1 + replicates); `None` where there is
    /// no pair of items.
    pub p: Option<f64>,
}

/// Compares the largest eigenvalue of Q3 with its distribution under the model, by a parametric
/// bootstrap: every replicate draws abilities from the populations and responses to the items
/// that each person answered, at the given parameters.
///
/// The parameters are not estimated anew in the replicates; Q3 hardly depends on that. Replicate k
/// draws from stream k of a generator with this seed. Arguments as in [`super::diagnose()`].
///
/// # Errors
/// As [`super::diagnose()`].
///
/// # Source
/// Efron & Tibshirani (1993), An Introduction to the Bootstrap, chapter 16; Chou & Wang (2010),
/// Educational and Psychological Measurement 70(5), 717–731, for the eigenvalue and why fixed
/// bounds do not serve.
#[allow(clippy::too_many_arguments)]
pub fn check_dimensions(
    responses: &Responses,
    items: &[Option<ItemParameters>],
    populations: &[Population],
    quadrature: &Quadrature,
    replicates: u32,
    seed: u64,
    monitor: &dyn Monitor,
) -> Result<DimensionsCheck, IrtError> {
    let known = KnownItems::new(items, responses.labels().len())?;
    let patterns = known.among(responses, monitor)?;
    let ranges = group_ranges(&patterns);
    check_populations(populations, ranges.len())?;
    let rows = ItemRows::new(&known.parameters, &in_eights(quadrature.nodes(), 0.0))?;
    let sources: Vec<Source<'_>> = ranges
        .into_iter()
        .zip(populations)
        .map(|(range, population)| Source::new(&patterns, range, *population, quadrature))
        .collect();
    let mut answered = vec![0; known.parameters.len()];
    for (responses, persons) in sources.iter().flat_map(Source::persons) {
        responses.iter().for_each(|response| answered[response.item()] += u64::from(persons));
    }
    let design = Design { rows, items: PairItems::new(&answered, &known.parameters) };
    let observed = design.dimensionality(&sources, monitor)?;
    let mut shares = reserve(replicates as usize, "replicates")?;
    for replicate in 0..replicates {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        rng.set_stream(u64::from(replicate));
        let drawn: Result<Vec<Patterns>, IrtError> =
            sources.iter().map(|source| design.draw(source, &mut rng, monitor)).collect();
        let drawn = drawn?;
        let sources: Vec<Source<'_>> = drawn
            .iter()
            .zip(populations)
            .map(|(drawn, population)| Source::new(drawn, 0..drawn.len(), *population, quadrature))
            .collect();
        shares.extend(design.dimensionality(&sources, monitor)?.largest_share);
    }
    shares.sort_unstable_by(f64::total_cmp);
    let p = observed.largest_share.map(|observed| {
        let reached = shares.iter().filter(|share| **share >= observed).count();
        (1 + reached) as f64 / (1 + shares.len()) as f64
    });
    Ok(DimensionsCheck { observed, replicates: shares, p })
}

struct Design<'a> {
    rows: ItemRows<'a>,
    items: PairItems,
}

impl Design<'_> {
    fn dimensionality(
        &self,
        sources: &[Source<'_>],
        monitor: &dyn Monitor,
    ) -> Result<Dimensionality, IrtError> {
        let mut abilities = reserve(sources.len(), "groups of persons")?;
        for source in sources {
            let moments = posterior_moments(source, &self.rows, monitor)?;
            abilities.push(moments.iter().map(|[mean, _]| *mean).collect::<Vec<f64>>());
        }
        let answered: Vec<Answered<'_>> =
            sources.iter().zip(&abilities).map(Answered::of).collect();
        Ok(Dimensionality::of(&pairs(&answered, &self.items, monitor)?))
    }

    /// Other persons who were given the same items.
    fn draw(
        &self,
        source: &Source<'_>,
        rng: &mut ChaCha8Rng,
        monitor: &dyn Monitor,
    ) -> Result<Patterns, IrtError> {
        const WHAT: &str = "simulated responses";
        let persons: usize = source.persons().map(|(_, persons)| persons as usize).sum();
        let count: usize =
            source.persons().map(|(responses, persons)| responses.len() * persons as usize).sum();
        let (mut offsets, mut drawn) = (reserve(persons + 1, WHAT)?, reserve(count, WHAT)?);
        offsets.push(0);
        for (responses, persons) in source.persons() {
            for _ in 0..persons {
                let ability = source.population.mean + source.population.sd * standard_normal(rng);
                drawn.extend(responses.iter().map(|response| {
                    let p = self.rows.parameters[response.item()].probability(ability);
                    Response::new(response.number(), rng.random::<f64>() < p)
                }));
                offsets.push(drawn.len() as u32);
            }
        }
        Patterns::collapse(&offsets, drawn, self.rows.parameters.len(), monitor)
    }
}
