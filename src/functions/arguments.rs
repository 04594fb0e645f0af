//! The arguments of a call, by their names.
//!
//! Functions whose arguments are settings take whatever pg_proc says that they have: so one
//! function serves the signatures of all versions, and a new setting needs no line here.

use crate::bank::SettingValue;
use crate::error::ExtensionError;
use crate::postgres::encoding::decode_c;
use crate::postgres::sql_types::{ItemKeys, RegClass, SqlName, Text};
use pgrx::fcinfo::{pg_arg_is_null, pg_getarg};
use pgrx::pg_sys;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};
use std::ffi::{CStr, c_int};
use std::ptr;

/// The arguments as a struct of that shape: each field an argument, an option where NULL may be
/// given. A regclass is its OID, an array its elements as text.
///
/// # Errors
/// 22021 for an array with a text that is not UTF-8.
///
/// # Safety
/// `call` is that of a function of the extension's, as the server calls it.
pub unsafe fn arguments<T: DeserializeOwned>(
    call: pg_sys::FunctionCallInfo,
) -> Result<T, ExtensionError> {
    // SAFETY: promised by the caller.
    let parameters = unsafe { parameters((*(*call).flinfo).fn_oid)? };
    let mut given = Map::new();
    for (number, (name, of_type)) in parameters.into_iter().enumerate() {
        // SAFETY: pg_proc says that the call has this argument, and of which type.
        let value = unsafe {
            if pg_arg_is_null(call, number) { Value::Null } else { value(call, number, of_type)? }
        };
        given.insert(name, value);
    }
    serde_json::from_value(Value::Object(given))
        .map_err(|error| ExtensionError::Internal(error.to_string()))
}

/// Names and types of the arguments that a function takes, from pg_proc.
///
/// # Safety
/// `function` is a function whose arguments have names.
unsafe fn parameters(function: pg_sys::Oid) -> Result<Vec<(String, pg_sys::Oid)>, ExtensionError> {
    // SAFETY: a syscache tuple of pg_proc is what get_func_arg_info takes. It copies what it
    // returns, an entry for each argument, those that go out after those that go in.
    unsafe {
        let tuple = pg_sys::SearchSysCache1(
            pg_sys::SysCacheIdentifier::PROCOID as c_int,
            pg_sys::Datum::from(function),
        );
        if tuple.is_null() {
            return Err(ExtensionError::Internal(format!("no function {}", function.to_u32())));
        }
        let count = (*pg_sys::GETSTRUCT(tuple).cast::<pg_sys::FormData_pg_proc>()).pronargs;
        let (mut types, mut names, mut modes) = (ptr::null_mut(), ptr::null_mut(), ptr::null_mut());
        pg_sys::get_func_arg_info(tuple, &mut types, &mut names, &mut modes);
        pg_sys::ReleaseSysCache(tuple);
        let parameter = |i| (decode_c(CStr::from_ptr(*names.add(i))), *types.add(i));
        Ok((0..count as usize).map(parameter).collect())
    }
}

/// An argument that is not NULL.
///
/// # Safety
/// The call has an argument of that number and type.
unsafe fn value(
    call: pg_sys::FunctionCallInfo,
    number: usize,
    of_type: pg_sys::Oid,
) -> Result<Value, ExtensionError> {
    // SAFETY: promised by the caller; each type is read as what it is.
    let value = unsafe {
        match of_type {
            pg_sys::BOOLOID => pg_getarg::<bool>(call, number).map(|value| json!(value)),
            pg_sys::INT4OID => pg_getarg::<i32>(call, number).map(|value| json!(value)),
            pg_sys::INT8OID => pg_getarg::<i64>(call, number).map(|value| json!(value)),
            pg_sys::FLOAT8OID => pg_getarg::<f64>(call, number).map(f64::to_json),
            pg_sys::TEXTOID => pg_getarg::<Text>(call, number).map(|Text(text)| json!(text)),
            pg_sys::NAMEOID => pg_getarg::<SqlName>(call, number).map(|SqlName(name)| json!(name)),
            pg_sys::REGCLASSOID => {
                pg_getarg::<RegClass>(call, number).map(|RegClass(oid)| json!(oid.to_u32()))
            }
            // Whatever is given for it, the text[] of older versions included.
            pg_sys::ANYCOMPATIBLEARRAYOID | pg_sys::TEXTARRAYOID => {
                match pg_getarg::<ItemKeys>(call, number) {
                    Some(keys) => Some(json!(keys.texts()?)),
                    None => None,
                }
            }
            _ => None,
        }
    };
    value.ok_or_else(|| {
        ExtensionError::Internal(format!("an argument has type {}", of_type.to_u32()))
    })
}
