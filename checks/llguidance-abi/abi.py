"""abi.py HEADER CRATE: prints docs/llguidance-abi.md.

Signatures come from llguidance's header and from the sources of crates/llguidance-wasm, the rest
from abi.toml beside this file; each has to have every function that the others have.
"""

import re
import sys
import tomllib
from pathlib import Path

HEAD = """\
# The C ABI of `llguidance.wasm`

This page is made by `checks/llguidance-abi/abi.py`, and a check holds it against the sources.

Types are C's, as wasm32 lays them out: pointers, `size_t` and `bool` are passed as an `i32`, and a function pointer is an index into the exported table `__indirect_function_table`, which a host may grow.
A pointer that is passed in points to memory of `llg_wasm_alloc`; it may be freed when the call returns, but for what a struct says otherwise.
Memory may grow in any call: a host makes its views of it anew.
A panic, or an allocation inside of llguidance that fails, traps. Of an instance that has trapped only `llg_wasm_panic_message` may be called.

## Structs

| struct | bytes | fields, with their offsets |
|---|---|---|
"""

# Scalars by size; everything else that is passed by value in a struct is a pointer.
SIZES = {"bool": 1, "uint32_t": 4, "LlgToken": 4, "float": 4, "size_t": 4, "uint64_t": 8}


def without_comments(text):
    """Without those of the preprocessor, too."""
    return re.sub(r"/\*.*?\*/|//[^\n]*|^\s*#[^\n]*", "", text, flags=re.DOTALL | re.MULTILINE)


def squeezed(text):
    return re.sub(r"\s+", " ", text).strip()


def functions(header):
    """C signatures by name."""
    found = {}
    for match in re.finditer(r"([\w\s*]+?)\b(llg_\w+)\(([^)]*)\);", without_comments(header)):
        result, name, parameters = map(squeezed, match.groups())
        result = result.replace("LLGUIDANCE_NODISCARD ", "").replace("struct ", "")
        space = "" if result.endswith("*") else " "
        found[name] = f"{result}{space}{name}({parameters.replace('struct ', '')})"
    return found


def own_functions(crate):
    """The same of what the crate adds, in C's words for Rust's types."""
    words = {"usize": "size_t", "*mut u8": "uint8_t *", "*const c_char": "const char *"}
    found = {}
    for path in sorted((crate / "src").glob("*.rs")):
        pattern = r'extern "C" fn (llg_wasm_\w+)\(([^)]*)\)(?: -> ([^{]+?))? \{'
        for name, parameters, result in re.findall(pattern, path.read_text()):
            pairs = [parameter.split(": ") for parameter in parameters.split(", ") if parameter]
            listed = ", ".join(joined(words[kind], own) for own, kind in pairs) or "void"
            found[name] = joined(words[result] if result else "void", f"{name}({listed})")
    return found


def joined(kind, name):
    return kind + name if kind.endswith("*") else f"{kind} {name}"


def structs(header):
    """Fields of each struct as (offset, declaration), and its size."""
    text = without_comments(header)
    layouts = {}
    for body, name in re.findall(r"typedef struct \w+ \{(.*?)\} (\w+);", text, re.DOTALL):
        at, strictest, fields = 0, 1, []
        for declaration in filter(None, map(squeezed, body.split(";"))):
            kind = declaration.replace("struct ", "").split(" ")[0]
            if "*" in declaration or kind in ("LlgTokenizeFn", "LlgCallback"):
                size, align = 4, 4
            elif kind in layouts:
                size, align = layouts[kind][1:]
            else:
                size = align = SIZES[kind]
            at += -at % align
            fields.append((at, declaration.replace("struct ", "")))
            at += size
            strictest = max(strictest, align)
        layouts[name] = (fields, at + -at % strictest, strictest)
    return layouts


def main():
    header, crate = Path(sys.argv[1]).read_text(), Path(sys.argv[2])
    known = tomllib.loads((Path(__file__).parent / "abi.toml").read_text())
    signatures = functions(header) | own_functions(crate)
    if missing := set(signatures) ^ set(known):
        sys.exit(f"abi.toml and the sources do not have the same functions: {', '.join(sorted(missing))}")

    print(HEAD, end="")
    for name, (fields, size, _) in structs(header).items():
        listed = "<br>".join(f"{at}: `{field}`" for at, field in fields)
        print(f"| `{name}` | {size} | {listed} |")
    print("\n## Functions\n\n| function | gives | freed by, or belongs to | an error is |\n|---|---|---|---|")
    for name, row in known.items():
        columns = [f"`{signatures[name]}`", *(row.get(key, "") for key in ("gives", "owner", "fails"))]
        print("| " + " | ".join(columns) + " |")


if __name__ == "__main__":
    main()
