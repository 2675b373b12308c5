//! Arrays as a shape and strides over memory.

use std::fmt::Debug;
use std::sync::Arc;

use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;

use crate::dtype::{Dtype, dispatch};
use crate::element::Element;
use crate::memory::{Memory, reserve};
use crate::walk::{Reader, Walk, Writer, coalesce};

/// As in numpy.
pub const MAX_DIMENSIONS: usize = 64;

/// In which order elements lie in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// The last index runs fastest.
    C,
    /// The first index runs fastest.
    F,
    /// As `F` where an array is so and not C, otherwise C.
    A,
    /// As the array has it, as far as possible.
    K,
}

impl Order {
    /// By its letter.
    ///
    /// # Errors
    /// `ValueError`.
    pub fn parse(letter: &str) -> PyResult<Self> {
        match letter {
            "C" | "c" => Ok(Self::C),
            "F" | "f" => Ok(Self::F),
            "A" | "a" => Ok(Self::A),
            "K" | "k" => Ok(Self::K),
            _ => Err(PyValueError::new_err(format!(
                "order must be one of 'C', 'F', 'A', or 'K' (got '{letter}')"
            ))),
        }
    }
}

/// Elements of one type at regular distances in memory. All of them lie within it: [`View::new`] and
/// [`View::derive`] see to that, and nothing else makes one.
#[derive(Clone, Debug)]
pub struct View {
    memory: Arc<Memory>,
    dtype: Dtype,
    offset: isize,
    shape: Vec<usize>,
    strides: Vec<isize>,
}

impl View {
    /// Elements from `offset` on, all in bytes.
    ///
    /// # Errors
    /// `ValueError`: more dimensions or elements than can be, or elements beyond the memory.
    pub fn new(
        memory: Arc<Memory>,
        dtype: Dtype,
        offset: isize,
        shape: Vec<usize>,
        strides: Vec<isize>,
    ) -> PyResult<Self> {
        check_shape(&shape, dtype)?;
        let (low, high) = extent(&shape, &strides, dtype.item_size());
        let bytes = i128::try_from(memory.bytes()).unwrap_or(i128::MAX);
        let offset_ = offset as i128;
        if low < high && (offset_ + low < 0 || offset_ + high > bytes) {
            return Err(PyValueError::new_err(
                "an array's elements lie outside its memory",
            ));
        }
        Ok(Self {
            memory,
            dtype,
            offset,
            shape,
            strides,
        })
    }

    /// Others of its elements.
    ///
    /// # Panics
    /// When they are not its own, which is an error in this crate.
    #[must_use]
    pub fn derive(&self, offset: isize, shape: Vec<usize>, strides: Vec<isize>) -> Self {
        Self::new(
            self.memory.clone(),
            self.dtype,
            self.offset + offset,
            shape,
            strides,
        )
        .expect("a view of an array lies within it")
    }

    /// The same elements, by so many bytes further on.
    ///
    /// # Panics
    /// As [`View::derive`].
    #[must_use]
    pub fn at(&self, offset: isize) -> Self {
        self.derive(offset, self.shape.clone(), self.strides.clone())
    }

    /// On memory of its own, in C order.
    ///
    /// # Panics
    /// When the shape has not as many elements, which is an error in this crate.
    #[must_use]
    pub fn of<T: Element + Debug>(values: Vec<T>, shape: Vec<usize>) -> Self {
        assert_eq!(values.len(), shape.iter().product::<usize>());
        let strides = contiguous(&shape, size_of::<T>(), Order::C);
        let memory = Arc::new(Memory::of(values, true));
        Self {
            memory,
            dtype: T::DTYPE,
            offset: 0,
            shape,
            strides,
        }
    }

    /// A single value that nobody can change.
    #[must_use]
    pub fn scalar<T: Element + Debug>(value: T) -> Self {
        let memory = Arc::new(Memory::of(vec![value], false));
        Self {
            memory,
            dtype: T::DTYPE,
            offset: 0,
            shape: Vec::new(),
            strides: Vec::new(),
        }
    }

    /// Zeros in an order, which is not [`Order::K`].
    ///
    /// # Errors
    /// `ValueError` or `MemoryError`, before memory is taken.
    pub fn zeros(dtype: Dtype, shape: Vec<usize>, order: Order) -> PyResult<Self> {
        let size = check_shape(&shape, dtype)?;
        let strides = contiguous(&shape, dtype.item_size(), order);
        Self::new(
            Arc::new(Memory::zeroed(size, dtype)?),
            dtype,
            0,
            shape,
            strides,
        )
    }

    /// The type of its elements.
    #[must_use]
    pub fn dtype(&self) -> Dtype {
        self.dtype
    }

