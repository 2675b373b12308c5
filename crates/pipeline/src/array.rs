//! numpy's arrays as they stand in JSON, and as the bytes that they are:
//!
//! ```json
//! {"__numpy__": true, "array": {"meta": {"shape": [2], "dtype": "int16", "size": 2,
//!     "c_contiguous": true, "f_contiguous": true}, "data": "AQACAA=="}}
//! ```
//!
//! `data` is base64 of the elements in C order, little-endian, whatever the flags say: these tell
//! how the array lay in the memory that it comes from.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use base64_simd::AsOut as _;
use bytemuck::{AnyBitPattern, CheckedBitPattern, NoUninit};
use serde_json::{Map, Value, json};
use thiserror::Error;

use crate::error::ErrorKind;
use crate::node::NodeError;

/// The most dimensions that an array may have, as in numpy 2.
pub const MOST_DIMENSIONS: usize = 64;

/// The types of elements.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dtype {
    /// One byte, 0 or 1.
    Bool,
    /// Signed, 8 bits.
    Int8,
    /// Signed, 16 bits.
    Int16,
    /// Signed, 32 bits.
    Int32,
    /// Signed, 64 bits.
    Int64,
    /// Unsigned, 8 bits.
    Uint8,
    /// Unsigned, 16 bits.
    Uint16,
    /// Unsigned, 32 bits.
    Uint32,
    /// Unsigned, 64 bits.
    Uint64,
    /// IEEE 754, 32 bits.
    Float32,
    /// IEEE 754, 64 bits.
    Float64,
}

/// Names as numpy has them, and bytes per element.
const DTYPES: [(Dtype, &str, usize); 11] = [
    (Dtype::Bool, "bool", 1),
    (Dtype::Int8, "int8", 1),
    (Dtype::Int16, "int16", 2),
    (Dtype::Int32, "int32", 4),
    (Dtype::Int64, "int64", 8),
    (Dtype::Uint8, "uint8", 1),
    (Dtype::Uint16, "uint16", 2),
    (Dtype::Uint32, "uint32", 4),
    (Dtype::Uint64, "uint64", 8),
    (Dtype::Float32, "float32", 4),
    (Dtype::Float64, "float64", 8),
];

impl Dtype {
    /// The type of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        let row = DTYPES.iter().find(|(_, known, _)| *known == name)?;
        Some(row.0)
    }

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        DTYPES[self as usize].1
    }

    /// Bytes per element.
    #[must_use]
    pub fn item_size(self) -> usize {
        DTYPES[self as usize].2
    }
}

/// JSON or bytes that are not an array. The message names the field and the cure.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ArrayError {
    /// A field is missing or of the wrong type.
    #[error("an array's {field} must be {expected}")]
    Field {
        /// The field, from the root.
        field: &'static str,
        /// What it must be.
        expected: &'static str,
    },
    /// A type that is not known.
    #[error("dtype {0} is not known: convert the array to one of {names}", names = dtype_names())]
    Dtype(String),
    /// More dimensions than there may be.
    #[error("an array of {0} dimensions: it may have {MOST_DIMENSIONS}")]
    Dimensions(usize),
    /// More elements than memory can have.
    #[error("an array of shape {0:?} does not fit in memory")]
    TooLarge(Vec<u64>),
    /// `size` is not the product of `shape`.
    #[error("size is {given}, and shape has {expected} elements")]
    Size {
        /// What `size` says.
        given: u64,
        /// The product.
        expected: usize,
    },
    /// Not as many bytes as the shape needs.
    #[error("data has {given}, and {expected} are needed for the shape and dtype")]
    Length {
        /// What there is.
        given: String,
        /// What there should be.
        expected: String,
    },
    /// Not base64.
    #[error("data is not base64: {0}")]
    Base64(String),
    /// The elements are of another type than was asked for.
    #[error("the elements are {0}, and not {1}")]
    OtherType(&'static str, &'static str),
    /// A boolean that is neither 0 nor 1.
    #[error("an element of an array of bool is neither 0 nor 1")]
    NoBool,
}

impl From<ArrayError> for NodeError {
    fn from(error: ArrayError) -> Self {
        Self::new(ErrorKind::Marshaling, error.to_string())
    }
}

fn dtype_names() -> String {
    DTYPES.map(|(_, name, _)| name).join(", ")
}

/// Whether elements lie one after the other, in C and in Fortran order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Contiguous {
    pub c: bool,
    pub f: bool,
}

/// An array: elements in C order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Array {
    dtype: Dtype,
    shape: Vec<usize>,
    /// How it lay where it comes from.
    c_contiguous: bool,
    f_contiguous: bool,
    data: Aligned,
}

