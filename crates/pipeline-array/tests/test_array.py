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

# What is not here, and says so with another class of exception than numpy or has another result. The
# reasons are in the decision record.
OTHERWISE = {}


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


def add_tests():
    with open(VECTORS) as file:
        vectors = json.load(file)
    inputs = {name: decode(*array) for name, array in vectors["inputs"].items()}
    for group in vectors["groups"]:

        def test(self, group=group):
            self.assertTrue(group["cases"])
            faults = []
            for case, *expected in group["cases"]:
                fault = self.fault(case, inputs, group, *OTHERWISE.get(case, expected))
                if fault:
                    faults.append(f"{case}: {fault}")
            self.assertFalse(faults, f"{len(faults)} of {len(group['cases'])} cases:\n" + "\n".join(faults[:40]))

        setattr(Vectors, "test_" + group["name"].replace(" ", "_"), test)


add_tests()

if __name__ == "__main__":
    unittest.main()
