//! What can be done with single elements, with numpy's results at the edges: integers wrap, division
//! of an integer by zero is zero, and floats follow IEEE 754.

use pyo3::IntoPyObjectExt;
use pyo3::prelude::*;

use crate::dtype::Dtype;

/// The Rust type of a [`Dtype`].
pub trait Element: Copy + Default + PartialOrd + Send + Sync + 'static {
    /// Its dtype.
    const DTYPE: Dtype;

    /// Reads an element, which need not be aligned.
    ///
    /// # Safety
    /// `size_of::<Self>()` bytes can be read there, and nobody writes them meanwhile.
    unsafe fn load(at: *const u8) -> Self;

    /// Of an integer, modulo 2 to the number of bits.
    fn from_i64(value: i64) -> Self;
    /// Of an integer, modulo 2 to the number of bits.
    fn from_u64(value: u64) -> Self;
    /// Of a float. The fraction is cut off; beyond 64 bits the nearest, and 0 for NaN: numpy leaves
    /// these open.
    fn from_f64(value: f64) -> Self;
    /// As another type.
    fn cast<T: Element>(self) -> T;

    /// Whether it counts as true.
    fn is_true(self) -> bool;
    /// Whether it is no number.
    fn is_nan(self) -> bool {
        false
    }
    /// Whether it is less than zero.
    fn is_negative(self) -> bool;
    /// For bool: or.
    #[must_use]
    fn add(self, other: Self) -> Self;
    /// For bool: and.
    #[must_use]
    fn multiply(self, other: Self) -> Self;
    /// Without its sign; the least signed integer stays as it is.
    #[must_use]
    fn absolute(self) -> Self;
    /// The lesser of two, or the one that is no number.
    #[must_use]
    fn smaller(self, other: Self) -> Self {
        if self < other || self.is_nan() {
            self
        } else {
            other
        }
    }
    /// The greater of two, or the one that is no number.
    #[must_use]
    fn larger(self, other: Self) -> Self {
        if self > other || self.is_nan() {
            self
        } else {
            other
        }
    }
    /// As Python's bool, int or float.
    ///
    /// # Errors
    /// No memory.
    fn to_python(self, py: Python<'_>) -> PyResult<Bound<'_, PyAny>>;
}

/// Integers and floats.
#[allow(missing_docs)]
pub trait Number: Element {
    #[must_use]
    fn subtract(self, other: Self) -> Self;
    /// The quotient, rounded down.
    #[must_use]
    fn floor_divide(self, by: Self) -> Self;
    /// The rest of [`Number::floor_divide`], which has the sign of the divisor.
    #[must_use]
    fn remainder(self, by: Self) -> Self;
    /// An integer's exponent is not negative.
    #[must_use]
    fn power(self, exponent: Self) -> Self;
    #[must_use]
    fn negative(self) -> Self;
}

/// Integers and bool.
#[allow(missing_docs)]
pub trait Bits: Element {
    #[must_use]
    fn and(self, other: Self) -> Self;
    #[must_use]
    fn or(self, other: Self) -> Self;
    #[must_use]
    fn xor(self, other: Self) -> Self;
    #[must_use]
    fn invert(self) -> Self;
}

/// Integers.
pub trait Integer: Number + Bits {
    /// Shifted by any number of bits, of which too many or a negative number leave nothing.
    #[must_use]
    fn shift_left(self, by: Self) -> Self;
    /// Shifted by any number of bits, of which too many or a negative number leave the sign.
    #[must_use]
    fn shift_right(self, by: Self) -> Self;
}

macro_rules! integers {
    ($($type:ty, $dtype:ident, $wide:ty, $from_wide:ident;)*) => { $(
        // NB: that an unsigned number is less than zero is asked, and never so
        #[allow(
            unused_comparisons,
            clippy::absurd_extreme_comparisons,
            clippy::cast_possible_truncation,
            clippy::cast_possible_wrap,
            clippy::cast_precision_loss,
            clippy::cast_sign_loss,
            clippy::cast_lossless,
            trivial_numeric_casts
        )]
        impl Element for $type {
            const DTYPE: Dtype = Dtype::$dtype;

            unsafe fn load(at: *const u8) -> Self {
                // SAFETY: the caller's promise; every pattern of bits is an integer.
                unsafe { at.cast::<Self>().read_unaligned() }
            }
            fn from_i64(value: i64) -> Self {
                value as Self
            }
            fn from_u64(value: u64) -> Self {
                value as Self
            }
            fn from_f64(value: f64) -> Self {
                if value < 0.0 { value as i64 as Self } else { value as u64 as Self }
            }
            fn cast<T: Element>(self) -> T {
                T::$from_wide(self as $wide)
            }
            fn is_true(self) -> bool {
                self != 0
            }
            fn is_negative(self) -> bool {
                self < 0
            }
            fn add(self, other: Self) -> Self {
                self.wrapping_add(other)
            }
            fn multiply(self, other: Self) -> Self {
                self.wrapping_mul(other)
            }
            fn absolute(self) -> Self {
                if self < 0 { self.wrapping_neg() } else { self }
            }
            fn to_python(self, py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
                self.into_bound_py_any(py)
            }
        }

        #[allow(unused_comparisons, clippy::absurd_extreme_comparisons)]
        impl Number for $type {
            fn subtract(self, other: Self) -> Self {
                self.wrapping_sub(other)
            }
            fn floor_divide(self, by: Self) -> Self {
                if by == 0 {
                    return 0;
                }
                let rest = self.wrapping_rem(by);
                let down = rest != 0 && (rest < 0) != (by < 0);
                self.wrapping_div(by).wrapping_sub(Self::from(down))
            }
            fn remainder(self, by: Self) -> Self {
                if by == 0 {
                    return 0;
                }
                let rest = self.wrapping_rem(by);
                if rest != 0 && (rest < 0) != (by < 0) { rest + by } else { rest }
            }
            fn power(self, exponent: Self) -> Self {
                let (mut base, mut exponent, mut power) = (self, exponent, 1);
                while exponent > 0 {
                    if exponent & 1 == 1 {
                        power = base.wrapping_mul(power);
                    }
                    base = base.wrapping_mul(base);
                    exponent >>= 1;
                }
                power
            }
            fn negative(self) -> Self {
                self.wrapping_neg()
            }
        }

        impl Bits for $type {
            fn and(self, other: Self) -> Self {
                self & other
            }
            fn or(self, other: Self) -> Self {
                self | other
            }
            fn xor(self, other: Self) -> Self {
                self ^ other
            }
            fn invert(self) -> Self {
                !self
            }
        }

        #[allow(unused_comparisons, clippy::absurd_extreme_comparisons)]
        impl Integer for $type {
            fn shift_left(self, by: Self) -> Self {
                u32::try_from(by).ok().and_then(|by| self.checked_shl(by)).unwrap_or(0)
            }
            fn shift_right(self, by: Self) -> Self {
                let sign = if self < 0 { !0 } else { 0 };
                u32::try_from(by).ok().and_then(|by| self.checked_shr(by)).unwrap_or(sign)
            }
        }
    )* };
}
integers! {
    i8, Int8, i64, from_i64;
    i16, Int16, i64, from_i64;
    i32, Int32, i64, from_i64;
    i64, Int64, i64, from_i64;
    u8, Uint8, u64, from_u64;
    u16, Uint16, u64, from_u64;
    u32, Uint32, u64, from_u64;
    u64, Uint64, u64, from_u64;
}

