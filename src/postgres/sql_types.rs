//! SQL types that pgrx does not know, or knows in databases in UTF-8 only.

macro_rules! argument {
    ($type:ty, $sql:literal) => {
        // SAFETY: reads the argument as FromDatum of the same SQL type does.
        unsafe impl<'fcx> pgrx::callconv::ArgAbi<'fcx> for $type {
            unsafe fn unbox_arg_unchecked(arg: pgrx::callconv::Arg<'_, 'fcx>) -> Self {
                // SAFETY: the caller vouches for the type, and that it is not NULL.
                unsafe { arg.unbox_arg_using_from_datum() }
                    .unwrap_or_else(|| unreachable!("none of our functions has such an argument"))
            }

            unsafe fn unbox_nullable_arg(
                arg: pgrx::callconv::Arg<'_, 'fcx>,
            ) -> pgrx::nullable::Nullable<Self> {
                // SAFETY: the caller vouches for the type.
                unsafe { arg.unbox_arg_using_from_datum() }.into()
            }
        }
        translatable!($type, $sql);
    };
}

macro_rules! translatable {
    ($type:ty, $sql:expr) => {
        const _: () = {
            use pgrx::pgrx_sql_entity_graph::metadata;
            // SAFETY: the SQL type named here is the one whose datums the type reads or makes.
            unsafe impl metadata::SqlTranslatable for $type {
                const TYPE_IDENT: &'static str = pgrx::pgrx_resolved_type!($type);
                const TYPE_ORIGIN: metadata::TypeOrigin = metadata::TypeOrigin::External;
                const ARGUMENT_SQL: Result<metadata::SqlMappingRef, metadata::ArgumentError> =
                    Ok(metadata::SqlMappingRef::literal($sql));
                const RETURN_SQL: Result<metadata::ReturnsRef, metadata::ReturnsError> =
                    Ok(metadata::ReturnsRef::One(metadata::SqlMappingRef::literal($sql)));
            }
        };
    };
}

mod keys;
mod names;
mod returned;
mod rows;
mod text;

pub use keys::ItemKeys;
pub use names::{RegClass, SqlName};
pub use returned::Returned;
pub use rows::{BankRow, PublicationRow, RunRow, ThresholdRow};
pub use text::{Json, Text, Texts, text_elements};
