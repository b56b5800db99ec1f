"""Refusals: wrong places, wrong settings, and deletes that look like an accident."""

import os

import pytest
from program import HELD, OK, PROJECT, run, sync
from readers import SNAPSHOT, Tables, by_file


def write(source, count, start=0):
    source.mkdir(exist_ok=True)
    for n in range(start, start + count):
        (source / f"id-{n}.txt").write_text('{"wid": "%d"}\n' % n)


def refused(*args):
    done = run(*args)
    assert done.code in (1, 2), done
    assert done.err.strip(), "no reason given"
    assert "terminate" not in done.err and "Assertion" not in done.err, done
    return done


def test_tables_inside_the_source(tmp_path):
    write(tmp_path / "in", 1)
    for tables in (tmp_path / "in/tables", tmp_path / "in", tmp_path / "in/../in/deep/tables"):
        refused("sync", tmp_path / "in", tables)
    assert os.listdir(tmp_path / "in") == ["id-0.txt"]


def test_tables_inside_the_source_through_a_symlink(tmp_path):
    write(tmp_path / "in", 1)
    (tmp_path / "link").symlink_to(tmp_path / "in")
    refused("sync", tmp_path / "in", tmp_path / "link/tables")


def test_source_inside_the_tables(tmp_path):
    (tmp_path / "tables").mkdir()
    write(tmp_path / "tables/in", 1)
    done = run("sync", tmp_path / "tables/in", tmp_path / "tables")
    if done.code == OK:
        assert len(Tables(tmp_path / "tables").records(SNAPSHOT)) == 1


def test_another_source_is_refused(tmp_path):
    write(tmp_path / "in", 3)
    write(tmp_path / "other", 2)
    sync(tmp_path / "in", tmp_path / "tables", expect=OK)
    refused("sync", tmp_path / "other", tmp_path / "tables")
    assert len(Tables(tmp_path / "tables").records(SNAPSHOT)) == 3


def test_the_same_source_spelt_otherwise_is_accepted(tmp_path, monkeypatch):
    write(tmp_path / "in", 3)
    sync(tmp_path / "in", tmp_path / "tables", expect=OK)
    sync(f"{tmp_path}/./in/", f"{tmp_path}/tables/", expect=OK)
    monkeypatch.chdir(tmp_path)
    sync("in", "tables", expect=OK)
    assert len(Tables(tmp_path / "tables").records(SNAPSHOT)) == 3


def test_missing_source_deletes_nothing(tmp_path):
    write(tmp_path / "in", 3)
    sync(tmp_path / "in", tmp_path / "tables", expect=OK)
    os.rename(tmp_path / "in", tmp_path / "away")
    refused("sync", tmp_path / "in", tmp_path / "tables")
    assert len(Tables(tmp_path / "tables").records(SNAPSHOT)) == 3
    os.rename(tmp_path / "away", tmp_path / "in")
    sync(tmp_path / "in", tmp_path / "tables", expect=OK)


def test_missing_source_makes_no_tables(tmp_path):
    refused("sync", tmp_path / "nowhere", tmp_path / "tables")
    assert not (tmp_path / "tables" / SNAPSHOT).exists()


def test_source_is_a_file(tmp_path):
    (tmp_path / "file").write_text("{}")
    refused("sync", tmp_path / "file", tmp_path / "tables")


def test_tables_root_is_a_file(tmp_path):
    write(tmp_path / "in", 1)
    (tmp_path / "tables").write_text("x")
    refused("sync", tmp_path / "in", tmp_path / "tables")


def test_empty_source(place):
    write(place / "in", 0)
    sync(place / "in", place / "tables", expect=OK)
    write(place / "in", 2)
    sync(place / "in", place / "tables", expect=OK)
    assert len(Tables(place / "tables").records(SNAPSHOT)) == 2


