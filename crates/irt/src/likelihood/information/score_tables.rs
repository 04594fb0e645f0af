//! What the scores of every person are made of, item by item.

use crate::ability::grid::Grid;
use crate::data::response::Response;
use crate::error::IrtError;
use crate::likelihood::item_tables::{ItemTables, probability_table};
use crate::memory::reserve;
use crate::model::two_pl::SlopeIntercept;
use crate::numeric::eight::Eight;

/// Probabilities and their products with ability, items × eights.
pub(super) struct ScoreTables<'a> {
    pub base: ItemTables<'a>,
    pub grid: &'a Grid,
    /// P, θ·P and θ²·P.
    moments: [Vec<Eight>; 3],
}

impl<'a> ScoreTables<'a> {
    /// # Errors
    /// [`IrtError::OutOfMemory`].
    pub(super) fn new(parameters: &'a [SlopeIntercept], grid: &'a Grid) -> Result<Self, IrtError> {
        let probability = probability_table(parameters, grid)?;
        let times_ability = |table: &[Eight]| -> Result<Vec<Eight>, IrtError> {
            let mut product = reserve(table.len(), "tables of the items")?;
            let rows = table
                .iter()
                .zip(grid.nodes.iter().cycle())
                .map(|(row, nodes)| std::array::from_fn(|lane| row[lane] * nodes[lane]));
            product.extend(rows);
            Ok(product)
        };
        let first = times_ability(&probability)?;
        let second = times_ability(&first)?;
        let base = ItemTables::new(parameters, grid)?;
        Ok(Self { base, grid, moments: [probability, first, second] })
    }

    /// θᵐ·P of the response's item, over the grid.
    #[inline(always)]
    pub(super) fn row(&self, moment: usize, response: Response) -> &[Eight] {
        let (item, width) = (response.item(), self.grid.width);
        &self.moments[moment][item * width..(item + 1) * width]
    }
}
