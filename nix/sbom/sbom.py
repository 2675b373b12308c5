#!/usr/bin/env python3
"""Prints what an artifact consists of, as a document of CycloneDX 1.5. See default.nix for its parts.

The document has no time and no number at random: from the same sources it is the same each time.
"""

import argparse
import hashlib
import json
import pathlib
import re
import sys
import tarfile
import tomllib

# What a build script compiles C with
COMPILERS = {"cc", "cmake"}


class Document:
    def __init__(self, root):
        self.root = root["bom-ref"]
        self.components = {self.root: root}
        self.needs = {self.root: set()}
        self.opaque = set()
        self.tools = []

    def add(self, component, needed_by=None):
        ref = component["bom-ref"]
        if self.components.setdefault(ref, component) != component:
            sys.exit(f"sbom: two components are called {ref}: {self.components[ref]} and {component}")
        self.needs.setdefault(ref, set())
        if needed_by:
            self.needs[needed_by].add(ref)
        return ref

    def merge(self, part):
        """Takes another document, with its artifact as a component of this one."""
        root = part["metadata"]["component"]
        for component in [root, *part["components"]]:
            self.add(component)
        for dependency in part["dependencies"]:
            self.needs[dependency["ref"]].update(dependency["dependsOn"])
        for composition in part["compositions"]:
            if composition["aggregate"] == "unknown":
                self.opaque.update(composition["dependencies"])
        self.needs[self.root].add(root["bom-ref"])
        for tool in part["metadata"].get("tools", {}).get("components", []):
            if tool not in self.tools:
                self.tools.append(tool)
        return root["bom-ref"]

    def to_json(self):
        refs = sorted(self.components)
        known = [ref for ref in refs if ref not in self.opaque]
        unknown = [ref for ref in refs if ref in self.opaque]
        metadata = {"lifecycles": [{"phase": "build"}], "component": self.components[self.root]}
        if self.tools:
            metadata["tools"] = {"components": self.tools}
        return {
            "bomFormat": "CycloneDX",
            "specVersion": "1.5",
            "version": 1,
            "metadata": metadata,
            "components": [self.components[ref] for ref in refs if ref != self.root],
            "dependencies": [{"ref": ref, "dependsOn": sorted(self.needs[ref])} for ref in refs],
            "compositions": [
                {"aggregate": aggregate, "dependencies": of}
                for aggregate, of in [("complete", known), ("unknown", unknown)]
                if of
            ],
        }


def component(name, version, licence, **more):
    ref = more.get("purl") or (f"{name}@{version}" if version else name)
    fields = {"type": "library", "bom-ref": ref, "name": name}
    if version:
        fields["version"] = version
    if sha256 := more.pop("sha256", None):
        fields["hashes"] = [{"alg": "SHA-256", "content": sha256}]
    if licence:
        fields["licenses"] = [{"expression": licence}]
    return fields | {key: value for key, value in more.items() if value}


def licence_of(package):
    """What a crate's manifest says, or nothing where it says that by a file."""
    # NB: "/" is how manifests said OR before they took SPDX's expressions
    return re.sub(r"\s*/\s*", " OR ", package["license"] or "")


class Sources:
    """The table of what is in C."""

    def __init__(self, table):
        self.rows = tomllib.loads(table.read_text())["source"]

    def of(self, name):
        return [row for row in self.rows if row["in"] == name and not row.get("itself")]

    def itself(self, name):
        (row,) = [row for row in self.rows if row["in"] == name and row.get("itself")]
        return row

    def component(self, row, folder, **more):
        version = None
        if "file" in row:
            found = re.search(row["version"], (folder / row["file"]).read_text(errors="replace"))
            if not found:
                sys.exit(f"sbom: {row['file']} of {row['in']} does not say the version of {row['name']}")
            version = ".".join(found.groups())
        links = {key: row[key].format(version) for key in ("purl", "cpe") if key in row}
        return component(row["name"], version, row["licence"], **links, **more)


