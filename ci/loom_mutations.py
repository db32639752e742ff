"""Breaks the engine's concurrency in one place at a time and expects a model to fail for it.

    loom_mutations.py [--list] [TEXT]     TEXT: only the mutations whose name contains it
    loom_mutations.py --third             every third, from another one on for each commit

There are two kinds of mutations:

- Orderings are found in the engine's sources. Each Release, Acquire and AcqRel is weakened in every way, each fence is
  removed. What is added to the engine is thus in the table by itself. A compiler fence is left out: it is about signals
  and the compiler's order of instructions, and loom, which runs a thread's own accesses in the order of the program,
  can see neither. engine/tests/signal_steps.rs is for those.
- Rearrangements, which change the steps of a protocol, are written down in ci/loom-mutations.txt.

A mutation is caught when a model fails. Controls are not run: one that no longer finds its fault says nothing. A model
that explores fewer executions than it should is no catch either, so the minimum is not asserted here. (A model that
must go both ways still fails when it goes one way only.) Models run in processes of their own, within one
preemption at first, then two, then three: what can be caught is so as a rule within two, in a second. Those that should
catch a mutation come first, then all others. A model that takes too long has caught nothing; one that fails because it
no longer ends, which loom reports, has.

It works on two copies of the sources, side by side, with target directories of their own, and never on the tree itself.
"""

import json
import os
import pathlib
import resource
import shutil
import signal
import subprocess
import sys
import threading
import time

from loom_mutations_table import ENGINE, ROOT, Mistake, Table, orderings

MODELS = pathlib.Path("loom-tests/tests")
COPIES = 2
BOUNDS = [1, 2, 3]
LIMIT_SECONDS = 300

# Only the engine and one file of models are built again; loom itself, which does the work, is built once and well.
BUILD = [
    *("cargo", "test", "--release", "--locked", "--no-run", "--quiet", "--message-format", "json-render-diagnostics"),
    *("--config", "profile.release.opt-level=1", "--config", "profile.release.debug=0"),
    *("--config", 'profile.release.package."*".opt-level=3'),
    *("--package", "tachometer-loom-tests"),
]
ENVIRONMENT = {
    **os.environ,
    "RUSTFLAGS": "--cfg tachometer_loom",
    "CARGO_INCREMENTAL": "1",
    "RUST_BACKTRACE": "0",
    "TACHOMETER_LOOM_MINIMUM": "off",
}


# ---- Copies of the sources


class Stopped(Exception):
    """The whole run is to end."""


class Copy:
    """A copy of the sources, and its target directory."""

    children = set()
    stopped = False
    lock = threading.Lock()

    def __init__(self, place):
        self.sources = place / "sources"
        self.target = place / "target"
        # What the files held that are mutated now.
        self.originals = {}

    def refresh(self):
        """Makes it equal to the tree. What is equal already keeps its time, and need not be built again."""
        wanted = set(tracked_files())
        for path in wanted:
            self.write(path, (ROOT / path).read_bytes())
        for path in list(self.sources.rglob("*")):
            if path.is_file() and str(path.relative_to(self.sources)) not in wanted:
                path.unlink()

    def write(self, path, content):
        place = self.sources / path
        if not place.is_file() or place.read_bytes() != content:
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(content)

    def mutate(self, files):
        """Puts these files in the place of the engine's own, and those of the last mutation back."""
        for path, content in self.originals.items():
            self.write(path, content)
        self.originals = {ENGINE / file: (self.sources / ENGINE / file).read_bytes() for file in files}
        for file, text in files.items():
            self.write(ENGINE / file, text.encode())

    def build(self, models):
        """Builds a file of models; the path of the program, or what the compiler says against it."""
        command = [*BUILD, "--test", models, "--target-dir", str(self.target)]
        status, out, said = self.run(command, {}, None, cwd=self.sources)
        if status != 0:
            return None, said
        messages = [json.loads(line) for line in out.splitlines() if line.startswith("{")]
        return next(message["executable"] for message in messages if message.get("executable")), said

    def run(self, command, environment, limit, **options):
        """The status of a command, None when it took too long; and what it wrote."""
        with self.lock:
            if self.stopped:
                raise Stopped
            child = subprocess.Popen(
                command,
                env=ENVIRONMENT | environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
                errors="replace",
                start_new_session=True,
                **options,
            )
            self.children.add(child)
        try:
            out, said = child.communicate(timeout=limit)
            return child.returncode, out, said
        except subprocess.TimeoutExpired:
            end(child)
            return None, "", ""
        finally:
            with self.lock:
                self.children.discard(child)
            if self.stopped:
                raise Stopped

    @classmethod
    def stop(cls, *_):
        """Ends what runs; nothing begins after it."""
        cls.stopped = True
        for child in list(cls.children):
            end(child)


