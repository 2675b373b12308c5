"""The component in a Python program, by PyPI's `wasmtime`; used as `clawft --json` is.

    python3 host.py clawft.wasm [--dir FOLDER]... [--session KEY] [--json] [--capabilities | MESSAGE]

Without MESSAGE, standard input has it. The component is opened ~/.clawft, or the folders of --dir, and given the environment. A
file that ends in .cwasm is taken as compiled before: `python3 host.py --compile clawft.wasm clawft.cwasm`.
"""

import argparse
import json
import os
import sys

from wasmtime import Config, Engine, Store, WasiConfig
from wasmtime.component import Component, Linker

AGENT = "clawft:agent/agent@0.1.0"


class Host:
    """An instance of the component, with the network and some folders of this machine."""

    def __init__(self, path, folders, environment):
        engine = Engine(Config())
        if path.endswith(".cwasm"):
            component = Component.deserialize_file(engine, path)
        else:
            component = Component.from_file(engine, path)
        linker = Linker(engine)
        linker.add_wasip2()
        linker.add_wasi_http()
        self.store = Store(engine)
        wasi = WasiConfig()
        wasi.env = [pair for pair in environment.items() if is_unicode("".join(pair))]
        for folder in folders:
            wasi.preopen_dir(folder, folder)
        self.store.set_wasi(wasi)
        self.store.set_wasi_http()
        self.instance = linker.instantiate(self.store, component)

    def call(self, name, *arguments, interface=AGENT):
        """Calls a function of the component."""
        exports = self.instance.get_export_index(self.store, interface)
        index = self.instance.get_export_index(self.store, name, exports)
        function = self.instance.get_func(self.store, index)
        result = function(self.store, *arguments)
        function.post_return(self.store)
        return result


def plain(value):
    """A record as an object of JSON, with names as `clawft --json` has them."""
    fields = {name: field for name, field in vars(value).items() if not name.startswith("_")}
    for name, field in fields.items():
        if hasattr(field, "__dict__"):
            fields[name] = plain(field)
        elif name == "stop":
            fields[name] = field.replace("-", "_")
    return fields


def event_of(event):
    """An event as `clawft --json` writes it."""
    kind = event.tag.replace("-", "_")
    fields = {"text": event.payload} if kind == "text" else plain(event.payload)
    return {"type": kind, **fields}


def failed(result):
    """Whether a result is an error."""
    return hasattr(result, "kind") and hasattr(result, "message")


def show(line):
    print(json.dumps(line, ensure_ascii=False), flush=True)


def is_unicode(text):
    """Whether it can be passed on: Python has half a character for a byte that is none."""
    return not any("\ud800" <= letter <= "\udfff" for letter in text)


def main(arguments):
    if arguments[:1] == ["--compile"]:
        component = Component.from_file(Engine(Config()), arguments[1])
        with open(arguments[2], "wb") as file:
            file.write(component.serialize())
        return 0
    parser = argparse.ArgumentParser(allow_abbrev=False)
    parser.add_argument("module")
    parser.add_argument("message", nargs="?")
    parser.add_argument("--dir", action="append", default=[], metavar="FOLDER")
    parser.add_argument("--session", default="cli:default", metavar="KEY")
    parser.add_argument("--json", action="store_true", help="as it does anyway")
    parser.add_argument("--capabilities", action="store_true")
    told = parser.parse_intermixed_args(arguments)
    if not is_unicode(told.session + (told.message or "")):
        parser.error("a message or session that is no UTF-8")
    if told.capabilities and told.message is not None:
        parser.error("a message and --capabilities")
    folders, message = told.dir, told.message
    if not folders:
        folders = [os.path.join(os.environ["HOME"], ".clawft")]
        os.makedirs(folders[0], exist_ok=True)
    host = Host(told.module, folders, dict(os.environ))
    if told.capabilities:
        result = host.call("capabilities")
        print(result if isinstance(result, str) else result.message)
        return 0 if isinstance(result, str) else 1
    if message is None:
        message = sys.stdin.read()
    turn = host.call("start", told.session, message)
    result = turn
    while not failed(result):
        result = host.call("[method]turn.next", turn)
        if result is None:
            return 0
        if not failed(result):
            show(event_of(result))
    show({"type": "error", "message": result.message})
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
