"""`nasframe cache`: the folder of prepared data, its content with sizes, and removal."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import App, Parameter
from rich.filesize import decimal

from nasframe.cli.run_folder import near_path
from nasframe.cli.study_options import at_least
from nasframe.display import Cell, Column, Table, print_tables
from nasframe.errors import ConfigurationError, RunError
from nasframe.runtime import counted, default_cache, given_cache, print_json, print_text, visible

if TYPE_CHECKING:
    from nasframe.tasks import CachedStage

__all__ = ["add_commands"]

Cache = Annotated[
    Path | None,
    Parameter(name="--cache", help="The folder of prepared data. [default: NASFRAME_CACHE, else the user's]"),
]
_DAY = 86_400
_EMPTY = "holds no prepared data"
_MISSING = "is not there yet: it comes with the first data that is prepared"


def add_commands(app: App) -> None:
    """Add `cache` and `cache remove`."""
    group = App(name="cache", help="List the prepared data that runs share, with sizes, and remove it.")
    group.default(list_cache)
    group.command(remove_from_cache, name="remove")
    app.command(group)


def list_cache(*, cache: Cache = None, json: bool = False) -> None:
    """List the prepared data that runs share, the largest first.

    Parameters
    ----------
    json
        An object {cache, bytes, stages: [{name, stage, state, files, bytes, used, made}]} instead of a table.
    """
    place, found = _content(cache)
    if json:
        print_json({"cache": str(place), "bytes": _bytes(found), "stages": [_record(one) for one in found]})
        return
    if not found:
        print_text(f"{visible(str(place))} {_EMPTY if place.exists() else _MISSING}")
        return
    print_tables([_table(place, found)])
    print_text(f"{_total(found)}; nasframe cache remove NAME… removes some")


def remove_from_cache(
    *names: str,
    all_: Annotated[bool, Parameter(name="--all", help="Everything that stages have prepared.")] = False,
    older_than: Annotated[int | None, Parameter(help="Only what was not used for so many days.")] = None,
    dry_run: bool = False,
    cache: Cache = None,
    json: bool = False,
) -> int:
    """Remove prepared data; a run that needs it again makes it again.

    What a process makes or reads stays, and so does everything that no stage has made. The exit status is 1
    where something stays that was to be removed.

    Parameters
    ----------
    names
        As `nasframe cache` lists them; the name of a stage stands for all its folders.
    dry_run
        Say what would be removed, and remove nothing.
    json
        An object {cache, bytes, removed: [stage], in_use: [stage]}; a stage as the list has it.
    """
    if all_ and names:
        raise ConfigurationError("cache remove", ["--all: leaves no place for names; say one of both"])
    if not (all_ or names or older_than is not None):
        raise ConfigurationError("cache remove", ["say names, --older-than DAYS, or --all"])

    if older_than is not None:
        at_least("--older-than", older_than, 0)

    from nasframe.tasks import chosen_stages, remove_stage

    place, found = _content(cache)
    chosen = chosen_stages(found, names, older_than=older_than)
    if not (chosen or json):
        print_text(f"nothing to remove in {visible(str(place))}")
        return 0
    gone = [one for one in chosen if (one.state != "in use" if dry_run else remove_stage(one))]
    kept = [one for one in chosen if one not in gone]
    if json:
        done = "would_remove" if dry_run else "removed"
        removed, in_use = ([_record(one) for one in part] for part in (gone, kept))
        print_json({"cache": str(place), "bytes": _bytes(gone), done: removed, "in_use": in_use})
        return 1 if kept else 0
    if dry_run:
        print_tables([_table(place, chosen)])
        print_text(f"{_total(gone)} would be removed")
        return 1 if kept else 0
    for one in chosen:
        print_text(f"{'removed' if one in gone else 'in use '}  {visible(one.name)}")
    print_text(f"{_total(gone)} removed")
    if kept:
        print_text("what is in use is read or made by a command that runs; remove it when that has ended")
    return 1 if kept else 0


def _record(one: CachedStage) -> dict[str, Any]:
    return {
        "name": one.name,
        "stage": one.stage,
        "state": one.state,
        "files": one.files,
        "bytes": one.bytes,
        "used": round(one.used),
        "made": dict(one.made),
    }


def _bytes(found: Sequence[CachedStage]) -> int:
    return sum(one.bytes for one in found)


def _content(cache: Path | None) -> tuple[Path, list[CachedStage]]:
    from nasframe.tasks import cached_stages

    place = given_cache(cache) or default_cache()
    if cache is not None and not place.exists():
        raise RunError(f"--cache {cache}: no such folder{near_path(cache, folders=True)}")
    return place, cached_stages(place)


def _table(place: Path, found: Sequence[CachedStage]) -> Table:
    now = time.time()
    columns = [
        Column("name"),
        Column("state"),
        Column("files", unit="count"),
        Column("size"),
        Column("used", "days since its use"),
        *([Column("task"), Column("data")] if any(one.made for one in found) else []),
    ]
    rows: list[list[Cell]] = [
        [one.name, one.state, one.files, decimal(one.bytes), f"{max(0.0, now - one.used) / _DAY:.1f}"]
        for one in found
    ]
    if any(one.made for one in found):
        for row, one in zip(rows, found, strict=True):
            row += [one.made.get("task", ""), one.made.get("data", "")]
    return Table("stages", f"Prepared data in {place}", columns, rows)


def _total(found: Sequence[CachedStage]) -> str:
    return f"{counted(len(found), 'folder')} of {decimal(_bytes(found))}"