    /// The length of each dimension.
    #[must_use]
    pub fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// The bytes from one element to the next, in each dimension.
    #[must_use]
    pub fn strides(&self) -> &[isize] {
        &self.strides
    }

    /// The memory it is on.
    #[must_use]
    pub fn memory(&self) -> &Arc<Memory> {
        &self.memory
    }

    /// Where its first element is.
    #[must_use]
    pub fn start(&self) -> *mut u8 {
        self.memory.start().wrapping_offset(self.offset)
    }

    /// How many elements there are.
    #[must_use]
    pub fn size(&self) -> usize {
        self.shape.iter().product()
    }

    /// Whether elements may be assigned to.
    #[must_use]
    pub fn is_writeable(&self) -> bool {
        self.memory.is_writeable()
    }

    /// Whether elements lie one after the other in C order.
    #[must_use]
    pub fn is_c_contiguous(&self) -> bool {
        self.has_strides(Order::C)
    }

    /// Whether elements lie one after the other in Fortran order.
    #[must_use]
    pub fn is_f_contiguous(&self) -> bool {
        self.has_strides(Order::F)
    }

    fn has_strides(&self, order: Order) -> bool {
        let expected = contiguous(&self.shape, self.dtype.item_size(), order);
        let mut dimensions = self.shape.iter().zip(self.strides.iter().zip(&expected));
        self.size() == 0 || dimensions.all(|(&length, (a, b))| length == 1 || a == b)
    }

    /// The elements in C order.
    #[must_use]
    pub fn walk(&self) -> Walk {
        Walk::new(&self.shape, &self.strides, vec![0])
    }

    /// With the dimension `axes[i]` as the `i`th. Dimensions may be left out, at their first index.
    #[must_use]
    pub fn permute(&self, axes: &[usize]) -> Self {
        let shape = axes.iter().map(|&axis| self.shape[axis]).collect();
        let strides = axes.iter().map(|&axis| self.strides[axis]).collect();
        Self {
            shape,
            strides,
            ..self.clone()
        }
    }

    /// Undoes [`View::permute`].
    #[must_use]
    pub fn unpermute(&self, axes: &[usize]) -> Self {
        let mut inverse = vec![0; axes.len()];
        for (at, &axis) in axes.iter().enumerate() {
            inverse[axis] = at;
        }
        self.permute(&inverse)
    }

    /// With its dimensions in reverse.
    #[must_use]
    pub fn transpose(&self) -> Self {
        self.permute(&(0..self.shape.len()).rev().collect::<Vec<_>>())
    }

    /// Repeated to a shape, by numpy's rules of broadcasting; `None` where these do not allow it.
    #[must_use]
    pub fn broadcast_to(&self, shape: &[usize]) -> Option<Self> {
        let added = shape.len().checked_sub(self.shape.len())?;
        let mut strides = vec![0; added];
        for (&to, (&from, &stride)) in shape[added..]
            .iter()
            .zip(self.shape.iter().zip(&self.strides))
        {
            strides.push(match from {
                _ if from == to => stride,
                1 => 0,
                _ => return None,
            });
        }
        Some(self.derive(0, shape.to_vec(), strides))
    }

    /// The elements as another type, in C order.
    ///
    /// # Errors
    /// `MemoryError`.
    pub fn to_vec<T: Element>(&self) -> PyResult<Vec<T>> {
        let mut values = reserve(self.size())?;
        let mut reader = Reader::<T>::new(self);
        while let Some(block) = reader.next() {
            values.extend_from_slice(block);
        }
        Ok(values)
    }

    /// What a function makes of the bytes of the elements in C order, which are not copied if they
    /// lie so.
    ///
    /// # Errors
    /// `MemoryError`, and what the function returns.
    pub fn with_bytes<R>(&self, f: impl FnOnce(&[u8]) -> PyResult<R>) -> PyResult<R> {
        if !self.is_c_contiguous() {
            return self.copy(self.dtype, Order::C)?.with_bytes(f);
        }
        let length = self.size() * self.dtype.item_size();
        if length == 0 {
            return f(&[]);
        }
        // SAFETY: the elements lie one after the other within the memory, and while the function
        // runs nobody else does.
        f(unsafe { std::slice::from_raw_parts(self.start(), length) })
    }

    /// A copy as another type, or the same.
    ///
    /// # Errors
    /// `MemoryError`.
    pub fn copy(&self, dtype: Dtype, order: Order) -> PyResult<Self> {
        let fortran = match order {
            Order::C => false,
            Order::F => true,
            Order::A | Order::K => self.is_f_contiguous() && !self.is_c_contiguous(),
        };
        let axes = match order {
            Order::K => axes_by_stride(&[self]),
            _ if fortran => (0..self.shape.len()).rev().collect(),
            _ => (0..self.shape.len()).collect(),
        };
        let ordered = self.permute(&axes);
        let copy = dispatch!(dtype, T => Self::of(ordered.to_vec::<T>()?, ordered.shape.clone()));
        Ok(copy.unpermute(&axes))
    }

