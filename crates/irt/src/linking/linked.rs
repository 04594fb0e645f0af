//! A calibration as it is on another scale.

use super::link::Link;
use crate::results::{Calibration, GroupResult, ItemResult};

impl Link {
    /// Puts a calibration on the scale that the link leads to: b' = A·b + B, a' = a / A, a group's
    /// mean A·m + B and standard deviation A·s, and with them their errors.
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
    /// assert_eq!((found.groups[0].mean, found.groups[0].sd), (0.5, 2.0));
    /// # Ok::<(), irt::IrtError>(())
    /// ```
    pub fn put_on_its_scale(&self, calibration: &mut Calibration) {
        calibration.items.iter_mut().for_each(|item| self.put_item(item));
        calibration.groups.iter_mut().for_each(|group| self.put_group(group));
        if let Some(joint) = &mut calibration.joint_covariance {
            joint.covariance = joint.covariance.in_another_unit(self.slope);
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

    fn put_group(&self, group: &mut GroupResult) {
        group.mean = self.ability(group.mean);
        group.sd *= self.slope;
        group.se_mean = group.se_mean.map(|error| error * self.slope);
        group.se_sd = group.se_sd.map(|error| error * self.slope);
    }
}
