"""Customers that overwrite, delete and bring back their files without pause; what a version of a file holds follows from its
name and its generation, so that any row tells where it belongs."""

import collections
import json
import os
import random
import threading

from reference import canonical

PLAIN = [f"id-{n}.txt" for n in range(9)]
STRUCK = [f"struck-{n}.txt" for n in range(3)]  # whose rows another engine deletes
NAMES = PLAIN + STRUCK


def rows_of(name, generation):
    r = random.Random(f"{name}/{generation}")
    count = r.choice([1, 3, 8, 8, 20, 120])
    return [
        {"wid": f"{name}-{generation}-{n}", "generation": str(generation), "json_data": json.dumps({"n": r.random()})}
        for n in range(count)
    ]


def canonical_rows_of(name, generation):
    return canonical(rows_of(name, generation))


class Customers:
    """A thread that changes files within a `with` block; `live` is what there is: {name: generation}.

    It makes as many changes as were allowed: on a slow machine the others get their turn, and the number of versions has a bound.
    """

    def __init__(self, folder, seed):
        self.folder, self.chance = folder, random.Random(seed)
        self.generations, self.live = collections.Counter(), {}
        self._stop, self.failure = threading.Event(), None
        self._allowed = threading.Semaphore(0)
        self._thread = threading.Thread(target=self._run)
        folder.mkdir()
        for name in NAMES:
            self.overwrite(name)

    def overwrite(self, name):
        self.generations[name] += 1
        generation = self.generations[name]
        text = "".join(json.dumps(row) + "\n" for row in rows_of(name, generation))
        partial = self.folder / ".partial"
        partial.write_text(text)
        os.rename(partial, self.folder / name)
        self.live[name] = generation

    def delete(self, name):
        (self.folder / name).unlink()
        del self.live[name]

    def change(self):
        name = self.chance.choice(NAMES)
        if name in self.live and len(self.live) > len(NAMES) // 2 and self.chance.random() < 0.1:
            self.delete(name)
        else:
            self.overwrite(name)

    def _run(self):
        try:
            while not self._stop.wait(self.chance.uniform(0.05, 0.8)):
                self._allowed.acquire()
                if not self._stop.is_set():
                    self.change()
        except Exception as e:
            self.failure = e

    def __enter__(self):
        self._thread.start()
        return self

    def allow(self, changes):
        self._allowed.release(changes)

    def __exit__(self, *_):
        self._stop.set()
        self.allow(1)
        self._thread.join()
        if self.failure:
            raise self.failure

    def want(self):
        """{name: rows} of what there is now."""
        return {name: canonical_rows_of(name, generation) for name, generation in self.live.items()}
