"""Every table that Delta's own project keeps as an example is read right, or refused with the reason.

The rows come from `expected/`, written by Spark. Tables without it say below what is asked of them instead.
"""

import re

import corpora
import deltalake
import program
import pytest
import readers
import shown

# What the log contradicts, and the word that must say so.
REFUSED = {
    "data-reader-absolute-paths-escaped-chars": "no metaData action",
    "deltalog-invalid-protocol-version": "reader version 99",
    "deltalog-state-reconstruction-from-checkpoint-missing-metadata": "no metaData action",
    "deltalog-state-reconstruction-from-checkpoint-missing-protocol": "no protocol action",
    "deltalog-state-reconstruction-without-metadata": "no metaData action",
    "deltalog-state-reconstruction-without-protocol": "no protocol action",
    "no-delta-log-folder": "no _delta_log",
    "versions-not-contiguous": "no commit 1",
}

# Tables that are a log alone: the files that it names are not there. That the log was understood shows in which file is missed.
MISSED_FILE = {
    "checkpoint": "15",
    "delete-re-add-same-file-different-transactions": "bar",
    "deltalog-commit-info": "abc",
    "log-replay-special-characters-b": "special p@#h",
    "update-deleted-directory": "1",
}

# The remove and the add spell one path differently: the file is gone, and with it all rows.
EMPTY = {f"canonicalized-paths-{kind}-{letter}" for kind in ("normal", "special") for letter in "ab"}

# Partition values without a time zone, written and read by a program in this one. The table does not tell.
TIME_ZONE = {"data-reader-partition-values": "America/Los_Angeles"}

# Tables whose earlier version is the last one of another: made by the same steps.
EARLIER = [
    ("time-travel-start-start20", 0, "time-travel-start"),
    ("time-travel-start-start20-start40", 0, "time-travel-start"),
    ("time-travel-start-start20-start40", 1, "time-travel-start-start20"),
    ("time-travel-schema-changes-b", 0, "time-travel-schema-changes-a"),
    ("time-travel-partition-changes-b", 0, "time-travel-partition-changes-a"),
    ("snapshot-data1", 0, "snapshot-data0"),
    ("snapshot-data2", 0, "snapshot-data0"),
    ("snapshot-data2", 1, "snapshot-data1"),
    ("snapshot-data3", 2, "snapshot-data2"),
    ("snapshot-data2-deleted", 3, "snapshot-data3"),
    ("snapshot-repartitioned", 4, "snapshot-data2-deleted"),
    ("snapshot-vacuumed", 5, "snapshot-repartitioned"),
]

GOLDEN = corpora.names("delta_golden")
TOLD = [*REFUSED, *MISSED_FILE, *EMPTY, "hive", "absent"]


def golden(name, tmp_path):
    return corpora.unpacked("delta_golden", name, tmp_path)


@pytest.mark.parametrize("name", [name for name in GOLDEN if name not in TOLD] or ["absent"])
def test_rows_are_those_that_spark_wrote_down(name, tmp_path):
    folder = golden(name, tmp_path)
    expected = shown.parquet_rows(folder / "expected")
    assert expected is not None, f"{name} has no expected rows: say in this file what it must be"
    zone = ["--partition-time-zone", TIME_ZONE[name]] if name in TIME_ZONE else []
    shown.assert_shows(folder / "delta", expected, *zone)


@pytest.mark.parametrize("name", REFUSED)
def test_contradictions_are_refused_with_the_reason(name, tmp_path):
    done = program.run("show", golden(name, tmp_path) / "delta")
    assert done.code in (program.FAILED, program.USAGE), done
    assert REFUSED[name] in done.err and not done.out, done


@pytest.mark.parametrize("name", MISSED_FILE)
def test_a_log_without_its_files_is_understood(name, tmp_path):
    done = program.run("show", golden(name, tmp_path) / "delta", "--limit", "0")
    assert done.code == program.FAILED, done
    assert re.match(rf"rtloader: error: {re.escape(MISSED_FILE[name])}: ", done.err), done


@pytest.mark.parametrize("name", sorted(EMPTY))
def test_one_file_however_its_path_is_spelt(name, tmp_path):
    assert shown.show(golden(name, tmp_path) / "delta") == []


@pytest.mark.parametrize(("name", "version", "like"), EARLIER)
def test_earlier_versions(name, version, like, tmp_path):
    expected = shown.parquet_rows(golden(like, tmp_path) / "expected")
    shown.assert_shows(golden(name, tmp_path) / "delta", expected, "--version", str(version))


def test_tables_made_for_hive(tmp_path):
    """Several tables, without expected rows: deltalake reads the same ones."""
    tables = sorted(path.parent for path in (golden("hive", tmp_path) / "delta").glob("*/_delta_log"))
    assert len(tables) > 5
    for table in tables:
        shown.assert_shows(table, deltalake.DeltaTable(str(table)).to_pyarrow_table())


# Their data files are not there.
KERNEL_LOGS = {"with_checkpoint_no_last_checkpoint": "part-00000-70b1dcdf-0236-4f63-a072-124cdbafd8a0-c000.snappy.parquet"}


@pytest.mark.parametrize("name", KERNEL_LOGS)
def test_logs_of_the_delta_kernel(name, tmp_path):
    table = corpora.unpacked("delta_tables", name, tmp_path)
    done = program.run("show", table, "--limit", "0")
    assert done.code == program.FAILED and KERNEL_LOGS[name] in done.err, done


@pytest.mark.parametrize("name", [name for name in corpora.names("delta_tables") if name not in KERNEL_LOGS])
def test_tables_of_the_delta_kernel(name, tmp_path):
    """Checkpoints of every kind, compacted logs, deletion vectors: DuckDB reads the same rows."""
    table = corpora.unpacked("delta_tables", name, tmp_path)
    shown.assert_shows(table, readers.duck_rows(table))
