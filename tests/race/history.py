"""Every version that a race left behind, read by deltalake and by Spark: each file's rows come from one version of it, whole
but for those that were deleted on purpose, and none goes back."""

import collections

import deltalake
from customers import canonical_rows_of
from readers import arrow_table
from reference import canonical

COLUMNS = ("wid", "generation", "json_data")


def by_deltalake(table, version):
    """Rows as dicts, of the columns that matter here."""
    rows = arrow_table(deltalake.DeltaTable(str(table), version=version))
    names = ["source_file", "file_version", *COLUMNS, *(c for c in ("note", "mark") if c in rows.column_names)]
    return rows.select(names).to_pylist()


def by_spark(session, table, version):
    """How many rows there are of each file, version of it, and generation."""
    rows = session.read.format("delta").option("versionAsOf", version).load(str(table))
    counted = rows.groupBy("source_file", "file_version", "generation").count().collect()
    return collections.Counter({(r[0], r[1], r[2]): r[3] for r in counted})


def counts(records):
    return collections.Counter((r["source_file"], r["file_version"], r["generation"]) for r in records)


def check_one_version_each(counted, what):
    """I2."""
    seen = {}
    for name, file_version, generation in counted:
        if name is not None:
            assert name not in seen, f"{what}: {name} has rows of {seen[name]} and of {(file_version, generation)}"
            seen[name] = (file_version, generation)
    return seen


def rows_by_file(records):
    out = collections.defaultdict(list)
    for r in records:
        if r["source_file"] is not None:
            out[r["source_file"]].append({c: r[c] for c in COLUMNS})
    return {name: canonical(rows) for name, rows in out.items()}


def own_rows(records):
    return sorted((r["note"], r["mark"]) for r in records if r["source_file"] is None)


class History:
    """Call `check` for versions in order."""

    def __init__(self, struck):
        self.struck, self.generation_of, self.last = struck, {}, {}

    def check(self, version, records):
        what = f"version {version}"
        for name, (file_version, generation) in check_one_version_each(counts(records), what).items():
            assert file_version >= self.last.get(name, 0), f"{what}: {name} went back to {file_version}"  # I4
            self.last[name] = file_version
            known = self.generation_of.setdefault((name, file_version), generation)
            assert known == generation, f"{what}: {name} {file_version} holds generation {generation}, before {known}"
        for name, rows in rows_by_file(records).items():  # I3
            want = canonical_rows_of(name, self.generation_of[name, self.last[name]])
            if name in self.struck:
                assert len(set(rows)) == len(rows) and set(rows) <= set(want), f"{what}: {name} has rows twice or foreign ones"
            else:
                assert rows == want, f"{what}: {name} has {len(rows)} rows of {len(want)}"
        notes = [note for note, _ in own_rows(records)] if records and "note" in records[0] else []
        assert len(set(notes)) == len(notes), f"{what}: rows of Spark's twice"
