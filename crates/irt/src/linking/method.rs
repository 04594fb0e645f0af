//! The linking methods by name.

use super::characteristic_curves::{Criterion, Curves};
use super::common_item::CommonItem;
use super::haebara::haebara;
use super::link::Link;
use super::mean_sigma::{self, mean_sigma};
use super::stocking_lord::stocking_lord;
use crate::ability::quadrature::Quadrature;
use crate::error::IrtError;

/// How a link is found.
///
/// ```
/// use irt::linking::LinkingMethod;
/// assert_eq!(LinkingMethod::from_name("haebara"), Some(LinkingMethod::Haebara));
/// assert_eq!(LinkingMethod::default().as_str(), "stocking_lord");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LinkingMethod {
    /// [`stocking_lord()`].
    #[default]
    StockingLord,
    /// [`haebara()`].
    Haebara,
    /// [`mean_sigma()`].
    MeanSigma,
}

impl LinkingMethod {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::StockingLord, Self::Haebara, Self::MeanSigma];

    /// The name of the setting's value.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::StockingLord => "stocking_lord",
            Self::Haebara => "haebara",
            Self::MeanSigma => "mean_sigma",
        }
    }

    /// The method of this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|method| method.as_str() == name)
    }

    /// The link of the common items by this method.
    ///
    /// # Errors
    /// Those of the method's function.
    pub fn link(self, common: &[CommonItem], quadrature: &Quadrature) -> Result<Link, IrtError> {
        match self {
            Self::StockingLord => stocking_lord(common, quadrature),
            Self::Haebara => haebara(common, quadrature),
            Self::MeanSigma => mean_sigma(common),
        }
    }

    /// Derivatives of (A, B) at the method's link with respect to (a₁, b₁, a₂, b₂, …), on the
    /// scale that is linked and on that in force; `None` where the link is no regular minimum.
    pub(super) fn sensitivity(
        self,
        common: &[CommonItem],
        link: Link,
        quadrature: &Quadrature,
    ) -> Option<[Vec<[f64; 2]>; 2]> {
        let criterion = |curves| Criterion::new(common, quadrature, curves);
        match self {
            Self::StockingLord => criterion(Curves::OfTheTest).sensitivity(link),
            Self::Haebara => criterion(Curves::OfTheItems).sensitivity(link),
            Self::MeanSigma => Some(mean_sigma::sensitivity(common, link)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::item_parameters::ItemParameters;

    fn common() -> Vec<CommonItem> {
        let item =
            |a, b, c, d| CommonItem::new(ItemParameters::new(a, b), ItemParameters::new(c, d));
        vec![
            item(1.1, -1.2, 0.9, -0.7),
            item(0.6, 0.1, 0.7, 0.5),
            item(1.9, 0.8, 1.4, 1.6),
            item(1.3, 1.5, 1.2, 1.9),
        ]
    }

    /// The common items with one of their 16 parameters moved.
    fn moved(side: usize, place: usize, by: f64) -> Vec<CommonItem> {
        let mut moved = common();
        let item = &mut moved[place / 2];
        let item = if side == 0 { &mut item.from } else { &mut item.onto };
        *(if place.is_multiple_of(2) { &mut item.discrimination } else { &mut item.difficulty }) +=
            by;
        moved
    }

    #[test]
    fn the_sensitivities_are_the_derivatives_of_the_links() {
        let (quadrature, step) = (Quadrature::default(), 1e-5);
        for method in LinkingMethod::ALL {
            let link = |common: &[CommonItem]| method.link(common, &quadrature).unwrap();
            let found = method.sensitivity(&common(), link(&common()), &quadrature).unwrap();
            for (side, derivatives) in found.iter().enumerate() {
                for (place, [slope, intercept]) in derivatives.iter().enumerate() {
                    let (up, down) =
                        (link(&moved(side, place, step)), link(&moved(side, place, -step)));
                    let slopes = (up.slope - down.slope) / (2.0 * step);
                    let intercepts = (up.intercept - down.intercept) / (2.0 * step);
                    let what = format!("{method:?} {side} {place}");
                    assert!((slope - slopes).abs() < 1e-8, "{what}: {slope} {slopes}");
                    assert!((intercept - intercepts).abs() < 1e-8, "{what}: {intercept}");
                }
            }
        }
    }
}