def end(child):
    """Ends a child with those that it has started."""
    try:
        os.killpg(child.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    child.wait()


def tracked_files():
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    paths = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout.splitlines()
    return [path for path in paths if (ROOT / path).is_file()]


# ---- Verdicts


def judge(copy, mutation, groups):
    """What becomes of a mutation: the verdict, and which model says so."""
    copy.mutate(mutation.files)
    late = []
    for group in groups:
        programs = {}
        for bound in BOUNDS:
            for file in group:
                if file not in programs:
                    programs[file], said = copy.build(file)
                    if programs[file] is None:
                        return "DOES NOT COMPILE", said
                for model in models_in(copy, programs[file]):
                    if (file, model) in late:
                        continue
                    verdict = run_model(copy, programs[file], model, bound)
                    if verdict == "too long":
                        late.append((file, model))
                    elif verdict != "passed":
                        return "caught", f"{file}: {model}{verdict}"
    return "SURVIVED", f"too long: {late}" if late else ""


def models_in(copy, program):
    """The models of a program, without the controls."""
    _, out, _ = copy.run([program, "--list", "--format", "terse"], {}, LIMIT_SECONDS)
    names = [line.removesuffix(": test") for line in out.splitlines() if line.endswith(": test")]
    return [name for name in names if not name.startswith("control_")]


def run_model(copy, program, model, bound):
    """Whether a model passes, takes too long, or fails; then with a word on failures of another kind than usual."""
    environment = {"LOOM_MAX_PREEMPTIONS": str(bound)}
    status, out, said = copy.run([program, "--exact", model, "--nocapture"], environment, LIMIT_SECONDS)
    if status is None:
        return "too long"
    if status == 0:
        return "passed"
    kinds = {"deadlock": "deadlock", "exceeded maximum number of branches": "livelock"}
    kind = next((kind for sign, kind in kinds.items() if sign in out + said), None)
    return f" ({kind})" if kind else ""


class Run:
    """All mutations, some at a time, and the sums."""

    def __init__(self, mutations, table, every):
        self.waiting = [(mutation, table.models_for(mutation, every)) for mutation in mutations]
        self.explained = table.explained
        self.width = max(len(mutation.name) for mutation in mutations)
        self.lock = threading.Lock()
        self.sums = {}
        self.failed = False

    def work(self, copy):
        try:
            while True:
                with self.lock:
                    if not self.waiting:
                        return
                    mutation, groups = self.waiting.pop(0)
                started = time.monotonic()
                verdict, about = judge(copy, mutation, groups)
                self.say(mutation.name, verdict, about, time.monotonic() - started)
        except Stopped:
            self.failed = True

    def say(self, name, verdict, about, seconds):
        with self.lock:
            if verdict == "SURVIVED" and name in self.explained:
                verdict, about = "explained", self.explained[name]
            self.sums[verdict] = self.sums.get(verdict, 0) + 1
            self.failed |= verdict not in ("caught", "explained")
            print(f"{name:{self.width}}  {verdict}  {seconds:3.0f} s  {about}", flush=True)


def main(arguments):
    listed, third = "--list" in arguments, "--third" in arguments
    text = " ".join(argument for argument in arguments if argument not in ("--list", "--third"))
    table = Table()
    mutations = [mutation for mutation in [*orderings(), *table.mutations] if text in mutation.name]
    unknown = set(table.explained) - {mutation.name for mutation in [*orderings(), *table.mutations]}
    if unknown:
        raise Mistake(f"explained, but no mutation: {', '.join(unknown)}")
    if not mutations:
        raise Mistake(f"no mutation has `{text}` in its name")
    if third:
        commit = subprocess.run(["git", "rev-parse", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=True)
        mutations = mutations[int(commit.stdout, 16) % 3 :: 3]
    every = sorted(path.stem for path in (ROOT / MODELS).glob("*.rs"))
    run = Run(mutations, table, every)
    if listed:
        print(*(mutation.name for mutation in mutations), sep="\n")
        return 0
    return carry_out(run, every)


def carry_out(run, every):
    started = time.monotonic()
    signal.signal(signal.SIGTERM, Copy.stop)
    signal.signal(signal.SIGINT, Copy.stop)
    place = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", "target")).absolute() / "mutations"
    copies = [Copy(place / str(number)) for number in range(COPIES)]
    for copy in copies:
        copy.refresh()
    try:
        prepare(copies, every)
    except Stopped:
        return 1
    threads = [threading.Thread(target=run.work, args=[copy]) for copy in copies]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for copy in copies:
        copy.mutate({})
    sums = ", ".join(f"{number} {verdict}" for verdict, number in sorted(run.sums.items()))
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    processor = used.ru_utime + used.ru_stime
    print(f"{sums}; {time.monotonic() - started:.0f} s, of processors {processor:.0f} s")
    return int(run.failed)


def prepare(copies, every):
    """Builds the dependencies once, and sees that the sources as they are pass what will have to fail."""
    first, *others = copies
    verdict, about = judge_unchanged(first, every)
    if verdict != "passed":
        raise Mistake(f"without a mutation: {verdict} {about}")
    for copy in others:
        if not copy.target.exists():
            shutil.copytree(first.target, copy.target, copy_function=shutil.copy2, symlinks=True)


def judge_unchanged(copy, every):
    copy.mutate({})
    for file in every:
        program, said = copy.build(file)
        if program is None:
            return "does not compile", said
        for model in models_in(copy, program):
            verdict = run_model(copy, program, model, BOUNDS[0])
            if verdict != "passed":
                return "failed", f"{file}: {model}{verdict}"
    return "passed", ""


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except Mistake as mistake:
        sys.exit(f"ci/loom-mutations.sh: {mistake}")
