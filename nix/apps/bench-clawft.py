"""Measures how soon the agent is ready, over what an empty program takes on the same runtime, and the memory in
which it waits for a message.

Ready is the component after its function `init`, and the command when it has said what it can do. Each runs with an
empty home folder and without a cache, in turns with the empty program; figures are medians. Memory is that of
the component, compiled ahead of time, in a host without a compiler, and of the native command.
"""

import argparse
import json
import os
import subprocess
import tempfile
import time
from pathlib import Path

from turns import in_turns

EPILOG = """examples:
  nix run .#bench-clawft
  nix run .#bench-clawft -- --runs 51 --json

exit codes: 0 measured, 1 a program failed, 2 wrong use"""

# Its own code, and what it leaves to Cranelift, as soon as possible
WINCH = ["-C", "compiler=winch", "-O", "opt-level=0", "-O", "regalloc-algorithm=single-pass"]
EMPTY_COMMAND = '(module (memory (export "memory") 1) (func (export "_start")))'
EMPTY_COMPONENT = """(component
  (core module $module (func (export "init")))
  (core instance $instance (instantiate $module))
  (func (export "init") (canon lift (core func $instance "init"))))"""


def starts(folder, home):
    """By runtime: the command that makes the agent ready, and that of the empty program."""
    component, command = os.environ["COMPONENT"], os.environ["COMMAND"]
    empty_component, text, empty_command = (folder / name for name in ("component.wat", "empty.wat", "empty.wasm"))
    empty_component.write_text(EMPTY_COMPONENT)
    text.write_text(EMPTY_COMMAND)
    subprocess.run(["wat2wasm", text, "-o", empty_command], check=True)

    def compiled(compiler, module, name):
        code = str(folder / name)
        subprocess.run([*compiler, "-o", code, module], check=True, stdout=subprocess.DEVNULL)
        return code

    def wasmtime(module, call, *options):
        dirs = ["--dir", f"{home}::/home", "--env", "HOME=/home"]
        return ["wasmtime", "run", "-C", "cache=n", "-S", "http", *options, *dirs, "--invoke", call, str(module)]

    def ahead(module, call, name):
        return wasmtime(compiled(["wasmtime", "compile", "-C", "cache=n"], module, name), call, "--allow-precompiled")

    def iwasm(module, *arguments):
        options = ["--stack-size=1048576", "--heap-size=0", f"--map-dir=/home::{home}", "--env=HOME=/home"]
        return ["iwasm", *options, str(module), *arguments]

    return {
        "Wasmtime JIT": (wasmtime(component, "init(none)"), wasmtime(empty_component, "init()")),
        "Wasmtime JIT, Winch": (
            wasmtime(component, "init(none)", *WINCH),
            wasmtime(empty_component, "init()", *WINCH),
        ),
        "Wasmtime AOT": (ahead(component, "init(none)", "agent.cwasm"), ahead(empty_component, "init()", "empty.cwasm")),
        "WAMR interpreter": (iwasm(command, "--capabilities"), iwasm(empty_command)),
        "WAMR AOT": (
            iwasm(compiled(["wamrc"], command, "agent.aot"), "--capabilities"),
            iwasm(compiled(["wamrc"], empty_command, "empty.aot")),
        ),
        "native": (["env", f"HOME={home}", os.environ["NATIVE"], "--capabilities"], ["env", "true"]),
    }


def idle(command):
    """Resident bytes of a program that waits for its standard input."""
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL) as process:
        time.sleep(1)
        if process.poll() is not None:
            raise SystemExit(f"bench-clawft: {' '.join(command)} ended with {process.returncode}")
        # NB: a small Linux has no ps, another system no /proc
        status = Path(f"/proc/{process.pid}/status")
        if status.exists():
            (kilobytes,) = (line.split()[1] for line in status.read_text().splitlines() if line.startswith("VmRSS:"))
        else:
            kilobytes = subprocess.check_output(["ps", "-o", "rss=", "-p", str(process.pid)])
        process.kill()
    return int(kilobytes) * 1024


def main():
    parser = argparse.ArgumentParser(
        prog="bench-clawft", description=__doc__, epilog=EPILOG, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--runs", metavar="N", type=int, default=31, help="of each program [default: %(default)s]")
    parser.add_argument("--cpu", action="store_true", help="time of the CPU, for a machine that is busy")
    parser.add_argument("--json", action="store_true", help="print JSON")
    options = parser.parse_args()

    with tempfile.TemporaryDirectory(prefix="bench-clawft-") as folder:
        home = Path(folder) / "home"
        (home / ".clawft").mkdir(parents=True)
        programs = {}
        for name, (agent, empty) in starts(Path(folder), home).items():
            programs |= {(name, "agent"): (agent, b""), (name, "empty"): (empty, b"")}
        milliseconds = {
            key: seconds * 1000 for key, (seconds, _) in in_turns(programs, options.runs, options.cpu).items()
        }
        code = str(Path(folder) / "host.cwasm")
        subprocess.run([os.environ["COMPILER"], "--compile", code, os.environ["COMPONENT"]], check=True)
        waiting = {
            "component": idle([os.environ["HOST"], "--idle", "--dir", f"{home}::/home", "--env", "HOME=/home", code]),
            "native": idle(["env", f"HOME={home}", os.environ["NATIVE"]]),
        }

    native = milliseconds["native", "agent"]
    ready = {
        name: {
            "ready_ms": round(whole, 2),
            "over_empty_ms": round(whole - milliseconds[name, "empty"], 2),
            "times_native": round(whole / native, 2),
        }
        for (name, which), whole in milliseconds.items()
        if which == "agent"
    }
    if options.json:
        print(json.dumps({"ready": ready, "idle_bytes": waiting}, indent=2))
        return
    print(f"{'':20}{'ready':>10}{'over an empty one':>20}{'times native':>14}")
    for name, times in ready.items():
        ms, over, ratio = times.values()
        print(f"{name:20}{ms:7.2f} ms{over:17.2f} ms{ratio:14.2f}")
    for name, resident in waiting.items():
        print(f"idle, {name}: {resident / 2**20:.1f} MiB, {resident / waiting['native']:.2f} times native")


if __name__ == "__main__":
    try:
        main()
    except subprocess.CalledProcessError as error:
        raise SystemExit(f"bench-clawft: {error}")
