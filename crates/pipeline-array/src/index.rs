//! What stands in brackets after an array: integers, slices, `...`, `None`, and one array of bool.

use pyo3::exceptions::{PyIndexError, PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyEllipsis, PyList, PySlice, PyTuple};

use crate::dtype::{Dtype, dispatch};
use crate::literal::to_array;
use crate::memory::reserve;
use crate::view::{Order, View, signed, tuple};
use crate::walk::{Reader, Walk, Writer};

enum Item<'py> {
    Integer(isize),
    Slice(Bound<'py, PySlice>),
    Ellipsis,
    NewAxis,
    Mask(View),
}

impl<'py> Item<'py> {
    fn read(index: &Bound<'py, PyAny>) -> PyResult<Self> {
        if index.is_none() {
            return Ok(Self::NewAxis);
        }
        if index.is_instance_of::<PyEllipsis>() {
            return Ok(Self::Ellipsis);
        }
        if let Ok(slice) = index.cast::<PySlice>() {
            return Ok(Self::Slice(slice.clone()));
        }
        let is_bool = index.is_instance_of::<PyBool>();
        if !is_bool && let Ok(integer) = index.extract::<isize>() {
            return Ok(Self::Integer(integer));
        }
        if is_bool || index.is_instance_of::<PyList>() || index.hasattr("shape")? {
            let mask = to_array(index, None)?;
            if mask.dtype() == Dtype::Bool {
                return Ok(Self::Mask(mask));
            }
        }
        Err(PyIndexError::new_err(
            "only integers, slices (`:`), ellipsis (`...`), None and arrays of bool are valid indices",
        ))
    }

    /// How many of the array's dimensions it is about.
    fn dimensions(&self) -> usize {
        match self {
            Self::Integer(_) | Self::Slice(_) => 1,
            Self::Ellipsis | Self::NewAxis => 0,
            Self::Mask(mask) => mask.shape().len(),
        }
    }
}

/// What an index selects of an array.
pub struct Selection {
    /// The elements, at the first place of the mask if there is one.
    view: View,
    mask: Option<Mask>,
    /// Whether it is a single element, by integers alone.
    pub is_element: bool,
}

/// The places at which a mask is true.
struct Mask {
    /// The dimension of the result that runs over the places.
    axis: usize,
    /// How many the mask has itself.
    dimensions: usize,
    /// Bytes from the first place of all.
    places: Vec<isize>,
}

impl Selection {
    /// # Errors
    /// `IndexError`.
    pub fn new(view: &View, index: &Bound<'_, PyAny>) -> PyResult<Self> {
        let mut items = match index.cast::<PyTuple>() {
            Ok(tuple) => tuple
                .iter()
                .map(|item| Item::read(&item))
                .collect::<PyResult<Vec<_>>>()?,
            Err(_) => vec![Item::read(index)?],
        };
        let is_element = items.iter().all(|item| matches!(item, Item::Integer(_)))
            && items.len() == view.shape().len();
        match items
            .iter()
            .filter(|item| matches!(item, Item::Ellipsis))
            .count()
        {
            0 => items.push(Item::Ellipsis),
            1 => {}
            _ => {
                return Err(PyIndexError::new_err(
                    "an index can only have a single ellipsis ('...')",
                ));
            }
        }
        let dimensions = view.shape().len();
        let indexed = items.iter().map(Item::dimensions).sum::<usize>();
        let Some(left) = dimensions.checked_sub(indexed) else {
            return Err(PyIndexError::new_err(format!(
                "too many indices for array: array is {dimensions}-dimensional, but {indexed} were \
                 indexed"
            )));
        };
        let mut mask = None;
        let (mut axis, mut offset) = (0, 0);
        let (mut shape, mut strides) = (Vec::new(), Vec::new());
        for item in &items {
            let count = if matches!(item, Item::Ellipsis) {
                left
            } else {
                item.dimensions()
            };
            let lengths = &view.shape()[axis..axis + count];
            let steps = &view.strides()[axis..axis + count];
            match item {
                Item::Ellipsis => {
                    shape.extend_from_slice(lengths);
                    strides.extend_from_slice(steps);
                }
                Item::NewAxis => {
                    shape.push(1);
                    strides.push(0);
                }
                Item::Integer(index) => {
                    offset += place(*index, lengths[0], axis)? * steps[0];
                }
                Item::Slice(slice) => {
                    let range = slice.indices(signed(lengths[0]))?;
                    offset += range.start * steps[0];
                    shape.push(range.slicelength);
                    strides.push(range.step.wrapping_mul(steps[0]));
                }
                Item::Mask(array) => {
                    if mask.is_some() {
                        return Err(PyIndexError::new_err(
                            "an index can only have one array of bool",
                        ));
                    }
                    let places = places(array, lengths, steps, axis)?;
                    mask = Some(Mask {
                        axis: shape.len(),
                        dimensions: count,
                        places,
                    });
                }
            }
            axis += count;
        }
        // NB: a mask without true elements may be over a dimension without elements, where there is
        // no first place
        let empty = mask.as_ref().is_some_and(|mask| mask.places.is_empty());
        let view = if empty {
            View::zeros(view.dtype(), shape, Order::C)?
        } else {
            view.derive(offset, shape, strides)
        };
        Ok(Self {
            view,
            mask,
            is_element,
        })
    }

