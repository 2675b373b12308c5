"""Compiles a standard library for the table of frozen modules that the executor carries.

Writes OUTPUT/modules.bin, the marshalled code of all modules, and OUTPUT/modules.txt with a line for
each of them: its name, `package` or `module`, and its bytes. Lines and bytes are in the same order.
"""

import argparse
import marshal
from pathlib import Path

EXCLUDED = {
    # no terminal, no window, no browser
    *("curses", "idlelib", "tkinter", "turtle", "turtledemo", "webbrowser", "antigravity", "this"),
    # no threads of their own, processes or sockets
    *("asyncio", "concurrent", "multiprocessing", "subprocess", "pty", "tty", "socket", "socketserver"),
    *("ssl", "selectors", "ftplib", "imaplib", "poplib", "smtplib", "http", "xmlrpc", "wsgiref"),
    # extension modules that this interpreter does not have
    *("ctypes", "sqlite3", "dbm", "lzma", "bz2", "readline", "rlcompleter"),
    # tools for developers, and what installs others
    *("ensurepip", "venv", "zipapp", "pydoc", "pydoc_data", "doctest", "unittest", "test", "pdb", "bdb"),
    *("cProfile", "profile", "pstats", "trace", "tracemalloc", "timeit", "tabnanny", "pyclbr"),
    *("compileall", "py_compile", "pickletools", "modulefinder", "code", "codeop", "cmd", "_pyrepl"),
    *("symtable", "mailbox", "site", "sitecustomize", "__phello__", "__hello__"),
    # for other systems
    *("nturl2path", "ntpath", "_osx_support", "_aix_support", "_apple_support", "_ios_support", "_android_support"),
    # in C or frozen already
    *("_pydecimal", "_pydatetime", "_pyio", "zipimport"),
}
EXCLUDED_PARTS = {
    *("importlib._bootstrap", "importlib._bootstrap_external"),
    *("urllib.request", "urllib.robotparser", "logging.handlers", "logging.config"),
}


def modules(library):
    """The name of each module, whether it is a package, and its file."""
    for file in sorted(library.rglob("*.py")):
        parts = file.relative_to(library).with_suffix("").parts
        package = parts[-1] == "__init__"
        parts = parts[:-1] if package else parts
        top = parts[0] if parts else ""
        hidden = any(not part.isidentifier() for part in parts) or top.startswith(("_sysconfigdata", "config-"))
        name = ".".join(parts)
        if parts and not hidden and top not in EXCLUDED and name not in EXCLUDED_PARTS:
            yield name, package, file


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("library", type=Path, help="the folder of the standard library, lib/python3.X")
    parser.add_argument("output", type=Path)
    arguments = parser.parse_args()
    arguments.output.mkdir(parents=True, exist_ok=True)
    with open(arguments.output / "modules.bin", "wb") as binary, open(arguments.output / "modules.txt", "w") as table:
        for name, package, file in modules(arguments.library):
            # without docstrings and assertions, as python -OO
            code = compile(file.read_bytes(), f"<frozen {name}>", "exec", dont_inherit=True, optimize=2)
            binary.write(data := marshal.dumps(code))
            print(name, "package" if package else "module", len(data), file=table)


if __name__ == "__main__":
    main()
