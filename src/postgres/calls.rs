//! Calls as the server makes them: arguments and results of functions that pgrx cannot describe.

use crate::error::ExtensionError;
use pgrx::pg_sys::{self, Datum};
use std::ptr;

/// An argument; `None`: NULL.
///
/// # Safety
/// `call` is a call of the server's with more than `number` arguments.
#[inline]
pub unsafe fn argument(call: pg_sys::FunctionCallInfo, number: usize) -> Option<Datum> {
    // SAFETY: promised by the caller.
    let argument = unsafe { (*call).args.as_slice(number + 1)[number] };
    (!argument.isnull).then_some(argument.value)
}

/// How many arguments the call has.
///
/// # Safety
/// `call` is a call of the server's.
#[inline]
pub unsafe fn arguments_count(call: pg_sys::FunctionCallInfo) -> usize {
    // SAFETY: promised by the caller.
    usize::from(unsafe { (*call).nargs }.unsigned_abs())
}

/// A row of the composite type that the called function returns.
///
/// # Errors
/// A type that has not so many columns.
///
/// # Safety
/// `call` is a call of the server's to a function that returns a composite type whose columns have
/// the types of `values`.
pub unsafe fn row<const COLUMNS: usize>(
    call: pg_sys::FunctionCallInfo,
    values: [Option<Datum>; COLUMNS],
) -> Result<Datum, ExtensionError> {
    let mut descriptor = ptr::null_mut();
    // SAFETY: promised by the caller; the descriptor is a copy in the current memory context.
    unsafe {
        pg_sys::get_call_result_type(call, ptr::null_mut(), &mut descriptor);
        if descriptor.is_null() || (*descriptor).natts as usize != COLUMNS {
            let found = "the function's type has other columns".to_owned();
            return Err(ExtensionError::Internal(found));
        }
        let mut nulls = values.map(|value| value.is_none());
        let mut values = values.map(|value| value.unwrap_or(Datum::null()));
        let tuple = pg_sys::heap_form_tuple(descriptor, values.as_mut_ptr(), nulls.as_mut_ptr());
        Ok(pg_sys::heap_copy_tuple_as_datum(tuple, descriptor))
    }
}
