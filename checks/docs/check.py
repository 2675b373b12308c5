"""check.py REPOSITORY: holds the documents of a repository against what it does.

A fenced block with the language `sh` is run by bash, from the root of a copy of the
repository; the blocks of one document share a copy. After the language may follow
    ignore=REASON   the block is not run, and is listed with the reason
    prints=TEXT     the last line that it prints is this text
    answers=TEXT    beside it a model, at 127.0.0.1:8080, answers so, and it prints that
A block of any language can have
    file=PATH       it is written there, for the commands that follow
    from=PATH       it stands in that file of the repository, word for word
"""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

HERE = Path(__file__).parent
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
SCHEME = re.compile(r"[a-z]+:")
INFO = re.compile(r"(?P<key>ignore|prints|answers|file|from)=(?P<value>.+)")


@dataclass
class Block:
    """A fenced block; `line` is the line of its fence, counted from 1."""

    line: int
    language: str
    info: str
    text: str


def parse(text):
    """The blocks of a document, and its lines with those of blocks made empty."""
    blocks, prose, fence = [], [], None
    for number, line in enumerate(text.splitlines(), 1):
        if fence is None and (start := re.match(r"(```+)(\w*)\s*(.*)$", line)):
            fence, block = start[1], Block(number, start[2], start[3].strip(), "")
            line = ""
        elif fence is not None:
            if line.rstrip() == fence:
                blocks.append(block)
                fence = None
            else:
                block.text += line + "\n"
            line = ""
        prose.append(line)
    if fence is not None:
        blocks.append(block)
    return blocks, prose


def anchors(path):
    """The names of a document's sections, as a reader's link has them."""
    _, prose = parse(path.read_text())
    titles = (re.sub(r"^#+\s+", "", line) for line in prose if line.startswith("#"))
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


class Documents:
    """The documents of a repository, and what is wrong with them."""

    def __init__(self, root, knowledge):
        self.root = root
        self.knowledge = knowledge
        self.problems = []
        self.ran = 0

    def problem(self, path, line, message):
        self.problems.append(f"{path.relative_to(self.root)}:{line}: {message}")

    def check(self):
        for path in sorted([*self.root.glob("*.md"), *self.root.glob("docs/**/*.md")]):
            blocks, prose = parse(path.read_text())
            self.follow_links(path, prose)
            self.run_blocks(path, blocks)
        self.compare_packages(self.root / "README.md")

    def follow_links(self, path, prose):
        for number, line in enumerate(prose, 1):
            for link in LINK.findall(line):
                if SCHEME.match(link):
                    continue
                file, _, section = link.partition("#")
                target = path.parent / file if file else path
                if not target.exists():
                    self.problem(path, number, f"no file {file}")
                elif section and section not in anchors(target):
                    self.problem(path, number, f"no section #{section} in {target.name}")

    def compare_packages(self, path):
        """The rows of the README's table whose first column is called `package`."""
        rows, inside = {}, False
        for number, line in enumerate(path.read_text().splitlines(), 1):
            cells = [cell.strip() for cell in line.split("|")]
            inside = line.startswith("|") and (inside or cells[1] == "package")
            if inside and (name := re.fullmatch(r"`([^`]+)`", cells[1])):
                rows[name[1]] = number
        packages = self.knowledge["packages"]
        for name in sorted(set(packages) - set(rows)):
            self.problem(path, 1, f"the table of packages lacks `{name}`")
        for name in sorted(set(rows) - set(packages)):
            self.problem(path, rows[name], f"the flake has no package `{name}`")

    def run_blocks(self, path, blocks):
        with tempfile.TemporaryDirectory() as folder:
            copy = Path(folder) / "wasmworks"
            shutil.copytree(self.root, copy, symlinks=True)
            for item in [copy, *copy.rglob("*")]:
                if not item.is_symlink():
                    item.chmod(item.stat().st_mode | 0o200)
            env = stage(Path(folder), copy)
            for block in blocks:
                self.run_block(path, block, copy, env)

    def run_block(self, path, block, copy, env):
        where = f"{path.relative_to(self.root)}:{block.line}"
        info = INFO.fullmatch(block.info)
        key, value = (info["key"], info["value"]) if info else ("", "")
        if block.info and not info:
            self.problem(path, block.line, f"`{block.info}` after the language is not understood")
        elif key == "from":
            source = self.root / value
            if not source.exists() or block.text not in source.read_text():
                self.problem(path, block.line, f"the block is not what stands in {value}")
        elif key == "file":
            (copy / value).parent.mkdir(parents=True, exist_ok=True)
            (copy / value).write_text(block.text)
        elif block.language in ("bash", "console", "shell"):
            self.problem(path, block.line, f"commands stand in blocks of `sh`, not `{block.language}`")
        elif block.language == "sh" and key == "ignore":
            print(f"{where}: not run: {value}", flush=True)
        elif block.language == "sh":
            print(f"{where}: running", flush=True)
            with model(value) if key == "answers" else nullcontext():
                self.run_commands(path, block, key, value, copy, env)

    def run_commands(self, path, block, key, text, copy, env):
        (failed_at := copy.parent / "line").unlink(missing_ok=True)
        result = subprocess.run(
            ["bash", "-c", block.text],
            cwd=copy,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            text=True,
        )
        print(result.stdout, end="", flush=True)
        last = (result.stdout.splitlines() or [""])[-1]
        if result.returncode:
            line = int(failed_at.read_text()) if failed_at.exists() else 1
            command = block.text.splitlines()[line - 1].strip()
            self.problem(path, block.line + line, f"exit code {result.returncode}: {command}")
        elif key == "prints" and last != text:
            self.problem(path, block.line, f"the last line printed is `{last}`, not `{text}`")
        elif key == "answers" and text not in result.stdout:
            self.problem(path, block.line, f"the model's answer, `{text}`, is not printed")
        self.ran += 1


