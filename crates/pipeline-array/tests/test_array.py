"""Compares pipeline_array with numpy: with what numpy gave for vectors.json, and with numpy itself where
that is installed. Needs nothing else but Python, so it runs in WASM too."""

import base64
import builtins
import json
import math
import os
import struct
import unittest

import pipeline_array as np

VECTORS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "vectors.json")

# What numpy can do and we cannot. It is refused, and nothing else is done instead.
REFUSED = {
    "np.zeros(2, 'complex64')": TypeError,
    "np.zeros(2, '>i4')": TypeError,
    "np.zeros(2, 'U3')": TypeError,
    "np.zeros(2, 'float16')": TypeError,
    "np.array(1j)": TypeError,
    "np.array(None)": TypeError,
    "np.array(object())": TypeError,
    "np.array([None])": TypeError,
    "np.array(['a'])": TypeError,
    "np.array({})": TypeError,
    "np.array([10**30])": OverflowError,
    "np.array([10**50])": OverflowError,
    "c34 + 1j": TypeError,
    "c34 @ c34": TypeError,
    "c34[[0, 2]]": IndexError,
    "c34[np.arange(2)]": IndexError,
    "c34[c34[0] > 1, c34[0] > 1]": IndexError,
    "c34.sum(out=c34)": TypeError,
    "pow(c34, 2, 3)": TypeError,
    "np.Array()": TypeError,

}


def decode(dtype, shape, flags, data):
    order = "F" if flags == "F" else "C"
    return np.array(np.frombuffer(base64.b64decode(data), dtype).reshape(shape), order=order)


def differences(data, expected, dtype, ulps, bits):
    """Where two strings of elements are not close enough."""
    if data == expected:
        return []
    if len(data) != len(expected):
        return [f"{len(data)} bytes"]
    size = np.dtype(dtype).itemsize
    pairs = [(data[at : at + size], expected[at : at + size]) for at in range(0, len(data), size)]
    return [
        f"{at}: {got.hex()}, not {wanted.hex()}"
        for at, (got, wanted) in enumerate(pairs)
        if got != wanted and (bits or not dtype.startswith("float") or not close(got, wanted, ulps))
    ]


def close(got, wanted, ulps):
    form, whole = {4: ("<f", "<i"), 8: ("<d", "<q")}[len(got)]
    (a,), (b,) = struct.unpack(form, got), struct.unpack(form, wanted)
    if math.isnan(a) or math.isnan(b):
        return math.isnan(a) and math.isnan(b)
    (a,), (b,) = struct.unpack(whole, got), struct.unpack(whole, wanted)
    return abs(a - b) <= ulps


class Vectors(unittest.TestCase):
    maxDiff = None

    def run_case(self, case, inputs):
        *statements, expression = case.split("; ")
        names = {"np": np, **inputs}
        if " = " in expression or expression.startswith("x += "):
            statements, expression = [*statements, expression], "None"
        for statement in statements:
            exec(statement, names)
        return eval(expression, names)

    def fault(self, case, inputs, closeness, kind, *expected):
        """What is wrong with a case, or None."""
        try:
            value = self.run_case(case, inputs)
        except Exception as error:
            if kind != "raises":
                return f"raises {type(error).__name__}: {error}"
            wanted = np.AxisError if expected[0] == "AxisError" else getattr(builtins, expected[0])
            if not isinstance(error, wanted):
                return f"raises {type(error).__name__} ({error}), not {expected[0]} ({expected[1]})"
            return None
        return self.value_fault(value, closeness, kind, *expected)

    def value_fault(self, value, closeness, kind, *expected):
        if kind == "raises":
            return f"gives {value!r}, and numpy raises {expected[0]}: {expected[1]}"
        if kind == "list":
            if len(value) != len(expected[0]):
                return f"{len(value)} elements"
            faults = [self.value_fault(got, closeness, *wanted) for got, wanted in zip(value, expected[0])]
            return next((fault for fault in faults if fault), None)
        if kind == "python":
            return None if repr(value) == expected[0] else f"{value!r}, not {expected[0]}"
        dtype, *layout, data = expected
        if type(value) is not (np.Array if kind == "array" else np.Scalar):
            return f"{value!r}, not of {kind}"
        if value.dtype.name != dtype:
            return f"of {value.dtype}, not {dtype}"
        if kind == "array":
            flags = "C" * value.flags.c_contiguous + "F" * value.flags.f_contiguous
            if [list(value.shape), flags] != layout:
                return f"{list(value.shape)} {flags}, not {layout}"
        wanted = base64.b64decode(data)
        found = differences(value.tobytes(), wanted, dtype, closeness.get("ulps", 0), closeness.get("bits", False))
        return "; ".join(found[:4]) if found else None


    def test_what_is_refused(self):
        inputs = {"c34": np.arange(12, dtype="int16").reshape(3, 4)}
        for case, error in REFUSED.items():
            with self.subTest(case), self.assertRaises(error):
                self.run_case(case, inputs)

    def test_no_memory(self):
        for shape in ((1 << 40, 1 << 9), (1 << 59,)):
            with self.subTest(shape), self.assertRaises((MemoryError, OverflowError, ValueError)):
                np.zeros(shape)
            with self.subTest(shape), self.assertRaises((MemoryError, OverflowError, ValueError)):
                np.arange(shape[0] * (1 << 18))

    def test_exporters_stay(self):
        lent = bytearray(b"abcd")
        array = np.frombuffer(lent, "uint8")
        with self.assertRaises(BufferError):
            lent.append(1)
        del array
        lent.append(1)
        view = memoryview(np.arange(3))
        self.assertEqual(view.tolist(), [0, 1, 2])


def add_tests():
    with open(VECTORS) as file:
        vectors = json.load(file)
    inputs = {name: decode(*array) for name, array in vectors["inputs"].items()}
    for group in vectors["groups"]:

        def test(self, group=group):
            self.assertTrue(group["cases"])
            faults = []
            for case, *expected in group["cases"]:
                fault = self.fault(case, inputs, group, *expected)
                if fault:
                    faults.append(f"{case}: {fault}")
            self.assertFalse(faults, f"{len(faults)} of {len(group['cases'])} cases:\n" + "\n".join(faults[:40]))

        setattr(Vectors, "test_" + group["name"].replace(" ", "_"), test)


add_tests()

if __name__ == "__main__":
    unittest.main()
