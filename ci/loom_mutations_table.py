"""The mutations of ci/loom_mutations.py: those of orderings, found in the sources, and those that are written down."""

import pathlib
import re

ROOT = pathlib.Path(__file__).resolve().parent.parent
TABLE = ROOT / "ci/loom-mutations.txt"
ENGINE = pathlib.Path("engine/src")

# The halves that loom does not build, and what only models and their controls call.
NOT_SCANNED = {"sync/native.rs", "sync/shuttled.rs", "model.rs"}
NOT_THE_ENGINE = re.compile(r"#\[cfg\((all\(|any\()?(test|tachometer_loom)\b")
FUNCTION = re.compile(r"\bfn (\w+)")
ORDERING = re.compile(r"\bOrdering::(Release|Acquire|AcqRel|SeqCst)\b")
FENCE = re.compile(r"\bfence\(Ordering::(\w+)\);")
WEAKER = {"Release": ["Relaxed"], "Acquire": ["Relaxed"], "AcqRel": ["Acquire", "Release", "Relaxed"]}


class Mistake(Exception):
    """The table is wrong, or does not fit the sources any more."""


class Mutation:
    """A name, the texts of files with the fault in them, by path in the engine, and the models that should see it."""

    def __init__(self, name, files, models=None):
        self.name = name
        self.files = files
        self.models = models


# ---- What is found in the sources


def orderings():
    """The mutations of every ordering and fence in the engine."""
    found = []
    for path in sorted((ROOT / ENGINE).rglob("*.rs")):
        name = str(path.relative_to(ROOT / ENGINE))
        if name not in NOT_SCANNED:
            found.extend(orderings_of(name, path.read_text()))
    return numbered(found)


def orderings_of(file, text):
    skipped = parts_that_do_not_ship(text)

    def counts(match):
        line = text[text.rfind("\n", 0, match.start()) + 1 : match.start()]
        return "//" not in line and not any(start <= match.start() < end for start, end in skipped)

    fences = [fence for fence in FENCE.finditer(text) if counts(fence)]
    for fence in fences:
        what = f"{file} {function_at(text, fence.start())}: fence({fence[1]}) removed"
        yield Mutation(what, {file: text[: fence.start()] + text[fence.end() :]})
    for match in ORDERING.finditer(text):
        if not counts(match) or text[: match.start()].endswith("fence("):
            continue
        if match[1] == "SeqCst":
            raise Mistake(f"{file}: loom takes SeqCst for AcqRel, so no model can show that it is needed")
        for weaker in WEAKER[match[1]]:
            what = f"{file} {function_at(text, match.start())}: {call_at(text, match.start())} {match[1]} -> {weaker}"
            yield Mutation(what, {file: f"{text[: match.start()]}Ordering::{weaker}{text[match.end() :]}"})


def parts_that_do_not_ship(text):
    """Where the items lie that only tests or models have."""
    parts = []
    for match in NOT_THE_ENGINE.finditer(text):
        start = text.find("{", match.end())
        end_of_statement = text.find(";", match.end())
        if start == -1 or -1 < end_of_statement < start:
            continue
        depth, end = 1, start + 1
        while depth > 0 and end < len(text):
            depth += {"{": 1, "}": -1}.get(text[end], 0)
            end += 1
        parts.append((match.start(), end))
    return parts


def function_at(text, at):
    names = FUNCTION.findall(text[:at])
    return names[-1] if names else "?"


def call_at(text, at):
    """The method that the ordering at this place is an argument of, and which of its two it is."""
    depth = 0
    for begin in range(at - 1, -1, -1):
        depth += {")": 1, "(": -1}.get(text[begin], 0)
        if depth < 0:
            break
    method = re.search(r"([\w.\[\]]+)$", text[:begin])[1].removeprefix("self.")
    if "compare_exchange" not in method:
        return method
    return f"{method} on {'failure' if 'Ordering::' in text[begin:at] else 'success'}"


def numbered(mutations):
    """The same with a number behind names that there are several of."""
    seen = {}
    for mutation in mutations:
        seen[mutation.name] = seen.get(mutation.name, 0) + 1
        if seen[mutation.name] > 1:
            mutation.name += f" ({seen[mutation.name]})"
    return mutations


# ---- What is written down


class Table:
    """ci/loom-mutations.txt, whose head says how it is to be read."""

    def __init__(self):
        self.models = {}
        self.explained = {}
        self.mutations = []
        lines = iter(TABLE.read_text().splitlines())
        for line in lines:
            word, _, rest = line.partition(" ")
            if word == "models":
                files, _, names = rest.partition(": ")
                self.models.update({file: names.split() for file in files.split()})
            elif word == "explained":
                name, _, reason = rest.partition(" -- ")
                self.explained[name] = reason
            elif word == "mutation":
                self.mutations.append(self.mutation(rest, lines))
            elif line.strip() and not line.startswith("#"):
                raise Mistake(f"{TABLE.name}: what is `{line}`?")

    def mutation(self, name, lines):
        files, models = {}, None
        file, old, new = None, None, None
        for line in lines:
            word, _, rest = line.partition(" ")
            if word == "in":
                file = rest
                files.setdefault(file, (ROOT / ENGINE / file).read_text())
            elif word == "caught":
                models = rest.removeprefix("by ").split()
            elif line == "replace":
                old, new = [], None
            elif line == "with":
                new = []
            elif line == "end":
                files[file] = replaced(name, file, files[file], old, new)
                return Mutation(name, files, models)
            elif line == "and":
                files[file] = replaced(name, file, files[file], old, new)
                old, new = None, None
            elif line.startswith("    ") or not line:
                (old if new is None else new).append(line)
            else:
                raise Mistake(f"{name}: what is `{line}`?")
        raise Mistake(f"{name}: it has no end")

    def models_for(self, mutation, every):
        """The files of models, likely ones first, then all the others."""
        if mutation.models is None:
            likely = [name for file in mutation.files for name in self.likely(file)]
        else:
            likely = mutation.models
        unknown = [name for name in likely if name not in every]
        if unknown:
            raise Mistake(f"{mutation.name}: there are no models {', '.join(unknown)}")
        return [list(dict.fromkeys(likely)), [name for name in every if name not in likely]]

    def likely(self, file):
        """Those of the file, or of the directory that it is in."""
        folder = f"{file.rpartition('/')[0]}/"
        return self.models.get(file, self.models.get(folder, []))


def replaced(name, file, text, old, new):
    """The text with other lines in the place of the old ones, which must be there once. Indentation does not count."""
    lines = text.splitlines()
    old = [line.strip() for line in old]
    places = [at for at in range(len(lines)) if [line.strip() for line in lines[at : at + len(old)]] == old]
    if len(places) != 1:
        raise Mistake(f"{name}: {len(places)} places in {file} have its lines, and not one")
    return "\n".join([*lines[: places[0]], *new, *lines[places[0] + len(old) :], ""])
