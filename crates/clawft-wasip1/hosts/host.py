"""A host of WASI 0.1 with the functions of `clawft_http`, by PyPI's `wasmtime` and Python's http.client.

    python3 host.py [--dir FOLDER]... clawft-http.wasm [ARGUMENT]...

The program is opened ~/.clawft, or the folders of --dir, and given the environment; the arguments are those of `clawft`. A file that
ends in .cwasm is taken as compiled before: `python3 host.py --compile clawft-http.wasm clawft-http.cwasm`. docs/deployment.md
describes the functions.
"""

import http.client
import os
import ssl
import sys
import threading
import urllib.parse

from wasmtime import Engine, ExitTrap, FuncType, Linker, Module, Store, ValType, WasiConfig

UNAVAILABLE, INVALID, CONNECT, TIMEOUT, BROKEN = -1, -2, -3, -4, -5
"""What a negative result means."""


class Failure(Exception):
    """A result below zero, and why."""

    def __init__(self, code, reason):
        super().__init__(reason)
        self.code = code


class Exchange:
    """A request that is under way on a thread of its own until its response begins."""

    def __init__(self, method, url, headers, body, timeout):
        target = urllib.parse.urlsplit(url)
        kinds = {"http": http.client.HTTPConnection, "https": http.client.HTTPSConnection}
        try:
            kind, port = kinds[target.scheme], target.port
        except (KeyError, ValueError) as error:
            raise Failure(INVALID, "the URL") from error
        if not target.hostname or target.username is not None:
            raise Failure(INVALID, "the URL")
        self.connection = kind(target.hostname, port, timeout=timeout or None)
        self.path = (target.path or "/") + (f"?{target.query}" if target.query else "")
        self.response = None
        self.failure = None
        self.thread = threading.Thread(target=self.run, args=(method, headers, body), daemon=True)
        self.thread.start()

    def run(self, method, headers, body):
        try:
            self.connection.connect()
        except TimeoutError:
            self.failure = Failure(TIMEOUT, "timed out")
            return
        except (OSError, ssl.SSLError) as error:
            self.failure = Failure(CONNECT, str(error))
            return
        try:
            self.connection.putrequest(method, self.path, skip_accept_encoding=True)
            for name, value in headers:
                self.connection.putheader(name, value)
            if body:
                self.connection.putheader("content-length", str(len(body)))
            self.connection.endheaders(body or None)
            self.response = self.connection.getresponse()
        except (OSError, ValueError, http.client.HTTPException) as error:
            self.failure = failure_of(error)

    def begun(self):
        """Waits for the response's head."""
        self.thread.join()
        if self.failure:
            raise self.failure
        return self.response

    def close(self):
        """Gives the request up."""
        self.connection.close()


def failure_of(error):
    """What an error amidst an exchange means."""
    if isinstance(error, TimeoutError):
        return Failure(TIMEOUT, "timed out")
    return Failure(BROKEN, str(error) or type(error).__name__)


class Network:
    """The functions of `clawft_http`."""

    def __init__(self):
        self.exchanges = {}
        self.last = 0
        self.why = b""

    def start(self, memory, *arguments):
        *texts, timeout = arguments
        method, url, headers, body = (
            memory.read(texts[place], texts[place] + texts[place + 1]) for place in range(0, 8, 2)
        )
        # NB: splitlines() takes more characters than these for the end of a line
        fields = [line.split(": ", 1) for line in headers.decode().split("\n") if line]
        exchange = Exchange(method.decode(), url.decode(), fields, bytes(body), timeout / 1000)
        self.last += 1
        self.exchanges[self.last] = exchange
        return self.last

    def head(self, memory, handle, buffer, length):
        response = self.exchanges[handle].begun()
        lines = [str(response.status)]
        lines += [f"{name.lower()}: {value}" for name, value in response.getheaders()]
        text = "\n".join(lines).encode("latin-1")
        if len(text) > length:
            raise Failure(BROKEN, "the headers are too long")
        memory.write(text, buffer)
        return len(text)

    def read(self, memory, handle, buffer, length):
        try:
            piece = self.exchanges[handle].begun().read1(length)
        except (OSError, ValueError, http.client.HTTPException) as error:
            raise failure_of(error) from error
        memory.write(piece, buffer)
        return len(piece)

    def reason(self, memory, buffer, length):
        text = self.why[:length]
        memory.write(text, buffer)
        return len(text)

    def close(self, _memory, handle):
        self.exchanges.pop(handle).close()

    def define(self, linker):
        """Offers the functions to a module."""
        number, long = ValType.i32(), ValType.i64()
        shapes = {
            "start": ([number] * 8 + [long], [number]),
            "head": ([number] * 3, [number]),
            "read": ([number] * 3, [number]),
            "reason": ([number] * 2, [number]),
            "close": ([number], []),
        }
        for name, (takes, gives) in shapes.items():
            function = FuncType(takes, gives)
            linker.define_func("clawft_http", name, function, self.calls(name), access_caller=True)

    def calls(self, name):
        def called(caller, *arguments):
            memory = Memory(caller)
            try:
                return getattr(self, name)(memory, *arguments)
            except Failure as failure:
                self.why = str(failure).encode()
                return failure.code

        return called


class Memory:
    """The memory of the module that calls; an address is a number without a sign."""

    def __init__(self, caller):
        self.caller = caller
        self.memory = caller["memory"]

    def read(self, start, end):
        return bytes(self.memory.read(self.caller, start, end))

    def write(self, data, start):
        self.memory.write(self.caller, data, start)


def module_of(engine, path):
    """A module, if it is not compiled before."""
    read = Module.deserialize_file if path.endswith(".cwasm") else Module.from_file
    return read(engine, path)


def is_unicode(text):
    """Whether it can be passed on: Python has half a character for a byte that is none."""
    return not any("\ud800" <= letter <= "\udfff" for letter in text)


def main(arguments):
    engine = Engine()
    match arguments:
        case ["--compile", module, compiled]:
            with open(compiled, "wb") as file:
                file.write(Module.from_file(engine, module).serialize())
            return 0
    folders = []
    while len(arguments) > 1 and arguments[0] == "--dir":
        folders.append(arguments[1])
        arguments = arguments[2:]
    if not arguments or arguments[0].startswith("-") or not all(map(is_unicode, arguments)):
        print("usage: host.py [--dir FOLDER]... clawft-http.wasm [ARGUMENT]...", file=sys.stderr)
        return 2
    if not folders:
        folders = [os.path.join(os.environ["HOME"], ".clawft")]
        os.makedirs(folders[0], exist_ok=True)
    linker = Linker(engine)
    linker.define_wasi()
    Network().define(linker)
    store = Store(engine)
    wasi = WasiConfig()
    wasi.argv = arguments
    wasi.env = [pair for pair in os.environ.items() if is_unicode("".join(pair))]
    for folder in folders:
        wasi.preopen_dir(folder, folder)
    wasi.inherit_stdin()
    wasi.inherit_stdout()
    wasi.inherit_stderr()
    store.set_wasi(wasi)
    program = linker.instantiate(store, module_of(engine, arguments[0]))
    try:
        program.exports(store)["_start"](store)
    except ExitTrap as exit_trap:
        return exit_trap.code
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
