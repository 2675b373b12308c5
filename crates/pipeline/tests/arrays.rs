//! Arrays against numpy's own, which `arrays.py` wrote to `arrays.json`.

use std::fmt::Write as _;

use pipeline::array::{ArrayError, Dtype, Element};
use pipeline::{Array, Value};
use serde_json::json;

fn arrays() -> Vec<Value> {
    serde_json::from_str(include_str!("arrays.json")).expect("the arrays are JSON")
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[test]
fn numpy_s_arrays_come_back_byte_for_byte() {
    let mut dtypes = Vec::new();
    for array in arrays() {
        let read = Array::from_json(&array["wire"]).expect("numpy's array");
        assert_eq!(hexadecimal(read.bytes()), array["bytes"], "{array}");
        assert_eq!(read.to_json().to_string(), array["wire"].to_string());
        dtypes.push(read.dtype().name());
    }
    dtypes.sort_unstable();
    dtypes.dedup();
    assert_eq!(dtypes.len(), 11, "{dtypes:?}");
}

/// Checks the elements of every array of this type against the bytes.
fn elements<T: Element + PartialEq + std::fmt::Debug>(bytes: impl Fn(&T) -> Vec<u8>) {
    let mut count = 0;
    for array in arrays() {
        let read = Array::from_json(&array["wire"]).expect("numpy's array");
        if read.dtype() != T::DTYPE {
            assert!(matches!(
                read.elements::<T>(),
                Err(ArrayError::OtherType(..))
            ));
            continue;
        }
        let elements = read.elements::<T>().expect("its own type");
        let back: Vec<u8> = elements.iter().flat_map(&bytes).collect();
        assert_eq!(hexadecimal(&back), array["bytes"]);
        let again = Array::from_slice(read.shape().to_vec(), elements).expect("the same array");
        assert_eq!(again.bytes(), read.bytes());
        count += elements.len();
    }
    assert!(count > 30, "{count}");
}

#[test]
fn elements_are_those_of_the_bytes() {
    elements::<bool>(|element| vec![u8::from(*element)]);
    elements::<i8>(|element| element.to_le_bytes().into());
    elements::<i16>(|element| element.to_le_bytes().into());
    elements::<i32>(|element| element.to_le_bytes().into());
    elements::<i64>(|element| element.to_le_bytes().into());
    elements::<u8>(|element| element.to_le_bytes().into());
    elements::<u16>(|element| element.to_le_bytes().into());
    elements::<u32>(|element| element.to_le_bytes().into());
    elements::<u64>(|element| element.to_le_bytes().into());
    elements::<f32>(|element| element.to_le_bytes().into());
    elements::<f64>(|element| element.to_le_bytes().into());
}

#[test]
fn the_short_form_of_a_draft_is_read() {
    // 1 and 2 as little-endian 16-bit integers: 01 00 02 00.
    let short = json!({
        "__numpy__": true,
        "array": {"meta": {"shape": [2], "dtype": "int16"}, "data": "AQACAA=="},
    });
    let read = Array::from_json(&short).expect("an array");
    assert_eq!(read.elements::<i16>().expect("int16"), [1, 2]);
    let meta = &read.to_json()["array"]["meta"];
    let expected = json!({
        "shape": [2], "dtype": "int16", "size": 2, "c_contiguous": true, "f_contiguous": true
    });
    assert_eq!(*meta, expected);
}

fn wire(shape: &Value, dtype: &str, data: &str) -> Value {
    json!({"__numpy__": true, "array": {"meta": {"shape": shape, "dtype": dtype}, "data": data}})
}

#[test]
fn what_is_no_array_is_refused_by_name() {
    let largest = u64::MAX;
    let cases = [
        (json!(1), "an array's __numpy__ must be true"),
        (json!({"__numpy__": 1}), "an array's __numpy__ must be true"),
        (
            json!({"__numpy__": true}),
            "an array's array must be an object",
        ),
        (
            json!({"__numpy__": true, "array": {"data": ""}}),
            "an array's array.meta must be an object",
        ),
        (
            wire(&json!([1]), "complex64", ""),
            "dtype complex64 is not known: convert the array to one of bool, int8, int16, int32, \
             int64, uint8, uint16, uint32, uint64, float32, float64",
        ),
        (
            wire(&json!([-1]), "int8", ""),
            "an array's array.meta.shape must be an array of whole numbers",
        ),
        (
            wire(&json!(vec![1; 65]), "int8", "AA=="),
            "an array of 65 dimensions: it may have 64",
        ),
        // No memory is taken for what the data cannot fill.
        (
            wire(&json!([1_000_000_000_000_u64]), "float64", "AAAA"),
            "data has 4 letters, and 10666666666668 are needed for the shape and dtype",
        ),
        (
            wire(&json!([largest, largest]), "int8", ""),
            "an array of shape [18446744073709551615, 18446744073709551615] does not fit in memory",
        ),
        (
            wire(&json!([2]), "int8", "AAA"),
            "data has 3 letters, and 4 are needed for the shape and dtype",
        ),
        (
            wire(&json!([2]), "int8", "AA=="),
            "data has 1 bytes, and 2 are needed for the shape and dtype",
        ),
    ];
    for (value, told) in cases {
        let error = Array::from_json(&value).expect_err(told);
        assert_eq!(error.to_string(), told);
    }
    let not_base64 = Array::from_json(&wire(&json!([2]), "int8", "A!A="));
    assert!(matches!(not_base64, Err(ArrayError::Base64(_))));
    let mut size = wire(&json!([2]), "int8", "AAA=");
    size["array"]["meta"]["size"] = json!(3);
    let error = Array::from_json(&size).expect_err("another size");
    assert_eq!(error.to_string(), "size is 3, and shape has 2 elements");
}

#[test]
fn a_boolean_is_0_or_1() {
    let odd = Array::new(Dtype::Bool, vec![2], &[1, 2]).expect("two bytes");
    assert_eq!(odd.elements::<bool>(), Err(ArrayError::NoBool));
    // As u8 they are nothing that has to be refused, but they are another type.
    assert_eq!(
        odd.elements::<u8>(),
        Err(ArrayError::OtherType("bool", "uint8"))
    );
}

#[cfg(feature = "ndarray")]
#[test]
fn ndarray_sees_the_elements_where_they_are() {
    let array = Array::from_slice(vec![2, 3], &[1.0_f32, 2.0, 3.0, 4.0, 5.0, 6.0]);
    let array = array.expect("six elements");
    let view = array.view::<f32>().expect("float32");
    assert_eq!(view[[1, 0]].to_bits(), 4.0_f32.to_bits());
    assert_eq!(view.as_ptr().cast(), array.bytes().as_ptr());
}
