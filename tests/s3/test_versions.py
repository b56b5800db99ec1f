"""Versioned buckets: with source.history = "all" every version that existed reaches raw, in order; the snapshot ends at the newest."""

import pytest
from agreement import check_accounts, check_history, check_raw
from program import OK, sync, verify
from readers import LOG, RAW, SNAPSHOT, Tables, by_file, by_version

OVERWRITES = 50


def content(text, rows=3):
    return "".join('{"wid":"%s","ut_id":"%d"}\n' % (text, n) for n in range(rows))


@pytest.fixture
def all_versions(monkeypatch):
    monkeypatch.setenv("RTLOADER_SOURCE_HISTORY", "all")


def markers(tables):
    """What each (file, file_version) of raw says, and each file of the snapshot."""
    raw = {key: {dict(row)["wid"] for row in rows} for key, rows in by_version(tables.records(RAW)).items()}
    snapshot = {name: {dict(row)["wid"] for row in rows} for name, rows in by_file(tables.records(SNAPSHOT)).items()}
    return raw, snapshot


def check(place, tables):
    verify(place / "in", place / "tables")
    check_accounts(tables)
    return check_raw(tables, check_history(tables))


def test_fifty_overwrites_while_stopped(versioned_bucket, all_versions):
    place, tables = versioned_bucket, Tables(versioned_bucket / "tables")
    (place / "in/id-1.txt").write_text(content("v1"))
    (place / "in/other.txt").write_text(content("other"))
    sync(place / "in", tables.root, expect=OK)
    for n in range(2, OVERWRITES + 2):
        (place / "in/id-1.txt").write_text(content(f"v{n}", rows=n % 7 + 1))
    sync(place / "in", tables.root, expect=OK)
    raw, snapshot = markers(tables)
    assert snapshot == {"id-1.txt": {f"v{OVERWRITES + 1}"}, "other.txt": {"other"}}
    assert {v: raw["id-1.txt", v] for (name, v) in raw if name == "id-1.txt"} == {
        n: {f"v{n}"} for n in range(1, OVERWRITES + 2)
    }
    check(place, tables)
    version = tables.version()
    sync(place / "in", tables.root, expect=OK)
    assert tables.version() == version


def test_versions_from_before_the_first_run(versioned_bucket, all_versions):
    place, tables = versioned_bucket, Tables(versioned_bucket / "tables")
    for n in range(1, 8):
        (place / "in/id-1.txt").write_text(content(f"v{n}"))
    sync(place / "in", tables.root, expect=OK)
    raw, snapshot = markers(tables)
    assert [raw["id-1.txt", n] for n in range(1, 8)] == [{f"v{n}"} for n in range(1, 8)]
    assert snapshot == {"id-1.txt": {"v7"}}
    check(place, tables)


def test_latest_takes_the_newest_alone(versioned_bucket):
    place, tables = versioned_bucket, Tables(versioned_bucket / "tables")
    for n in range(1, 8):
        (place / "in/id-1.txt").write_text(content(f"v{n}"))
    sync(place / "in", tables.root, expect=OK)
    raw, snapshot = markers(tables)
    assert raw == {("id-1.txt", 1): {"v7"}} and snapshot == {"id-1.txt": {"v7"}}


def test_there_and_back_again(versioned_bucket, all_versions):
    """A, B, A: three versions of the file, the last with the bytes of the first."""
    place, tables = versioned_bucket, Tables(versioned_bucket / "tables")
    (place / "in/id-1.txt").write_text(content("a"))
    sync(place / "in", tables.root, expect=OK)
    for text in ("b", "a"):
        (place / "in/id-1.txt").write_text(content(text))
    sync(place / "in", tables.root, expect=OK)
    raw, snapshot = markers(tables)
    assert snapshot == {"id-1.txt": {"a"}}
    assert raw == {("id-1.txt", 1): {"a"}, ("id-1.txt", 2): {"b"}, ("id-1.txt", 3): {"a"}}
    check(place, tables)


def test_delete_markers_are_deletes(versioned_bucket, all_versions):
    """versitygw lists a page's delete markers before its versions, whatever their keys; S3 lists them together."""
    place, tables = versioned_bucket, Tables(versioned_bucket / "tables")
    for n in (1, 2):
        (place / "in/gone.txt").write_text(content(f"v{n}"))
    sync(place / "in", tables.root, expect=OK)
    (place / "in/gone.txt").unlink()
    sync(place / "in", tables.root, expect=OK)
    raw, snapshot = markers(tables)
    assert snapshot == {}
    assert raw == {("gone.txt", 1): {"v1"}, ("gone.txt", 2): {"v2"}}
    assert "deleted" in {e["action"] for e in tables.records(LOG)}
    check(place, tables)


def test_deletes_beside_files_that_live(versioned_bucket, all_versions):
    place, tables = versioned_bucket, Tables(versioned_bucket / "tables")
    for name in ("a", "gone", "back", "z"):
        (place / f"in/{name}.txt").write_text(content(f"{name}1"))
    sync(place / "in", tables.root, expect=OK)
    (place / "in/gone.txt").unlink()
    (place / "in/back.txt").unlink()
    (place / "in/back.txt").write_text(content("back2"))
    (place / "in/z.txt").write_text(content("z2"))
    sync(place / "in", tables.root, expect=OK)
    _, snapshot = markers(tables)
    assert snapshot == {"a.txt": {"a1"}, "back.txt": {"back2"}, "z.txt": {"z2"}}
    check(place, tables)


def test_version_ids_are_what_the_tables_say(versioned_bucket):
    place, tables = versioned_bucket, Tables(versioned_bucket / "tables")
    written = (place / "in/id-1.txt").write_text(content("a"))["VersionId"]
    sync(place / "in", tables.root, expect=OK)
    assert {r["source_version"] for r in tables.records(SNAPSHOT)} == {written}
    assert {e["version_id"] for e in tables.records(LOG)} == {written}


@pytest.mark.parametrize("kind", ["bucket", "versioned_bucket"])
def test_overwrites_within_a_second(kind, request):
    """LastModified has seconds; the loader tells versions apart all the same."""
    place = request.getfixturevalue(kind)
    tables = Tables(place / "tables")
    for n in range(6):
        (place / "in/id-1.txt").write_text(content(f"same size {n}"))
        sync(place / "in", tables.root, expect=OK)
        assert markers(tables)[1] == {"id-1.txt": {f"same size {n}"}}
    check(place, tables)