def test_mass_delete_is_refused_until_allowed(place):
    source, tables = place / "in", Tables(place / "tables")
    write(source, 20)
    sync(source, tables.root, expect=OK)
    for n in range(11):
        (source / f"id-{n}.txt").unlink()
    (source / "id-15.txt").write_text('{"wid": "new"}\n')
    done = sync(source, tables.root, "--json", expect=HELD)
    assert "11" in done.report["refused_deletes"]
    assert "--allow-mass-delete" in done.report["refused_deletes"]
    rows = by_file(tables.records(SNAPSHOT))
    assert len(rows) == 20, "the guard lets no delete through"
    assert dict(rows["id-15.txt"][0])["wid"] == "new", "what is not a delete goes on"
    assert run("plan", source, tables.root, "--json").report["refused_deletes"]
    done = sync(source, tables.root, "--json", "--allow-mass-delete", expect=OK)
    assert done.report["deleted"] == 11
    assert len(by_file(tables.records(SNAPSHOT))) == 9


def test_half_is_not_a_mass_delete(place):
    source, tables = place / "in", Tables(place / "tables")
    write(source, 20)
    sync(source, tables.root, expect=OK)
    for n in range(10):
        (source / f"id-{n}.txt").unlink()
    sync(source, tables.root, expect=OK)
    assert len(by_file(tables.records(SNAPSHOT))) == 10


def test_few_files_may_all_go(place):
    source, tables = place / "in", Tables(place / "tables")
    write(source, 9)
    sync(source, tables.root, expect=OK)
    for n in range(9):
        (source / f"id-{n}.txt").unlink()
    sync(source, tables.root, expect=OK)
    assert tables.records(SNAPSHOT) == []


def test_emptied_folder_of_many_is_refused(place):
    source, tables = place / "in", Tables(place / "tables")
    write(source, 10)
    sync(source, tables.root, expect=OK)
    for n in range(10):
        (source / f"id-{n}.txt").unlink()
    sync(source, tables.root, expect=HELD)
    assert len(tables.records(SNAPSHOT)) == 10
    write(source, 10)
    sync(source, tables.root, expect=OK)


@pytest.mark.parametrize(
    "schema",
    ["wid", "wid STRIN", "wid STRING, wid STRING", "wid STRING, WID BIGINT", "source_file STRING", ",", "a b STRING"],
)
def test_bad_schema(schema, tmp_path):
    write(tmp_path / "in", 1)
    refused("sync", tmp_path / "in", tmp_path / "tables", "--schema", schema)
    assert not (tmp_path / "tables" / SNAPSHOT).exists()


@pytest.mark.parametrize("share", ["abc", "-1", "1.5", "nan"])
def test_bad_max_rejected(share, tmp_path):
    write(tmp_path / "in", 1)
    refused("sync", tmp_path / "in", tmp_path / "tables", f"--max-rejected={share}")


@pytest.mark.parametrize(
    "config,named",
    [
        ("[guard]\nmax_rejectd = 0.5\n", "max_rejectd"),
        ("[guard]\nmax_rejected = \"half\"\n", "max_rejected"),
        ("[guard]\nmax_rejected = 7\n", "max_rejected"),
        ("[nonsense]\nx = 1\n", "nonsense"),
        ("[guard\n", "1"),
        ("[rows]\nschema = \"wid STRIN\"\n", "STRIN"),
        ("[rows]\nmax_columns = -1\n", "max_columns"),
        ("[source]\npattern = \"id-(\"\n", "pattern"),
        ("[load]\nthreads = \"many\"\n", "threads"),
    ],
)  # fmt: skip
def test_bad_config_names_what_is_wrong(config, named, tmp_path):
    write(tmp_path / "in", 1)
    (tmp_path / "rtloader.toml").write_text(config)
    done = refused("sync", tmp_path / "in", tmp_path / "tables", "--config", tmp_path / "rtloader.toml")
    assert named in done.err, done
    assert not (tmp_path / "tables" / SNAPSHOT).exists()


def test_missing_config(tmp_path):
    write(tmp_path / "in", 1)
    refused("sync", tmp_path / "in", tmp_path / "tables", "--config", tmp_path / "none.toml")


def test_config_is_read(tmp_path):
    write(tmp_path / "in", 2)
    (tmp_path / "rtloader.toml").write_text('[rows]\nschema = "wid BIGINT"\n')
    sync(tmp_path / "in", tmp_path / "tables", "--config", tmp_path / "rtloader.toml", expect=OK)
    assert {r["wid"] for r in Tables(tmp_path / "tables").records(SNAPSHOT)} == {0, 1}


