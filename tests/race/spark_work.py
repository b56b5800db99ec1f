"""What Spark does to the snapshot while we load: maintenance, rows of its own, changes to ours.

Rows of its own have no source_file, so no customer's file owns them; `own` is what they must be. A statement that loses
against another writer's commit has done nothing, and is taken up again.
"""

import collections
import dataclasses
import os
import random
import time

import customers

ATTEMPTS = 30


@dataclasses.dataclass(frozen=True)
class Kind:
    name: str
    do: object  # (SparkWork) -> None
    makes_files: bool  # writes data files, which have no tags of ours


class SparkWork:
    def __init__(self, session, table, seed):
        self.session, self.table, self.chance = session, f"delta.`{table}`", random.Random(seed)
        self.folder = table
        self.own = {}  # note: mark
        self.struck = set()  # customers' files whose rows it has deleted
        self.done, self.lost = collections.Counter(), collections.Counter()
        self._serial = 0

    def prepare(self):
        """The columns that it writes."""
        self.sql(f"ALTER TABLE {self.table} ADD COLUMNS (note STRING, mark STRING)", "add_column")

    def sql(self, statement, kind):
        """Until it is done. Delta tells a conflict by its class; a statement that met one changed nothing."""
        for attempt in range(ATTEMPTS):
            try:
                return self.session.sql(statement).collect()
            except Exception as e:  # py4j's and pyspark's
                if not any(word in str(e) for word in _CONFLICTS):
                    raise
                self.lost[kind] += 1
                time.sleep(self.chance.uniform(0, 0.05) * attempt)
        raise AssertionError(f"{statement}: lost against other writers {ATTEMPTS} times")

    def _note(self):
        self._serial += 1
        return f"note-{self._serial}"

    def work(self, kinds, rounds, before_each):
        """Each kind once a round, in a random order."""
        for _ in range(rounds):
            for kind in self.chance.sample(kinds, len(kinds)):
                before_each()
                kind.do(self)
                self.done[kind.name] += 1


_CONFLICTS = (
    "ConcurrentAppendException",
    "ConcurrentDeleteReadException",
    "ConcurrentDeleteDeleteException",
    "ConcurrentTransactionException",
    "ConcurrentWriteException",
    "MetadataChangedException",
    "ProtocolChangedException",
    "DELTA_CONCURRENT",
    "DELTA_METADATA_CHANGED",
    "DELTA_SCHEMA_CHANGE_SINCE_ANALYSIS",  # by its other thread: nothing was done
)


def optimize(w):
    w.sql(f"OPTIMIZE {w.table}", "optimize")


def append(w):
    notes = [w._note() for _ in range(3)]
    values = ", ".join(f"('{note}', 'new')" for note in notes)
    # named columns: the rest is NULL, source_file too
    w.sql(f"INSERT INTO {w.table} (note, mark) VALUES {values}", "append")
    w.own.update(dict.fromkeys(notes, "new"))


def update(w):
    mark = f"u{w.done['update']}"
    w.sql(f"UPDATE {w.table} SET mark = '{mark}' WHERE note IS NOT NULL AND mark = 'new'", "update")
    w.own.update({note: mark for note, old in w.own.items() if old == "new"})


def update_customers(w):
    """A column that is not the loader's, on a customer's rows: the next version of the file has it no more."""
    name = w.chance.choice(customers.PLAIN)
    w.sql(f"UPDATE {w.table} SET mark = 'seen' WHERE source_file = '{name}'", "update_customers")


def delete(w):
    if w.own:
        note = w.chance.choice(sorted(w.own))
        w.sql(f"DELETE FROM {w.table} WHERE note = '{note}'", "delete")
        del w.own[note]


def delete_customers(w):
    """Some rows of a customer's: they come back with the next version of the file."""
    name = w.chance.choice(customers.STRUCK)
    w.struck.add(name)
    w.sql(f"DELETE FROM {w.table} WHERE source_file = '{name}' AND wid LIKE '%0'", "delete_customers")


def merge(w):
    old = w.chance.sample(sorted(w.own), min(2, len(w.own)))
    notes = old + [w._note()]
    values = ", ".join(f"('{note}')" for note in notes)
    w.sql(
        f"MERGE INTO {w.table} t USING (SELECT * FROM VALUES {values} AS s(note)) s ON t.note = s.note"
        " WHEN MATCHED THEN UPDATE SET t.mark = 'merged' WHEN NOT MATCHED THEN INSERT (note, mark) VALUES (s.note, 'merged')",
        "merge",
    )
    w.own.update(dict.fromkeys(notes, "merged"))


def add_column(w):
    w.sql(f"ALTER TABLE {w.table} ADD COLUMNS (extra_{w.done['add_column']} STRING)", "add_column")


def vacuum(w):
    """A file that no version knows and that is old goes; what a load is just writing stays."""
    orphan = w.folder / f"part-orphan-{w.done['vacuum']}.parquet"
    orphan.write_bytes(b"nobody's")
    long_ago = time.time() - 30 * 86_400
    os.utime(orphan, (long_ago, long_ago))
    w.sql(f"VACUUM {w.table}", "vacuum")
    assert not orphan.exists(), "VACUUM left an orphan"


KINDS = [
    Kind("add_column", add_column, False),
    Kind("vacuum", vacuum, False),
    Kind("optimize", optimize, True),
    Kind("append", append, True),
    Kind("update", update, True),
    Kind("update_customers", update_customers, True),
    Kind("delete", delete, True),
    Kind("delete_customers", delete_customers, True),
    Kind("merge", merge, True),
]
