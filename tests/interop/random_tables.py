"""Random tables of ours, made by the real program from a random source, and what must be in them at each version."""

import collections
import os
import random

import maintenance
from program import HELD, OK, sync
from readers import SNAPSHOT, Tables
from reference import read_folder
from sources import Source, TypedSource

SEEDS = int(os.environ.get("RTLOADER_INTEROP_SEEDS", "100"))
VERSIONS = 4  # the latest and three earlier ones are compared

exercised = collections.Counter()  # how often each step was taken, in the whole run


class RandomTables:
    """`known` maps snapshot versions to {source_file: rows}; versions below `oldest` may be gone."""

    def __init__(self, place, seed, scratch):
        self.place, self.seed, self.scratch = place, seed, scratch
        self.chance = random.Random(seed)
        self.source = (TypedSource if self.chance.random() < 0.2 else Source)(place / "in", seed)
        self.tables = Tables(place / "tables")
        self.model = self.source.model()
        self.known, self.oldest = {}, 0
        self.steps = []
        self.options = {"commit.checkpoint_interval": self.chance.choice([3, 5, 10, 100])}
        self.schema = ("--schema", self.source.schema) if self.source.schema else ()

    @property
    def snapshot(self):
        return self.tables.root / SNAPSHOT

    def did(self, step):
        self.steps.append(step)
        exercised[step] += 1

    def flags(self):
        """The program's options, as a file beside the source."""
        sections = {}
        for name, value in self.options.items():
            section, _, key = name.partition(".")
            sections.setdefault(section, []).append(f"{key} = {value!r}".replace("'", '"'))
        text = "".join(f"[{section}]\n" + "\n".join(lines) + "\n" for section, lines in sections.items())
        return ("--config", maintenance.file_in(self.scratch, "rtloader.toml", text), *self.schema)

    def sync(self):
        self.model.observe(read_folder(self.source.path))
        done = sync(self.source.path, self.tables.root, *self.flags(), "--allow-mass-delete", "--json", expect=(OK, HELD))
        report = done.report
        for outcome in ("replaced", "deleted", "unchanged", "held"):
            if report[outcome]:
                self.did(outcome)
        self.note()

    def note(self):
        """The table's newest version holds what the model says."""
        self.known[self.tables.version()] = {name: rows for name, rows in self.model.rows.items() if rows}

    def readable(self):
        return sorted(version for version in self.known if version >= self.oldest)

    def change(self):
        if self.chance.random() < 0.3 and self.source.widen():
            self.did("widened")
        self.source.changes()
        if any(not parsed.rows and not parsed.held for parsed in self.model.parsed.values()):
            self.did("empty")

    def maintain(self):
        step = self.chance.choice(maintenance.available(self.place))
        if step.run(self) is not False:
            self.did(step.name)
            self.note()

    def versions(self):
        """The latest and three earlier versions."""
        *earlier, latest = self.readable()
        return sorted(self.chance.sample(earlier, VERSIONS - 1)) + [latest]


def make(place, seed, scratch=None):
    """A history of syncs and maintenance; ends when enough versions can be read. `scratch`: a folder, where `place` is none."""
    made = RandomTables(place, seed, scratch or place)
    maintenance.choose_options(made)
    made.source.fill()
    made.sync()
    moves = made.chance.randint(4, 7)
    while moves > 0 or len(made.readable()) < VERSIONS:
        if made.chance.random() < 0.4:
            made.maintain()
        else:
            made.change()
            made.sync()
        moves -= 1
        assert moves > -40, f"seed {seed}: too few versions after {made.steps}"
    return made
