//! The numbers of the keys that were met last.
//!
//! A bank has few items and each is answered again and again: looking where one was found last
//! takes a fraction of what hashing it takes.

use pgrx::pg_sys::Datum;

/// More than most banks have items; few enough for the nearest cache.
const PLACES: usize = 1024;

/// Keys that are stored in their datum, each in the place that its value says.
pub struct Recent(Box<[Option<(Datum, u32)>; PLACES]>);

impl Default for Recent {
    fn default() -> Self {
        Self(Box::new([None; PLACES]))
    }
}

impl Recent {
    /// The number of a key that was remembered, unless another took its place.
    #[inline]
    pub fn number(&self, key: Datum) -> Option<u32> {
        self.0[place(key)].filter(|(kept, _)| *kept == key).map(|(_, number)| number)
    }

    /// Remembers a key's number.
    pub fn remember(&mut self, key: Datum, number: u32) {
        self.0[place(key)] = Some((key, number));
    }
}

fn place(key: Datum) -> usize {
    key.value() % PLACES
}
