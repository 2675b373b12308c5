//! Python's buffer protocol, both ways.

use std::ffi::{CStr, c_int};
use std::fmt::{self, Debug, Formatter};
use std::sync::Arc;

use pyo3::buffer::ElementType;
use pyo3::exceptions::{PyBufferError, PyTypeError};
use pyo3::ffi;
use pyo3::prelude::*;

use crate::dtype::{Dtype, DtypeExt, Kind};
use crate::memory::Memory;
use crate::view::{View, extent, signed};

/// A buffer that another object lends, until it is dropped.
pub struct Lent(Box<ffi::Py_buffer>);

// SAFETY: the exporter keeps the memory until the buffer is released, which is done with the GIL.
unsafe impl Send for Lent {}
// SAFETY: as above.
unsafe impl Sync for Lent {}

impl Lent {
    /// Of any layout; `None` if the object lends nothing.
    fn of(object: &Bound<'_, PyAny>) -> PyResult<Option<Self>> {
        // SAFETY: the object is alive.
        if unsafe { ffi::PyObject_CheckBuffer(object.as_ptr()) } == 0 {
            return Ok(None);
        }
        let mut buffer = Box::new(ffi::Py_buffer::new());
        // SAFETY: both are alive, and the buffer stays in its place until it is released.
        match unsafe {
            ffi::PyObject_GetBuffer(object.as_ptr(), &raw mut *buffer, ffi::PyBUF_FULL_RO)
        } {
            0 => Ok(Some(Self(buffer))),
            _ => Err(PyErr::fetch(object.py())),
        }
    }

    /// Where its first element is.
    #[must_use]
    pub fn start(&self) -> *mut u8 {
        self.0.buf.cast()
    }

    /// Whether it may be written to.
    #[must_use]
    pub fn is_writeable(&self) -> bool {
        self.0.readonly == 0
    }

    fn format(&self) -> &CStr {
        if self.0.format.is_null() {
            return c"B";
        }
        // SAFETY: it ends with a zero and stays until the buffer is released.
        unsafe { CStr::from_ptr(self.0.format) }
    }

    /// The shape or the strides. There may be none where there are no dimensions.
    fn lengths(&self, from: *const isize) -> &[isize] {
        if from.is_null() {
            return &[];
        }
        let dimensions = usize::try_from(self.0.ndim).unwrap_or_default();
        // SAFETY: there are as many as dimensions, until the buffer is released.
        unsafe { std::slice::from_raw_parts(from, dimensions) }
    }

    fn dtype(&self) -> Option<Dtype> {
        let foreign = if cfg!(target_endian = "little") {
            b">!".as_slice()
        } else {
            b"<"
        };
        if !self.0.suboffsets.is_null() || foreign.contains(self.format().to_bytes().first()?) {
            return None;
        }
        let (kind, bytes) = match ElementType::from_format(self.format()) {
            ElementType::Bool => (Kind::Bool, 1),
            ElementType::SignedInteger { bytes } => (Kind::Signed, bytes),
            ElementType::UnsignedInteger { bytes } => (Kind::Unsigned, bytes),
            ElementType::Float { bytes } => (Kind::Float, bytes),
            ElementType::Unknown => return None,
        };
        Dtype::of(kind, bytes).filter(|dtype| signed(dtype.item_size()) == self.0.itemsize)
    }
}

impl Debug for Lent {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Lent").field(&self.format()).finish()
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        // SAFETY: it was filled, and is released once.
        Python::attach(|_| unsafe { ffi::PyBuffer_Release(&raw mut *self.0) });
    }
}

