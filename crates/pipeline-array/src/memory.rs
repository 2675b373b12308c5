//! The bytes under arrays.

use std::fmt::Debug;
use std::ops::Range;
use std::ptr::NonNull;

use pyo3::exceptions::PyMemoryError;
use pyo3::prelude::*;

use crate::buffer::Lent;
use crate::dtype::Dtype;
use crate::element::Element;

/// A piece of memory that lives until the last array on it is gone: ours, or another object's that
/// has lent it through the buffer protocol.
///
/// It is read and written through [`crate::walk`] alone, and only by a thread that holds the GIL,
/// so that nobody sees half a write.
#[derive(Debug)]
pub struct Memory {
    start: NonNull<u8>,
    bytes: usize,
    writeable: bool,
    lent: bool,
    _owner: Box<dyn Owner>,
}

trait Owner: Debug + Send + Sync {}
impl<T: Debug + Send + Sync> Owner for T {}

// SAFETY: the owner may be sent and shared, and what `start` points to is its own, or under the
// rules of the buffer protocol.
unsafe impl Send for Memory {}
// SAFETY: as above; accesses are serialised by the GIL.
unsafe impl Sync for Memory {}

impl Memory {
    /// Takes over values.
    pub fn of<T: Element + Debug>(mut values: Vec<T>, writeable: bool) -> Self {
        Self {
            start: NonNull::new(values.as_mut_ptr().cast()).unwrap_or(NonNull::dangling()),
            bytes: size_of_val(values.as_slice()),
            writeable,
            lent: false,
            _owner: Box::new(values),
        }
    }

    /// `count` elements of zero.
    ///
    /// # Errors
    /// `MemoryError`, before any is taken.
    pub fn zeroed(count: usize, dtype: Dtype) -> PyResult<Self> {
        let bytes = count
            .checked_mul(dtype.item_size())
            .ok_or_else(|| too_large(count, dtype))?;
        let words = bytes.div_ceil(8);
        // NB: `vec!` aborts when there is no memory, so it is asked for beforehand, in a way that the
        // compiler does not see through
        std::hint::black_box(reserve::<u64>(words).map_err(|_| too_large(count, dtype))?);
        Ok(Self {
            bytes,
            ..Self::of(vec![0_u64; words], true)
        })
    }

    /// What another object lends, from the lowest to the highest byte of its elements.
    pub fn lent(buffer: Lent, extent: Range<isize>) -> Self {
        let start = buffer.start().wrapping_offset(extent.start);
        Self {
            start: NonNull::new(start).unwrap_or(NonNull::dangling()),
            bytes: extent.len(),
            writeable: buffer.is_writeable(),
            lent: true,
            _owner: Box::new(buffer),
        }
    }

    /// The first byte.
    pub fn start(&self) -> *mut u8 {
        self.start.as_ptr()
    }

    /// How many there are.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Whether elements may be assigned to.
    pub fn is_writeable(&self) -> bool {
        self.writeable
    }

    /// Whether it is another object's.
    pub fn is_lent(&self) -> bool {
        self.lent
    }

    /// Whether a byte belongs to both.
    pub fn overlaps(&self, other: &Self) -> bool {
        let (a, b) = (self.start().addr(), other.start().addr());
        a < b + other.bytes && b < a + self.bytes
    }
}

/// An empty vector with room for `count` elements.
///
/// # Errors
/// `MemoryError`, before any is taken.
pub fn reserve<T: Element>(count: usize) -> PyResult<Vec<T>> {
    let mut values = Vec::new();
    pipeline::fallible(|| values.try_reserve_exact(count))
        .map_err(|_| too_large(count, T::DTYPE))?;
    Ok(values)
}

fn too_large(count: usize, dtype: Dtype) -> PyErr {
    PyMemoryError::new_err(format!(
        "Unable to allocate an array of {count} elements and data type {}",
        dtype.name()
    ))
}
