//! Walking over the elements of a view: in C order, in blocks, as whatever type is wanted.

use std::marker::PhantomData;

use crate::dtype::dispatch;
use crate::element::Element;
use crate::view::{View, signed};

/// Elements that are worked on at a time, so that they stay in the processor's cache.
pub const BLOCK: usize = 512;

/// Dimensions joined where one goes on where the other ends, each with its stride. Those of length
/// one are left out.
pub fn coalesce(shape: &[usize], strides: &[isize]) -> Vec<(usize, isize)> {
    let mut joined = Vec::<(usize, isize)>::with_capacity(shape.len());
    for (&length, &stride) in shape
        .iter()
        .zip(strides)
        .filter(|(length, _)| **length != 1)
    {
        match joined.last_mut() {
            Some(outer) if outer.1 == stride.wrapping_mul(signed(length)) => {
                *outer = (outer.0 * length, stride);
            }
            _ => joined.push((length, stride)),
        }
    }
    joined
}

/// Elements at one distance from each other, in bytes.
#[derive(Clone, Copy, Debug)]
pub struct Run {
    /// Where the first one is, from the view's first element.
    pub offset: isize,
    /// The distance.
    pub stride: isize,
    /// How many there are.
    pub length: usize,
}

/// The runs that a view consists of, in C order; and the same again from several starts.
#[derive(Debug)]
pub struct Walk {
    starts: std::vec::IntoIter<isize>,
    outer: Vec<(usize, isize)>,
    index: Vec<usize>,
    inner: (usize, isize),
    offset: isize,
    done: usize,
    begun: bool,
}

impl Walk {
    /// Over a shape, from each of the starts.
    pub fn new(shape: &[usize], strides: &[isize], starts: Vec<isize>) -> Self {
        let mut outer = coalesce(shape, strides);
        let starts = if shape.contains(&0) {
            Vec::new()
        } else {
            starts
        };
        let inner = outer.pop().unwrap_or((1, 0));
        Self {
            starts: starts.into_iter(),
            index: vec![0; outer.len()],
            outer,
            inner,
            offset: 0,
            done: inner.0,
            begun: false,
        }
    }

    /// The next run, of at most so many elements.
    pub fn next(&mut self, most: usize) -> Option<Run> {
        let (length, stride) = self.inner;
        if self.done == length {
            self.offset = self.advance()?;
            self.done = 0;
        }
        let run = Run {
            offset: self.offset + signed(self.done) * stride,
            stride,
            length: most.min(length - self.done),
        };
        self.done += run.length;
        Some(run)
    }

    /// Where the next row begins.
    fn advance(&mut self) -> Option<isize> {
        let mut offset = self.offset;
        if self.begun {
            for (index, &(length, stride)) in self.index.iter_mut().zip(&self.outer).rev() {
                *index += 1;
                offset += stride;
                if *index < length {
                    return Some(offset);
                }
                *index = 0;
                offset -= stride * signed(length);
            }
        }
        self.begun = true;
        let start = self.starts.next();
        if start.is_none() {
            self.outer.clear();
        }
        start
    }
}

/// Reads a view's elements as `T`, whatever they are.
pub struct Reader<'v, T> {
    view: &'v View,
    walk: Walk,
    gather: unsafe fn(*const u8, isize, &mut [T]),
    block: [T; BLOCK],
}

impl<'v, T: Element> Reader<'v, T> {
    /// Over all its elements.
    pub fn new(view: &'v View) -> Self {
        Self::along(view, view.walk())
    }

    /// Over those that a walk leads to, which must be the view's own.
    pub fn along(view: &'v View, walk: Walk) -> Self {
        let gather = if view.dtype() == T::DTYPE {
            copy::<T> as unsafe fn(*const u8, isize, &mut [T])
        } else {
            dispatch!(view.dtype(), S => convert::<S, T>)
        };
        Self {
            view,
            walk,
            gather,
            block: [T::default(); BLOCK],
        }
    }

