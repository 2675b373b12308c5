"""How the executor runs nodes: it finds or compiles them, calls them, and tells what went wrong."""

import builtins
import gc
import importlib
import linecache
import os
import sys
import time
import traceback
from types import AsyncGeneratorType, CodeType, CoroutineType, FunctionType, GeneratorType, ModuleType

import remotemedia.nodes

# Standard output is the executor's; what a node prints is a message
sys.stdout = sys.__stdout__ = sys.stderr

# As in `inspect`, which takes as long to import as everything here
CO_GENERATOR, CO_ASYNC_GENERATOR = 0x20, 0x200

# User folders, in which modules are looked for by the class that a node names
folders = []


class DeadlineExceeded(BaseException):
    """The run is out of time. No `except Exception` may keep it."""


def load(node_id, node_type, params, streaming):
    """The node, initialised; None if nobody has its type."""
    if node_type == "Python":
        node = _from_params(node_id, params)
    else:
        made = find_class(node_type, params.pop("module", None))
        if made is None:
            return None
        node = made(**params)
    if not callable(getattr(node, "process", None)):
        raise TypeError(f"{node_type} has no method process")
    if initialize := getattr(node, "initialize", None):
        _complete(initialize())
    return (Stream if streaming else Runner)(node)


def find_class(name, module=None):
    """The class in a module, in `remotemedia.nodes`, or in a module of the user's folders."""
    if module is not None:
        return getattr(importlib.import_module(module), name)
    if "." in name:
        module, _, name = name.rpartition(".")
        return getattr(importlib.import_module(module), name)
    if name in remotemedia.nodes.__all__:
        return getattr(remotemedia.nodes, name)
    for folder in folders:
        for entry in sorted(os.listdir(folder)):
            stem, suffix = os.path.splitext(entry)
            package = os.path.exists(os.path.join(folder, entry, "__init__.py"))
            if stem.isidentifier() and (suffix == ".py" or package):
                found = getattr(importlib.import_module(stem), name, None)
                if isinstance(found, type):
                    return found
    return None


def _from_params(node_id, params):
    """A node of the type `Python`: code, an expression, or something in a module."""
    ways = [way for way in ("code", "expression", "module") if way in params]
    if len(ways) != 1:
        raise ValueError(f"a Python node has one of code, expression and module, not {' and '.join(ways) or 'none'}")
    source = params.pop(ways[0])
    if not isinstance(source, str):
        raise TypeError(f"{ways[0]} is a string, not {source!r}")
    if ways == ["module"]:
        module = importlib.import_module(source)
        name = params.pop("class", "Node")
        if made := getattr(module, name, None):
            return made(**params)
        return _Functions(vars(module), params)
    return _compile(node_id, source, "eval" if ways == ["expression"] else "exec", params)


def _compile(node_id, source, mode, params):
    """The node that a text of the manifest makes."""
    file = f"<node {node_id}>"
    # so that tracebacks show the line
    linecache.cache[file] = (len(source), None, source.splitlines(True), file)
    code = compile(source, file, mode, dont_inherit=True)
    module = ModuleType(f"node_{node_id}")
    # dataclasses and pickle look for it there
    sys.modules[module.__name__] = module
    names = vars(module)
    names.update(__builtins__=builtins, params=params)
    if mode == "eval":
        return _Script(names, lambda: eval(code, names))
    defined = {part.co_name for part in code.co_consts if isinstance(part, CodeType)}
    if not defined & {"process", "Node"}:
        if "result" not in code.co_names:
            print(
                f"warning: node {node_id}: its code defines none of process, Node and result, so it has no outputs",
                file=sys.stderr,
            )

        def run():
            names.pop("result", None)
            exec(code, names)
            return names.get("result")

        return _Script(names, run)
    exec(code, names)
    if "process" in defined:
        return _Functions(names, params)
    return names["Node"](**params)


class _Script:
    """Code or an expression that is run for each item, which it calls `item`."""

    def __init__(self, names, run):
        self.names, self.run = names, run

    def process(self, item):
        self.names["item"] = item
        return self.run()


class _Functions:
    """A module whose functions are the methods of a node."""

    def __init__(self, names, params):
        names["params"] = params
        for method in ("initialize", "process", "finish", "cleanup"):
            if isinstance(names.get(method), FunctionType):
                setattr(self, method, names[method])


