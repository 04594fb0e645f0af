//! Rows of a query, handed to Rust as the executor yields them.
//!
//! SPI's own result table would copy every row; a receiver of our own sees the
//! executor's slot instead, which is five times faster. The columns are judged
//! before anything is executed.

use crate::error::ExtensionError;
use crate::postgres::encoding::{decode_c, encode};
use crate::postgres::memory;
use crate::postgres::spi::Spi;
use pgrx::list::List;
use pgrx::{memcx, pg_guard, pg_sys};
use std::ffi::{CStr, CString, c_int, c_void};

/// One column that a query yields.
#[derive(Debug, Clone, PartialEq)]
pub struct Column {
    /// Its name in the result.
    pub name: String,
    /// Where it stands, from 1.
    pub position: usize,
    /// Its type; of a domain, the type beneath.
    pub base_type: pg_sys::Oid,
    /// The type itself.
    pub type_oid: pg_sys::Oid,
    /// Its collation, or 0.
    pub collation: pg_sys::Oid,
}

impl Column {
    /// The type's name, as SQL spells it.
    pub fn type_name(&self) -> String {
        // SAFETY: returns a palloc'ed, terminated string for any OID.
        decode_c(unsafe { CStr::from_ptr(pg_sys::format_type_be(self.type_oid)) })
    }

    /// True where equal texts have equal bytes.
    pub fn is_deterministic(&self) -> bool {
        // SAFETY: a catalog lookup.
        self.collation == pg_sys::InvalidOid
            || unsafe { pg_sys::get_collation_isdeterministic(self.collation) }
    }

    /// The error that this column is of no use.
    pub fn unusable(&self, role: &'static str, expected: &'static str) -> ExtensionError {
        ExtensionError::UnusableColumn {
            position: self.position,
            column: self.name.clone(),
            role,
            found: self.type_name(),
            expected,
        }
    }
}

/// Receives the rows of a query.
pub trait Sink {
    /// Called once, before execution: refuses columns that it cannot use.
    ///
    /// # Errors
    /// Which column, what it is, what would have been accepted.
    fn columns(&mut self, columns: &[Column]) -> Result<(), ExtensionError>;

    /// Called for every row, with as many values as there are columns.
    ///
    /// # Errors
    /// Ends the query.
    ///
    /// # Safety
    /// `values[i]` is of the type of column `i` wherever `nulls[i]` is false.
    unsafe fn row(
        &mut self,
        values: &[pg_sys::Datum],
        nulls: &[bool],
    ) -> Result<(), ExtensionError>;
}

/// Runs one SELECT under the active snapshot, as the current role, and hands its rows to `sink`.
///
/// # Errors
/// A text that is not one statement which returns rows; what `sink` refuses.
/// Errors of the query itself are raised by Postgres.
pub fn read<S: Sink>(query: &str, sink: &mut S) -> Result<(), ExtensionError> {
    let query = CString::new(encode(query)).map_err(|_| ExtensionError::NotOneSelect {
        found: "a text with a zero byte".to_owned(),
    })?;
    Spi::connect(|_client| {
        let options = pg_sys::SPIPrepareOptions {
            cursorOptions: pg_sys::CURSOR_OPT_PARALLEL_OK as c_int,
            ..Default::default()
        };
        // SAFETY: SPI is connected; the plan lives until it is disconnected.
        let plan = unsafe { pg_sys::SPI_prepare_extended(query.as_ptr(), &options) };
        if plan.is_null() {
            return Err(ExtensionError::Internal("the query could not be prepared".to_owned()));
        }
        sink.columns(&result_columns(plan)?)?;
        execute(plan, sink)
    })
}

/// What the one statement of a plan yields.
fn result_columns(plan: pg_sys::SPIPlanPtr) -> Result<Vec<Column>, ExtensionError> {
    // SAFETY: the plan is valid; its list holds CachedPlanSources, each with a raw parse tree
    // or none (an empty statement), and with a descriptor where it returns rows.
    unsafe {
        let (count, source) =
            first::<pg_sys::CachedPlanSource>(pg_sys::SPI_plan_get_plan_sources(plan));
        let (Some(source), 1) = (source, count) else {
            return Err(ExtensionError::NotOneSelect { found: format!("{count} statements") });
        };
        let tree = (*source).raw_parse_tree;
        let is_select = !tree.is_null() && (*(*tree).stmt).type_ == pg_sys::NodeTag::T_SelectStmt;
        let descriptor = (*source).resultDesc;
        if !is_select || descriptor.is_null() {
            let tag = CStr::from_ptr(pg_sys::GetCommandTagName((*source).commandTag));
            let into = if is_select { " INTO" } else { "" };
            let found = format!("{}{into}", tag.to_string_lossy());
            return Err(ExtensionError::NotOneSelect { found });
        }
        must_only_read((*source).query_list)?;
        Ok(describe(descriptor))
    }
}

/// Says it better than the executor would.
///
/// # Safety
/// `queries` is a list of analysed queries.
unsafe fn must_only_read(queries: *mut pg_sys::List) -> Result<(), ExtensionError> {
    // SAFETY: promised by the caller.
    let (_, query) = unsafe { first::<pg_sys::Query>(queries) };
    // SAFETY: as above.
    let found = match query.map(|query| unsafe { &*query }) {
        Some(query) if query.hasModifyingCTE => "a WITH clause that writes",
        Some(query) if !query.rowMarks.is_null() => "SELECT … FOR UPDATE or SHARE",
        _ => return Ok(()),
    };
    Err(ExtensionError::NotOneSelect { found: found.to_owned() })
}

