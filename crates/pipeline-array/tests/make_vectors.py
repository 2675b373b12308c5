"""Writes vectors.json: what numpy 2.4.6 makes of the expressions below.

    pip install numpy==2.4.6
    python make_vectors.py

A case is an expression, perhaps after statements, with `np` for the module and the names of INPUTS for
arrays. What it gives is one of

    ["array", dtype, shape, flags, data]    flags: C, F, CF or none; data: base64 in C order
    ["scalar", dtype, data]
    ["python", repr]
    ["raises", the nearest of Python's exceptions or AxisError, message]

Groups say how close a result has to be: `bits` means every bit, NaN's too; otherwise any NaN will do,
because the processor chooses its bits; `ulps` is the distance that a libm may have.
"""

import base64
import builtins
import itertools
import json
import pathlib
import sys

import numpy as np

INTEGERS = [f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64)]
FLOATS = ["float32", "float64"]
DTYPES = ["bool", *INTEGERS, *FLOATS]
ARITHMETIC = ["+", "-", "*", "/", "//", "%"]
BITS = ["&", "|", "^", "<<", ">>"]
COMPARISONS = ["<", "<=", "==", "!=", ">", ">="]


def edges(dtype):
    """Ten values at which a type shows what it is."""
    if dtype == "bool":
        return [0, 1, 1, 0, 1, 0, 0, 1, 1, 0]
    if dtype in FLOATS:
        info = np.finfo(dtype)
        return [0.0, -0.0, 1.0, -2.5, np.inf, -np.inf, np.nan, info.max, info.smallest_subnormal, 3.7]
    info = np.iinfo(dtype)
    if info.min == 0:
        return [0, 1, 2, 3, 7, 8, 100, info.max // 2 + 1, info.max - 1, info.max]
    return [0, 1, -1, 2, -3, 7, -8, 100, info.max, info.min]


INPUTS = {dtype[0] + dtype.lstrip("boluintfa"): np.array(edges(dtype), dtype) for dtype in DTYPES}
INPUTS = {("tf" if name == "b" else name): array for name, array in INPUTS.items()}
NAMES = list(INPUTS)
for name in NAMES:
    # to be shifted by, and to the power of
    INPUTS["n" + name] = np.array([0, 1, 2, 3, 5, 7, 8, 31, 63, 64], INPUTS[name].dtype)
    # to be cast: within the range of every type but bool
    INPUTS["c" + name] = np.array([0, 1, 2, 3, 5, 7, 100, 127], INPUTS[name].dtype)
INPUTS["c34"] = np.arange(12, dtype="int16").reshape(3, 4)
INPUTS["f34"] = np.asfortranarray(INPUTS["c34"])
INPUTS["c234"] = np.arange(24, dtype="float32").reshape(2, 3, 4)
INPUTS["none"] = np.zeros((0,), "float64")
INPUTS["none23"] = np.zeros((2, 0, 3), "int32")
INPUTS["zero"] = np.array(7, "uint16")
# NaN with payloads, of which the second is a signalling one
INPUTS["nan4"] = np.array([0x7FC12345, 0x7F812345, 0xFFC00001, 0x80000000], "uint32").view("float32")
INPUTS["nan8"] = np.array([0x7FF8123456789ABC, 0x7FF0000000000001, 0xFFF8000000000002, 1 << 63], "uint64").view("float64")


def number(name):
    return "n" + name


def groups():
    pairs = list(itertools.product(NAMES, NAMES))
    yield "pairs", {}, [f"{a} {op} {b}" for op in ARITHMETIC + COMPARISONS for a, b in pairs]
    yield "bits", {}, [f"{a} {op} {'n' if op in ('<<', '>>') else ''}{b}" for op in BITS for a, b in pairs]
    yield "power", {"ulps": 2}, [f"{a} ** n{b}" for a, b in pairs]
    yield "outer", {}, [
        f"{name}[:, None] {op} {name}"
        for op in ARITHMETIC + ["&", "|", "^", "<<", ">>", "<", "=="]
        for name in NAMES
        if not (op in BITS and name[0] == "f")
    ]
    literals = ["True", "3", "-2", "0", "2.5", "float('nan')", "300", "2**40", "2**63", "10**30"]
    yield "literals", {}, [
        case
        for name in NAMES
        for literal in literals
        for op in ["+", "-", "/", "//", "%", "<", "=="]
        for case in (f"{name} {op} {literal}", f"{literal} {op} {name}")
    ]
    yield "literal powers", {"ulps": 2}, [
        f"{name} ** {exponent}" for name in NAMES for exponent in ["0", "1", "2", "3", "-1", "0.5", "2.0", "-1.0", "2.5"]
    ] + [f"{base} ** n{name}" for name in NAMES for base in ["2", "-3", "0.5"]]
    yield "literal bits", {}, [
        f"{name} {op} {literal}" for name in NAMES for op in BITS for literal in ["True", "1", "-1", "300", "1.0"]
    ]
    yield "one operand", {}, [f"{op}{name}" for op in ("-", "+", "~") for name in NAMES] + [f"abs({name})" for name in NAMES]
    yield "scalars", {}, [
        case
        for name in NAMES
        for case in (
            f"{name}[3]", f"{name}[3] + {name}[2]", f"{name}[3] + 1", f"{name}[2] * 2.5", f"-{number(name)}[3]",
            f"{name}[3] < 2", f"{name}[3].item()", f"float({name}[3])", f"int({number(name)}[3])",
            f"bool({name}[3])", f"hash({name}[3]) == hash({name}[3].item())", f"f64 + {name}[3]", f"i8 * {name}[1]",
            f"{name}.sum() / 4", f"{name}[3].dtype.name", f"{name}[3].shape", f"str({number(name)}[3].item())",
            f"x = {number(name)}[3]; y = x; x += {number(name)}[2]; y",
        )
    ]
    yield "casts", {}, [
        case
        for name in NAMES
        for dtype in DTYPES
        for case in (f"c{name}.astype('{dtype}')", f"np.array(c{name}, dtype='{dtype}')")
    ] + [f"{a}.astype('{b}')" for a in NAMES if a[0] != "f" for b in DTYPES] + [f"f64.astype('bool')", "f32.astype('float64')"]

    reductions = ["sum", "prod", "mean", "min", "max", "argmin", "argmax", "any", "all"]
    # NaN is in the last of a column and in the first of a row
    yield "reductions", {}, [f"{array}.{how}()" for array in NAMES for how in reductions] + [
        f"{array}.astype('{dtype}').{how}({arguments})"
        for dtype in DTYPES
        for array in ("c34", "f34")
        for how in reductions
        for arguments in ("axis=0", "axis=-1")
    ] + [
        f"{array}.{how}({arguments})"
        for array in ("c234", "c234.T", "c234[:, ::-1]", "c234[::2, 1:, ::3]", "(c234 / 7 - 1)", "none23", "zero")
        for how in ("sum", "mean", "max", "any")
        for arguments in ("", "axis=0", "axis=(0, 2)", "axis=1, keepdims=True", "axis=None, keepdims=True", "axis=()")
    ] + [f"{array}.{how}()" for array in ("none", "none23", "zero") for how in reductions]
    # sums that depend on the order of additions
    long = "(np.arange({n}, dtype='{dtype}') * 7 % 1013 / 97 - 5)"
    yield "sums", {}, [
        f"{long.format(n=n, dtype=dtype)}.{how}()"
        for dtype in FLOATS
        for n in (1, 7, 8, 9, 127, 128, 129, 136, 137, 1000, 1031, 5000)
        for how in ("sum", "mean")
    ] + [
        f"{long.format(n=3000, dtype=dtype)}{shape}.sum({axis})"
        for dtype in FLOATS
        for shape in (
            ".reshape(200, 15)", ".reshape(15, 200).T", ".reshape(3, 200, 5)", ".reshape(5, 3, 200).transpose(1, 2, 0)[:, :4]",
            "[::3]", "[::-1]", ".reshape(3000, 1)", ".reshape(12, 250)[:, ::2]", ".reshape(12, 250)[2:10, 3:140]",
        )
        for axis in ("", "axis=0", "axis=-1")
        if (shape, axis) not in ((".reshape(200, 15)", "axis=-1"), (".reshape(3, 200, 5)", "axis=-1"), (".reshape(3000, 1)", "axis=-1"), (".reshape(15, 200).T", "axis=-1"), (".reshape(3, 200, 5)", "axis=0"))
    ] + [f"{long.format(n=200, dtype=dtype)}.prod()" for dtype in FLOATS] + [
        f"{long.format(n=3000, dtype='float64')}.reshape(10, 15, 20).{how}(axis={axis})"
        for how in ("sum", "mean") for axis in ("(0, 1)", "(1, 2)", "(0, 2)")
    ]

    yield "layout", {"bits": True}, [
        f"x = {array}; {case}"
        for array in ("c34", "f34", "c234", "c34[::2, ::-1]", "c234.transpose(2, 0, 1)", "none", "none23", "zero", "nan4", "nan8", "tf")
        for case in (
            "x", "x.T", "x.copy()", "x.copy('F')", "x.copy('K')", "x.copy(order='A')", "x.ravel()", "x.ravel('F')", "x.flatten()", "x.flatten('F')",
            "x.reshape(-1)", "x.tobytes()", "x.tobytes('F')", "x.tobytes('A')", "x.tolist()", "x.shape", "x.strides", "x.ndim",
            "x.size", "x.itemsize", "x.nbytes", "x.flags.c_contiguous", "x.flags.f_contiguous", "x.T.strides", "x.dtype.str",
            "x.transpose().shape", "np.array(x)", "np.array(x, order='C')", "np.array(x, order='F')", "np.asarray(x)",
            "memoryview(x).shape", "memoryview(x).strides", "memoryview(x).tolist()", "memoryview(x).nbytes", "bytes(memoryview(x))",
            "np.asarray(memoryview(x))", "x[...]", "x[None]", "x.astype('float64', order='C').strides", "x.astype(x.dtype, copy=False)",
            "len(x)", "list(x)", "np.concatenate([x, x])", "np.concatenate([x, x], axis=None)", "np.concatenate([x, x], axis=-1)",
        )
    ] + [
        f"{array}.reshape({shape})"
        for array in ("c34", "f34", "c34.T", "c234", "c234[:, ::2]", "c234[:, :, 1:]", "c234.transpose(1, 0, 2)", "none23", "zero")
        for shape in ("12", "2, 6", "(6, 2)", "-1, 2", "3, 2, 2", "(2, 2, 3), order='F'", "1, 12, 1", "24", "2, 12", "6, -1", "(), order='C'", "0", "-1, -1", "4, 6, order='F'", "-2, 6", "1")
    ] + ["c34.transpose(1, 0)", "c234.transpose((2, 0, 1))", "c234.transpose(None)", "c234.transpose(0, -1, 1)",
         "c234.transpose(0, 0, 1)", "c234.transpose(0, 1)", "c34.transpose(0, 2)", "np.asarray(c34.T + f34.T).strides",
         "(c234.transpose(1, 2, 0) * 2).strides", "(c234.transpose(2, 1, 0) + c234.transpose(2, 1, 0)).strides", "(f34 + c34).strides",
         "(c34[::-1] + 1).strides", "(f34 * 2).strides", "(f34[:, :1] + c34).strides", "(-f34).strides", "(f34 < 3).strides",
         "(f34 + np.arange(4)).strides", "np.where(f34 > 2, f34, 0).strides", "f34.astype('float32').strides", "np.concatenate([f34, f34]).strides"]

    indices = [
        "0", "-1", "1, 2", "-1, -1", "1:", ":-1", "::2", "::-1", "2:0:-1", "5:", "-100:100", "1, ::2", ":, 1", ":, -1:", "::-1, ::-2",
        "...", "..., 0", "0, ...", "1, ..., 2", "None", ":, None", "None, 1, None", "()", "0:0", "3", "-4", "0, 0, 0", "0, 0, 0, 0",
        "..., ...", "1.0", "'a'", "c34 > 5", "[True, False, True]", "np.array([True, False, True])", "np.array([True, False])",
        ":, np.array([True, False, False, True])", "1, np.array([True, False, False, True])", "None, np.array([False, True, True])", "np.array(True)", "True", "False", "c34 % 2 == 0, ...",
        "np.zeros((3, 4), 'bool')", "np.zeros((3, 4), dtype=bool)", "np.int64(1) if hasattr(np, 'generic') else np.int64(1)", "None, None, ..., None", "10**30",
    ]
    yield "indexing", {"bits": True}, [
        f"{array}[{index}]" for array in ("c34", "f34", "c234[0]", "c34[::-1, 1:]") for index in indices
        # the order of memory of a copy, which is nobody's business
        if (array, index) not in (("f34", "True"), ("f34", "np.array(True)"))
    ] + [f"zero[{index}]" for index in ("()", "...", "None", "0", "np.array(True)", "np.array(False)")] + [
        "c234[:, c34[:, 0] > 3]", "c234[:, c34 > 5]", "c234[c234 > 20]", "c234[..., c34[0] % 2 == 1, None]", "none[none > 1]", "nan4[::2]", "nan8[np.array([True, True, False, False])]",
        "c34.item()", "c34.item(5)", "c34.item(1, 2)", "c34.item(-1)", "c34.item(12)", "zero.item()", "zero.item(0)", "c34[1].item(2)",
        "c34[1, 2] == 6 in [True]", "6 in c34", "99 in c34", "[int(x) for x in c34[0]]", "[row.tolist() for row in c34]", "list(c34[1:2, 0])",
        "c34.T[1][2]", "c34[0][1:][::2]", "c34[2][-1].dtype.name",
    ]
    values = ["-1", "2.75", "True", "[1, 2, 3, 4]", "np.arange(4)", "np.arange(3)[:, None]", "np.arange(12).reshape(3, 4)", "np.array([[9, 8, 7, 6]])",
              "np.array(3.9)", "40000", "[1, 2]", "float('nan')", "float('inf')", "np.arange(5)", "x", "x[::-1]", "x[:, ::-1]", "np.zeros((1, 1, 3, 4))"]
    yield "assignment", {"bits": True}, [
        f"x = {array}.copy('K'); x[{index}] = {value}; x"
        for array in ("c34", "f34")
        for index in ("...", ":", "1", "::2", ":, 1", "1, 2", "x > 5", "x[:, 0] > 3", ":, x[0] > 1", "None", "1:1", "x > 100", "3")
        for value in values
    ] + [
        f"x = {name}.copy(); x {op}= {value}; x"
        for name in ("u8", "i8", "i64", "f32", "f64", "tf")
        for op in ("+", "-", "*", "/", "//", "%", "**", "&", "|", "^", "<<", ">>")
        for value in ("2", "True", "2.0", f"n{name}", "nu8", "ni64")
    ] + [
        "x = c34.copy(); x[1:] += x[:-1]; x", "x = c34.copy(); x[1:] = x[:-1]; x", "x = c34.copy(); x[:, 1:] = x[:, :-1]; x", "x = c34.copy(); y = x.T; y[0] = 9; x",
        "x = c34.copy(); y = x.reshape(2, 6); y[:] = 0; x", "x = c34.copy(); y = x[1]; y += 1; x", "x = c34.copy(); x += x.T", "x = c34.copy(); x += np.arange(3)",
        "x = np.arange(4); x += np.zeros((2, 4), 'int64')", "x = c34.copy(); x[x > 3] += 1; x", "x = c34.copy(); x[x > 3] = np.arange(8); x", "x = c34.copy(); x[x > 3] = np.arange(7); x",
        "x = bytearray(8); y = np.frombuffer(x, 'int16'); y[1] = 258; bytes(x)", "x = np.frombuffer(b'abcd', 'uint8'); x[0] = 1", "x = np.frombuffer(b'abcd', 'uint8'); x += 1",
        "x = np.frombuffer(b'abcd', 'uint8'); x.flags.writeable", "x = nan4.copy(); x[:2] = nan4[2:]; x", "x = nan8.copy('F'); x[::-1] = nan8; x", "x = np.zeros(3, 'uint8'); x[0] = 256", "x = np.zeros(3, 'uint8'); x[0] = -1",
        "x = np.zeros(3, 'int64'); x[0] = 2**63", "x = np.zeros((), 'int32'); x[()] = 5; x", "x = np.zeros((), 'int32'); x[...] = 6; x", "x = np.zeros((), 'int32'); x += 2; x", "x = c34[0]; y = x[0]; y += 1; x",
    ]
    yield "broadcasting", {}, [
        f"np.ones({a}, '{d}') + np.full({b}, 2, 'int16')"
        for d in ("int8", "float32")
        for a, b in [
            ("3", "3"), ("(2, 3)", "3"), ("(2, 3)", "(2, 1)"), ("(2, 1)", "(1, 3)"), ("(2, 1)", "3"), ("()", "(2, 3)"), ("()", "()"), ("(4, 1, 3)", "(2, 1)"),
            ("0", "1"), ("0", "(2, 1)"), ("(2, 0)", "(2, 1)"), ("3", "2"), ("(2, 3)", "2"), ("0", "2"), ("(2, 3)", "(3, 2)"), ("1", "(5, 1)"), ("(300, 2)", "(300, 1)"), ("(2, 600)", "600"),
        ]
    ] + [f"c34 {op} {other}" for op in ("+", "-", "<", "/") for other in ("[1, 2, 3, 4]", "[[1], [2], [3]]", "(1.5,)", "[[]]", "[1, 2]", "'a'", "None", "object", "b'abcd'")]
    yield "functions", {}, [
        "np.where(c34 > 5, c34, -c34)", "np.where(c34 > 5, 1, 0)", "np.where(c34 > 5, 1.5, 0)", "np.where(c34 > 5, f64[2], c34)", "np.where(True, c34, 0)", "np.where(c34[0] > 1, c34, f34)",
        "np.where(c34 > 5, u8[3], i8[3])", "np.where(c34, u8[3], 7)", "np.where(c34 > 5, c34, 40000)", "np.where(c34 > 5, [1, 2], c34)", "np.where(f34 > 5, f34, c34)", "np.where(zero, 1, 2)",
        *[f"np.clip({name}, {low}, {high})" for name in NAMES for low, high in [("1", "3"), ("None", "2"), ("1", "None"), ("-1", "300"), ("0.5", "2.5"), (f"n{name}", "nf32"), ("3", "1"), ("None", "None")]],
        "c34.clip(2, 8)", "c34.clip(max=3)", "c34.clip(min=[1, 2, 3, 4])", "f64.clip(float('nan'), 1)", "f34.clip(1, 5).strides", "c34.clip()",
        *[f"np.arange({arguments})" for arguments in (
            "5", "2, 7", "2, 12, 3", "12, 2, -3", "5, 2", "0", "5.0", "0.5, 3", "0, 1, 0.1", "1, 0, -0.25", "5, dtype='int8'", "0, 1, 0.1, dtype='float32'", "3, dtype='float32'", "1, 10, 3, 'uint16'",
            "0, 5, 0", "0.0, 5, 0.0", "float('nan')", "10**20", "0, 1e30", "0, 300, 100, dtype='uint8'", "-5", "2**40, 2**40 + 3", "1.5, 6, 2, dtype='int32'", "5, dtype='bool'", "np.int16(4)", "0, 1000, 7, dtype='float32'", "7, 7.5",
        )],
        *[f"np.linspace({arguments})" for arguments in (
            "0, 1, 5", "0, 1, 7", "-3, 2.5, 11", "0, 1, 5, endpoint=False", "5, 5, 3", "0, 1, 1", "0, 1, 0", "0, 10, 4, dtype='int32'", "0, -1, 4, dtype='int8'", "0, 1, 3, dtype='float32'", "2, 3", "0, 1, -1", "1, 0, 1, endpoint=False", "0, 1e-320, 3",
        )],
        *[f"np.{function}({arguments})" for function in ("zeros", "ones") for arguments in (
            "3", "(2, 3)", "()", "0", "(2, 0)", "[2, 2], 'int8'", "2, bool", "2, int", "2, float", "2, dtype='<f4'", "(2, 3), 'u2', 'F'", "-1", "(2, -1)", "2, 'nonsense'", "'a'", "(1 << 62, 1 << 62)", "(1,) * 65", "(2, 3), order='X'", "2.5", "2, np.float32", "2, np.dtype('uint8')",
        )],
        *[f"np.full({arguments})" for arguments in ("3, 7", "(2, 2), 1.5", "2, True", "2, 300, 'uint8'", "2, 3.7, 'int16'", "(2, 3), [1, 2, 3]", "(2, 3), [1, 2]", "2, float('nan')", "2, float('nan'), 'int8'", "(2, 3), 1, 'float32', 'F'", "2, np.float32(3)", "2, 2**63")],
        *[f"np.array({arguments})" for arguments in (
            "3", "True", "2.5", "[1, 2, 3]", "[1, 2.5]", "[True, False]", "[True, 2]", "[[1, 2], [3, 4]]", "[[], []]", "[]", "[[1, 2], [3]]", "[1, [2, 3]]", "[[1, 2], 3]", "(1, (2, 3))", "((1, 2), (3, 4))", "[[[1]]]", "[2**63]", "[2**63, 1]", "[-1, 2**63]", "[300], 'uint8'", "[1.9, -1.9], 'int8'",
            "[float('nan')], 'int32'", "[float('inf')], dtype='int32'", "[0, 2, -1], bool", "[c34[0], c34[1]]", "[np.float32(1), 2]", "[np.float32(1), np.float32(2)]", "[np.int8(1), np.uint8(2)]", "[np.int8(1), 2]", "[c34, c34]", "[c34, 1]", "[[1], c34[0]]", "c34, 'float64'", "c34, order='F'", "memoryview(b'abc')", "bytearray(b'abc')", "memoryview(c34)[1:]",
            "range(3)", "[1, 2], order='X'", "[0.1, 0.2], 'float32'", "[16777217], 'float32'", "[[1, 2], [3, 4]], order='F'", "[1e400]", "np.array([1, 2])[::-1]", "[[1, 2], [3, 4, 5]]", "[zero, 3]", "[zero, zero]", "[[zero], [zero]]", "[True, 1.0]",
        )],
        *[f"np.frombuffer({arguments})" for arguments in (
            "b'abcdefgh'", "b'abcdefgh', 'int16'", "b'abcdefgh', 'int16', 2", "b'abcdefgh', 'int16', offset=2", "b'abcdefgh', 'int16', 1, 3", "b'abcdefgh', 'int16', 5", "b'abcdefg', 'int16'", "b'abc', 'uint8', -1, 4", "b'abc', 'uint8', -1, -1", "bytearray(b'abcd'), 'float32'", "memoryview(b'abcd')[1:], 'uint8'", "c34, 'uint8'", "'abc', 'uint8'", "5", "b'\\1\\0\\1', bool", "b'abc', 'uint8', 3, 3", "c34.T, 'uint8'",
        )],
        *[f"np.concatenate({arguments})" for arguments in (
            "[c34, f34]", "[c34, c34[:1]]", "(c34, c34), 1", "[c34, c34], axis=None", "[c34, zero], axis=None", "[u8, i8]", "[u64, i64]", "[c34, np.ones((2, 4), 'float32')]", "[[1, 2], [3.5]]", "[]", "[zero, zero]", "[c34, c34[0]]", "[c34, c34[:, :2]]", "[c34, c34], 2", "[c34, c34], -3", "[none, u8]", "[c34[:0], c34]", "5", "c34", "[c34, c34[:, :2]], -1", "[c234, c234], axis=-2", "[tf, f32]", "[c34], axis=(0,)",
        )],
        *[f"{case}" for case in (
            "np.dtype('float32').name", "np.dtype('f4').str", "np.dtype(bool).kind", "np.dtype('i8').itemsize", "np.dtype('float32') == 'float32'", "np.dtype('float32') == np.float32", "np.dtype('float32') != np.dtype('f8')", "np.dtype('?').name", "np.dtype('=u4').name", "np.dtype('<i2').name", "np.dtype('|u1').name", "np.dtype('d').name",
            "np.dtype('bool').str", "np.dtype('float').name", "np.dtype('int').name", "np.dtype('b').name", "np.dtype('B').name", "str(np.dtype('int8'))", "repr(np.dtype('int8'))", "np.dtype('spam')", "np.dtype('int8') == 'spam'", "np.dtype('int8') == 5",
            "np.float32(1.5)", "np.float32(0.1) + np.float64(0.2)", "np.int8(3) + 4", "np.uint8(255) + np.uint8(1)", "np.uint8(200) + 100", "np.uint8(1) + 300", "np.int64(3) / 2", "np.float32(3).astype('int8')", "np.float32(3) == 3", "f'{np.float32(1.5):.3f}'", "f'{np.int16(7):>4}'", "round(float(np.float32(2.5)), 1)", "[10, 20, 30][np.int8(1)]", "'ab' * 2 if np.bool(1) else ''",
            "bool(c34)", "bool(none)", "bool(np.array([0.0]))", "float(c34)", "int(np.array(3.7))", "float(zero)", "[1, 2, 3, 4, 5, 6, 7, 8][zero]", "[1, 2][np.array(1.0)]", "len(zero)", "iter(zero)", "hash(c34)", "{np.int8(1): 2}[1]", "c34.nonsense", "c34.shape[0]", "c34 is c34", "not zero", "(c34 == c34).all()", "(c34 != c34.copy()).any()", "c34 == 'a' if False else 1",
            "c34.sum(axis=2)", "c34.sum(axis=-3)", "c34.sum(axis=(0, 0))", "c34.sum(axis=(0, -2))", "c34.argmax(axis=5)", "zero.sum(axis=0)", "c34.sum(axis='a')", "c34.astype('nonsense')", "c34.copy('X')", "c34.tobytes('X')", "none.max()", "none.argmin()", "none23.max(axis=1)", "none23.max(axis=0)", "none23.argmax(axis=1)", "none23.argmax(axis=0)", "none.mean()", "none23.mean(axis=1)",
            "2 ** np.arange(5)", "np.arange(3) ** -1", "np.arange(3) ** np.array([-1, 0, 1])", "pow(np.arange(3), 2)", "divmod(7, 2)", "memoryview(c34).readonly", "memoryview(np.frombuffer(b'ab', 'uint8')).readonly", "memoryview(c34[1, 2]).readonly", "memoryview(c34.T).c_contiguous", "memoryview(c34).cast('B').nbytes", "memoryview(f34).f_contiguous", "bytes(c34)", "bytes(f34)", "bytearray(c34[::2])", "memoryview(c34)[1, 2]",
            "x = c34.copy(); m = memoryview(x); m[1, 2] = 77; x", "x = np.zeros(4, 'uint8'); m = memoryview(x); m[:] = b'abcd'; x", "memoryview(i64).format in 'lq'", "memoryview(u64).format in 'LQ'", "[memoryview(x).format for x in (tf, i8, i16, u8, u16, f32, f64)]", "memoryview(i32).format in 'il'", "import array; np.array(array.array('h', [1, -2]))", "import array; np.array(array.array('d', [1, -2]))", "import array; np.array(array.array('Q', [1, 2])).dtype.name",
            "import struct; struct.unpack_from('<h', c34, 2)", "import copy; copy.deepcopy(c34[::2])", "import copy; copy.copy(f34)", "import io; b = bytearray(24); io.BytesIO(bytes(range(24))).readinto(c34.copy())",
        )],
    ]


def encode(value):
    if isinstance(value, (np.ndarray, np.generic)) and value.dtype.name in DTYPES:
        data = base64.b64encode(value.tobytes()).decode()
        if isinstance(value, np.generic):
            return ["scalar", value.dtype.name, data]
        flags = "C" * value.flags.c_contiguous + "F" * value.flags.f_contiguous
        return ["array", value.dtype.name, list(value.shape), flags, data]
    if isinstance(value, list) and any(isinstance(element, (np.ndarray, np.generic)) for element in value):
        return ["list", [encode(element) for element in value]]
    return ["python", repr(value)]


def nearest(error):
    """The class of an exception that there is without numpy."""
    for kind in type(error).__mro__:
        if getattr(builtins, kind.__name__, None) is kind or kind.__name__ == "AxisError":
            return kind.__name__


def run(case):
    *statements, expression = case.split("; ")
    names = {"np": np, **INPUTS}
    if " = " in expression or expression.startswith("x += "):
        statements, expression = [*statements, expression], "None"
    try:
        for statement in statements:
            exec(statement, names)
        return encode(eval(expression, names))
    except Exception as error:
        return ["raises", nearest(error), str(error)]


def main():
    if np.__version__ != "2.4.6":
        sys.exit(f"this is numpy {np.__version__}, and vectors.json is of 2.4.6")
    with np.errstate(all="ignore"):
        written = {
            "numpy": np.__version__,
            "inputs": {name: encode(array)[1:] for name, array in INPUTS.items()},
            "groups": [
                {"name": name, **closeness, "cases": [[case, *run(case)] for case in dict.fromkeys(cases)]}
                for name, closeness, cases in groups()
            ],
        }
    text = json.dumps(written, separators=(",", ":")).replace('],["', '],\n["').replace('},{"name"', '},\n{"name"')
    pathlib.Path(__file__).with_name("vectors.json").write_text(text + "\n")
    print(sum(len(group["cases"]) for group in written["groups"]), "cases,", len(text), "bytes", file=sys.stderr)


main()
