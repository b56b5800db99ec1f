"""Random folders: after each sync every reader sees exactly the reference's rows, and all tables agree."""

import os

import pytest
from agreement import check_accounts, check_equal, check_history, check_quarantine, check_raw, check_snapshot
from folders import RandomFolder
from program import sync, verify
from readers import RAW, SNAPSHOT, Tables, by_file, by_version
from reference import Folder, read_folder

FOLDERS = int(os.environ.get("RTLOADER_TEST_FOLDERS", "200"))
S3_FOLDERS = int(os.environ.get("RTLOADER_TEST_S3_FOLDERS", "25"))
SYNCS = 4


CASES = [("local", seed) for seed in range(FOLDERS)] + [("s3", seed) for seed in range(S3_FOLDERS)]


@pytest.mark.parametrize("place,seed", CASES, indirect=["place"])
def test_random_folder(place, seed):
    source = RandomFolder(place / "in", seed)
    tables = Tables(place / "tables")
    folder = Folder()
    source.fill()
    for step in range(SYNCS):
        if step:
            source.changes()
        files = read_folder(source.path)
        folder.observe(files)
        held = any(parsed.held for parsed in folder.parsed.values())
        done = sync(source.path, tables.root, expect=3 if held else 0)
        records = check_snapshot(tables, folder)
        check_accounts(tables, folder)
        check_quarantine(tables, folder)
        raw = by_version(tables.records(RAW))
        for key, rows in by_version(records).items():
            check_equal({key: raw.get(key)}, {key: rows}, f"raw after sync {step}\n{done}")

    verify(source.path, tables.root, expect=4 if held else 0)
    raw = check_raw(tables, check_history(tables))
    check_equal(by_version(tables.records_by_duckdb(RAW)), raw, "raw read by DuckDB")

    before = by_version(tables.records(SNAPSHOT)), raw
    sync(source.path, tables.root)
    after = by_version(tables.records(SNAPSHOT)), by_version(tables.records(RAW))
    assert before == after, "a second sync changed rows"
    check_accounts(tables, folder)


def test_every_row_of_a_file_is_rewritten_together(place):
    """100 rows, then 95: the example everybody asks about."""
    source, tables = place / "in", Tables(place / "tables")
    source.mkdir()
    for count in (100, 95):
        (source / "id-1.txt").write_text("".join('{"wid":"%d"}\n' % n for n in range(count)))
        sync(source, tables.root, expect=0)
        rows = by_file(tables.records(SNAPSHOT))["id-1.txt"]
        assert len(rows) == count
    assert {key: len(rows) for key, rows in by_version(tables.records(RAW)).items()} == {
        ("id-1.txt", 1): 100,
        ("id-1.txt", 2): 95,
    }
