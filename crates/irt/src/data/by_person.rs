//! Responses of each person by itself: what scoring needs, and estimation does not.

use super::response::Response;

/// Every person's responses, with repeats resolved.
#[derive(Debug)]
pub struct ResponsesByPerson {
    pub(super) labels: Vec<String>,
    /// Where each person's responses start, and the end.
    pub(super) offsets: Vec<u32>,
    pub(super) responses: Vec<Response>,
}

impl ResponsesByPerson {
    /// Texts of the items, by the numbers that the responses have.
    #[must_use]
    pub fn labels(&self) -> &[String] {
        &self.labels
    }

    /// How many persons there are: 1 more than the largest number in the rows.
    #[must_use]
    pub fn persons(&self) -> usize {
        self.offsets.len() - 1
    }

    /// The responses of the person with that number in the rows, which is below
    /// [`Self::persons`], by item.
    #[must_use]
    pub fn of(&self, person: usize) -> &[Response] {
        &self.responses[self.offsets[person] as usize..self.offsets[person + 1] as usize]
    }
}

#[cfg(test)]
mod tests {
    use crate::data::grouped::{GroupedResponses, RepeatedResponses};
    use crate::data::response::Response;
    use crate::data::rows::ResponseRows;
    use crate::monitor::Unmonitored;

    #[test]
    fn persons_keep_their_numbers_and_one_response_to_an_item() {
        let mut rows = ResponseRows::new(true);
        for (person, item, correct, time) in
            [(2, 1, true, 5), (0, 0, true, 1), (2, 1, false, 9), (2, 0, false, 7)]
        {
            rows.push(person, item, correct, time).unwrap();
        }
        let labels = ["b", "a"].map(String::from).to_vec();
        let found = GroupedResponses::new(labels, rows, RepeatedResponses::First, &Unmonitored);
        let found = found.unwrap().into_persons();
        assert_eq!((found.labels(), found.persons()), (&["a".into(), "b".into()][..], 3));
        assert_eq!(found.of(0), [Response::new(1, true)]);
        assert_eq!(found.of(1), []);
        assert_eq!(found.of(2), [Response::new(0, true), Response::new(1, false)]);
    }
}