    /// The next elements: [`BLOCK`] of them, but for the last time.
    pub fn next(&mut self) -> Option<&[T]> {
        let mut filled = 0;
        while filled < BLOCK {
            let Some(run) = self.walk.next(BLOCK - filled) else {
                break;
            };
            let from = self.view.start().wrapping_offset(run.offset);
            let into = &mut self.block[filled..filled + run.length];
            // SAFETY: a run's elements are the view's, which lie within its memory; the block is no
            // part of it.
            unsafe { (self.gather)(from, run.stride, into) };
            filled += run.length;
        }
        (filled > 0).then(|| &self.block[..filled])
    }
}

/// # Safety
/// As many elements as the slice is long can be read from there, at that distance.
unsafe fn copy<T: Element>(from: *const u8, stride: isize, into: &mut [T]) {
    // NB: told apart, because the compiler makes one copy of elements that lie one after the other
    if stride == signed(size_of::<T>()) {
        for (at, slot) in into.iter_mut().enumerate() {
            // SAFETY: the caller's promise.
            *slot = unsafe { T::load(from.wrapping_add(at * size_of::<T>())) };
        }
    } else {
        for (at, slot) in into.iter_mut().enumerate() {
            // SAFETY: the caller's promise.
            *slot = unsafe { T::load(from.wrapping_offset(signed(at) * stride)) };
        }
    }
}

/// # Safety
/// As of [`copy`], with elements of `S`.
unsafe fn convert<S: Element, T: Element>(from: *const u8, stride: isize, into: &mut [T]) {
    for (at, slot) in into.iter_mut().enumerate() {
        // SAFETY: the caller's promise.
        *slot = unsafe { S::load(from.wrapping_offset(signed(at) * stride)) }.cast();
    }
}

/// Writes a view's elements.
pub struct Writer<'v, T> {
    view: &'v View,
    walk: Walk,
    element: PhantomData<T>,
}

impl<'v, T: Element> Writer<'v, T> {
    /// Those that a walk leads to, which must be the view's own.
    ///
    /// # Panics
    /// When the view is read-only or has another type, which is an error in this crate.
    pub fn new(view: &'v View, walk: Walk) -> Self {
        assert!(view.is_writeable() && view.dtype() == T::DTYPE);
        Self {
            view,
            walk,
            element: PhantomData,
        }
    }

    /// Writes the next elements. What is more than there are is left.
    pub fn write(&mut self, mut block: &[T]) {
        while !block.is_empty() {
            let Some(run) = self.walk.next(block.len()) else {
                return;
            };
            let (now, later) = block.split_at(run.length);
            let start = self.view.start().wrapping_offset(run.offset);
            for (at, &element) in now.iter().enumerate() {
                let to = start.wrapping_offset(signed(at) * run.stride).cast::<T>();
                // SAFETY: a run's elements are the view's, which lie within its memory, which is
                // writeable.
                unsafe { to.write_unaligned(element) };
            }
            block = later;
        }
    }
}

/// A run of a view, element by element in any order.
pub struct Lane<'v, T> {
    view: &'v View,
    run: Run,
    element: PhantomData<T>,
}

impl<'v, T: Element> Lane<'v, T> {
    /// A run that a walk over the view gave.
    pub fn new(view: &'v View, run: Run) -> Self {
        assert!(view.dtype() == T::DTYPE);
        Self {
            view,
            run,
            element: PhantomData,
        }
    }

    /// How many elements there are.
    pub fn len(&self) -> usize {
        self.run.length
    }

    /// The element at an index below [`Lane::len`].
    pub fn get(&self, at: usize) -> T {
        debug_assert!(at < self.run.length);
        let offset = self.run.offset.wrapping_add(signed(at) * self.run.stride);
        // SAFETY: as of the reader, for an index that is below the length.
        unsafe { T::load(self.view.start().wrapping_offset(offset)) }
    }
}
