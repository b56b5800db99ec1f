"""A bucket as a source: odd keys, refused keys, empty objects, several loaders, repair."""

import threading

import deltalake
import pytest
from agreement import check_accounts, check_history, check_raw, check_snapshot
from folders import GoodFolder
from program import FAILED, HELD, OK, USAGE, Watch, run, sync, verify, wait_until
from readers import RAW, RECORDS, SNAPSHOT, Tables, by_file
from reference import Folder, read_folder

# Kept by the server as they are: it folds `//` and has no place for `..` (paths of its own disk).
ODD_KEYS = [
    "a b.txt",
    " leading and trailing ",
    "a+b.txt",
    "100%.txt",
    "%2B.txt",
    "%2F%2f.txt",
    "ünïcödé.txt",
    "e\u0301.txt",
    "\u00e9.txt",
    "数据/🎉.txt",
    "new\nline.txt",
    "tab\t.txt",
    "a&b=c?d#e.txt",
    "<xml>&amp;.txt",
    "quote'\".txt",
    "back\\slash.txt",
    "dots..in/name../x...",
    "~tilde*(paren)!.txt",
    "semi;colon:comma,@$.txt",
    "|pipe^`{}[]",
]


def row(text):
    return '{"wid":"%s"}\n' % text


def rows_of(tables):
    return {name: [dict(r).get("wid") for r in rows] for name, rows in by_file(tables.records(SNAPSHOT)).items()}


@pytest.fixture
def tables(bucket):
    return Tables(bucket / "tables")


def test_odd_keys(bucket, tables):
    for number, key in enumerate(ODD_KEYS):
        (bucket / "in" / key).write_text(row(number))
    sync(bucket / "in", tables.root, expect=OK)
    assert rows_of(tables) == {key: [str(n)] for n, key in enumerate(ODD_KEYS)}
    for number, key in enumerate(ODD_KEYS):
        (bucket / "in" / key).write_text(row(f"again {number}"))
    sync(bucket / "in", tables.root, expect=OK)
    assert rows_of(tables) == {key: [f"again {n}"] for n, key in enumerate(ODD_KEYS)}
    for key in ODD_KEYS[::2]:
        (bucket / "in" / key).unlink()
    sync(bucket / "in", tables.root, expect=OK)
    assert set(rows_of(tables)) == set(ODD_KEYS[1::2])
    verify(bucket / "in", tables.root)


def test_a_key_that_is_refused_is_reported_and_costs_no_other(bucket, tables, proxy):
    through = {"AWS_ENDPOINT_URL": proxy.url}
    for name in ("good.txt", "secret.txt", "fine.txt"):
        (bucket / "in" / name).write_text(row(name))
    proxy.script(contains="secret.txt", status=403, code="AccessDenied")
    done = run("sync", bucket / "in", tables.root, "--json", env=through)
    assert done.code == HELD, done
    (problem,) = done.report["problems"]
    assert problem["source_file"] == "secret.txt" and problem["outcome"] == "failed", problem
    assert "s3:GetObject" in problem["error"] or "AccessDenied" in problem["error"], problem
    assert rows_of(tables) == {"good.txt": ["good.txt"], "fine.txt": ["fine.txt"]}
    proxy.clear()
    assert run("sync", bucket / "in", tables.root, env=through).code == OK
    assert set(rows_of(tables)) == {"good.txt", "secret.txt", "fine.txt"}


def test_a_key_that_becomes_refused_keeps_its_rows(bucket, tables, proxy):
    (bucket / "in/secret.txt").write_text(row("old"))
    sync(bucket / "in", tables.root, expect=OK)
    (bucket / "in/secret.txt").write_text(row("new"))
    proxy.script(contains="secret.txt", status=403, code="AccessDenied")
    assert run("sync", bucket / "in", tables.root, env={"AWS_ENDPOINT_URL": proxy.url}).code == HELD
    assert rows_of(tables) == {"secret.txt": ["old"]}


def test_a_refused_listing_deletes_nothing(bucket, tables, proxy):
    (bucket / "in/id-1.txt").write_text(row("x"))
    sync(bucket / "in", tables.root, expect=OK)
    proxy.script(contains="list-type=2", status=403, code="AccessDenied")
    done = run("sync", bucket / "in", tables.root, env={"AWS_ENDPOINT_URL": proxy.url})
    assert done.code == FAILED and "AccessDenied" in done.err + done.out, done
    assert rows_of(tables) == {"id-1.txt": ["x"]}


def test_a_missing_bucket_is_an_error(bucket, tables):
    done = run("sync", "s3://no-such-bucket-here/in/", tables.root)
    assert done.code in (FAILED, USAGE) and "no-such-bucket-here" in done.err, done
    # Nothing that would bind the tables to the mistyped name.
    assert sync(bucket / "in", tables.root, expect=OK)


def test_wrong_keys_are_an_error_and_stay_secret(bucket, tables):
    (bucket / "in/id-1.txt").write_text(row("x"))
    secret = "not-the-right-secret-0123456789"
    done = run("sync", bucket / "in", tables.root, env={"AWS_SECRET_ACCESS_KEY": secret})
    assert done.code == FAILED and "SignatureDoesNotMatch" in done.err, done
    assert secret not in done.err + done.out


