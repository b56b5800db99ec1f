"""Odd file names and odd things in the folder."""

import os
import threading

import pytest
from program import HELD, OK, USAGE, run, sync, verify
from readers import RAW, RECORDS, SNAPSHOT, Tables, by_file
from s3_path import S3Path, can_hold

NAMES = [
    "x' OR '1'='1",
    "o'brien.txt",
    'quo"te.txt',
    "back`tick.txt",
    "semi; DROP TABLE x --.txt",
    "new\nline.txt",
    "carriage\rreturn.txt",
    "tab\t.txt",
    "bell\x07.txt",
    "esc\x1b[31mred.txt",
    "space in name.txt",
    " leading space",
    "trailing space ",
    "ünïcödé.txt",
    "e\u0301 decomposed.txt",
    "\u00e9 composed.txt",
    "数据.txt",
    "🎉.txt",
    "\u202egnp.txt",
    "100%.txt",
    "%2F.txt",
    "%41.txt",
    "A.txt",
    "a+b.txt",
    "a?b#c.txt",
    "a=b&c.txt",
    "back\\slash.txt",
    "{brace}.txt",
    "[bracket]*.txt",
    "$HOME.txt",
    "~tilde",
    "-dash",
    "--json",
    "a:b.txt",
    "no extension",
    "l" * 255,
    "ü" * 127,
    "1/2/3/4/5/6/7/8/9/nested.txt",
    "same/name.txt",
    "same.d/name.txt",
    "part=1/name.txt",
    "null",
    "NULL",
    "0",
]


def row(number):
    return b'{"wid": "%d", "json_data": {"n": %d}}\n' % (number, number)


@pytest.fixture
def anywhere(place):
    (place / "in").mkdir()
    (place / "in" / "good.txt").write_bytes(row(0))
    return place / "in", Tables(place / "tables")


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "in/good.txt").write_bytes(row(0))
    return tmp_path / "in", Tables(tmp_path / "tables")


def files_in(tables):
    return {name: [dict(r)["wid"] for r in rows] for name, rows in by_file(tables.records(SNAPSHOT)).items()}


def test_every_name_is_its_own_customer(anywhere):
    """All odd names at once; replacing one, then deleting one, touches no other."""
    source, tables = anywhere
    names = [n for n in NAMES if can_hold(n)] if isinstance(source, S3Path) else NAMES
    want = {"good.txt": ["0"]}
    for number, name in enumerate(names, 1):
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        (source / name).write_bytes(row(number))
        want[name] = [str(number)]
    sync(source, tables.root, expect=OK)
    assert files_in(tables) == want
    assert by_file(tables.records_by_duckdb(SNAPSHOT)) == by_file(tables.records(SNAPSHOT))

    for number, name in enumerate(names[:5], 1000):
        (source / name).write_bytes(row(number))
        want[name] = [str(number)]
        sync(source, tables.root, expect=OK)
        assert files_in(tables) == want
    for name in names[:5]:
        (source / name).unlink()
        del want[name]
        sync(source, tables.root, expect=OK)
        assert files_in(tables) == want
    verify(source, tables.root)
    assert {r["file_path"] for r in tables.records(RECORDS) if r["status"] != "deleted"} == set(want)


@pytest.mark.parametrize("name", NAMES)
def test_plan_status_show_and_verify_say_the_name(name, folder):
    source, tables = folder
    (source / name).parent.mkdir(parents=True, exist_ok=True)
    (source / name).write_bytes(row(1))
    plan = run("plan", source, tables.root, "--json")
    assert plan.code == OK, plan
    assert {f["source_file"] for f in plan.report["files"]} == {"good.txt", name}
    sync(source, tables.root, expect=OK)
    (source / name).write_bytes(row(1) * 2)
    done = verify(source, tables.root, "--json", expect=4)
    assert [d["source_file"] for d in done.report["differences"]] == [name]
    show = run("show", tables.path(SNAPSHOT))
    assert show.code == OK, show
    assert "\x1b" not in show.out and "\x07" not in show.out, "control characters reach the terminal"


def test_invalid_utf8_name_is_a_problem_of_that_file_alone(folder):
    source, tables = folder
    path = os.fsencode(source) + b"/bad\xff.txt"
    with open(path, "wb") as f:
        f.write(row(1))
    done = sync(source, tables.root, "--json", expect=(OK, HELD))
    done.report  # is valid JSON, whatever the name
    names = set(files_in(tables))
    assert "good.txt" in names
    if done.code == OK:
        assert len(names) == 2, "neither loaded nor reported"
    else:
        assert len(done.report["problems"]) == 1
        os.unlink(path)
        sync(source, tables.root, expect=OK)
    sync(source, tables.root)


def test_ignored_names(anywhere):
    source, tables = anywhere
    for name in (".hidden", "_SUCCESS", "d/.part", "d/_x", ".d/x.txt", "_d/x.txt", "_delta_log/0.json"):
        (source / name).parent.mkdir(exist_ok=True)
        (source / name).write_bytes(row(1))
    done = sync(source, tables.root, "--json", expect=OK)
    assert files_in(tables) == {"good.txt": ["0"]}
    assert done.report["loaded"] == 1


