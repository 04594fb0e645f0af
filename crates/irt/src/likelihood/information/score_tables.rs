//! What the scores of every person are made of, item by item.

use super::scored::Scoring;
use crate::ability::grid::Grid;
use crate::ability::group_weights::GroupWeights;
use crate::data::response::Response;
use crate::error::IrtError;
use crate::likelihood::item_tables::{ItemTables, probability_table};
use crate::likelihood::objective::Objective;
use crate::memory::{reserve, reserve_exact};
use crate::model::two_pl::SlopeIntercept;
use crate::numeric::eight::Eight;

/// Probabilities and their products with ability, scored items × eights.
pub(super) struct ScoreTables<'a> {
    pub base: ItemTables<'a>,
    pub grid: &'a Grid,
    pub weights: GroupWeights,
    pub scoring: Scoring<'a>,
    /// The parameters of scored items.
    pub scored: Vec<SlopeIntercept>,
    /// P, θ·P and θ²·P, the pseudo-item's last.
    moments: [Vec<Eight>; 3],
}

impl<'a> ScoreTables<'a> {
    /// At these blocks of parameters.
    ///
    /// # Errors
    /// [`IrtError::OutOfMemory`].
    pub(super) fn new(
        objective: &Objective<'a>,
        parameters: &'a [SlopeIntercept],
    ) -> Result<Self, IrtError> {
        const WHAT: &str = "tables of the items";
        let (design, grid, items) = (objective.design, objective.grid, objective.items());
        let scoring = Scoring::new(design, items);
        let scored: Vec<SlopeIntercept> =
            (0..scoring.items).map(|position| parameters[design.free_item(position)]).collect();
        let mut probability = probability_table(&scored, grid)?;
        if design.groups() > 0 {
            reserve_exact(&mut probability, grid.width, WHAT)?;
            probability.extend(grid.nodes.iter().map(|nodes| nodes.map(|node| -node)));
        }
        let times_ability = |table: &[Eight]| -> Result<Vec<Eight>, IrtError> {
            let mut product = reserve(table.len(), WHAT)?;
            let rows = table
                .iter()
                .zip(grid.nodes.iter().cycle())
                .map(|(row, nodes)| std::array::from_fn(|lane| row[lane] * nodes[lane]));
            product.extend(rows);
            Ok(product)
        };
        let first = times_ability(&probability)?;
        let second = times_ability(&first)?;
        let base = ItemTables::new(&parameters[..items], grid)?;
        let (weights, moments) = (objective.weights(parameters), [probability, first, second]);
        Ok(Self { base, grid, weights, scoring, scored, moments })
    }

    /// θᵐ·P of the scored response's item, over the grid.
    #[inline(always)]
    pub(super) fn row(&self, moment: usize, response: Response) -> &[Eight] {
        let (item, width) = (response.item(), self.grid.width);
        &self.moments[moment][item * width..(item + 1) * width]
    }
}
