#!/usr/bin/env python3
"""Makes a tree for cargo-mutants: `mutants_tree.py TREE`, from the root of the repository.

A mutant is quickly built and tested there. The tests of the engine, and those of its derives that record, are one
program, `engine/tests/all.rs`, where they are 90, and nothing is optimized but what does not change. A file is written
where it differs, so that what was built before stays, and what an interrupted run has left changed is as it was.

What cannot be in one program, because it has a global allocator or a `main` of its own or runs itself again, is listed in
`programs` in the root of the tree, for ci/mutants_judge.sh.
"""

import pathlib
import re
import subprocess
import sys

PROGRAM = re.compile(r"^#\[global_allocator\]|^fn main\(|\bcurrent_exe\(", re.MULTILINE)
COMMON = re.compile(r'#\[path = "(common/\w+\.rs)"\]')
# Change what belongs to the process, or count on what does: each is run in a process of its own.
APART = {
    "attributes_by_name", "callback_threads", "collector_default", "collector_refused", "config_install",
    "config_install_late", "declared", "default_registry", "default_registry_used", "disabled", "flat_memory",
    "local_limit", "many_threads", "million_label_sets", "named_any_input", "named_default", "named_limit",
    "named_problems", "named_service", "no_slots", "panics", "process_metrics", "signal_first_record",
    "signal_histogram", "signal_steps", "sparse_memory", "stuck_callbacks", "threads",
}  # fmt: skip
# Compile only, or look at what compiles.
COMPILED = {"compile_errors", "surroundings", "attributes_surroundings"}

CONFIG = """\
[profile.dev]
debug = false
[profile.dev.package."*"]
opt-level = 1
"""


def write(path, content):
    if not path.exists() or path.read_bytes() != content:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def is_program(path):
    """Whether the test, or what it shares with others, asks for a program of its own."""
    text = path.read_text()
    shared = [(path.parent / common).read_text() for common in COMMON.findall(text)]
    return any(PROGRAM.search(part) for part in [text, *shared])


def tests():
    found = [*pathlib.Path("engine/tests").glob("*.rs"), *pathlib.Path("macros/tests").glob("*.rs")]
    return sorted(path for path in found if path.stem not in COMPILED)


def one_program():
    text = "//! Every test that can be in one program.\n"
    for path in tests():
        if is_program(path):
            continue
        group = "apart" if path.stem in APART else "together"
        of = "macros_" if path.parts[0] == "macros" else ""
        text += f'#[path = "../../{path}"]\nmod {group}_{of}{path.stem};\n'
    return text


def main():
    tree = pathlib.Path(sys.argv[1])
    listed = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    files = subprocess.run(listed, check=True, capture_output=True, text=True).stdout.split("\0")
    wanted = {name: pathlib.Path(name).read_bytes() for name in files if name and pathlib.Path(name).is_file()}
    wanted["engine/tests/all.rs"] = one_program().encode()
    wanted["programs"] = "".join(f"{path.stem}\n" for path in tests() if is_program(path)).encode()
    wanted[".cargo/config.toml"] = CONFIG.encode()
    # The derives' tests need it.
    dependency = b"[dev-dependencies]\nasync-trait.workspace = true\n"
    wanted["engine/Cargo.toml"] = wanted["engine/Cargo.toml"].replace(b"[dev-dependencies]\n", dependency)
    for name, content in wanted.items():
        write(tree / name, content)
    for path in [*tree.glob("engine/**/*.rs"), *tree.glob("macros/**/*.rs")]:
        if str(path.relative_to(tree)) not in wanted:
            path.unlink()


main()
