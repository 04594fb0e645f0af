//! What the likelihood needs of the items: their functions at every node of the grid.

use crate::ability::grid::Grid;
use crate::data::response::Response;
use crate::error::IrtError;
use crate::memory::zeroes;
use crate::model::two_pl::SlopeIntercept;
use crate::numeric::eight::{Eight, subtract_rows, vectorised};
use crate::numeric::elementary::{eight_logistics, eight_softpluses};

/// Item parameters with softplus(a θ + d) at every node, items × eights.
pub(crate) struct ItemTables<'a> {
    pub parameters: &'a [SlopeIntercept],
    pub grid: &'a Grid,
    softplus: Vec<Eight>,
}

impl<'a> ItemTables<'a> {
    /// # Errors
    /// [`IrtError::OutOfMemory`].
    pub(crate) fn new(parameters: &'a [SlopeIntercept], grid: &'a Grid) -> Result<Self, IrtError> {
        Ok(Self { parameters, grid, softplus: table(parameters, grid, eight_softpluses)? })
    }

    /// ln w(θ) − Σ softplus(a θ + d) over the items of a pattern: what persons of one group with
    /// one item set share.
    #[inline(always)]
    pub(crate) fn log_posterior_base(
        &self,
        base: &mut [Eight],
        log_weights: &[Eight],
        responses: &[Response],
    ) {
        base.copy_from_slice(log_weights);
        subtract_rows(base, &self.softplus, responses, Response::item);
    }

    /// Σ a and Σ d over the correct responses: all that a person's likelihood needs of them.
    #[inline(always)]
    pub(crate) fn sum_of_correct(&self, responses: &[Response]) -> SlopeIntercept {
        sum_of_correct(responses, self.parameters)
    }
}

/// P(correct) for every item and node, items × eights.
///
/// # Errors
/// [`IrtError::OutOfMemory`].
pub(crate) fn probability_table(
    parameters: &[SlopeIntercept],
    grid: &Grid,
) -> Result<Vec<Eight>, IrtError> {
    table(parameters, grid, eight_logistics)
}

/// `function(a θ + d)` for every item and node, items × eights.
#[inline(always)]
fn table(
    parameters: &[SlopeIntercept],
    grid: &Grid,
    function: impl Fn(Eight) -> Eight,
) -> Result<Vec<Eight>, IrtError> {
    let mut rows: Vec<Eight> = zeroes(parameters.len() * grid.width, "tables of the items")?;
    vectorised(
        #[inline(always)]
        || {
            for (row, item) in rows.chunks_exact_mut(grid.width).zip(parameters) {
                for (values, nodes) in row.iter_mut().zip(&grid.nodes) {
                    *values = function(item.logits(*nodes));
                }
            }
        },
    );
    Ok(rows)
}

/// Σ a and Σ d over the correct responses.
#[inline(always)]
pub(crate) fn sum_of_correct(
    responses: &[Response],
    parameters: &[SlopeIntercept],
) -> SlopeIntercept {
    // Four sums side by side: one alone would wait for each of its additions.
    let mut sums = [SlopeIntercept::default(); 4];
    let mut fours = responses.chunks_exact(4);
    let mut add = |sum: usize, response: Response| {
        let item = &parameters[response.item()];
        let correct = response.score();
        sums[sum].slope += correct * item.slope;
        sums[sum].intercept += correct * item.intercept;
    };
    for four in &mut fours {
        for (sum, response) in four.iter().enumerate() {
            add(sum, *response);
        }
    }
    for (sum, response) in fours.remainder().iter().enumerate() {
        add(sum, *response);
    }
    SlopeIntercept {
        slope: (sums[0].slope + sums[2].slope) + (sums[1].slope + sums[3].slope),
        intercept: (sums[0].intercept + sums[2].intercept)
            + (sums[1].intercept + sums[3].intercept),
    }
}
