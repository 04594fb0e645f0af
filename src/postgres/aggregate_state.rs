//! The state of an aggregate: a value and a list that grows, in memory that lives as long as the
//! group.
//!
//! The server knows such a state as `internal`: a pointer that only the aggregate's own functions
//! are given. All of it is the server's memory, whose refusal is an ERROR.

use crate::error::ExtensionError;
use irt::IrtError;
use pgrx::pg_sys::{self, Datum};
use std::marker::PhantomData;
use std::ptr;

/// A state of the aggregate that is being computed: a `Head`, and any number of `Element`s.
pub struct AggregateState<Head: Copy, Element: Copy>(
    *mut Layout<Head, Element>,
    PhantomData<(Head, Element)>,
);

#[repr(C)]
struct Layout<Head, Element> {
    head: Head,
    elements: *mut Element,
    count: u32,
    room: u32,
}

/// Elements for which there is room from the beginning.
const FIRST_ROOM: u32 = 8;

impl<Head: Copy, Element: Copy> AggregateState<Head, Element> {
    /// The most elements: their bytes are one value of the server's, of at most 1 GB.
    pub const MOST: u32 = ((1 << 29) / size_of::<Element>()) as u32;

    /// The state that an argument or a return value stands for.
    ///
    /// # Safety
    /// The datum is what [`Self::datum`] returned for the same types, in this process, of a group
    /// that is still being computed.
    #[inline]
    pub unsafe fn from_datum(datum: Datum) -> Self {
        Self(datum.cast_mut_ptr(), PhantomData)
    }

    /// What the server is given for it.
    #[inline]
    pub fn datum(&self) -> Datum {
        Datum::from(self.0)
    }

    /// A state without elements that lives as long as the group for which the server called.
    ///
    /// # Errors
    /// Where it did not call for an aggregate.
    ///
    /// # Safety
    /// `call` is a call of the server's.
    pub unsafe fn of_group(
        call: pg_sys::FunctionCallInfo,
        head: Head,
    ) -> Result<Self, ExtensionError> {
        let mut context = ptr::null_mut();
        // SAFETY: promised by the caller.
        let found = unsafe { pg_sys::AggCheckCallContext(call, &mut context) };
        if found == 0 {
            // SQL has no value of type internal: nobody else can call it.
            let found = "a part of an aggregate was called outside of one".to_owned();
            return Err(ExtensionError::Internal(found));
        }
        // SAFETY: the context lives as long as the group.
        Ok(unsafe { Self::in_context(context, head, FIRST_ROOM) })
    }

    /// A state with room for `room` elements that lives as long as the current memory context.
    ///
    /// # Errors
    /// [`IrtError::TooMany`].
    pub fn for_now(head: Head, room: u32) -> Result<Self, ExtensionError> {
        if room > Self::MOST {
            return Err(too_many(room, Self::MOST));
        }
        // SAFETY: the current context is valid.
        Ok(unsafe { Self::in_context(pg_sys::CurrentMemoryContext, head, room.max(1)) })
    }

    /// # Safety
    /// The context is valid; `room` is above 0 and at most [`Self::MOST`].
    unsafe fn in_context(context: pg_sys::MemoryContext, head: Head, room: u32) -> Self {
        // SAFETY: fresh memory of that size, aligned as the server aligns all: to 8 bytes.
        unsafe {
            let layout = pg_sys::MemoryContextAlloc(context, size_of::<Layout<Head, Element>>())
                .cast::<Layout<Head, Element>>();
            let elements =
                pg_sys::MemoryContextAlloc(context, room as usize * size_of::<Element>());
            layout.write(Layout { head, elements: elements.cast(), count: 0, room });
            Self(layout, PhantomData)
        }
    }

    /// What is there once.
    #[inline]
    pub fn head(&mut self) -> &mut Head {
        // SAFETY: nothing else refers to the state while one of its functions runs.
        unsafe { &mut (*self.0).head }
    }

    /// The elements, in the order in which they were added.
    pub fn elements(&self) -> &[Element] {
        // SAFETY: so many have been written.
        unsafe { std::slice::from_raw_parts((*self.0).elements, (*self.0).count as usize) }
    }

    /// Adds an element.
    ///
    /// # Errors
    /// [`IrtError::TooMany`].
    #[inline]
    pub fn push(&mut self, element: Element) -> Result<(), ExtensionError> {
        // SAFETY: the state is valid, and after `grow` there is room for one more.
        unsafe {
            if (*self.0).count == (*self.0).room {
                self.grow()?;
            }
            (*self.0).elements.add((*self.0).count as usize).write(element);
            (*self.0).count += 1;
        }
        Ok(())
    }

    #[cold]
    fn grow(&mut self) -> Result<(), ExtensionError> {
        // SAFETY: the elements stay in the memory context that they are in.
        unsafe {
            let room = (*self.0).room.saturating_mul(2).min(Self::MOST);
            if room == (*self.0).room {
                return Err(too_many(room + 1, Self::MOST));
            }
            let bytes = room as usize * size_of::<Element>();
            (*self.0).elements = pg_sys::repalloc((*self.0).elements.cast(), bytes).cast();
            (*self.0).room = room;
        }
        Ok(())
    }
}

fn too_many(found: u32, limit: u32) -> ExtensionError {
    let (found, limit) = (u64::from(found), u64::from(limit));
    IrtError::TooMany { what: "answers of one group", found, limit }.into()
}