@pytest.mark.parametrize(
    "args", [[], ["nonsense"], ["sync"], ["sync", "x"], ["sync", "x", "y", "z"], ["sync", "x", "y", "--nonsense"]]
)
def test_usage_errors(args):
    done = run(*args)
    assert done.code in (1, 2), done
    assert done.err or done.out


def test_help_and_version():
    assert "sync" in run("--help").out
    assert run("--version").out.strip()


def test_verify_and_status_before_the_first_sync(tmp_path):
    write(tmp_path / "in", 1)
    for command in ("verify", "status"):
        done = run(command, tmp_path / "in", tmp_path / "tables")
        assert done.code in (1, 2, 4) and done.err + done.out, done
        assert not (tmp_path / "tables" / SNAPSHOT).exists(), f"{command} made tables"
    assert run("plan", tmp_path / "in", tmp_path / "tables").code == OK
    assert not (tmp_path / "tables" / SNAPSHOT).exists(), "plan made tables"


def test_show_of_what_is_no_table(tmp_path):
    refused("show", tmp_path)
    refused("show", tmp_path / "nowhere")


def test_verify_finds_what_a_foreign_writer_did(place):
    import deltalake

    source, tables = place / "in", Tables(place / "tables")
    write(source, 3)
    sync(source, tables.root, expect=OK)
    assert run("verify", source, tables.root).code == OK
    assert run("verify", source, tables.root, "--fast").code == OK
    deltalake.DeltaTable(tables.path(SNAPSHOT)).delete("wid = '1'")
    done = run("verify", source, tables.root, "--json")
    assert done.code == 4, done
    assert [d["source_file"] for d in done.report["differences"]] == ["id-1.txt"]
    sync(source, tables.root)
    assert run("verify", source, tables.root).code == OK, "sync does not repair what the ledger contradicts"
    assert len(tables.records(SNAPSHOT)) == 3


def test_unknown_snapshot_features_are_refused(place):
    """A table that asks for a feature unknown here is left alone, and the feature is named."""
    import json

    source, tables = place / "in", Tables(place / "tables")
    write(source, 1)
    sync(source, tables.root, expect=OK)
    version = tables.version() + 1
    protocol = {"minReaderVersion": 3, "minWriterVersion": 7, "readerFeatures": ["futureThing"],
                "writerFeatures": ["futureThing"]}  # fmt: skip
    log = tables.root / SNAPSHOT / "_delta_log"
    (log / f"{version:020}.json").write_text(json.dumps({"protocol": protocol}) + "\n")
    (source / "id-0.txt").write_text('{"wid": "new"}\n')
    assert "futureThing" in refused("sync", source, tables.root).err
    assert not (log / f"{version + 1:020}.json").exists()


def test_corpora_lines_are_all_accounted_for(tmp_path):
    """Hostile files of other projects: no crash, no hang, and lines in = rows + quarantined + blank."""
    import pathlib
    import shutil

    from agreement import check_accounts, check_quarantine, check_snapshot
    from reference import Folder, read_folder

    corpora = pathlib.Path(os.environ.get("RTLOADER_CORPORA") or PROJECT / "../shared/data")
    candidates = [corpora, *(parent / "shared/data" for parent in PROJECT.parents)]
    corpora = next((c for c in candidates if (c / "json_duckdb").is_dir()), None)
    if corpora is None:
        pytest.skip("corpora not found: set RTLOADER_CORPORA")
    source, tables = tmp_path / "in", Tables(tmp_path / "tables")
    shutil.copytree(corpora / "json_duckdb", source)
    done = run("sync", source, tables.root, "--json", timeout=120)
    assert done.code in (OK, HELD), done
    failed = {p["source_file"] for p in done.report["problems"] if p["outcome"] == "failed"}
    for name in failed:
        (source / name).unlink()
    folder = Folder()
    folder.observe(read_folder(source))
    sync(source, tables.root, "--allow-mass-delete")
    check_snapshot(tables, folder)
    check_accounts(tables, folder)
    check_quarantine(tables, folder)