impl Array {
    /// An array of bytes in C order, little-endian.
    ///
    /// # Errors
    /// [`ArrayError`], if there are not as many bytes as the shape needs, or too many dimensions.
    pub fn new(dtype: Dtype, shape: Vec<usize>, bytes: &[u8]) -> Result<Self, ArrayError> {
        let expected = byte_length(dtype, &shape)?;
        if bytes.len() != expected {
            return Err(ArrayError::Length {
                given: format!("{} bytes", bytes.len()),
                expected: format!("{expected}"),
            });
        }
        let mut data = Aligned::new(expected);
        data.bytes_mut().copy_from_slice(bytes);
        let flat = is_flat(&shape);
        Ok(Self {
            dtype,
            shape,
            c_contiguous: true,
            f_contiguous: flat,
            data,
        })
    }

    /// An array of these elements in C order.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn from_slice<T: Element>(shape: Vec<usize>, elements: &[T]) -> Result<Self, ArrayError> {
        Self::new(T::DTYPE, shape, bytemuck::cast_slice(elements))
    }

    /// Whether a value says that it is an array.
    #[must_use]
    pub fn is_wire(value: &Value) -> bool {
        value.get("__numpy__") == Some(&Value::Bool(true))
    }

    /// Reads the JSON form. `size` and the flags may be left out. Memory is taken only when the
    /// length of the data is known to be right, so it never exceeds that of the JSON.
    ///
    /// # Errors
    /// [`ArrayError`].
    pub fn from_json(value: &Value) -> Result<Self, ArrayError> {
        let wanted = |field, expected| ArrayError::Field { field, expected };
        if !Self::is_wire(value) {
            return Err(wanted("__numpy__", "true"));
        }
        let array = object(value.get("array"), "array")?;
        let meta = object(array.get("meta"), "array.meta")?;
        let name = meta.get("dtype").and_then(Value::as_str);
        let name = name.ok_or(wanted("array.meta.dtype", "a string"))?;
        let dtype = Dtype::named(name).ok_or_else(|| ArrayError::Dtype(name.to_owned()))?;
        let shape = read_shape(meta.get("shape"))?;
        let length = byte_length(dtype, &shape)?;

        let size = length / dtype.item_size();
        if let Some(given) = meta.get("size") {
            let given = given
                .as_u64()
                .ok_or(wanted("array.meta.size", "a whole number"))?;
            if given != size as u64 {
                return Err(ArrayError::Size {
                    given,
                    expected: size,
                });
            }
        }
        let flag = |name, field, default| match meta.get(name) {
            None => Ok(default),
            Some(Value::Bool(flag)) => Ok(*flag),
            Some(_) => Err(wanted(field, "true or false")),
        };
        let c_contiguous = flag("c_contiguous", "array.meta.c_contiguous", true)?;
        let f_contiguous = flag("f_contiguous", "array.meta.f_contiguous", is_flat(&shape))?;

        let text = array.get("data").and_then(Value::as_str);
        let text = text.ok_or(wanted("array.data", "a string of base64"))?;
        let letters = base64::encoded_len(length, true);
        if Some(text.len()) != letters {
            return Err(ArrayError::Length {
                given: format!("{} letters", text.len()),
                expected: letters.map_or_else(|| "more".to_owned(), |letters| letters.to_string()),
            });
        }
        let mut data = Aligned::new(length);
        let written = decode(text, data.bytes_mut())?;
        if written != length {
            return Err(ArrayError::Length {
                given: format!("{written} bytes"),
                expected: format!("{length}"),
            });
        }
        Ok(Self {
            dtype,
            shape,
            c_contiguous,
            f_contiguous,
            data,
        })
    }

    /// The JSON form.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let contiguous = Contiguous {
            c: self.c_contiguous,
            f: self.f_contiguous,
        };
        Self::encode(self.dtype, &self.shape, contiguous, self.bytes())
    }

    /// The JSON form of bytes in C order, little-endian, that lie elsewhere.
    #[must_use]
    pub fn encode(dtype: Dtype, shape: &[usize], contiguous: Contiguous, bytes: &[u8]) -> Value {
        json!({
            "__numpy__": true,
            "array": {
                "meta": {
                    "shape": shape,
                    "dtype": dtype.name(),
                    "size": bytes.len() / dtype.item_size(),
                    "c_contiguous": contiguous.c,
                    "f_contiguous": contiguous.f,
                },
                "data": base64_simd::STANDARD.encode_to_string(bytes),
            },
        })
    }

    /// The bytes of its elements, and as many zeros as make the last word whole.
    #[must_use]
    pub fn into_words(self) -> Vec<u64> {
        self.data.words
    }

    /// The type of its elements.
    #[must_use]
    pub fn dtype(&self) -> Dtype {
        self.dtype
    }

    /// Its size in each dimension; none for a single element.
    #[must_use]
    pub fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// Its elements in C order, little-endian.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        self.data.bytes()
    }

    /// Its elements in C order, without a copy.
    ///
    /// # Errors
    /// They are of another type, or one of bool is neither 0 nor 1.
    pub fn elements<T: Element>(&self) -> Result<&[T], ArrayError> {
        if self.dtype != T::DTYPE {
            return Err(ArrayError::OtherType(self.dtype.name(), T::DTYPE.name()));
        }
        // The bytes are aligned for every type and as many as the elements have, so only a bool can
        // be something that it must not.
        bytemuck::checked::try_cast_slice(self.bytes()).map_err(|_| ArrayError::NoBool)
    }

    /// The array for the crate `ndarray`, without a copy.
    ///
    /// # Errors
    /// As [`elements`](Self::elements).
    #[cfg(feature = "ndarray")]
    pub fn view<T: Element>(&self) -> Result<ndarray::ArrayViewD<'_, T>, ArrayError> {
        let elements = self.elements()?;
        ndarray::ArrayViewD::from_shape(self.shape.as_slice(), elements)
            .map_err(|_| ArrayError::TooLarge(self.shape.iter().map(|&side| side as u64).collect()))
    }
}

