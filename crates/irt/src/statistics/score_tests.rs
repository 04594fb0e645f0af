//! Score tests of one item: what would the likelihood gain if the model were another?
//!
//! What a response adds depends on the person's other responses alone through their posterior h of
//! ability: it is a coin with p = E_h[P]. Its score is p' (x − p) / (p q) and its information
//! p' p'ᵀ / (p q), with p' = E_h of the derivatives of P. Both follow from the posterior with the
//! response, which is proportional to h P or h (1 − P):
//!
//! ```text
//! score       = E[score given θ]                      (Fisher's identity)
//! p / q       = 1 / E[(1 − P) / P]     if correct,    E[P / (1 − P)]  if not
//! information = score · scoreᵀ / E[odds of the other response]
//! ```
//!
//! The parameters of the other items are taken for known.
//!
//! Source: Rao (1948), Mathematical Proceedings of the Cambridge Philosophical Society 44(1),
//! 50–57; Glas (1999), Psychometrika 64(3), 273–294, for score tests in marginal maximum
//! likelihood.

use crate::numeric::real::Real;

/// Below this, the odds of the other response are lost in the rounding of the score.
const LEAST_ODDS: f64 = 1e-12;

/// Sums over the responses to one item, with respect to a, d and a lower asymptote c at 0: the
/// scores, and the information (a, a), (a, d), (d, d), (a, c), (d, c), (c, c).
#[derive(Debug, Clone, Copy)]
pub(super) struct Scores(pub [f64; Scores::TERMS]);

/// What the posterior of a person says about one of the responses in it.
#[derive(Debug, Clone, Copy)]
pub(super) struct PosteriorMeans<R> {
    /// E[θ].
    pub ability: R,
    /// E[P].
    pub probability: R,
    /// E[θ P].
    pub ability_probability: R,
    /// E of the odds of the other response.
    pub odds_against: R,
    /// E[θ · these odds].
    pub ability_odds_against: R,
}

impl<R: Real> PosteriorMeans<R> {
    /// E[θ], and E[P], E[θ P], E[odds], E[θ · odds].
    #[inline(always)]
    pub(super) fn of(ability: R, means: [R; 4]) -> Self {
        let [probability, ability_probability, odds_against, ability_odds_against] = means;
        Self { ability, probability, ability_probability, odds_against, ability_odds_against }
    }

    /// E[θ] of the person without this response.
    #[inline(always)]
    pub(super) fn ability_of_the_rest(&self) -> R {
        (self.ability + self.ability_odds_against) / (R::of(1.0) + self.odds_against)
    }
}

impl Scores {
    pub(super) const TERMS: usize = 9;

    /// What a response of so many persons adds.
    #[inline(always)]
    pub(super) fn terms<R: Real>(
        persons: R,
        score: R,
        means: &PosteriorMeans<R>,
    ) -> [R; Self::TERMS] {
        let one = R::of(1.0);
        let by_slope = score * means.ability - means.ability_probability;
        let by_intercept = score - means.probability;
        // P = c + (1 − c) P*: the derivative of ln P is (1 − P*) / P*, that of ln (1 − P) is −1.
        let by_asymptote = score * (means.odds_against + one) - one;
        let weight = persons / means.odds_against.at_least(LEAST_ODDS);
        let (slope, intercept) = (weight * by_slope, weight * by_intercept);
        [
            persons * by_slope,
            persons * by_intercept,
            persons * by_asymptote,
            slope * by_slope,
            slope * by_intercept,
            intercept * by_intercept,
            slope * by_asymptote,
            intercept * by_asymptote,
            weight * by_asymptote * by_asymptote,
        ]
    }

    /// Score and information with respect to the difficulty of an item with this slope.
    pub(super) fn by_difficulty(&self, slope: f64) -> (f64, f64) {
        let [_, by_intercept, _, _, _, dd, ..] = self.0;
        (-slope * by_intercept, slope * slope * dd)
    }

    /// The signed root of the score test of c = 0, with a and d as nuisance:
    ///
    /// ```text
    /// (s_c − I_cβ I_ββ⁻¹ s_β) / √(I_cc − I_cβ I_ββ⁻¹ I_βc),   β = (a, d)
    /// ```
    ///
    /// Priors are left out; at a mode under priors s_β is not 0. `None` where the responses do
    /// not tell c from a and d.
    pub(super) fn guessing_z(&self) -> Option<f64> {
        let [by_slope, by_intercept, by_asymptote, aa, ad, dd, ac, dc, cc] = self.0;
        let determinant = aa * dd - ad * ad;
        if !(determinant > 1e-12 * aa * dd) {
            return None;
        }
        let on_slope = (ac * dd - dc * ad) / determinant;
        let on_intercept = (dc * aa - ac * ad) / determinant;
        let score = by_asymptote - on_slope * by_slope - on_intercept * by_intercept;
        let information = cc - on_slope * ac - on_intercept * dc;
        let told = information > 1e-9 * cc;
        told.then(|| score / libm::sqrt(information)).filter(|z| z.is_finite())
    }
}
