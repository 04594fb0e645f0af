//! Arrays of any type.

use crate::error::ExtensionError;
use crate::postgres::text_output::{pin_text_settings, text_of};
use pgrx::{FromDatum, pg_sys};

/// An array of any type: the keys of items, as a caller has them.
#[derive(Debug, Clone, Copy)]
pub struct ItemKeys(pg_sys::Datum);

impl ItemKeys {
    /// Every element as the text that its type prints, in the form in which keys are recorded.
    ///
    /// # Errors
    /// 22021 for a text that is not UTF-8.
    pub fn texts(self) -> Result<Vec<Option<String>>, ExtensionError> {
        let _pinned = pin_text_settings();
        // SAFETY: the datum is an array; detoasted, its header says what its elements are.
        // deconstruct_array returns as many values and nulls as it counts.
        unsafe {
            let array = pg_sys::pg_detoast_datum(self.0.cast_mut_ptr()).cast::<pg_sys::ArrayType>();
            let element = (*array).elemtype;
            let (mut length, mut by_value, mut align) = (0, false, 0);
            pg_sys::get_typlenbyvalalign(element, &mut length, &mut by_value, &mut align);
            let (mut values, mut nulls, mut count) =
                (std::ptr::null_mut(), std::ptr::null_mut(), 0);
            pg_sys::deconstruct_array(
                array,
                element,
                i32::from(length),
                by_value,
                align,
                &mut values,
                &mut nulls,
                &mut count,
            );
            (0..count as usize)
                .map(|i| {
                    let null = *nulls.add(i);
                    (!null).then(|| text_of(element, *values.add(i))).transpose()
                })
                .collect()
        }
    }
}

impl FromDatum for ItemKeys {
    unsafe fn from_polymorphic_datum(
        datum: pg_sys::Datum,
        is_null: bool,
        _type: pg_sys::Oid,
    ) -> Option<Self> {
        (!is_null).then_some(Self(datum))
    }
}

argument!(ItemKeys, "anycompatiblearray");
