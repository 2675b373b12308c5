"""What an extension module in C does in the guest, by the outcomes that C and Python define."""

import errno
import importlib.machinery
import importlib.util
import sys

import probe

# libcounter.so's constructor ran before probe's, so that this one saw 100.
assert probe.state() == {"began": 100, "counter": 100, "zeroed": 0, "misaligned": 0, "absent": 0}
assert (probe.count(), probe.count()) == (101, 102)
assert probe.state()["counter"] == 102

assert probe.sorted([3, -1, 2, 10, 0]) == [-1, 0, 2, 3, 10]
assert probe.sorted([]) == []
assert probe.is_integer(5) and not probe.is_integer("5") and not probe.is_integer(True)
assert probe.power(2, 0.5) == 2**0.5

for wrong, error in [
    (lambda: probe.sorted(1), SystemError),
    (lambda: probe.sorted(["1"]), TypeError),
    (lambda: probe.power(1), TypeError),
    (lambda: probe.call(lambda: 1 / 0), ZeroDivisionError),
]:
    try:
        wrong()
    except error:
        pass
    else:
        raise AssertionError(error)
try:
    probe.open("/absent")
except OSError as error:
    assert (error.errno, error.filename) == (errno.ENOENT, "/absent")
else:
    raise AssertionError("it opened")

# A callback into Python, whose callback is in C again
assert probe.call(lambda: probe.sorted([2, 1])) == [1, 2]

# One function has one address on both sides.
assert probe.same_free == 1


class Derived(probe.Thing):
    pass


things = [Derived() for _ in range(1000)] + [probe.Thing() for _ in range(1000)]
del things

# What is no side module says so, by ImportError.
for name, said in [("program", "dylink.0"), ("text", "no WebAssembly module"), ("absent", "no such file")]:
    path = f"{sys.argv[1]}/{name}.so"
    loader = importlib.machinery.ExtensionFileLoader(name, path)
    try:
        loader.create_module(importlib.util.spec_from_loader(name, loader))
    except ImportError as error:
        assert said in str(error), error
    else:
        raise AssertionError(name)
print("ok")