@contextmanager
def model(answer):
    """A model by OpenAI's API that always gives one answer, as a stream."""

    class Chat(BaseHTTPRequestHandler):
        def do_POST(self):
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(200)
            self.send_header("Content-Type", "text/event-stream")
            self.end_headers()
            choices = [{"delta": {"content": answer}, "finish_reason": None}, {"delta": {}, "finish_reason": "stop"}]
            for choice in choices:
                chunk = {"object": "chat.completion.chunk", "choices": [{"index": 0} | choice]}
                self.wfile.write(f"data: {json.dumps(chunk)}\n\n".encode())
            self.wfile.write(b"data: [DONE]\n\n")

    with ThreadingHTTPServer(("127.0.0.1", 8080), Chat) as server:
        threading.Thread(target=server.serve_forever).start()
        try:
            yield
        finally:
            server.shutdown()


def stage(folder, copy):
    """Puts nix.py in the place of Nix and of nixw, and returns the environment of a block."""
    (copy / "nixw").rename(copy / ".nixw")
    programs = folder / "bin"
    programs.mkdir()
    for place in (programs / "nix", copy / "nixw"):
        place.write_text(f'#!{shutil.which("bash")}\nexec {sys.executable} {HERE / "nix.py"} "{place}" "$@"\n')
        place.chmod(0o755)
    # What each block begins with, but no script that it calls
    (folder / "begin").write_text(
        f"unset BASH_ENV\nset -euo pipefail\ntrap 'echo $LINENO >{folder}/line' ERR\n"
    )
    cargo = folder / "cargo"
    cargo.mkdir()
    shutil.copyfile(os.environ["CARGO_CONFIG"], cargo / "config.toml")
    return os.environ | {
        "PATH": f"{programs}:{os.environ['PATH']}",
        "HOME": str(folder),
        "CARGO_HOME": str(cargo),
        "BASH_ENV": str(folder / "begin"),
        "REPOSITORY": str(copy),
    }


def main():
    knowledge = json.loads(Path(os.environ["KNOWLEDGE"]).read_text())
    documents = Documents(Path(sys.argv[1]).resolve(), knowledge)
    documents.check()
    print(f"{documents.ran} blocks of commands ran")
    for problem in documents.problems:
        print(problem, file=sys.stderr)
    sys.exit(bool(documents.problems))


if __name__ == "__main__":
    main()
