"""Programs, measured in turns."""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path


def timed(command, text=b"", cpu=False):
    """Seconds, of the CPU if so wanted, and the peak of resident memory in bytes, of one run."""
    with tempfile.TemporaryFile() as file:
        file.write(text)
        file.seek(0)
        begin = time.perf_counter()
        process = subprocess.Popen(command, stdin=file, stdout=subprocess.DEVNULL)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - begin
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{Path(sys.argv[0]).stem}: {' '.join(command)} ended with {process.returncode}")
    return usage.ru_utime + usage.ru_stime if cpu else seconds, usage.ru_maxrss * 1024


def in_turns(programs, runs, cpu=False):
    """The medians of each program's seconds and memory. A program is its command and standard input."""
    results = {name: [] for name in programs}
    for turn in range(runs + 1):
        for name, (command, text) in programs.items():
            result = timed(command, text, cpu)
            # the first one reads files that no later one has to
            if turn:
                results[name].append(result)
    return {name: [statistics.median(column) for column in zip(*found)] for name, found in results.items()}