/// How many pointers a list has, and the first of them.
///
/// By pgrx's `List`: its `PgList` calls C code of pgrx's, which can be compiled only where the server's
/// headers are (`scripts/test_all_majors.sh` builds without them).
///
/// # Safety
/// `list` is NIL, or a list of pointers to `T` that outlives the call.
unsafe fn first<T>(list: *mut pg_sys::List) -> (usize, Option<*mut T>) {
    memcx::current_context(|context| {
        // SAFETY: promised by the caller.
        let list = unsafe { List::<*mut c_void>::downcast_ptr_in_memcx(list, context) };
        list.map_or((0, None), |list| (list.len(), list.get(0).map(|first| first.cast())))
    })
}

/// # Safety
/// `descriptor` is valid.
unsafe fn describe(descriptor: pg_sys::TupleDesc) -> Vec<Column> {
    // SAFETY: copies the descriptor; every type in it exists.
    let descriptor = unsafe { pgrx::PgTupleDesc::from_pg_copy(descriptor) };
    let columns = descriptor.iter().enumerate().map(|(i, attribute)| Column {
        // SAFETY: a name has a terminator.
        name: decode_c(unsafe { CStr::from_ptr(attribute.attname.data.as_ptr()) }),
        position: i + 1,
        // SAFETY: a catalog lookup.
        base_type: unsafe { pg_sys::getBaseType(attribute.atttypid) },
        type_oid: attribute.atttypid,
        collation: attribute.attcollation,
    });
    columns.collect()
}

fn execute<S: Sink>(plan: pg_sys::SPIPlanPtr, sink: &mut S) -> Result<(), ExtensionError> {
    let mut receiver = Receiver {
        base: pg_sys::_DestReceiver {
            receiveSlot: Some(receive::<S>),
            rStartup: Some(start_up),
            rShutdown: Some(nothing),
            rDestroy: Some(nothing),
            mydest: pg_sys::CommandDest::DestNone,
        },
        sink,
        outcome: Ok(()),
    };
    let options = pg_sys::SPIExecuteOptions {
        read_only: true,
        must_return_tuples: true,
        dest: &raw mut receiver.base,
        ..Default::default()
    };
    // SAFETY: SPI is connected, and the receiver outlives the execution.
    let code = unsafe { pg_sys::SPI_execute_plan_extended(plan, &options) };
    receiver.outcome?;
    if code < 0 {
        return Err(ExtensionError::Internal(format!("SPI refused the query with code {code}")));
    }
    Ok(())
}

/// A DestReceiver with what Rust needs behind it.
#[repr(C)]
struct Receiver<'a, S> {
    base: pg_sys::_DestReceiver,
    sink: &'a mut S,
    outcome: Result<(), ExtensionError>,
}

#[pg_guard]
unsafe extern "C-unwind" fn receive<S: Sink>(
    slot: *mut pg_sys::TupleTableSlot,
    receiver: *mut pg_sys::DestReceiver,
) -> bool {
    // SAFETY: Postgres passes the receiver that `execute` gave it, and a slot of the query's
    // descriptor; after slot_getsomeattrs_int, that many values are valid until we return.
    unsafe {
        let receiver = &mut *receiver.cast::<Receiver<S>>();
        let count = (*(*slot).tts_tupleDescriptor).natts;
        take_apart(slot, count);
        let values = std::slice::from_raw_parts((*slot).tts_values, count as usize);
        let nulls = std::slice::from_raw_parts((*slot).tts_isnull, count as usize);
        receiver.outcome = memory::check().and_then(|()| receiver.sink.row(values, nulls));
        // False ends the query in peace.
        receiver.outcome.is_ok()
    }
}

/// Makes `count` values of a slot valid.
///
/// pgrx prepares every call into Postgres for an error, which takes as long as the work itself here.
///
/// # Safety
/// `slot` holds a row of `count` columns.
#[inline]
unsafe fn take_apart(slot: *mut pg_sys::TupleTableSlot, count: c_int) {
    // SAFETY: promised by the caller. What takes a row of a table apart that lies in a buffer raises
    // no error: it computes where in these bytes each value is.
    unsafe {
        if c_int::from((*slot).tts_nvalid) < count
            && std::ptr::eq((*slot).tts_ops, &raw const pg_sys::TTSOpsBufferHeapTuple)
            && let Some(take_apart) = (*(*slot).tts_ops).getsomeattrs
        {
            take_apart(slot, count);
        }
        // The others, and columns that were added to the table later than the row.
        if c_int::from((*slot).tts_nvalid) < count {
            pg_sys::slot_getsomeattrs_int(slot, count);
        }
    }
}

unsafe extern "C-unwind" fn start_up(
    _receiver: *mut pg_sys::DestReceiver,
    _operation: c_int,
    _descriptor: pg_sys::TupleDesc,
) {
}

unsafe extern "C-unwind" fn nothing(_receiver: *mut pg_sys::DestReceiver) {}
