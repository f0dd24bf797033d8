"""Speed of the fingerprint of a data folder, beside the rate of the hash and that of reading alone.

Makes a folder of large files and one of many small ones below the given folder, describes each twice, and
removes them. The first line of each is read from memory, because the files have just been written; after
`echo 3 > /proc/sys/vm/drop_caches` by an administrator, `--keep` and a second call show the disk.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

from nasframe_audiovisual import describe_source

HASHES = ("sha256", "sha512", "blake2b", "blake2s", "sha3_256")
SETTLE = 4.0  # seconds after which a file's times are trusted


def digest(name: str, block: bytes) -> bytes:
    return hashlib.new(name, block).digest()


def main(folder: str = "fingerprints", large: str = "40", small: str = "100000", *flags: str) -> None:
    """Print MB/s of every hash, then of a folder of `large` files of 16 MiB and of `small` ones of 4 KiB."""
    block = os.urandom(16 << 20)
    for name in HASHES:
        seconds = timed(partial(digest, name, block))
        print(f"{name:9} {len(block) / seconds / 1e6:7.0f} MB/s in one thread")
    base = Path(folder)
    for kind, count, size in (("large", int(large), 16 << 20), ("small", int(small), 4096)):
        place = base / kind
        if not place.exists():
            write(place, count, size, block)
            time.sleep(SETTLE)
        amount = count * size / 1e6
        for what, work in (
            ("fingerprint", lambda place=place: describe_source(place)),
            ("again, in the same process", lambda place=place: describe_source(place)),
            ("reading alone, 8 threads", lambda place=place: read(place)),
        ):
            seconds = timed(work)
            print(f"{count} {kind} files, {what}: {seconds:.2f} s, {amount / seconds:.0f} MB/s", flush=True)
    if "--keep" not in flags:
        shutil.rmtree(base)


def write(place: Path, count: int, size: int, block: bytes) -> None:
    for number in range(count):
        path = place / f"{number % 100:02}" / f"{number:06}.mp4"
        path.parent.mkdir(parents=True, exist_ok=True)
        start = number % (len(block) - size + 1)
        path.write_bytes(number.to_bytes(8, "big") + block[start + 8 : start + size])


def read(place: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        for _ in pool.map(lambda path: path.read_bytes() and None, place.rglob("*.mp4")):
            pass


def timed(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


if __name__ == "__main__":
    main(*sys.argv[1:])