def test_zero_bytes(bucket, tables):
    (bucket / "in/empty.txt").write_text("")
    (bucket / "in/full.txt").write_text(row("x"))
    sync(bucket / "in", tables.root, expect=OK)
    assert rows_of(tables) == {"full.txt": ["x"]}
    (bucket / "in/full.txt").write_text("")
    sync(bucket / "in", tables.root, expect=OK)
    assert rows_of(tables) == {}
    assert {r["status"] for r in tables.records(RECORDS)} <= {"loaded", "replaced"}


def test_a_large_object_in_pieces(bucket, tables, proxy):
    """Above 8 MiB it is read in ranges; overwritten meanwhile, no row is of two versions."""
    lines = 250_000
    for marker in ("a", "b"):
        data = "".join('{"wid":"%s","ut_id":"u%07d","json_data":{"n":%d}}\n' % (marker, n, n) for n in range(lines))
        (bucket / "in/large.txt").write_text(data)
        assert len(data) > 10 << 20
        proxy.reset()
        assert run("sync", bucket / "in", tables.root, env={"AWS_ENDPOINT_URL": proxy.url}).code == OK
        assert proxy.counters()["bytes_down"] > len(data)
        table = deltalake.DeltaTable(tables.path(SNAPSHOT)).to_pyarrow_table(columns=["wid"])
        assert table.num_rows == lines and table.column("wid").unique().to_pylist() == [marker]


def test_several_loaders_on_one_prefix(bucket, tables):
    source = GoodFolder(bucket / "in", 77, max_files=8, max_rows=20)
    folder, outcomes = Folder(), []
    source.fill()
    for _ in range(6):
        source.changes()
        threads = [
            threading.Thread(target=lambda: outcomes.append(run("sync", source.path, tables.root))) for _ in range(4)
        ]
        for thread in threads:
            thread.start()
        while any(thread.is_alive() for thread in threads):
            source.change()
        for thread in threads:
            thread.join()
    assert all(done.code in (OK, HELD) for done in outcomes), [str(d) for d in outcomes if d.code not in (OK, HELD)]
    folder.observe(read_folder(source.path))
    sync(source.path, tables.root, expect=OK)
    verify(source.path, tables.root)
    check_snapshot(tables, folder)
    check_accounts(tables, folder)
    check_raw(tables, check_history(tables))


def test_shards_share_a_prefix(bucket, tables):
    """Each takes and deletes its own keys only."""
    names = [f"id-{n}.txt" for n in range(40)]
    for name in names:
        (bucket / "in" / name).write_text(row(name))
    shards = [{"RTLOADER_SOURCE_SHARDS": "3", "RTLOADER_SOURCE_SHARD": str(n)} for n in range(3)]
    seen = []
    for shard in shards:
        done = run("sync", bucket / "in", tables.root, env=shard)
        assert done.code == OK, done
        seen.append(set(rows_of(tables)))
    assert set() < seen[0] < seen[1] < seen[2] == set(names), "a shard takes its own and leaves the others'"
    for name in names[:5]:
        (bucket / "in" / name).unlink()
    for shard in shards:
        assert run("sync", bucket / "in", tables.root, env=shard).code == OK
    assert set(rows_of(tables)) == set(names[5:])
    verify(bucket / "in", tables.root)


def test_repair_loads_what_differs_alone(bucket, tables):
    for n in range(6):
        (bucket / f"in/id-{n}.txt").write_text(row(f"a{n}") + row(f"b{n}"))
    sync(bucket / "in", tables.root, expect=OK)
    raw = sorted(map(repr, tables.records(RAW)))
    deltalake.DeltaTable(tables.path(SNAPSHOT)).delete("source_file = 'id-3.txt'")
    done = run("verify", bucket / "in", tables.root, "--repair", "--json")
    assert done.code == OK, done
    verify(bucket / "in", tables.root)
    assert rows_of(tables)["id-3.txt"] == ["a3", "b3"]
    assert sorted(map(repr, tables.records(RAW))) == raw, "repair put a second copy into raw"


def test_watch_over_a_bucket(bucket, tables):
    (bucket / "in/id-1.txt").write_text(row("1"))
    with Watch(bucket / "in", tables.root):
        wait_until(lambda: tables.exists(SNAPSHOT) and rows_of(tables) == {"id-1.txt": ["1"]})
        (bucket / "in/id-2.txt").write_text(row("2"))
        (bucket / "in/id-1.txt").unlink()
        wait_until(lambda: rows_of(tables) == {"id-2.txt": ["2"]})
    check_accounts(tables)


def test_source_on_s3_tables_on_disk_and_the_other_way_round(bucket, tmp_path):
    (bucket / "in/id-1.txt").write_text(row("x"))
    sync(bucket / "in", tmp_path / "tables", expect=OK)
    assert rows_of(Tables(tmp_path / "tables")) == {"id-1.txt": ["x"]}
    (tmp_path / "in").mkdir()
    (tmp_path / "in/id-2.txt").write_text(row("y"))
    sync(tmp_path / "in", bucket / "other", expect=OK)
    assert rows_of(Tables(bucket / "other")) == {"id-2.txt": ["y"]}
