"""The package as it is installed, by the module's dialogues and by values from elsewhere.

    DIALOGUES=crates/whitemagic-wasm/dialogues python3 -m unittest discover -s crates/whitemagic-wasm/py/tests
"""

import contextlib
import inspect
import io
import json
import os
import pathlib
import re
import struct
import unittest

from whitemagic_core_wasm import Core, WhiteMagicError

# Where a parameter has another name than the module's JSON, whose name is a word of Python's
RENAMED = {"global": "overall", "keywords": "sets"}
# Whole numbers that the module writes as texts
WHOLE = {"source_id", "timestamp_ns", "last_update_ns"}
POINT = {"x", "y", "z", "w", "v"}


def arguments(method, given):
    """What a line of a dialogue gives a method, or None if no call in Python can be like it."""
    parameters = list(inspect.signature(method).parameters)
    if isinstance(given, list):
        return ([given], {}) if len(parameters) == 1 and parameters[0] not in ("id", "slot", "mask") else None
    if parameters == ["point"]:
        return [given], {}
    if parameters[:1] == ["point"] and POINT < set(given):
        given = {"point": {name: given[name] for name in POINT}} | {k: v for k, v in given.items() if k not in POINT}
    named = {RENAMED.get(name, name): value for name, value in given.items()}
    if "now_ns" in named:
        named["now_ns"] = int(named["now_ns"]) if str(named["now_ns"]).isdigit() else None
    if set(named) != set(parameters) or named.get("now_ns", 0) is None:
        return None
    return [], named


def whole(value):
    if isinstance(value, dict):
        return {name: int(it) if name in WHOLE else whole(it) for name, it in value.items()}
    return [whole(it) for it in value] if isinstance(value, list) else value


class Dialogues(unittest.TestCase):
    def test_answers_are_the_modules(self):
        followed, left = 0, []
        for path in sorted(pathlib.Path(os.environ["DIALOGUES"]).glob("*.txt")):
            core = Core()
            for line in path.read_text().splitlines():
                name, argument, expected = (part.strip() for part in line.split(" | ", 2))
                call = [], {}
                if argument:
                    try:
                        given = json.loads(argument)
                    except ValueError:
                        given = None
                    call = arguments(getattr(core, name), given) if isinstance(given, (dict, list)) else None
                if call is None:
                    self.assertTrue(expected.startswith("! "), f"{path.name}: {line[:100]}")
                    left.append(line)
                    continue
                with self.subTest(dialogue=path.name, line=line[:200]):
                    method = getattr(core, "version" if name == "wm_version" else name)
                    if expected.startswith("! "):
                        with self.assertRaises(WhiteMagicError) as caught:
                            method(*call[0], **call[1])
                        self.assertEqual(str(caught.exception), expected[2:])
                    else:
                        self.assertEqual(method(*call[0], **call[1]), whole(json.loads(expected)))
                followed += 1
        # what is left out is wrong in form, which Python's own signatures refuse
        self.assertGreater(followed, 10 * len(left))


class Readme(unittest.TestCase):
    def test_prints_what_it_says(self):
        readme = (pathlib.Path(__file__).parents[1] / "README.md").read_text()
        (program,) = re.findall(r"```python\n(.*?)```", readme, re.DOTALL)
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            exec(program, {})
        said = re.findall(r"^print.*  # (.*)$", program, re.MULTILINE)
        self.assertEqual(printed.getvalue().splitlines(), said)


class Values(unittest.TestCase):
    def test_nearest_is_by_distance(self):
        core = Core()
        points = [dict(zip("xyzwv", (i, -i, 0.5 * i, 0, 1)), id=str(i)) for i in range(20)]
        self.assertEqual(core.spatial_add(points), 20)
        found = core.spatial_query_5d(7.4, -7.4, 3.7, 0, 1, k=3)
        self.assertEqual([hit["id"] for hit in found], ["7", "8", "6"])
        # 0.4² + 0.4² + 0.2²
        self.assertAlmostEqual(found[0]["distance_squared"], 0.36)
        self.assertEqual(core.spatial_query_5d(0, 0, 0, 0, 0, k=2**40)[-1]["id"], "19")
        with self.assertRaises(WhiteMagicError):
            core.spatial_query_5d(0, 0, 0, 0, 0, k=-1)

    def test_instances_share_nothing(self):
        one, other = Core(), Core()
        one.search_add([{"id": "a", "title": "", "content": "Grüße aus Köln 🌊"}])
        self.assertEqual(one.search_query("köln", 5)[0]["id"], "a")
        self.assertEqual(other.search_query("köln", 5), [])
        self.assertEqual(other.search_stats()["doc_count"], 0)

    def test_board_is_whitemagics_bytes(self):
        core = Core()
        core.board_write_breaker(slot=3, state=1, failures=9)
        board = bytearray(core.board_save())
        # magic number, version, and slot 3 of the breakers, as the layout has them
        self.assertEqual(struct.unpack_from("<2Q", board), (0x574D424F41524400, 1))
        self.assertEqual(struct.unpack_from("<2Q", board, 256 + 3 * 16), (1, 9))
        struct.pack_into("<Q", board, 256 + 3 * 16 + 8, 10)
        other = Core()
        self.assertEqual(other.board_load(bytes(board))["slots"], [{"slot": 3, "state": 1, "failures": 10, "counter": 0}])
        for wrong in (b"", bytes(4096), bytes(4095)):
            with self.assertRaises(WhiteMagicError):
                other.board_load(wrong)
        self.assertEqual(other.board_save(), bytes(board))

    def test_memory_ends_in_a_message(self):
        core = Core(memory_limit=4 << 20)
        with self.assertRaisesRegex(WhiteMagicError, "memory"):
            for i in range(10_000):
                text = " ".join(f"w{i}x{j}" for j in range(100))
                core.search_add([{"id": str(i), "title": "", "content": text}])
        self.assertEqual(core.search_query("w0x0", 1)[0]["id"], "0")

    def test_what_is_wrong_is_told(self):
        with self.assertRaises(WhiteMagicError):
            Core(memory_limit=-1)
        core = Core()
        with self.assertRaisesRegex(WhiteMagicError, "Unicode"):
            core.search_query("\ud800", 1)
        # the address is none of the argument, which traps in wm_free
        with self.assertRaisesRegex(WhiteMagicError, "ended the module"):
            core._export("wm_free", 2**31 - 8, 2**31 - 8)
        with self.assertRaisesRegex(WhiteMagicError, "another Core"):
            core.search_stats()

    def test_every_function_is_a_method(self):
        exported = {name for name in Core()._exports if not name.startswith("__")}
        internal = {"memory", "wm_alloc", "wm_allocated", "wm_free", "wm_result", "wm_set_memory_limit", "board_address"}
        methods = {name for name, _ in inspect.getmembers(Core, inspect.isfunction) if not name.startswith("_")}
        self.assertEqual(exported - internal - {"wm_version"}, methods - {"board_save", "board_load", "version"})


if __name__ == "__main__":
    unittest.main()