def test_symlink_to_a_file(folder, tmp_path):
    source, tables = folder
    (tmp_path / "elsewhere.txt").write_bytes(row(5))
    (source / "link.txt").symlink_to(tmp_path / "elsewhere.txt")
    sync(source, tables.root, expect=OK)
    assert files_in(tables) == {"good.txt": ["0"], "link.txt": ["5"]}
    (tmp_path / "elsewhere.txt").write_bytes(row(6))
    sync(source, tables.root, expect=OK)
    assert files_in(tables)["link.txt"] == ["6"]


def test_broken_and_circular_symlinks_do_no_harm(folder, tmp_path):
    source, tables = folder
    (source / "broken").symlink_to(tmp_path / "nowhere")
    (source / "self").symlink_to(source / "self")
    (source / "loop").symlink_to(source)
    done = run("sync", source, tables.root, timeout=30)
    assert done.code in (OK, HELD), done
    assert files_in(tables)["good.txt"] == ["0"]


def test_fifo_socket_and_device_do_not_hang(folder):
    import socket

    source, tables = folder
    os.mkfifo(source / "pipe")
    server = socket.socket(socket.AF_UNIX)
    server.bind(str(source / "socket"))
    (source / "null").symlink_to("/dev/zero")
    done = run("sync", source, tables.root, timeout=30)
    server.close()
    assert done.code in (OK, HELD), done
    assert files_in(tables) == {"good.txt": ["0"]}


def test_folder_in_a_files_place(folder):
    source, tables = folder
    (source / "empty.txt").mkdir()
    sync(source, tables.root, expect=OK)
    assert files_in(tables) == {"good.txt": ["0"]}
    (source / "good.txt").unlink()
    (source / "good.txt").mkdir()
    (source / "good.txt/inner").write_bytes(row(3))
    sync(source, tables.root, expect=OK)
    assert files_in(tables) == {"good.txt/inner": ["3"]}


# Root without the capabilities that let it read everything: permissions count again.
PLAIN_USER = (
    ("setpriv", "--bounding-set=-dac_override,-dac_read_search", "--inh-caps=-dac_override,-dac_read_search")
    if os.getuid() == 0
    else ()
)


def test_unreadable_file_is_a_problem_of_that_file_alone(folder):
    source, tables = folder
    (source / "secret.txt").write_bytes(row(1))
    (source / "secret.txt").chmod(0)
    done = run("sync", source, tables.root, "--json", prefix=PLAIN_USER)
    assert done.code == HELD, done
    assert [p["source_file"] for p in done.report["problems"]] == ["secret.txt"]
    assert files_in(tables) == {"good.txt": ["0"]}
    (source / "secret.txt").chmod(0o644)
    done = run("sync", source, tables.root, prefix=PLAIN_USER)
    assert done.code == OK, done
    assert set(files_in(tables)) == {"good.txt", "secret.txt"}


def test_unreadable_folder_deletes_nothing(folder):
    """What a listing could not see is not gone."""
    source, tables = folder
    (source / "sub").mkdir()
    (source / "sub/x.txt").write_bytes(row(1))
    assert run("sync", source, tables.root, prefix=PLAIN_USER).code == OK
    (source / "sub").chmod(0)
    done = run("sync", source, tables.root, prefix=PLAIN_USER)
    (source / "sub").chmod(0o755)
    assert done.code != OK, done
    assert set(files_in(tables)) == {"good.txt", "sub/x.txt"}


def test_files_that_come_and_go_meanwhile(anywhere):
    source, tables = anywhere
    stop = threading.Event()

    def churn():
        number = 0
        while not stop.is_set():
            number += 1
            for n in range(20):
                (source / f"churn-{n}.txt").write_bytes(row(number) * 50)
            for n in range(20):
                (source / f"churn-{n}.txt").unlink()

    thread = threading.Thread(target=churn)
    thread.start()
    try:
        for _ in range(20):
            done = run("sync", source, tables.root, timeout=60)
            assert done.code in (OK, HELD), done
            assert files_in(tables)["good.txt"] == ["0"]
    finally:
        stop.set()
        thread.join()
    sync(source, tables.root, "--allow-mass-delete", expect=OK)
    assert files_in(tables) == {"good.txt": ["0"]}


def test_pattern(anywhere):
    source, tables = anywhere
    for n in (1, 22):
        (source / f"id-{n}.txt").write_bytes(row(n))
    done = sync(source, tables.root, "--json", "--pattern", r"id-(\d+)\.txt", expect=OK)
    assert files_in(tables) == {"1": ["1"], "22": ["22"]}
    assert done.report["ignored"] == 1


def test_two_keys_of_one_name_fail_rather_than_mix(anywhere):
    source, tables = anywhere
    for sub in ("a", "b"):
        (source / sub).mkdir()
        (source / sub / "id-1.txt").write_bytes(row(1))
    done = sync(source, tables.root, "--json", "--pattern", r".*id-(\d+)\.txt", expect=HELD)
    (problem,) = done.report["problems"]
    assert "id-1.txt" in problem["source_file"] + problem["error"]
    assert len(tables.records(SNAPSHOT)) == 1
    assert len(tables.records(RAW)) == 1


def test_bad_pattern(folder):
    source, tables = folder
    for pattern in ("id-(\\d+", "no capture", "(two)(captures)"):
        done = run("sync", source, tables.root, "--pattern", pattern)
        assert done.code in (1, USAGE) and done.err, done
    assert not tables.exists(SNAPSHOT)
