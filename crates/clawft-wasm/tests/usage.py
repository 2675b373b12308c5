"""What a host says to arguments that it cannot take, before anything is run.

    python3 usage.py node host.mjs clawft.js
    python3 usage.py python3 host.py clawft.wasm
"""

import subprocess
import sys


def run(command, arguments):
    return subprocess.run([*command, *arguments], capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False)


def main(command):
    for arguments in [["--nope"], ["--session"], ["--dir"], ["--json=yes"], ["one", "two"], ["--capabilities", "x"]]:
        done = run(command, arguments)
        assert done.returncode == 2, (arguments, done)
        assert done.stdout == "" and "usage: " in done.stderr, (arguments, done)
        assert "at file://" not in done.stderr and "Traceback" not in done.stderr, (arguments, done)
    done = run(command, ["--help"])
    assert done.returncode == 0 and done.stdout.startswith("usage: ") and done.stderr == "", done


if __name__ == "__main__":
    main(sys.argv[1:])