    /// The elements: a view, or a copy if there is a mask.
    ///
    /// # Errors
    /// `MemoryError`.
    pub fn get(&self) -> PyResult<View> {
        let Some(mask) = &self.mask else {
            return Ok(self.view.clone());
        };
        let mut shape = self.view.shape().to_vec();
        shape.insert(0, mask.places.len());
        let selected = dispatch!(self.view.dtype(), T => {
            let mut values = reserve::<T>(shape.iter().product())?;
            let mut reader = Reader::<T>::along(&self.view, self.walk(mask));
            while let Some(block) = reader.next() {
                values.extend_from_slice(block);
            }
            View::of(values, shape)
        });
        Ok(selected.unpermute(&mask.first(selected.shape().len())))
    }

    /// Assigns to the elements.
    ///
    /// # Errors
    /// `ValueError`: the array is read-only, or the shapes do not fit.
    pub fn set(&self, value: &View) -> PyResult<()> {
        let Some(mask) = &self.mask else {
            return self.view.assign(value);
        };
        self.view.check_writeable()?;
        let mut shape = self.view.shape().to_vec();
        shape.insert(mask.axis, mask.places.len());
        if shape.len() == 1 && mask.dimensions > 1 && value.shape().len() > 1 {
            return Err(PyTypeError::new_err(format!(
                "boolean array indexing assignment requires a 0 or 1-dimensional input, input has {} \
                 dimensions",
                value.shape().len()
            )));
        }
        let repeated = value.broadcast_to(&shape).ok_or_else(|| {
            PyValueError::new_err(format!(
                "shape mismatch: value array of shape {} could not be broadcast to indexing result of \
                 shape {}",
                tuple(value.shape()),
                tuple(&shape)
            ))
        })?;
        let repeated = repeated
            .permute(&mask.first(shape.len()))
            .copy(value.dtype(), Order::C)?;
        dispatch!(self.view.dtype(), T => {
            let mut reader = Reader::<T>::new(&repeated);
            let mut writer = Writer::<T>::new(&self.view, self.walk(mask));
            while let Some(block) = reader.next() {
                writer.write(block);
            }
        });
        Ok(())
    }

    fn walk(&self, mask: &Mask) -> Walk {
        Walk::new(self.view.shape(), self.view.strides(), mask.places.clone())
    }
}

impl Mask {
    /// The axes of a result with the mask's first.
    fn first(&self, dimensions: usize) -> Vec<usize> {
        let mut axes = (0..dimensions).collect::<Vec<_>>();
        axes[..=self.axis].rotate_right(1);
        axes
    }
}

fn place(index: isize, length: usize, axis: usize) -> PyResult<isize> {
    let place = if index < 0 {
        index.saturating_add_unsigned(length)
    } else {
        index
    };
    if place < 0 || place >= signed(length) {
        return Err(PyIndexError::new_err(format!(
            "index {index} is out of bounds for axis {axis} with size {length}"
        )));
    }
    Ok(place)
}

fn places(mask: &View, shape: &[usize], strides: &[isize], axis: usize) -> PyResult<Vec<isize>> {
    let mut lengths = shape.iter().zip(mask.shape()).enumerate();
    if let Some((at, (length, masked))) = lengths.find(|(_, (length, masked))| length != masked) {
        return Err(PyIndexError::new_err(format!(
            "boolean index did not match indexed array along axis {}; size of axis is {length} but \
             size of corresponding boolean axis is {masked}",
            axis + at
        )));
    }
    let mut places = Vec::new();
    let mut walk = Walk::new(shape, strides, vec![0]);
    let mut reader = Reader::<bool>::new(mask);
    while let Some(block) = reader.next() {
        for &selected in block {
            let Some(run) = walk.next(1) else { break };
            if selected {
                places.push(run.offset);
            }
        }
    }
    Ok(places)
}
