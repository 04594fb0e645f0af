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

/// Below this, the odds of the other response are lost in the rounding of the score.
const LEAST_ODDS: f64 = 1e-12;

/// Sums over the responses to one item, with respect to a, d and a lower asymptote c at 0.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Scores {
    by_slope: f64,
    by_intercept: f64,
    by_asymptote: f64,
    aa: f64,
    ad: f64,
    dd: f64,
    ac: f64,
    dc: f64,
    cc: f64,
}

/// What the posterior of a person says about one of the responses in it.
#[derive(Debug, Clone, Copy)]
pub(super) struct PosteriorMeans {
    /// E[θ].
    pub ability: f64,
    /// E[P].
    pub probability: f64,
    /// E[θ P].
    pub ability_probability: f64,
    /// E of the odds of the other response.
    pub odds_against: f64,
    /// E[θ · these odds].
    pub ability_odds_against: f64,
}

impl PosteriorMeans {
    /// E[θ] of the person without this response.
    #[inline(always)]
    pub(super) fn ability_of_the_rest(&self) -> f64 {
        (self.ability + self.ability_odds_against) / (1.0 + self.odds_against)
    }
}

impl Scores {
    #[inline(always)]
    pub(super) fn add(&mut self, persons: f64, score: f64, means: &PosteriorMeans) {
        let by_slope = score * means.ability - means.ability_probability;
        let by_intercept = score - means.probability;
        // P = c + (1 − c) P*: the derivative of ln P is (1 − P*) / P*, that of ln (1 − P) is −1.
        let by_asymptote = score * (means.odds_against + 1.0) - 1.0;
        let odds = if means.odds_against > LEAST_ODDS { means.odds_against } else { LEAST_ODDS };
        let weight = persons / odds;
        let [slope, intercept, asymptote] =
            [weight * by_slope, weight * by_intercept, weight * by_asymptote];
        self.by_slope += persons * by_slope;
        self.by_intercept += persons * by_intercept;
        self.by_asymptote += persons * by_asymptote;
        self.aa += slope * by_slope;
        self.ad += slope * by_intercept;
        self.dd += intercept * by_intercept;
        self.ac += slope * by_asymptote;
        self.dc += intercept * by_asymptote;
        self.cc += asymptote * by_asymptote;
    }

    pub(super) fn merge(&mut self, other: &Self) {
        self.by_slope += other.by_slope;
        self.by_intercept += other.by_intercept;
        self.by_asymptote += other.by_asymptote;
        self.aa += other.aa;
        self.ad += other.ad;
        self.dd += other.dd;
        self.ac += other.ac;
        self.dc += other.dc;
        self.cc += other.cc;
    }

    /// Score and information with respect to the difficulty of an item with this slope.
    pub(super) fn by_difficulty(&self, slope: f64) -> (f64, f64) {
        (-slope * self.by_intercept, slope * slope * self.dd)
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
        let determinant = self.aa * self.dd - self.ad * self.ad;
        if !(determinant > 1e-12 * self.aa * self.dd) {
            return None;
        }
        let on_slope = (self.ac * self.dd - self.dc * self.ad) / determinant;
        let on_intercept = (self.dc * self.aa - self.ac * self.ad) / determinant;
        let score = self.by_asymptote - on_slope * self.by_slope - on_intercept * self.by_intercept;
        let information = self.cc - on_slope * self.ac - on_intercept * self.dc;
        let told = information > 1e-9 * self.cc;
        told.then(|| score / libm::sqrt(information)).filter(|z| z.is_finite())
    }
}
