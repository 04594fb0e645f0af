//! One response, in four bytes.

/// A response to an item: which item, and whether it was correct.
///
/// Ordered by item, of one item the incorrect response first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(transparent)]
pub struct Response(u32);

impl Response {
    /// The most items that can be told apart.
    pub(crate) const MOST_ITEMS: u64 = (1 << 31) - 1;

    /// The response to the item of this number, which is below 2³¹.
    #[must_use]
    #[inline(always)]
    pub fn new(item: u32, correct: bool) -> Self {
        Self(item << 1 | correct as u32)
    }

    /// Where the item is in a table of all items.
    #[must_use]
    #[inline(always)]
    pub fn item(self) -> usize {
        (self.0 >> 1) as usize
    }

    /// The number of the item.
    #[inline(always)]
    pub(crate) fn number(self) -> u32 {
        self.0 >> 1
    }

    /// Whether it was correct.
    #[must_use]
    #[inline(always)]
    pub fn is_correct(self) -> bool {
        self.0 & 1 == 1
    }

    /// 1 if it was correct, else 0.
    #[inline(always)]
    pub(crate) fn count(self) -> u32 {
        self.0 & 1
    }

    /// The same as a number to multiply by: it spares an unpredictable branch.
    #[inline(always)]
    pub(crate) fn score(self) -> f64 {
        f64::from(self.0 & 1)
    }

    /// Item and correctness in one number, in the order of responses.
    #[inline(always)]
    pub(crate) fn packed(self) -> u32 {
        self.0
    }

    /// The inverse of [`Self::packed`].
    #[inline(always)]
    pub(crate) fn unpacked(packed: u32) -> Self {
        Self(packed)
    }

    /// The same answer to another item.
    #[inline(always)]
    pub(crate) fn with_number(self, item: u32) -> Self {
        Self(item << 1 | (self.0 & 1))
    }
}

/// True where both answer the same items.
pub(crate) fn same_items(left: &[Response], right: &[Response]) -> bool {
    left.len() == right.len() && left.iter().zip(right).all(|(x, y)| x.number() == y.number())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn item_and_correctness_come_back() {
        for (item, correct) in [(0, false), (7, true), ((1 << 31) - 1, true)] {
            let response = Response::new(item, correct);
            assert_eq!((response.item(), response.number()), (item as usize, item));
            assert_eq!((response.is_correct(), response.count()), (correct, u32::from(correct)));
            assert_eq!(Response::unpacked(response.packed()), response);
        }
        assert!(Response::new(3, false) < Response::new(3, true));
        assert!(Response::new(3, true) < Response::new(4, false));
    }
}