class Runner:
    """Calls a node item by item."""

    def __init__(self, node):
        self.node = node
        self.call = node.process

    def process(self, item):
        return _outputs(self.call(item))

    def finish(self):
        finish = getattr(self.node, "finish", None)
        return _outputs(finish()) if finish else []

    def cleanup(self):
        if cleanup := getattr(self.node, "cleanup", None):
            _complete(cleanup())
        return []


class Stream(Runner):
    """Calls a node that gives everything at the end.

    A generator is given the stream of all items; any other `process` is called item by item.
    """

    def __init__(self, node):
        super().__init__(node)
        code = getattr(getattr(self.call, "__func__", self.call), "__code__", None)
        self.wants_items = code is not None and bool(code.co_flags & CO_GENERATOR)
        self.wants_async = code is not None and bool(code.co_flags & CO_ASYNC_GENERATOR)
        self.held = []

    def process(self, item):
        self.held.extend([item] if self.wants_items or self.wants_async else super().process(item))
        return []

    def finish(self):
        held, self.held = self.held, []
        if self.wants_async:
            held = _outputs(self.call(_asynchronous(held)))
        elif self.wants_items:
            held = _outputs(self.call(iter(held)))
        return held + super().finish()


async def _asynchronous(items):
    for item in items:
        yield item


def _outputs(result):
    """What a call gave: what it yields, or what it returns. None is no output."""
    kind = type(result)
    if kind is CoroutineType:
        return _outputs(_complete(result))
    if kind is GeneratorType:
        return [item for item in result if item is not None]
    if kind is AsyncGeneratorType:
        return _complete(_collect(result))
    return [] if result is None else [result]


async def _collect(items):
    return [item async for item in items if item is not None]


def _complete(result):
    """Runs a coroutine to its end, without an event loop: there is nothing else to wait for."""
    if type(result) is not CoroutineType:
        return result
    try:
        while (waiting := result.send(None)) is None:
            pass
    except StopIteration as end:
        return end.value
    result.close()
    raise RuntimeError(f"a node waits for {waiting!r}, which needs an event loop; there is none here")


def describe(error):
    """The exception in a line, and its traceback without the executor's own frames."""
    frames = error.__traceback__
    while frames is not None and frames.tb_frame.f_code.co_filename == __file__:
        frames = frames.tb_next
    lines = traceback.format_exception(type(error), error, frames)
    return traceback.format_exception_only(error)[-1].rstrip("\n"), "".join(lines)


# What users' nodes are likely to import
_COMMON = """
    base64 binascii bisect calendar collections.abc copy csv dataclasses datetime decimal enum fractions
    functools hashlib heapq html io itertools json logging math operator random re statistics string struct
    textwrap time types typing unicodedata urllib.parse uuid zlib
""".split()


def freeze():
    """Imports what nodes use most, before the interpreter's memory is taken as a snapshot.

    The names of all modules that there are then.
    """
    for name in _COMMON:
        importlib.import_module(name)
    gc.collect()
    return list(sys.modules)


def resume(environment):
    """Makes anew what the snapshot has frozen."""
    os.environ.clear()
    os.environ.update(environment)
    sys.modules["random"].seed()
    sys.modules["logging"]._startTime = time.time_ns()


def begin(paths, another_follows):
    """Begins a run, which may import modules from folders before those that are installed."""
    global _kept
    if another_follows:
        modules = {name: (module, dict(vars(module))) for name, module in sys.modules.items()}
        _kept = modules, list(sys.path), dict(os.environ)
    folders.extend(map(str, paths))
    sys.path[:0] = folders


def end():
    """Takes back what a run left behind: its modules, and what it wrote into others' namespaces.

    Installed packages stay, because extension modules cannot be loaded twice.
    """
    modules, path, environment = _kept
    installed = {name.partition(".")[0] for name, module in sys.modules.items() if _is_installed(module)}
    for name in list(sys.modules):
        if name not in modules and name.partition(".")[0] not in installed:
            del sys.modules[name]
    for name, (module, names) in modules.items():
        sys.modules[name] = module
        if name != __name__:
            for added in vars(module).keys() - names.keys():
                if f"{name}.{added}" not in sys.modules:
                    del vars(module)[added]
            vars(module).update(names)
    sys.path[:] = path
    folders.clear()
    linecache.clearcache()
    for name in os.environ.keys() - environment.keys():
        del os.environ[name]
    os.environ.update(environment)
    if "random" in modules:
        modules["random"][0].seed()


def _is_installed(module):
    file = getattr(module, "__file__", None) or ""
    return "site-packages" in file or "dist-packages" in file
