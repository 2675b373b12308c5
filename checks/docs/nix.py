"""nix.py NAME ARGUMENT...: `nix` or `nixw` where Nix cannot run, inside the docs check.

It gives each command what Nix would give: KNOWLEDGE says what the flake's outputs are, and
they are built already. What only moves built outputs about, Nix itself does, with a database of
its own. What it does not know it refuses.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

NAME, *ARGUMENTS = sys.argv[1:]
KNOWLEDGE = json.loads(Path(os.environ["KNOWLEDGE"]).read_text())
REPOSITORY = Path(os.environ["REPOSITORY"])
TEMPLATE = REPOSITORY / "nix/template"


def refuse(message):
    sys.exit(f"checks/docs/nix.py: {message}")


def unknown():
    command = " ".join([Path(NAME).name, *ARGUMENTS])
    refuse(f"`{command}` is not known here: teach it, or mark the block `sh ignore=REASON`")


def output(installable):
    """What an installable is: {"path"} of a built output, {"program"}, {"value"} or {"exists"}."""
    if installable == "." and Path("flake.nix").read_bytes() == (TEMPLATE / "flake.nix").read_bytes():
        return {"path": KNOWLEDGE["template"]}
    flake, _, name = installable.partition("#")
    found = KNOWLEDGE["outputs"].get(name, {})
    if flake != "." or not found or found.get("exists") is False:
        refuse(f"the flake has no output {installable}")
    return found


def path_of(installable):
    found = output(installable)
    if "path" not in found:
        print(f"{installable} is there, and is built by its own check")
        sys.exit()
    return found["path"]


def options(arguments, with_value=(), alone=()):
    """Splits arguments into the known options and the others."""
    found, others = {}, []
    arguments = iter(arguments)
    for argument in arguments:
        if argument in with_value:
            found[argument] = next(arguments, None)
        elif argument in alone:
            found[argument] = True
        elif argument.startswith("-"):
            unknown()
        else:
            others.append(argument)
    return found, others


def build(arguments):
    found, installables = options(
        arguments,
        with_value=("-o", "--out-link"),
        alone=("-L", "--print-build-logs", "--no-link", "--print-out-paths", "--rebuild"),
    )
    link = found.get("-o") or found.get("--out-link") or "result"
    for number, installable in enumerate(installables or ["."]):
        path = path_of(installable)
        if "--no-link" not in found:
            place = Path(link if number == 0 else f"{link}-{number}")
            place.unlink(missing_ok=True)
            place.symlink_to(path)
        if "--print-out-paths" in found:
            print(path)


def program(path):
    programs = list(Path(path).glob("bin/*"))
    if len(programs) != 1:
        refuse(f"{path} has {len(programs)} programs, and not the one to run")
    return str(programs[0])


def run(arguments):
    installable, *rest = arguments
    if rest and rest[0] == "--":
        rest = rest[1:]
    tool = output(installable).get("program") or program(path_of(installable))
    os.execv(tool, [tool, *rest])


def evaluate(arguments):
    found, installables = options(arguments, alone=("--raw", "--json"))
    for installable in installables:
        value = output(installable).get("value")
        if value is None:
            refuse(f"{installable} is no string")
        print(value if "--raw" in found else json.dumps(value), end="" if "--raw" in found else "\n")


def develop(arguments):
    if arguments[:1] not in (["-c"], ["--command"]) or len(arguments) < 2:
        unknown()
    path = f"{os.environ['SHELL_PATH']}:{os.environ['PATH']}"
    tool = shutil.which(arguments[1], path=path) or refuse(f"`nix develop` offers no {arguments[1]}")
    os.execve(tool, arguments[1:], {**os.environ, "PATH": path})


def initialise(arguments):
    found, others = options(arguments, with_value=("-t", "--template"))
    if others or not found:
        unknown()
    for source in (file for file in TEMPLATE.rglob("*") if file.is_file()):
        target = Path(source.relative_to(TEMPLATE))
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)


def real_nix(arguments):
    """Nix itself, in whose database are the outputs that the command names."""
    state = REPOSITORY.parent / "state"
    env = os.environ | {"NIX_STATE_DIR": str(state), "NIX_LOG_DIR": str(state), "NIX_REMOTE": "local"}
    for number, argument in enumerate(arguments):
        if argument.startswith(".#"):
            arguments[number] = path_of(argument)
            # NB: without references: those of modules are none
            register = [f"{os.environ['NIX']}/nix-store", "--register-validity"]
            subprocess.run(register, input=f"{arguments[number]}\n\n0\n", text=True, check=True, env=env)
    os.execve(f"{os.environ['NIX']}/nix", ["nix", "--extra-experimental-features", "nix-command", *arguments], env)


def real_nixw(arguments):
    """What nixw does by itself, or offers by itself but needs a network for."""
    usage = subprocess.run([REPOSITORY / ".nixw", "--help"], check=True, capture_output=True, text=True).stdout
    if arguments[0] in ("-h", "--help", "help"):
        print(usage, end="")
    elif f"./nixw {arguments[0]} " not in usage:
        unknown()


def main():
    match [argument for argument in ARGUMENTS if argument != "--locked"]:
        case ["build", *rest]:
            build(rest)
        case ["run", _, *_] as command:
            run(command[1:])
        case ["eval", _, *_] as command:
            evaluate(command[1:])
        case ["develop", *rest]:
            develop(rest)
        case ["fmt", *rest]:
            tool = program(KNOWLEDGE["formatter"])
            os.execv(tool, [tool, *(argument for argument in rest if argument != "--")])
        case ["flake", "check", *rest]:
            options(rest, alone=("-L", "--print-build-logs", "--keep-going", "--no-build"))
        case ["flake", "show"]:
            print("\n".join([*KNOWLEDGE["packages"], *KNOWLEDGE["checks"]]))
        case ["flake", "init", *rest]:
            initialise(rest)
        case ["copy" | "key" | "store", *_] as command:
            real_nix(command)
        case ["--help" | "-h" | "help" | "doctor" | "pin", *_] as command if Path(NAME).name == "nixw":
            real_nixw(command)
        case _:
            unknown()


main()