    /// Sets each element to that of another array, which is repeated as needed and cast whatever its
    /// type is.
    ///
    /// # Errors
    /// `ValueError`: it is read-only, or the shapes do not fit.
    pub fn assign(&self, source: &Self) -> PyResult<()> {
        self.check_writeable()?;
        let surplus = source.shape.len().saturating_sub(self.shape.len());
        let leading = source.shape[..surplus].iter().all(|&length| length == 1);
        let axes = (surplus..source.shape.len()).collect::<Vec<_>>();
        let Some(mut repeated) = source
            .permute(&axes)
            .broadcast_to(&self.shape)
            .filter(|_| leading)
        else {
            return Err(PyValueError::new_err(format!(
                "could not broadcast input array from shape {} into shape {}",
                tuple(&source.shape),
                tuple(&self.shape)
            )));
        };
        if self.memory.overlaps(&repeated.memory) {
            repeated = repeated.copy(repeated.dtype, Order::C)?;
        }
        dispatch!(self.dtype, T => {
            let mut reader = Reader::<T>::new(&repeated);
            let mut writer = Writer::new(self, self.walk());
            while let Some(block) = reader.next() {
                writer.write(block);
            }
        });
        Ok(())
    }

    /// # Errors
    /// `ValueError` if it is read-only.
    pub fn check_writeable(&self) -> PyResult<()> {
        if self.is_writeable() {
            return Ok(());
        }
        Err(PyValueError::new_err("assignment destination is read-only"))
    }

    /// With another shape, of which one length may be -1: a view where strides allow it, otherwise a
    /// copy.
    ///
    /// # Errors
    /// `ValueError`: the shape has another number of elements. `MemoryError`.
    pub fn reshape(&self, shape: &[isize], order: Order) -> PyResult<Self> {
        let shape = self.complete(shape)?;
        let fortran = match order {
            Order::C => false,
            Order::F => true,
            Order::A => self.is_f_contiguous() && !self.is_c_contiguous(),
            Order::K => {
                return Err(PyValueError::new_err(
                    "order 'K' is not permitted for reshaping",
                ));
            }
        };
        if fortran {
            let reversed = shape.into_iter().rev().collect::<Vec<_>>();
            return Ok(self.transpose().reshape_to(reversed)?.transpose());
        }
        self.reshape_to(shape)
    }

    fn reshape_to(&self, shape: Vec<usize>) -> PyResult<Self> {
        if let Some(strides) = self.split(&shape) {
            return Ok(self.derive(0, shape, strides));
        }
        let copy = self.copy(self.dtype, Order::C)?;
        let strides = contiguous(&shape, self.dtype.item_size(), Order::C);
        Ok(copy.derive(0, shape, strides))
    }

    /// The strides of a shape over the same elements, if some lead to them in the same order.
    fn split(&self, shape: &[usize]) -> Option<Vec<isize>> {
        let size = self.dtype.item_size();
        if self.size() == 0 {
            return Some(contiguous(shape, size, Order::C));
        }
        let mut blocks = coalesce(&self.shape, &self.strides);
        let mut strides = vec![signed(size); shape.len()];
        let (mut left, mut stride) = (1, signed(size));
        for (at, &length) in shape.iter().enumerate().rev() {
            if length > 1 && left == 1 {
                (left, stride) = blocks.pop()?;
            }
            if !left.is_multiple_of(length) {
                return None;
            }
            strides[at] = stride;
            left /= length;
            stride *= signed(length);
        }
        Some(strides)
    }

    fn complete(&self, shape: &[isize]) -> PyResult<Vec<usize>> {
        let mismatch = || {
            let shape = shape
                .iter()
                .map(ToString::to_string)
                .collect::<Vec<_>>()
                .join(",");
            let comma = if shape.contains(',') { "" } else { "," };
            let size = self.size();
            PyValueError::new_err(format!(
                "cannot reshape array of size {size} into shape ({shape}{comma})"
            ))
        };
        let known = shape.iter().filter(|&&length| length >= 0);
        let known = known.map(|length| length.unsigned_abs());
        let product = known
            .clone()
            .try_fold(1_usize, usize::checked_mul)
            .ok_or_else(mismatch)?;
        let missing = match shape.len() - known.count() {
            0 if product == self.size() => 1,
            1 if product > 0 && self.size().is_multiple_of(product) => self.size() / product,
            0 | 1 => return Err(mismatch()),
            _ => {
                return Err(PyValueError::new_err(
                    "can only specify one unknown dimension",
                ));
            }
        };
        let complete = |length: &isize| usize::try_from(*length).unwrap_or(missing);
        Ok(shape.iter().map(complete).collect())
    }
}

