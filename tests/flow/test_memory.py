from __future__ import annotations

import gzip
import os
import subprocess
import sys

from hub import PROJECT, Hub, event, lines

# Not `getrusage`: what it says of a process began with what the process that started it was using.
_MEASURED = """
import sys
from pathlib import Path
from ci_intel.cli import cli
try:
    cli(sys.argv[1:])
finally:
    said = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    print(said["VmHWM"].removesuffix("kB"), file=sys.stderr)
"""


def test_a_file_of_many_times_the_memory_of_a_chunk_is_loaded_in_bounded_memory(hub: Hub) -> None:
    part = lines(*(event(rule=f"rule {number}", reason="x" * 3000) for number in range(2000)))
    path = hub.folder / "large.ndjson.gz"
    with gzip.open(path, "wb", compresslevel=1) as file:
        for _ in range(20):
            file.write(part)

    done = subprocess.run(
        [sys.executable, "-c", _MEASURED, "load", str(path), "--workers", "1"],
        env={**os.environ, **hub.environment, "PYTHONPATH": str(PROJECT)},
        capture_output=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    # Half a gigabyte is the engine's own limit and what Python needs besides; the file holds 130 MB.
    assert int(done.stderr.split()[-1]) < 700 * 1024
    assert hub.value("select count(*) from raw.policy_decisions") == 40_000
