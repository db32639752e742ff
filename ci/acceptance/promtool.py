"""Has promtool read what the tests made in the text format: promtool.py DIRECTORY"""

import concurrent.futures
import os
import subprocess
import sys

import expositions

# Its exit code if it has complaints: of names, units and help texts, which are here what tests want them to be.
LINT = 3


def complaint(path):
    """Why promtool cannot read the file, if so."""
    with path.open("rb") as file:
        done = subprocess.run(["promtool", "check", "metrics"], stdin=file, capture_output=True, check=False)
    return None if done.returncode in (0, LINT) else done.stderr.decode().strip()


def main(directory):
    paths = expositions.files(directory, ".legacy.text")
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        complaints = list(pool.map(complaint, paths))
    refused = [(path, reason) for path, reason in zip(paths, complaints) if reason is not None]
    expositions.finish("promtool", len(paths), refused)


main(*sys.argv[1:])