/// The strides of elements one after the other; zeros where there are none, as in numpy.
#[must_use]
pub fn contiguous(shape: &[usize], size: usize, order: Order) -> Vec<isize> {
    let mut strides = vec![0; shape.len()];
    if shape.contains(&0) {
        return strides;
    }
    let mut stride = signed(size);
    let mut next = |at: usize| {
        strides[at] = stride;
        stride = stride.wrapping_mul(signed(shape[at]));
    };
    if order == Order::F {
        (0..shape.len()).for_each(&mut next);
    } else {
        (0..shape.len()).rev().for_each(&mut next);
    }
    strides
}

/// The shape to which all are repeated.
///
/// # Errors
/// `ValueError` where there is none.
pub fn broadcast_shape(views: &[&View]) -> PyResult<Vec<usize>> {
    let dimensions = views.iter().map(|view| view.shape.len()).max().unwrap_or(0);
    let mut shape = vec![1; dimensions];
    for view in views {
        let from = dimensions - view.shape.len();
        for (length, &other) in shape[from..].iter_mut().zip(&view.shape) {
            if *length == 1 {
                *length = other;
            } else if other != 1 && other != *length {
                let shapes = views
                    .iter()
                    .map(|view| tuple(&view.shape))
                    .collect::<Vec<_>>();
                return Err(PyValueError::new_err(format!(
                    "operands could not be broadcast together with shapes {} ",
                    shapes.join(" ")
                )));
            }
        }
    }
    Ok(shape)
}

/// The axes of arrays of one shape from the one with the longest strides to the one with the
/// shortest: the order in which their memory is best walked, and in which results are laid out.
/// Where strides say nothing or contradict each other, axes stay as they are.
#[must_use]
pub fn axes_by_stride(views: &[&View]) -> Vec<usize> {
    let mut axes = Vec::<usize>::new();
    let dimensions = views.first().map_or(0, |view| view.shape.len());
    for axis in (0..dimensions).rev() {
        let mut to = 0;
        for (at, &inner) in axes.iter().enumerate() {
            let strides = views
                .iter()
                .map(|view| (view.strides[axis], view.strides[inner]));
            let told = strides.filter(|(outer, inner)| *outer != 0 && *inner != 0);
            let shorter = told.map(|(outer, inner)| outer.abs() < inner.abs());
            match shorter.reduce(|all, one| all && one) {
                Some(true) => to = at + 1,
                Some(false) => break,
                None => {}
            }
        }
        axes.insert(to, axis);
    }
    axes
}

/// A shape as Python writes it in messages.
#[must_use]
pub fn tuple(shape: &[usize]) -> String {
    let lengths = shape.iter().map(ToString::to_string).collect::<Vec<_>>();
    format!(
        "({}{})",
        lengths.join(","),
        if shape.len() == 1 { "," } else { "" }
    )
}

/// The number of elements of a shape.
///
/// # Errors
/// `ValueError`: more than can be addressed.
fn check_shape(shape: &[usize], dtype: Dtype) -> PyResult<usize> {
    if shape.len() > MAX_DIMENSIONS {
        return Err(PyValueError::new_err(format!(
            "maximum supported dimension for an ndarray is currently {MAX_DIMENSIONS}, found {}",
            shape.len()
        )));
    }
    let lengths = || shape.iter().filter(|&&length| length > 0);
    let bytes = lengths().try_fold(dtype.item_size(), |bytes, &length| {
        bytes.checked_mul(length)
    });
    if bytes.is_none_or(|bytes| isize::try_from(bytes).is_err()) {
        return Err(PyValueError::new_err(
            "array is too big; `arr.size * arr.dtype.itemsize` is larger than the maximum possible size.",
        ));
    }
    Ok(shape.iter().product())
}

/// The bytes that elements take, from the first one's address on.
pub fn extent(shape: &[usize], strides: &[isize], size: usize) -> (i128, i128) {
    let (mut low, mut high) = (0, 0);
    for (&length, &stride) in shape.iter().zip(strides) {
        if length == 0 {
            return (0, 0);
        }
        let reach = stride as i128 * (length as i128 - 1);
        low += reach.min(0);
        high += reach.max(0);
    }
    (low, high + size as i128)
}

/// # Errors
/// `TypeError` with numpy's word for dtypes that an operation is not made for.
pub fn unsupported<T>(operation: &str) -> PyResult<T> {
    Err(PyTypeError::new_err(format!(
        "ufunc '{operation}' not supported for the input types, and the inputs could not be safely \
         coerced to any supported types according to the casting rule ''safe''"
    )))
}

pub(crate) fn signed(length: usize) -> isize {
    isize::try_from(length).expect("no array is longer than isize::MAX")
}
