#!/usr/bin/env python3
"""Packs a package of Python files, and others among them, as a wheel for any machine.

    pure.py --project FOLDER --licence FILE --notices FILE --add PACKAGE/FILE=FILE --out FOLDER

The folder has pyproject.toml, what `readme` there names, and the package.
"""

import argparse
import pathlib
import tomllib

import archive


def metadata(project, readme):
    """Core metadata 2.4."""
    lines = [
        "Metadata-Version: 2.4",
        f"Name: {project['name']}",
        f"Version: {project['version']}",
        f"Summary: {project['description']}",
        f"License-Expression: {project['license']}",
        "License-File: LICENSE-APACHE",
        "License-File: LICENSE-MIT",
        "License-File: THIRD-PARTY-NOTICES",
        f"Requires-Python: {project['requires-python']}",
        *(f"Requires-Dist: {dependency}" for dependency in project["dependencies"]),
        "Description-Content-Type: text/markdown; charset=UTF-8",
    ]
    return "\n".join([*lines, "", readme])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--project", type=pathlib.Path, required=True)
    parser.add_argument("--licence", type=pathlib.Path, action="append", required=True)
    parser.add_argument("--notices", type=pathlib.Path, required=True)
    parser.add_argument("--add", action="append", default=[], metavar="PATH=FILE")
    parser.add_argument("--out", type=pathlib.Path, required=True)
    options = parser.parse_args()

    project = tomllib.loads((options.project / "pyproject.toml").read_text())["project"]
    distribution = project["name"].replace("-", "_")
    package = options.project / distribution
    paths = sorted(path for path in package.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    files = {str(path.relative_to(options.project)): path.read_bytes() for path in paths}
    for added in options.add:
        path, _, source = added.partition("=")
        files[path] = pathlib.Path(source).read_bytes()

    info = f"{distribution}-{project['version']}.dist-info"
    readme = (options.project / project["readme"]).read_text()
    files[f"{info}/METADATA"] = metadata(project, readme).encode()
    files[f"{info}/WHEEL"] = b"Wheel-Version: 1.0\nGenerator: wasmworks\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    for licence in options.licence:
        files[f"{info}/licenses/{licence.name}"] = licence.read_bytes()
    files[f"{info}/licenses/THIRD-PARTY-NOTICES"] = options.notices.read_bytes()
    archive.write(options.out / f"{distribution}-{project['version']}-py3-none-any.whl", files, info)


if __name__ == "__main__":
    main()
