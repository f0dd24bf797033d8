"""Does this checkout compute what another revision computes? Same seed, same bits.

    python tests/same_results.py REVISION [--keep FOLDER]

Small demos with two seeds and two relaxations, a comparison, a sweep and a table are made by both, each on
one thread, in one environment. Compared are the space and assignment of every architecture, every tensor of
every checkpoint, the test metrics, fingerprints of the data, and the numbers of each study, all without
times. Exit status 1 where anything differs. It takes some minutes on two cores.

A revision may lack what a later one records: numbers of a study are compared by their keys, and those that
only one of the two has are counted. The ends of intervals, `low` and `high`, are compared apart: how they are
computed may change, and then it is said how many differ.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import re
import subprocess
import sys
import tarfile
import tempfile
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path
from typing import Any

from safetensors import safe_open

ROOT = Path(__file__).resolve().parents[1]
TABULATE = ("nasframe/studies/tabulation", "nasframe/studies/table_plan.py")
"""A checkout that has one of these, new or old, calls its command for tables `tabulate`."""

PAPER = "plugins/nasframe_deepfake/paper.toml"
"""A checkout that has this searches its demo by another method, unless `--preset paper` says so."""

DATA = ("task.clips=120", "task.identities=24", "task.picture_epochs=2", "task.sound_epochs=2")
SMALL = (*DATA, "search.epochs=12", "search.warmup_epochs=3", "search.candidates=8", "train.epochs=4")
SHORT = (*DATA, "search.epochs=4", "search.warmup_epochs=1", "search.candidates=4", "train.epochs=2")
NUMBER = "number: "
TABLES = ("table.json", "table.jsonl", "census.json", "census.jsonl")
"""Files of a table, which newer revisions write in another form; its numbers are in `architectures/` too."""

TABULATED = ("validation", "test", "parameters", "multiply_adds", "best_epoch", "seed")

RENAMED = {"cells": "trials", "remarks": "caveats", "censuses": "tables"}
TIMES = re.compile(
    r"seconds|version|cache|source|folder|path|hash|experiment|python|machines|trainings|^cost$"
)


def commands(out: Path, table: str, preset: Sequence[str]) -> Iterator[list[str]]:
    """The command lines, without `nasframe`; every one writes into a folder of `out`.

    The command that makes the table was called `census`, and the method of the paper was the demo's own.
    """
    cache = f"cache={out / 'cache'}"
    for seed in ("0", "1"):
        for relaxation in ("softmax", "grmc"):
            name = str(out / f"demo-{relaxation}-{seed}")
            yield ["demo", *SMALL, cache, *preset, "--seed", seed, "--relaxation", relaxation, "--out", name]
    study = ["examples/embedded.toml", *SHORT, cache]
    compared = ["--relaxation", "softmax,grmc", "--seeds", "2", "--out", str(out / "comparison")]
    yield ["compare", *study, *compared]
    yield ["sweep", *study, "temperature=0.1,0.5", "--out", str(out / "sweep")]
    yield [table, *study, "--architectures", "3", "--out", str(out / "table")]


def record(checkout: Path, out: Path) -> dict[str, Any]:
    """Run the commands with the code of a checkout, and read what they computed."""
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(_places(checkout, out)),
        "OMP_NUM_THREADS": "1",
    }
    table = "tabulate" if any((checkout / name).exists() for name in TABULATE) else "census"
    preset = ["--preset", "paper"] if (checkout / PAPER).exists() else []
    for words in commands(out, table, preset):
        program = [
            sys.executable,
            "-c",
            "import sys; from nasframe.cli import main; sys.exit(main())",
            *words,
        ]
        found = subprocess.run(program, cwd=checkout, env=environment, capture_output=True, text=True)
        if found.returncode:
            raise SystemExit(f"{checkout}: nasframe {' '.join(words)}\n{found.stdout}{found.stderr}")
        if not Path(words[-1]).is_dir():
            raise SystemExit(f"{checkout}: nasframe {' '.join(words)} wrote nothing into {words[-1]}")
    return dict(sorted(_values(out)))


def _places(checkout: Path, out: Path) -> list[str]:
    """Return the import path of a checkout: its entry points and packages, before any installed ones."""
    project = tomllib.loads((checkout / "pyproject.toml").read_text())["project"]
    (version,) = re.findall(r'^__version__ = "(.+?)"', (checkout / "nasframe/__init__.py").read_text(), re.M)
    metadata = out / "metadata" / f"{project['name']}-{version}.dist-info"
    metadata.mkdir(parents=True)
    points = [f"{name} = {target}" for name, target in project["entry-points"]["nasframe"].items()]
    (metadata / "entry_points.txt").write_text("\n".join(["[nasframe]", *points]))
    # that they are there is enough: what they need is in the environment
    extras = [f"Provides-Extra: {extra}" for extra in project["optional-dependencies"]]
    lines = [f"Name: {project['name']}", f"Version: {version}", *extras, ""]
    (metadata / "METADATA").write_text("\n".join(lines))
    return [str(metadata.parent), *(str(checkout / name) for name in ("", "plugins", "search_spaces"))]


def _values(out: Path) -> Iterator[tuple[str, Any]]:
    for file in out.rglob("*"):
        # The trials of a study were in `cells`, and are in `trials`.
        name = file.relative_to(out).as_posix().replace("/cells/", "/trials/")
        if name.startswith(("cache/", "metadata/")) or file.name in TABLES:
            continue
        if file.parent.name == "architectures" and file.suffix == ".json":
            found = json.loads(file.read_text())
            yield from _numbers({key: found[key] for key in TABULATED}, (file.parent.parent.name, file.name))
            continue
        if file.name == "architecture.json":
            document = json.loads(file.read_text())
            yield name, {key: document[key] for key in ("space", "assignment")}
        elif file.name == "run.json":
            yield name, json.loads(file.read_text())["data"]["fingerprint"]
        elif file.name == "test.json":
            yield name, _without_times(json.loads(file.read_text()))
        elif file.suffix == ".safetensors":
            yield name, _digest(file)
        elif file.suffix == ".json" and file.parent.parent == out and file.name != "study.json":
            yield from _numbers(_without_times(_renamed(json.loads(file.read_text()))), (file.parent.name,))
        elif file.suffix == ".jsonl" and file.parent.parent == out:
            rows = [json.loads(line) for line in file.read_text().splitlines()]
            yield from _numbers(_without_times(rows), (file.parent.name, "table"))


def _without_times(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _without_times(item) for key, item in value.items() if not TIMES.search(key)}
    return (
        [_without_times(item) for item in value if not _is_of_time(item)]
        if isinstance(value, list)
        else value
    )


def _is_of_time(item: Any) -> bool:
    """Return True for a test between variants that compares seconds."""
    return isinstance(item, Mapping) and bool(TIMES.search(str(item.get("metric", ""))))


def _renamed(record: Mapping[str, Any]) -> dict[str, Any]:
    """Return the record of a study with the keys that it has now."""
    return {RENAMED.get(key, key): value for key, value in record.items()}


def _numbers(value: Any, place: tuple[str, ...]) -> Iterator[tuple[str, float]]:
    """Yield every number of a study with its keys and places in lists."""
    if isinstance(value, Mapping | list):
        items = value.items() if isinstance(value, Mapping) else enumerate(value)
        for key, item in items:
            yield from _numbers(item, (*place, str(key)))
    elif isinstance(value, float):
        yield NUMBER + " / ".join(place), value


def _digest(file: Path) -> str:
    digest = hashlib.sha256()
    with safe_open(file, "pt") as tensors:
        for name in sorted(tensors.keys()):
            value = tensors.get_tensor(name)
            digest.update(f"{name} {value.dtype} {tuple(value.shape)}".encode())
            digest.update(value.contiguous().numpy().tobytes())
    return digest.hexdigest()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("revision")
    parser.add_argument("--keep", type=Path, help="a new folder in which all that was made stays")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        place = (arguments.keep or Path(temporary)).resolve()
        then = place / "checkout"
        archive = subprocess.run(
            ["git", "archive", arguments.revision], cwd=ROOT, check=True, capture_output=True
        ).stdout
        with tarfile.open(fileobj=BytesIO(archive)) as packed:
            packed.extractall(then, filter="data")
        with ThreadPoolExecutor() as both:
            old, new = both.map(record, (then, ROOT), (place / "then", place / "now"))
        for name, values in (("then.json", old), ("now.json", new)):
            (place / name).write_text(json.dumps(values, indent=1))
    raise SystemExit(report(old, new, arguments.revision))


def report(old: Mapping[str, Any], new: Mapping[str, Any], revision: str) -> int:
    """Print what differs, and return the exit status."""
    added = {name for name in new.keys() - old.keys() if name.startswith(NUMBER)}
    names = sorted((old.keys() | new.keys()) - added)
    different = [name for name in names if old.get(name) != new.get(name)]
    ends = [name for name in names if name.startswith(NUMBER) and name.endswith(("/ low", "/ high"))]
    moved = [name for name in different if name in {*ends} and {name} <= old.keys() & new.keys()]
    different = [name for name in different if name not in {*moved}]
    for name in different:
        print(f"differs: {name}")
    for kind in sorted({re.sub(r" / (\d+|[^/]*=[^/]*)(?= /|$)", " / *", name) for name in added}):
        print(f"recorded here alone: {kind.removeprefix(NUMBER)}")
    print(f"{len(moved)} of {len(ends)} ends of intervals differ")
    print(
        f"{len(old)} values of {revision}, {len(new)} of this checkout ({len(added)} of them recorded here "
        f"alone), {len(different)} differ that are no ends of intervals"
    )
    return int(bool(different))


if __name__ == "__main__":
    main()
