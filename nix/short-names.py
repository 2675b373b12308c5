"""Shortens the names by which the parts of a component find each other: `short-names.py FROM TO`.

`wasm-tools component new` leaves the long names of WIT in the core modules, three times each, and writes
others for the components within that have the exports. They mean nothing outside: names are only compared,
so any others do, as long as equal ones stay equal.
"""

import string
import sys
from pathlib import Path

# NB: those of components are words of one case
LETTERS = string.ascii_lowercase

# Sections of a component, and of a core module, by their number
COMPONENT = {
    "core module": 1,
    "core instance": 2,
    "component": 4,
    "instance": 5,
    "alias": 6,
    "import": 10,
}
MODULE = {"import": 2, "export": 7}


def unsigned(number: int) -> bytes:
    """A number as LEB128."""
    low, rest = number & 0x7F, number >> 7
    return bytes([low | 0x80]) + unsigned(rest) if rest else bytes([low])


class Copy:
    """Goes through a part of a binary, and writes it anew."""

    def __init__(self, data: bytes, names: dict[bytes, bytes]) -> None:
        self.data, self.names = data, names
        self.at, self.out = 0, bytearray()

    def take(self, count: int) -> bytes:
        """Reads bytes, and writes none."""
        self.at += count
        assert self.at <= len(self.data), "the binary ends early"
        return self.data[self.at - count : self.at]

    def read(self) -> int:
        """Reads a number, and writes none."""
        byte = self.take(1)[0]
        return byte & 0x7F | self.read() << 7 if byte & 0x80 else byte

    def bytes(self, count: int) -> bytes:
        taken = self.take(count)
        self.out += taken
        return taken

    def byte(self) -> int:
        return self.bytes(1)[0]

    def number(self) -> int:
        number = self.read()
        self.out += unsigned(number)
        return number

    def name(self, shorten: bool = True) -> None:
        name = self.take(self.read())
        if shorten:
            name = self.names.setdefault(name, short(len(self.names)))
        self.out += unsigned(len(name)) + name

    def sections(self, change: dict) -> bytes:
        """A component or a module, with some of its sections changed."""
        self.bytes(8)
        while self.at < len(self.data):
            section = self.byte()
            content = self.take(self.read())
            if section in change:
                content = change[section](Copy(content, self.names))
            self.out += unsigned(len(content)) + content
        return bytes(self.out)

    def each(self, item) -> bytes:
        """A vector."""
        for _ in range(self.number()):
            item(self)
        return bytes(self.out)


def short(number: int) -> bytes:
    """The name of that number: a letter, or several."""
    rest, letter = divmod(number, len(LETTERS))
    return (short(rest - 1) if rest else b"") + LETTERS[letter].encode()


def limits(copy: Copy) -> None:
    flags = copy.number()
    copy.number()
    if flags & 1:
        copy.number()


def module_import(copy: Copy) -> None:
    copy.name()
    copy.name()
    kind = copy.byte()
    if kind == 0:  # a function, by its type
        copy.number()
    elif kind == 1:  # a table
        copy.byte()
        limits(copy)
    elif kind == 2:  # a memory
        limits(copy)
    elif kind == 3:  # a global, and whether it changes
        copy.bytes(2)
    else:
        raise ValueError(f"an import of kind {kind}")


def module_export(copy: Copy) -> None:
    copy.name()
    copy.byte()
    copy.number()


def instance_argument(copy: Copy) -> None:
    copy.name()
    copy.byte()
    copy.number()


def core_instance(copy: Copy) -> None:
    if copy.byte() == 0:  # of a module
        copy.number()
    copy.each(instance_argument)


def sort(copy: Copy) -> None:
    """What kind of thing something is."""
    if copy.byte() == 0:
        copy.byte()


def alias(copy: Copy) -> None:
    sort(copy)
    target = copy.byte()
    copy.number()
    if target == 2:  # what an outer component has, by its number
        copy.number()
    else:
        copy.name(shorten=target == 1)


def argument(copy: Copy) -> None:
    copy.name()
    sort(copy)
    copy.number()


def instance(copy: Copy) -> None:
    if copy.byte() != 0:
        raise ValueError("an instance of no component")
    copy.number()
    copy.each(argument)


def inner_import(copy: Copy) -> None:
    copy.byte()
    copy.name()
    kind = copy.byte()
    if kind == 3 and copy.byte() == 1:  # a resource, of which nothing is known
        return
    copy.number()


def inner_component(copy: Copy) -> bytes:
    return copy.sections({COMPONENT["import"]: lambda section: section.each(inner_import)})


def core_module(copy: Copy) -> bytes:
    return copy.sections(
        {
            MODULE["import"]: lambda section: section.each(module_import),
            MODULE["export"]: lambda section: section.each(module_export),
        }
    )


def main() -> None:
    component = Copy(Path(sys.argv[1]).read_bytes(), {})
    shortened = component.sections(
        {
            COMPONENT["core module"]: core_module,
            COMPONENT["core instance"]: lambda section: section.each(core_instance),
            COMPONENT["alias"]: lambda section: section.each(alias),
            COMPONENT["component"]: inner_component,
            COMPONENT["instance"]: lambda section: section.each(instance),
        }
    )
    Path(sys.argv[2]).write_bytes(shortened)


main()
