//! Element types, and how two of them become one.

use std::ffi::{CStr, c_long};

pub use pipeline::array::Dtype;

/// What elements are, whatever their size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Kind {
    Bool,
    Signed,
    Unsigned,
    Float,
}

/// Runs an expression with `T` as the Rust type of a dtype: of any, or of one of the classes
/// `number`, `bits` and `integer`, with something else for the others.
macro_rules! dispatch {
    ($dtype:expr, $T:ident => $body:expr) => {
        dispatch!(@ $dtype, $T, $body, Bool bool, Int8 i8, Int16 i16, Int32 i32, Int64 i64,
            Uint8 u8, Uint16 u16, Uint32 u32, Uint64 u64, Float32 f32, Float64 f64;)
    };
    ($dtype:expr, number $T:ident => $body:expr, _ => $other:expr) => {
        dispatch!(@ $dtype, $T, $body, Int8 i8, Int16 i16, Int32 i32, Int64 i64,
            Uint8 u8, Uint16 u16, Uint32 u32, Uint64 u64, Float32 f32, Float64 f64; $other)
    };
    ($dtype:expr, bits $T:ident => $body:expr, _ => $other:expr) => {
        dispatch!(@ $dtype, $T, $body, Bool bool, Int8 i8, Int16 i16, Int32 i32, Int64 i64,
            Uint8 u8, Uint16 u16, Uint32 u32, Uint64 u64; $other)
    };
    ($dtype:expr, integer $T:ident => $body:expr, _ => $other:expr) => {
        dispatch!(@ $dtype, $T, $body, Int8 i8, Int16 i16, Int32 i32, Int64 i64,
            Uint8 u8, Uint16 u16, Uint32 u32, Uint64 u64; $other)
    };
    (@ $dtype:expr, $T:ident, $body:expr, $($variant:ident $type:ty),*; $($other:expr)?) => {
        match $dtype {
            $($crate::dtype::Dtype::$variant => {
                type $T = $type;
                $body
            })*
            $(_ => $other,)?
        }
    };
}
pub(crate) use dispatch;

/// What an array needs to know of its dtype.
pub trait DtypeExt: Sized {
    /// Every one, in numpy's order.
    const ALL: [Self; 11];

    /// What its elements are.
    #[must_use]
    fn kind(self) -> Kind;
    /// The letter of its kind, as in `<f4`.
    #[must_use]
    fn letter(self) -> char;
    /// Its code in the buffer protocol, which is `struct`'s with native sizes.
    #[must_use]
    fn format(self) -> &'static CStr;
    /// By name (`float32`), by kind and size (`f4`, `<f4`) or by `struct`'s code (`f`).
    #[must_use]
    fn parse(text: &str) -> Option<Self>;
    /// Of elements of a kind and a size in bytes.
    #[must_use]
    fn of(kind: Kind, size: usize) -> Option<Self>;
    /// The smallest type that has the values of both, as numpy's `promote_types`: 64-bit integers
    /// with and without sign, and large integers with floats, become float64.
    #[must_use]
    fn promote(self, other: Self) -> Self;
    /// Whether a cast keeps the kind or makes it more general, as numpy's rule `same_kind` wants it
    /// for results that are written into an array.
    #[must_use]
    fn casts_to(self, other: Self) -> bool;
}

impl DtypeExt for Dtype {
    const ALL: [Self; 11] = [
        Self::Bool,
        Self::Int8,
        Self::Int16,
        Self::Int32,
        Self::Int64,
        Self::Uint8,
        Self::Uint16,
        Self::Uint32,
        Self::Uint64,
        Self::Float32,
        Self::Float64,
    ];

    fn kind(self) -> Kind {
        match self {
            Self::Bool => Kind::Bool,
            Self::Int8 | Self::Int16 | Self::Int32 | Self::Int64 => Kind::Signed,
            Self::Uint8 | Self::Uint16 | Self::Uint32 | Self::Uint64 => Kind::Unsigned,
            Self::Float32 | Self::Float64 => Kind::Float,
        }
    }

    fn letter(self) -> char {
        match self.kind() {
            Kind::Bool => 'b',
            Kind::Signed => 'i',
            Kind::Unsigned => 'u',
            Kind::Float => 'f',
        }
    }

    fn format(self) -> &'static CStr {
        const LONG_HAS_8: bool = size_of::<c_long>() == 8;
        match self {
            Self::Bool => c"?",
            Self::Int8 => c"b",
            Self::Int16 => c"h",
            Self::Int32 => c"i",
            Self::Int64 if LONG_HAS_8 => c"l",
            Self::Int64 => c"q",
            Self::Uint8 => c"B",
            Self::Uint16 => c"H",
            Self::Uint32 => c"I",
            Self::Uint64 if LONG_HAS_8 => c"L",
            Self::Uint64 => c"Q",
            Self::Float32 => c"f",
            Self::Float64 => c"d",
        }
    }

    fn parse(text: &str) -> Option<Self> {
        let named = match text {
            "int" | "long" | "intp" => Some(Self::Int64),
            "uint" | "ulong" | "uintp" => Some(Self::Uint64),
            "float" | "double" => Some(Self::Float64),
            "single" => Some(Self::Float32),
            "bool_" => Some(Self::Bool),
            _ => Self::ALL.into_iter().find(|dtype| dtype.name() == text),
        };
        let native = if cfg!(target_endian = "little") {
            '<'
        } else {
            '>'
        };
        let code = text.strip_prefix([native, '=', '|']).unwrap_or(text);
        named
            .or_else(|| {
                Self::ALL.into_iter().find(|dtype| {
                    code == format!("{}{}", dtype.letter(), dtype.item_size())
                        || dtype.format().to_bytes() == code.as_bytes()
                })
            })
            .or(match code {
                "l" | "q" => Some(Self::Int64),
                "L" | "Q" => Some(Self::Uint64),
                _ => None,
            })
    }

    fn of(kind: Kind, size: usize) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|dtype| dtype.kind() == kind && dtype.item_size() == size)
    }

    fn promote(self, other: Self) -> Self {
        use Kind::{Bool, Float, Signed, Unsigned};
        let (small, large) = if self.item_size() <= other.item_size() {
            (self, other)
        } else {
            (other, self)
        };
        match (small.kind(), large.kind()) {
            (a, b) if a == b || a == Bool => large,
            (_, Bool) => small,
            (Unsigned, Signed) | (_, Float) if small.item_size() < large.item_size() => large,
            (Unsigned | Signed, Unsigned | Signed) => {
                let unsigned = if small.kind() == Unsigned {
                    small
                } else {
                    large
                };
                Self::of(Signed, 2 * unsigned.item_size()).unwrap_or(Self::Float64)
            }
            _ => Self::Float64,
        }
    }

    fn casts_to(self, other: Self) -> bool {
        let rank = |kind| match kind {
            Kind::Bool => 0,
            Kind::Unsigned => 1,
            Kind::Signed => 2,
            Kind::Float => 3,
        };
        rank(self.kind()) <= rank(other.kind())
    }
}