/// The array that an object lends, without a copy; `None` if it lends none.
///
/// # Errors
/// `TypeError`: elements of a type that is not known here, or in the other order of bytes.
pub fn borrow(object: &Bound<'_, PyAny>) -> PyResult<Option<View>> {
    let Some(lent) = Lent::of(object)? else {
        return Ok(None);
    };
    let dtype = lent.dtype().ok_or_else(|| {
        PyTypeError::new_err(format!(
            "elements of format {:?} are not supported: convert them to bool, integers of up to 64 \
             bits, float32 or float64 in native byte order",
            lent.format()
        ))
    })?;
    let shape = lent
        .lengths(lent.0.shape)
        .iter()
        .map(|&length| length.unsigned_abs());
    let shape = shape.collect::<Vec<_>>();
    let strides = lent.lengths(lent.0.strides).to_vec();
    let (low, high) = extent(&shape, &strides, dtype.item_size());
    let extent = isize::try_from(low).ok().zip(isize::try_from(high).ok());
    let (low, high) = extent.ok_or_else(|| PyBufferError::new_err("a buffer is too large"))?;
    let memory = Memory::lent(lent, low..high);
    View::new(Arc::new(memory), dtype, -low, shape, strides).map(Some)
}

/// Lends an array's memory. What is asked for in `flags` and cannot be had is refused.
///
/// # Errors
/// `BufferError`.
///
/// # Safety
/// `request` is null or may be written, `owner` keeps the view alive, and the buffer is given back by
/// [`release`].
pub unsafe fn lend(
    view: &View,
    owner: Bound<'_, PyAny>,
    request: *mut ffi::Py_buffer,
    flags: c_int,
) -> PyResult<()> {
    // SAFETY: the caller's promise.
    let Some(request) = (unsafe { request.as_mut() }) else {
        return Err(PyBufferError::new_err("no buffer is asked for"));
    };
    request.obj = std::ptr::null_mut();
    let asked = |flag| flags & flag == flag;
    let (c, f) = (view.is_c_contiguous(), view.is_f_contiguous());
    let refused = [
        (
            asked(ffi::PyBUF_WRITABLE) && !view.is_writeable(),
            "the array is read-only",
        ),
        (
            asked(ffi::PyBUF_C_CONTIGUOUS) && !c,
            "the array is not C-contiguous",
        ),
        (
            asked(ffi::PyBUF_F_CONTIGUOUS) && !f,
            "the array is not Fortran contiguous",
        ),
        (
            asked(ffi::PyBUF_ANY_CONTIGUOUS) && !c && !f,
            "the array is not contiguous",
        ),
        (
            !asked(ffi::PyBUF_STRIDES) && !c,
            "the array is not C-contiguous",
        ),
    ];
    if let Some((_, reason)) = refused.iter().find(|(refused, _)| *refused) {
        return Err(PyBufferError::new_err(*reason));
    }
    let dimensions = view.shape().len();
    let shape = view.shape().iter().map(|&length| signed(length));
    let mut strides = view.strides().to_vec();
    if view.size() == 0 {
        // NB: as numpy does it, because consumers look for contiguous ones
        let mut stride = signed(view.dtype().item_size());
        for (into, &length) in strides.iter_mut().zip(view.shape()).rev() {
            *into = stride;
            stride *= signed(length);
        }
    }
    let layout = shape.chain(strides).collect::<Box<[isize]>>();
    let layout = Box::into_raw(Box::new(layout));
    // SAFETY: it was just made, and it stays until `release`.
    let start = unsafe { (*layout).as_mut_ptr() };
    request.buf = view.start().cast();
    request.len = signed(view.size() * view.dtype().item_size());
    request.itemsize = signed(view.dtype().item_size());
    request.readonly = (!view.is_writeable()).into();
    request.ndim = c_int::try_from(dimensions)?;
    let none = std::ptr::null_mut();
    request.format = if asked(ffi::PyBUF_FORMAT) {
        view.dtype().format().as_ptr().cast_mut()
    } else {
        std::ptr::null_mut()
    };
    request.shape = if asked(ffi::PyBUF_ND) { start } else { none };
    request.strides = if asked(ffi::PyBUF_STRIDES) {
        start.wrapping_add(dimensions)
    } else {
        none
    };
    request.suboffsets = none;
    request.internal = layout.cast();
    request.obj = owner.into_ptr();
    Ok(())
}

/// Takes back what [`lend`] gave.
///
/// # Safety
/// The buffer was filled by [`lend`], and is released once.
pub unsafe fn release(buffer: *mut ffi::Py_buffer) {
    // SAFETY: the caller's promise; `lend` put the layout there.
    drop(unsafe { Box::from_raw((*buffer).internal.cast::<Box<[isize]>>()) });
}