def add_crates(document, options, sources):
    """The crate, and what is linked to it."""
    metadata = json.loads(options.metadata.read_text())
    graph = json.loads(options.units.read_text())
    lock = tomllib.loads((pathlib.Path(metadata["workspace_root"]) / "Cargo.lock").read_text())
    checksums = {(package["name"], package["version"]): package.get("checksum") for package in lock["package"]}
    packages = {package["id"]: package for package in metadata["packages"]}
    units = graph["units"]

    def name_of(unit):
        return packages[unit["pkg_id"]]["name"]

    def needed(unit):
        return [units[dependency["index"]] for dependency in unit["dependencies"]]

    def is_linked(unit):
        return unit["mode"] == "build" and not {"custom-build", "proc-macro"} & set(unit["target"]["kind"])

    def compiles_c(unit):
        runs = [run for run in needed(unit) if run["mode"] == "run-custom-build"]
        scripts = [script for run in runs for script in needed(run) if script["mode"] == "build"]
        return any(name_of(library) in COMPILERS for script in scripts for library in needed(script))

    def add(unit, needed_by):
        package = packages[unit["pkg_id"]]
        name, version = package["name"], package["version"]
        # NB: a crate of the workspace is none of the registry's, also where it takes the place of one
        is_published = (package["source"] or "").startswith("registry+")
        ref = document.add(
            component(
                name,
                version,
                licence_of(package),
                purl=f"pkg:cargo/{name}@{version}" if is_published else None,
                sha256=checksums[name, version],
            ),
            needed_by,
        )
        if is_published and compiles_c(unit):
            rows = sources.of(name)
            for row in rows:
                part = sources.component(row, pathlib.Path(package["manifest_path"]).parent)
                document.opaque.add(document.add(part, ref))
            if not rows:
                document.opaque.add(ref)
        return ref

    seen = set()
    roots = [root for root in graph["roots"] if name_of(units[root]) == options.crate]
    own = add(units[roots[0]], document.root)
    left = [(root, document.root) for root in roots]
    while left:
        index, needed_by = left.pop()
        ref = add(units[index], needed_by)
        # NB: a program and the library beside it are two units of one crate
        document.needs[ref].discard(ref)
        if index not in seen:
            seen.add(index)
            inner = (dependency["index"] for dependency in units[index]["dependencies"])
            left += [(dependency, ref) for dependency in inner if is_linked(units[dependency])]

    for library in options.std:
        rust = f"pkg:github/rust-lang/rust@{options.rust}#library/{library}"
        document.opaque.add(
            document.add(component(library, options.rust, "MIT OR Apache-2.0", purl=rust), document.root)
        )
    document.tools.append({"type": "application", "name": "cargo", "version": options.rust})
    return own


def add_archive(document, name, archive, sources):
    """What an archive of sources is, and what it has of others."""
    folder = pathlib.Path(name)
    itself, others = sources.itself(name), sources.of(name)
    files = {row["file"] for row in [itself, *others] if "file" in row}
    with tarfile.open(archive) as packed:
        for member in packed:
            path = member.name.partition("/")[2]
            if path in files:
                (folder / path).parent.mkdir(parents=True, exist_ok=True)
                (folder / path).write_bytes(packed.extractfile(member).read())
    sha256 = hashlib.sha256(archive.read_bytes()).hexdigest()
    ref = document.add(sources.component(itself, folder, sha256=sha256), document.root)
    document.opaque.add(ref)
    for row in others:
        document.opaque.add(document.add(sources.component(row, folder), ref))
    return ref


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name in ("name", "version", "type"):
        parser.add_argument(f"--{name}", required=True)
    parser.add_argument("--sources", type=pathlib.Path, required=True, help="sources.toml")
    parser.add_argument("--part", type=pathlib.Path, action="append", default=[], help="a document")
    parser.add_argument("--source", nargs=2, action="append", default=[], metavar=("NAME", "ARCHIVE"))
    parser.add_argument("--other", nargs=2, action="append", default=[], metavar=("NAME", "VERSION"))
    parser.add_argument("--crate", help="the crate that the artifact is; it takes the options below")
    parser.add_argument("--metadata", type=pathlib.Path, help="what cargo metadata says")
    parser.add_argument("--units", type=pathlib.Path, help="what cargo build --unit-graph says")
    parser.add_argument("--rust", help="Rust's version")
    parser.add_argument("--std", action="append", default=[], help="a library of Rust's own")
    options = parser.parse_args()

    sources = Sources(options.sources)
    # NB: a program's crate is a component of its own, and mostly of the program's name
    root = component(options.name, options.version, None) | {"type": options.type, "bom-ref": options.name}
    document = Document(root)
    made_of = [add_crates(document, options, sources)] if options.crate else []
    made_of += [add_archive(document, name, pathlib.Path(archive), sources) for name, archive in options.source]
    made_of += [document.merge(json.loads(part.read_text())) for part in options.part]
    for name, version in options.other:
        licence = sources.itself(name)["licence"]
        document.opaque.add(document.add(component(name, version, licence), document.root))
    # NB: what is not of others in it is of whoever wrote what it is made of first
    root.update({key: value for key, value in document.components[made_of[0]].items() if key == "licenses"})
    json.dump(document.to_json(), sys.stdout, indent=2)
    print()


if __name__ == "__main__":
    main()