macro_rules! floats {
    ($($type:ty, $dtype:ident;)*) => { $(
        #[allow(clippy::cast_possible_truncation, clippy::cast_precision_loss, clippy::cast_lossless)]
        impl Element for $type {
            const DTYPE: Dtype = Dtype::$dtype;

            unsafe fn load(at: *const u8) -> Self {
                // SAFETY: the caller's promise; every pattern of bits is a float.
                unsafe { at.cast::<Self>().read_unaligned() }
            }
            fn from_i64(value: i64) -> Self {
                value as Self
            }
            fn from_u64(value: u64) -> Self {
                value as Self
            }
            fn from_f64(value: f64) -> Self {
                value as Self
            }
            fn cast<T: Element>(self) -> T {
                T::from_f64(self.into())
            }
            fn is_true(self) -> bool {
                self != 0.0
            }
            fn is_nan(self) -> bool {
                self.is_nan()
            }
            fn is_negative(self) -> bool {
                self < 0.0
            }
            fn add(self, other: Self) -> Self {
                self + other
            }
            fn multiply(self, other: Self) -> Self {
                self * other
            }
            fn absolute(self) -> Self {
                self.abs()
            }
            fn to_python(self, py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
                f64::from(self).into_bound_py_any(py)
            }
        }

        // NB: zero is compared exactly, because the sign of a zero result is set by hand
        #[allow(clippy::float_cmp)]
        impl Number for $type {
            fn subtract(self, other: Self) -> Self {
                self - other
            }
            fn floor_divide(self, by: Self) -> Self {
                if by == 0.0 {
                    return self / by;
                }
                let rest = self % by;
                let mut quotient = (self - rest) / by;
                if rest != 0.0 && (rest < 0.0) != (by < 0.0) {
                    quotient -= 1.0;
                }
                if quotient == 0.0 {
                    return (0.0 as Self).copysign(self / by);
                }
                let floor = quotient.floor();
                if quotient - floor > 0.5 { floor + 1.0 } else { floor }
            }
            fn remainder(self, by: Self) -> Self {
                let rest = self % by;
                if rest == 0.0 {
                    rest.copysign(by)
                } else if (rest < 0.0) != (by < 0.0) {
                    rest + by
                } else {
                    rest
                }
            }
            fn power(self, exponent: Self) -> Self {
                self.powf(exponent)
            }
            fn negative(self) -> Self {
                -self
            }
        }
    )* };
}
floats! {
    f32, Float32;
    f64, Float64;
}

impl Element for bool {
    const DTYPE: Dtype = Dtype::Bool;

    unsafe fn load(at: *const u8) -> Self {
        // SAFETY: the caller's promise. A byte is read, because others than 0 and 1 may be there.
        unsafe { at.read() != 0 }
    }
    fn from_i64(value: i64) -> Self {
        value != 0
    }
    fn from_u64(value: u64) -> Self {
        value != 0
    }
    fn from_f64(value: f64) -> Self {
        value != 0.0
    }
    fn cast<T: Element>(self) -> T {
        T::from_u64(self.into())
    }
    fn is_true(self) -> bool {
        self
    }
    fn is_negative(self) -> bool {
        false
    }
    fn add(self, other: Self) -> Self {
        self | other
    }
    fn multiply(self, other: Self) -> Self {
        self & other
    }
    fn absolute(self) -> Self {
        self
    }
    fn to_python(self, py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
        self.into_bound_py_any(py)
    }
}

impl Bits for bool {
    fn and(self, other: Self) -> Self {
        self & other
    }
    fn or(self, other: Self) -> Self {
        self | other
    }
    fn xor(self, other: Self) -> Self {
        self ^ other
    }
    fn invert(self) -> Self {
        !self
    }
}
