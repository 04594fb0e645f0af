//! The persons that patterns are made of, group by group.

use super::canonical_order::Keyed;
use super::response::Response;
use crate::error::IrtError;
use crate::memory::reserve;
use crate::monitor::{Monitor, check_now_and_then};

/// What patterns are made of: `offsets` into `responses`, each sorted by item.
pub(super) struct Sources<'a> {
    pub offsets: &'a [u32],
    pub responses: Vec<Response>,
    pub items: usize,
    pub groups: usize,
}

impl Sources<'_> {
    /// The responses of one of them.
    pub(super) fn of(&self, index: usize) -> &[Response] {
        &self.responses[self.offsets[index] as usize..self.offsets[index + 1] as usize]
    }

    /// Those with a response, group by group, and where each group ends.
    ///
    /// # Errors
    /// [`IrtError::TooMany`], [`IrtError::Interrupted`], [`IrtError::OutOfMemory`].
    pub(super) fn by_group(
        &self,
        group: impl Fn(usize) -> usize,
        monitor: &dyn Monitor,
    ) -> Result<(Vec<Keyed>, Vec<usize>), IrtError> {
        const LIMIT: u64 = u32::MAX as u64;
        let count = self.offsets.len() - 1;
        if count as u64 > LIMIT {
            return Err(IrtError::TooMany { what: "persons", found: count as u64, limit: LIMIT });
        }
        let keyed = |index: usize| Keyed::new(self.of(index), index as u32);
        let answered = |index: &usize| !self.of(*index).is_empty();
        let mut order: Vec<Keyed> = reserve(count, "ordering persons")?;
        if self.groups == 1 {
            for index in 0..count {
                check_now_and_then(monitor, index)?;
                if answered(&index) {
                    order.push(keyed(index));
                }
            }
            let end = order.len();
            return Ok((order, vec![end]));
        }
        let mut next = vec![0; self.groups + 1];
        for index in (0..count).filter(answered) {
            next[group(index) + 1] += 1;
        }
        for group in 0..self.groups {
            next[group + 1] += next[group];
        }
        order.resize(next[self.groups], Keyed::default());
        for index in (0..count).filter(answered) {
            check_now_and_then(monitor, index)?;
            let place = &mut next[group(index)];
            order[*place] = keyed(index);
            *place += 1;
        }
        next.pop();
        Ok((order, next))
    }
}
