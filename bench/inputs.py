"""Files to measure with, the same at every run; kept in the scratch folder for the next one."""

import random
import shutil


def row(chance, number, length):
    """One line of about `length` bytes, the payload a JSON object with nesting and numbers."""
    payload = (
        '{"event":"order","at":"2026-03-%02dT%02d:%02d:00Z","amount":%d.%02d,"items":[{"sku":"p-%d","quantity":%d}],"note":"'
        % (
            1 + number % 28,
            number % 24,
            number % 60,
            chance.randrange(900),
            chance.randrange(100),
            chance.randrange(10_000),
            1 + number % 5,
        )
    )
    head = '{"wid":"%07d","ut_id":"u%05d","json_data":%s' % (number, chance.randrange(100_000), payload)
    fill = length - len(head) - 4
    note = "%0*x" % (fill, chance.getrandbits(4 * fill)) if fill > 0 else ""
    return head + note + '"}}\n'


def content(rows, length, seed=0):
    chance = random.Random(seed)
    return "".join(row(chance, number, length) for number in range(rows)).encode()


def folder(scratch, name, files, rows, length):
    """`files` files id-N.txt of `rows` rows. Made once: a finished folder is renamed into place."""
    path = scratch / name
    if path.is_dir():
        return path
    partial = scratch / f".{name}"
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    # distinct files, yet made quickly: one body, under each customer's own first line
    body = content(rows - 1, length) if rows > 1 else b""
    for number in range(files):
        with open(partial / f"id-{number}.txt", "wb") as out:
            out.write(content(1, length, seed=number))
            out.write(body)
    partial.rename(path)
    return path


def large_file(scratch, name, megabytes, length):
    """(folder, rows) of one file of at least that size."""
    block = content(50_000, length)
    times = -(-megabytes * 1_000_000 // len(block))
    path = scratch / name
    if not path.is_dir():
        partial = scratch / f".{name}"
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(parents=True)
        with open(partial / "id-0.txt", "wb") as out:
            for _ in range(times):
                out.write(block)
        partial.rename(path)
    return path, times * 50_000
