#!/usr/bin/env python3
"""Prints the licences of what a document of default.nix lists.

A text that several components share is there once. One whose sources have no text at hand is listed with the
licence that the document has for it.
"""

import argparse
import json
import pathlib
import re
import sys
import tarfile
import tomllib

NAMES = re.compile(r"(licen[cs]e|copying|notice|unlicense|copyright)", re.IGNORECASE)


def read(path):
    return path.read_text(encoding="utf-8", errors="replace").strip()


def texts_of_crate(folder):
    return [read(path) for path in sorted(folder.iterdir()) if path.is_file() and NAMES.match(path.name)]


def first_comment(text):
    lines = re.search(r"/\*(.*?)\*/", text, re.DOTALL)[1].split("\n")
    return "\n".join(re.sub(r"^ ?\*+ ?", "", line).rstrip() for line in lines).strip()


def texts_of_source(row, folder, archive):
    """Those that the table names, of a file of C its first comment."""
    names = row.get("texts", [])
    found = {}
    if archive:
        with tarfile.open(archive) as packed:
            for member in packed:
                path = member.name.partition("/")[2]
                if path in names:
                    found[path] = packed.extractfile(member).read().decode(errors="replace")
    else:
        found = {name: read(folder / name) for name in names if (folder / name).exists()}
    if missing := set(names) - set(found):
        sys.exit(f"notices: {row['in']} has no {', '.join(sorted(missing))}, which nix/sbom/sources.toml names")
    return [(first_comment(found[name]) if name.endswith(".h") else found[name].strip()) for name in names]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sources", type=pathlib.Path, required=True, help="sources.toml")
    parser.add_argument("--own", type=pathlib.Path, nargs="+", required=True, help="the workspace's licences")
    parser.add_argument("--vendor", type=pathlib.Path, action="append", default=[], help="crates of crates.io")
    parser.add_argument("--archive", nargs=2, action="append", default=[], metavar=("NAME", "FILE"))
    parser.add_argument("document", type=pathlib.Path)
    options = parser.parse_args()

    document = json.loads(options.document.read_text())
    rows = {row["name"]: row for row in tomllib.loads(options.sources.read_text())["source"]}
    archives = dict(options.archive)
    vendored = {folder.name: folder for vendor in options.vendor for folder in vendor.glob("*/*") if folder.is_dir()}
    crates = {
        component["name"]: vendored[f"{component['name']}-{component['version']}"]
        for component in document["components"]
        if component.get("purl", "").startswith("pkg:cargo/")
    }

    def texts(component, licence):
        name = component["name"]
        if component.get("purl", "").startswith("pkg:cargo/"):
            found = texts_of_crate(vendored[f"{name}-{component['version']}"])
            # NB: this text is everybody's, and names nobody
            apache = [text for text in options.own if "Apache-2.0" in licence.split(" OR ") and "APACHE" in text.name]
            return found or [read(text) for text in apache]
        if row := rows.get(name):
            return texts_of_source(row, crates.get(row["in"]), archives.get(row["in"]))
        # NB: Rust's libraries are under the licences that are the workspace's too
        return [read(text) for text in options.own]

    by_text, without = {}, []
    for component in document["components"]:
        # NB: what has no more of a name than that is made of others here
        if component["bom-ref"] == component["name"] and "version" in component:
            continue
        (licence,) = (licence["expression"] for licence in component["licenses"])
        title = " ".join(filter(None, [component["name"], component.get("version"), f"({licence})"]))
        found = texts(component, licence)
        for text in found:
            by_text.setdefault(text, []).append(title)
        if not found:
            without.append(title)

    print(f"What {document['metadata']['component']['name']} consists of, and under which licences.")
    if without:
        print("\nWithout a text of their own:\n")
        print("\n".join(without))
    for text, titles in sorted(by_text.items(), key=lambda item: item[1]):
        print(f"\n{'=' * 80}\n" + "\n".join(titles) + f"\n{'-' * 80}\n{text}")


if __name__ == "__main__":
    main()
