//! How one item fits, over all persons.

use super::curve::{CurveDeviation, CurveRows, ItemCurve};
use super::fit_flag::FitFlag;
use super::free_shape::Guessing;
use super::item_sums::ItemSums;
use super::mean_squares::MeanSquares;
use super::s_x2::SX2;
use super::thresholds::{
    MISFIT_RESPONSES, MISFIT_RESPONSES_PER_ANSWERED, MISFIT_RMSD, NOISY_INFIT, NOISY_OUTFIT,
    NOISY_Z, REVERSED_Z,
};

/// Everything that a diagnosis says of one item; every number is finite.
#[derive(Debug, Clone, PartialEq)]
pub struct ItemFit {
    /// Responses to the item.
    pub responses: u64,
    /// The correct share of them.
    pub proportion_correct: f64,
    /// How far the observed curve is from the model's.
    pub deviation: CurveDeviation,
    /// Infit and outfit.
    pub mean_squares: MeanSquares,
    /// By number-correct scores; `None` for items outside of the item set that it is computed of.
    pub s_x2: Option<SX2>,
    /// Score test of a lower asymptote at 0: above 0 where persons who know little are right more
    /// often than the model says. `None` where the responses do not tell.
    pub guessing_z: Option<f64>,
    /// The same with the shape of the population free; `None` where no more items are above
    /// [`super::thresholds::GUESSING_Z`] than chance explains, and for items with fewer responses than
    /// [`super::thresholds::GUESSING_RESPONSES`] or whose responses do not tell.
    pub guessing_z_free_shape: Option<f64>,
    /// Score test of slope 0: below 0 where persons who know more are right less often.
    pub slope_z: Option<f64>,
    /// Observed and expected curve at the nodes; empty where it was not asked for.
    pub curve: ItemCurve,
    /// What is remarkable, in the order of [`FitFlag`].
    pub flags: Vec<FitFlag>,
}

/// The row of an item, not yet judged; `None` without a response.
pub(super) fn item_fit(
    sums: &ItemSums,
    rows: CurveRows<'_>,
    s_x2: Option<SX2>,
    curve: ItemCurve,
) -> Option<ItemFit> {
    Some(ItemFit {
        responses: sums.rest().persons(),
        proportion_correct: sums.rest().proportion_correct(),
        deviation: rows.deviation()?,
        mean_squares: sums.residuals().mean_squares()?,
        s_x2,
        guessing_z: sums.scores().guessing_z(),
        guessing_z_free_shape: None,
        slope_z: sums.rest().z(),
        curve,
        flags: Vec::new(),
    })
}

impl ItemFit {
    /// `answered`: the median number of items a person answered.
    pub(super) fn judge(&mut self, answered: f64, guessing: Guessing, differs_by_group: bool) {
        self.guessing_z_free_shape = guessing.z_free_shape;
        let above = |z: Option<f64>, bound: f64| z.is_some_and(|z| z > bound);
        let enough = self.responses >= MISFIT_RESPONSES
            && self.responses as f64 >= MISFIT_RESPONSES_PER_ANSWERED * answered;
        let MeanSquares { infit, outfit, z_infit, z_outfit } = self.mean_squares;
        let noisy = (infit > NOISY_INFIT && above(z_infit, NOISY_Z))
            || (outfit > NOISY_OUTFIT && above(z_outfit, NOISY_Z));
        let remarks = [
            (enough && self.deviation.rmsd > MISFIT_RMSD, FitFlag::Misfit),
            (noisy, FitFlag::Noisy),
            (guessing.flagged, FitFlag::Guessing),
            (differs_by_group, FitFlag::DiffersByGroup),
            (self.slope_z.is_some_and(|z| z < REVERSED_Z), FitFlag::Reversed),
        ];
        self.flags = remarks.iter().filter(|(holds, _)| *holds).map(|(_, flag)| *flag).collect();
    }
}
