//! A calibration as it is on another scale.

use super::link::Link;
use crate::results::{Calibration, ItemResult};

impl Link {
    /// Puts a calibration on the scale that the link leads to: b' = A·b + B, a' = a / A, and with
    /// them their errors, a·b being free of the unit.
    ///
    /// Flags stay: they are remarks on the estimation, which took place on the scale that is
    /// linked. The log prior is that of the values before.
    ///
    /// ```
    /// use irt::linking::Link;
    /// use irt::simulate::{Simulation, simulate};
    /// use irt::{CalibrationSettings, Unmonitored, calibrate};
    ///
    /// let design = Simulation { persons: 500, items: 5, answered: 1.0, seed: 1 };
    /// let settings = CalibrationSettings::default();
    /// let mut found = calibrate(&simulate(&design).0, &settings, &Unmonitored)?;
    /// let before = found.items[0].difficulty.unwrap();
    /// Link { slope: 2.0, intercept: 0.5 }.put_on_its_scale(&mut found);
    /// assert_eq!(found.items[0].difficulty, Some(2.0 * before + 0.5));
    /// # Ok::<(), irt::IrtError>(())
    /// ```
    pub fn put_on_its_scale(&self, calibration: &mut Calibration) {
        for item in &mut calibration.items {
            self.put_item(item);
        }
    }

    fn put_item(&self, item: &mut ItemResult) {
        let Self { slope, .. } = *self;
        let ability = |at: f64| self.ability(at);
        item.difficulty = item.difficulty.map(ability);
        item.information_peak = item.information_peak.map(ability);
        item.difficulty_interval =
            item.difficulty_interval.map(|(low, high)| (ability(low), ability(high)));
        item.se_difficulty = item.se_difficulty.map(|error| error * slope);
        item.discrimination = item.discrimination.map(|a| a / slope);
        item.discrimination_interval =
            item.discrimination_interval.map(|(low, high)| (low / slope, high / slope));
        item.se_discrimination = item.se_discrimination.map(|error| error / slope);
    }
}