/// A type of Rust that an array's elements can be.
pub trait Element: CheckedBitPattern + NoUninit {
    /// The type of the array.
    const DTYPE: Dtype;
}

macro_rules! elements {
    ($($type:ty => $dtype:ident),* $(,)?) => {
        $(impl Element for $type {
            const DTYPE: Dtype = Dtype::$dtype;
        })*
    };
}

elements! {
    bool => Bool,
    i8 => Int8,
    i16 => Int16,
    i32 => Int32,
    i64 => Int64,
    u8 => Uint8,
    u16 => Uint16,
    u32 => Uint32,
    u64 => Uint64,
    f32 => Float32,
    f64 => Float64,
}

/// Bytes that begin where an element of any type may begin.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Aligned {
    words: Vec<u64>,
    length: usize,
}

impl Aligned {
    fn new(length: usize) -> Self {
        Self {
            words: vec![0; length.div_ceil(size_of::<u64>())],
            length,
        }
    }

    fn bytes(&self) -> &[u8] {
        &cast(&self.words)[..self.length]
    }

    fn bytes_mut(&mut self) -> &mut [u8] {
        &mut bytemuck::cast_slice_mut(&mut self.words)[..self.length]
    }
}

fn cast<T: NoUninit, U: AnyBitPattern>(slice: &[T]) -> &[U] {
    bytemuck::cast_slice(slice)
}

fn object<'v>(
    value: Option<&'v Value>,
    field: &'static str,
) -> Result<&'v Map<String, Value>, ArrayError> {
    let expected = "an object";
    value
        .and_then(Value::as_object)
        .ok_or(ArrayError::Field { field, expected })
}

fn read_shape(value: Option<&Value>) -> Result<Vec<usize>, ArrayError> {
    let wanted = ArrayError::Field {
        field: "array.meta.shape",
        expected: "an array of whole numbers",
    };
    let Some(sides) = value.and_then(Value::as_array) else {
        return Err(wanted);
    };
    if sides.len() > MOST_DIMENSIONS {
        return Err(ArrayError::Dimensions(sides.len()));
    }
    let sides: Option<Vec<u64>> = sides.iter().map(Value::as_u64).collect();
    let sides = sides.ok_or(wanted)?;
    let shape: Result<Vec<usize>, _> = sides.iter().map(|&side| usize::try_from(side)).collect();
    shape.map_err(|_| ArrayError::TooLarge(sides))
}

/// Decodes into `bytes`, and returns how many of them it wrote.
fn decode(text: &str, bytes: &mut [u8]) -> Result<usize, ArrayError> {
    if let Ok(decoded) = base64_simd::STANDARD.decode(text.as_bytes(), bytes.as_out()) {
        return Ok(decoded.len());
    }
    // What is wrong, and where
    let decoded = STANDARD.decode_slice(text, bytes);
    decoded.map_err(|error| ArrayError::Base64(error.to_string()))
}

/// How many bytes the elements have.
fn byte_length(dtype: Dtype, shape: &[usize]) -> Result<usize, ArrayError> {
    if shape.len() > MOST_DIMENSIONS {
        return Err(ArrayError::Dimensions(shape.len()));
    }
    if shape.contains(&0) {
        return Ok(0);
    }
    shape
        .iter()
        .try_fold(dtype.item_size(), |length, &side| length.checked_mul(side))
        .filter(|&length| isize::try_from(length).is_ok())
        .ok_or_else(|| ArrayError::TooLarge(shape.iter().map(|&side| side as u64).collect()))
}

/// Whether C and Fortran order are the same, by numpy's rule.
fn is_flat(shape: &[usize]) -> bool {
    shape.contains(&0) || shape.iter().filter(|&&side| side > 1).count() <= 1
}
