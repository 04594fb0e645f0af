//! Responses as they are read, row by row.

use super::response::Response;
use crate::error::IrtError;
use crate::memory::reserve;

/// Responses as they are read, one entry per row. A null correctness never gets here.
///
/// Persons and items are numbered densely from 0 in any order. Rows lie in
/// blocks, so that they are never copied when more arrive, and can be given
/// back piece by piece.
#[derive(Debug, Clone, Default)]
pub struct ResponseRows {
    pub(super) blocks: Vec<Block>,
    pub(super) timed: bool,
}

/// Neighbouring rows. `times` is empty unless the collection is timed.
#[derive(Debug, Clone, Default)]
pub(super) struct Block {
    pub(super) persons: Vec<u32>,
    pub(super) responses: Vec<Response>,
    pub(super) times: Vec<i64>,
}

/// Stands for "no time is known".
pub const NO_TIME: i64 = i64::MIN;

impl ResponseRows {
    /// Starts an empty collection; `timed` if times will decide between repeats.
    #[must_use]
    pub fn new(timed: bool) -> Self {
        Self { blocks: Vec::new(), timed }
    }

    /// Adds one response. `item` < 2³¹. `time`: any unit, [`NO_TIME`] where unknown;
    /// ignored unless the collection is timed.
    ///
    /// # Errors
    /// [`IrtError::OutOfMemory`] when the collection cannot grow.
    #[inline]
    pub fn push(
        &mut self,
        person: u32,
        item: u32,
        correct: bool,
        time: i64,
    ) -> Result<(), IrtError> {
        let timed = self.timed;
        let block = match self.blocks.last_mut() {
            Some(block) if block.persons.len() < block.persons.capacity() => block,
            _ => self.add_block()?,
        };
        block.persons.push(person);
        block.responses.push(Response::new(item, correct));
        if timed {
            block.times.push(time);
        }
        Ok(())
    }

    /// How many rows there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.blocks.iter().map(|block| block.persons.len()).sum()
    }

    /// True before the first row.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.blocks.is_empty()
    }

    /// Bytes held. Spare capacity takes none before it is written to.
    #[must_use]
    pub fn allocated_bytes(&self) -> usize {
        let bytes = |block: &Block| 8 * block.persons.len() + 8 * block.times.len();
        self.blocks.iter().map(bytes).sum()
    }

    /// As many rows again, within bounds. The largest blocks are so large that allocators take
    /// them from the system and give them back there one by one (glibc: from 32 MiB on).
    fn add_block(&mut self) -> Result<&mut Block, IrtError> {
        let rows = self.len().clamp(1 << 10, 1 << 23);
        let what = "loading responses";
        let times = if self.timed { reserve(rows, what)? } else { Vec::new() };
        let block = Block { persons: reserve(rows, what)?, responses: reserve(rows, what)?, times };
        self.blocks.push(block);
        let last = self.blocks.len() - 1;
        Ok(&mut self.blocks[last])
    }
}
