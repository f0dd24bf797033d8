"""The page of several studies of one task: their rows side by side, and what differs between them."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from attrs import evolve, frozen

from nasframe.display import Cell, Column, Estimate, Table, flatten
from nasframe.errors import RunError
from nasframe.experiment import unused_in
from nasframe.report.costs import COSTS
from nasframe.report.documents import read_study_record, refuse_unfinished
from nasframe.report.experiment_options import parsed_experiment
from nasframe.report.machines import hardware_of
from nasframe.report.page import PAGE, Page, make_page
from nasframe.report.study_record import (
    CHOSEN,
    MEANS,
    current_names,
    metric_columns,
    rows_by_name,
    value_text,
)
from nasframe.report.variant_settings import points_of_variants, settings_of_runs, variant_settings
from nasframe.runtime import (
    MAX_LISTING_BYTES,
    Fields,
    Items,
    Text,
    counted,
    format_names,
    read_json,
    without_nan,
    write_json,
)

__all__ = ["STUDIES", "join_studies", "read_joined", "studies_page", "write_studies"]

STUDIES = "studies.json"
"""The record of such a page."""

_NAMES = 3
"""Columns of a table of rows that hold no number of a metric."""

_OWN = ("seed", "cache", "baselines")
"""Options and sections that are told elsewhere, or that no row depends on."""

_FILES = ("comparison.json", "sweep.json")

_RECORD = Fields({"objective": Text(), "task": Text(), "studies": Items(Fields({"path": Text()}), least=1)})


def join_studies(folders: Sequence[Path], out: Path) -> dict[str, Any]:
    """Return the record of a page of several studies, JSON-able.

    Args:
        folders: of comparisons of variants, and of sweeps.
        out: the folder of the page, from which links lead to the studies.

    Returns:
        `task`, `objective`, `metrics` (those of all studies), `studies` (`name`, `path` relative to `out`,
        `kind`, `title`, `seeds`, `versions`, `machines`, `data`, `chosen`, `rows`), `options` (those that
        differ: `option`, and `values`, of each study the values of all its rows), and `caveats`: sentences on
        what differs between the studies.

    Raises:
        RunError: a folder is named twice, or holds no such study, or one is of another task or objective than
            the first.
    """
    _refuse_twice(folders)
    records = {folder: current_names(read_study_record(_file(folder))) for folder in folders}
    first = folders[0]
    task, objective = _task(records[first]), records[first]["objective"]
    for folder, data in records.items():
        if "loops" in data:
            raise RunError(
                f"{folder}: compares loops on a table; expected a comparison of variants or a sweep"
            )
        if data["objective"] != objective:
            raise RunError(
                f"{folder}: its objective is {data['objective']}, and that of {first} is {objective}; "
                "only studies of the same objective can stand side by side"
            )
        if _task(data) != task:
            raise RunError(
                f"{folder}: its task is {_task(data)}, and that of {first} is {task}; "
                "only studies of the same task can stand side by side"
            )
    shared = [
        metric
        for metric in records[first]["metrics"]
        if all(metric in data["metrics"] for data in records.values())
    ]
    names = _names(folders)
    studies = [
        {
            "name": name,
            "path": Path(os.path.relpath(folder.absolute(), out.absolute())).as_posix(),
            "kind": _file(folder).stem,
            "title": data["title"],
            "seeds": list(data["seeds"]),
            "versions": data["versions"],
            "machines": list(data["machines"]),
            "data": data.get("data"),
            "chosen": (data["chosen"] or {}).get("name"),
            "rows": _rows(data),
        }
        for name, (folder, data) in zip(names, records.items(), strict=True)
    ]
    known = {name: _options_of(records[folder], folder) for name, folder in zip(names, folders, strict=True)}
    options = _differing(known)
    found = {
        "task": task,
        "objective": objective,
        "metrics": shared,
        "studies": studies,
        "options": options,
        "caveats": [*_differences(studies, options), *_not_known(known)],
    }
    joined: dict[str, Any] = without_nan({"kind": "studies", **found})
    return joined


def write_studies(record: Mapping[str, Any], out: Path) -> Page:
    """Write `studies.json` and `report.html` into a folder, and return the page."""
    out.mkdir(parents=True, exist_ok=True)
    write_json(out / STUDIES, record)
    page = studies_page(record, out.name)
    page.write(out)
    return page


def read_joined(path: Path) -> dict[str, Any]:
    """Return the record of such a page, made anew of the studies that it names.

    Raises:
        RunError: it is damaged, or a study is not there any more; see `join_studies`.
    """

    def damaged(message: str) -> RunError:
        again = f"`nasframe report STUDY … --out {path.parent}`"
        return RunError(f"{message}; make the page of the studies again: {again}")

    found = read_json(path, _RECORD, damaged, MAX_LISTING_BYTES)
    return join_studies([path.parent / study["path"] for study in found["studies"]], path.parent)


def studies_page(record: Mapping[str, Any], title: str) -> Page:
    """Return the page of several studies, for the content of `studies.json`."""
    studies = record["studies"]
    return make_page(
        "studies.html",
        title=f"Studies: {title}",
        about=f"{counted(len(studies), 'study', 'studies')} of the task {record['task']}",
        tables=[
            *(table for table in (_results(record), _costs(record)) if len(table.columns) > _NAMES),
            *([_different(record)] if record["options"] else []),
            _facts(record),
        ],
        figures=[],
        caveats=record["caveats"],
        links={f"{_address(study['path'])}/{PAGE}": study["name"] for study in studies},
    )


def _refuse_twice(folders: Sequence[Path]) -> None:
    seen: dict[Path, Path] = {}
    for folder in folders:
        first = seen.setdefault(folder.resolve(), folder)
        if first is not folder:
            same = "" if first == folder else f": it is the folder {first}"
            raise RunError(f"{folder}: is named twice{same}; expected each study once")


def _file(folder: Path) -> Path:
    found = next((folder / name for name in _FILES if (folder / name).is_file()), None)
    if found is None:
        refuse_unfinished(folder)
        expected = " or ".join(_FILES)
        raise RunError(f"{folder}: holds no finished comparison or sweep; expected {expected}")
    return found


def _task(data: Mapping[str, Any]) -> str:
    section = parsed_experiment(data["experiment"]).get("task")
    return str(section.get("name", "")) if isinstance(section, Mapping) else ""


def _names(folders: Sequence[Path]) -> list[str]:
    """Return the shortest ends of the paths that tell the studies apart."""
    parts = [folder.absolute().parts for folder in folders]
    for length in range(1, max(map(len, parts)) + 1):
        names = ["/".join(part[-length:]) for part in parts]
        if len(set(names)) == len(names):
            return names
    return [f"{number}" for number in range(1, len(folders) + 1)]


def _rows(data: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [
        {
            "name": name,
            "kind": row.get("kind"),
            "validation": row["validation"].to_json(),
            "values": {metric: value.to_json() for metric, value in row["values"].items()},
        }
        for name, row in rows_by_name(data).items()
    ]


@frozen
class _Options:
    """The options of the variants of a study.

    Attributes:
        values: option → its values in the variants, as text; none of a variant without it, or whose loop does
            not use it.
        is_whole: True where the variants have no other options.
        unknown: sections of which not all variants are known.
    """

    values: Mapping[str, Sequence[str]]
    is_whole: bool
    unknown: frozenset[str]

    def knows(self, option: str) -> bool:
        """Return True where all values of an option are known, also where there is none."""
        if _section(option) in self.unknown and not option.endswith(".name"):
            return False
        return self.is_whole or option in self.values


def _options_of(data: Mapping[str, Any], folder: Path) -> _Options:
    of_runs, points = settings_of_runs(data, folder), points_of_variants(data)
    values: dict[str, list[str]] = {}
    of_record = variant_settings(data, None)  # what runs tell is read above, once
    for settings in {**of_record, **of_runs}.values():
        unused = unused_in(settings)
        for option, value in flatten(settings).items():
            if _section(option) in unused or _section(option) in _OWN:
                continue
            if value_text(value) not in values.setdefault(option, []):
                values[option].append(value_text(value))
    unknown = {
        _section(key)
        for name, point in points.items()
        if name not in of_runs
        for key in point
        if key.endswith(".name")  # what a plugin has besides stands in its runs alone
    }
    return _Options(values, points.keys() <= of_runs.keys(), frozenset(unknown))


def _section(option: str) -> str:
    return option.partition(".")[0]


def _differing(studies: Mapping[str, _Options]) -> list[dict[str, Any]]:
    """Return the options whose values are not the same in all studies, in the order of the experiments; what
    is not known of one is no difference."""
    every = dict.fromkeys(option for study in studies.values() for option in study.values)
    told = {
        option: {name: list(study.values.get(option, ())) for name, study in studies.items()}
        for option in every
        if all(study.knows(option) for study in studies.values())
    }
    return [
        {"option": option, "values": found}
        for option, found in told.items()
        if len({frozenset(own) for own in found.values()}) > 1
    ]


def _not_known(studies: Mapping[str, _Options]) -> list[str]:
    """Return a sentence for each study of whose variants not all options are known."""
    return [
        f"The runs of {name} are not all there, so not all options of [{'], ['.join(sorted(study.unknown))}] "
        "are known, and none of them is compared."
        for name, study in studies.items()
        if study.unknown
    ]


def _differences(studies: Sequence[Mapping[str, Any]], options: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return a sentence for each thing that is not the same in all studies."""
    seeds = {tuple(study["seeds"]) for study in studies}
    found = [
        "All studies have the same seeds, so their rows can be compared seed by seed."
        if len(seeds) == 1
        else f"The studies have different seeds: {_each(studies, lambda study: _listed(study['seeds']))}."
    ]
    data = {study["data"] for study in studies}
    if len(data) > 1:
        found.append("The studies were made of different data, so a difference may come from the examples.")
    if options:
        cause = "it" if len(options) == 1 else "any of them"
        found.append(
            f"{counted(len(options), 'option differs', 'options differ')} between the studies: "
            f"{format_names([item['option'] for item in options])}. A difference between rows of two studies "
            f"may come from {cause}."
        )
    versions = {tuple(sorted(study["versions"].items())) for study in studies}
    if len(versions) > 1:
        said = _each(
            studies, lambda study: ", ".join(f"{key} {value}" for key, value in study["versions"].items())
        )
        found.append(f"They were made with different versions: {said}.")
    hardware = {_hardware(study) for study in studies}
    if len(hardware) > 1:
        found.append(f"Their times are of different hardware: {_each(studies, _hardware)}.")
    return found


def _each(studies: Sequence[Mapping[str, Any]], words: Callable[[Mapping[str, Any]], str]) -> str:
    return "; ".join(f"{study['name']}: {words(study) or 'not recorded'}" for study in studies)


def _listed(seeds: Sequence[Any]) -> str:
    return ", ".join(map(str, seeds))


def _versions(study: Mapping[str, Any]) -> str:
    return ", ".join(f"{key} {value}" for key, value in study["versions"].items())


def _hardware(study: Mapping[str, Any]) -> str:
    return "; ".join(dict.fromkeys(filter(None, map(hardware_of, study["machines"]))))


def _is_like(record: Mapping[str, Any]) -> bool:
    """Return True where rows of two studies differ in nothing but what their names say."""
    told = {(tuple(study["seeds"]), study["data"]) for study in record["studies"]}
    return len(told) == 1 and not record["options"]


def _results(record: Mapping[str, Any]) -> Table:
    shown = _columns(record, costs=False)
    title = "The scores of all studies"
    note = "Each study tests its own rows against each other; between studies nothing was tested."
    return _rows_of_all(record, "results", title, shown, f"{_bold(record, shown)}{note}")


def _costs(record: Mapping[str, Any]) -> Table:
    """Return the table of costs. No time is marked as the smallest where it is of another machine."""
    made_by = {(_hardware(study), _versions(study)) for study in record["studies"]}
    shown = [
        evolve(column, best="") if column.unit == "s" and len(made_by) > 1 else column
        for column in _columns(record, costs=True)
    ]
    note = _bold(record, shown)
    if _is_like(record) and len(made_by) > 1:
        note += "No time is marked: the hardware or the versions differ."
    return _rows_of_all(record, "costs", "The costs of all studies", shown, note.strip())


def _columns(record: Mapping[str, Any], *, costs: bool) -> list[Column]:
    """Return the columns of the scores or of the costs; none is marked between studies that are not alike."""
    metrics = metric_columns(record, with_validation=True)
    own = [column for column in metrics if (column.key in COSTS) == costs]
    return own if _is_like(record) else [evolve(column, best="") for column in own]


def _bold(record: Mapping[str, Any], columns: Sequence[Column]) -> str:
    if not _is_like(record):
        return (
            "No best number of a column is marked: options, seeds or data differ between the studies, as the "
            "sentences above say. "
        )
    best = {column.best for column in columns}
    words = [
        *(["the largest on validation"] if "largest" in best else []),
        *(["the smallest cost of a column"] if "smallest" in best else []),
    ]
    return f"Bold: {' and '.join(words)}, of all studies. " if words else ""


def _rows_of_all(
    record: Mapping[str, Any], name: str, title: str, shown: Sequence[Column], note: str
) -> Table:
    objective, validation = record["objective"], f"{record['objective']}_validation"
    rows: list[list[Cell]] = []
    marked = []
    for study in record["studies"]:
        for row in study["rows"]:
            if row["name"] == study["chosen"]:
                marked.append(len(rows))
            cells: list[Cell] = [
                Estimate.read(
                    row["validation"] if column.key == validation else row["values"].get(column.key)
                )
                for column in shown
            ]
            known = Estimate.read(row["values"].get(objective)).by_seed.values()
            rows.append([study["name"], row["name"], *cells, sum(value is not None for value in known)])
    several = any(len(study["seeds"]) > 1 for study in record["studies"])
    if marked:
        note = f"On a blue ground: the row that validation chose in its study. {note}".strip()
    signs = [*([MEANS] if several else []), *([CHOSEN] if marked else [])]
    columns = [Column("study"), Column("name"), *shown, Column("seeds")]
    return Table(name, title, columns, rows, note, marked, signs, stacks=True)


def _different(record: Mapping[str, Any]) -> Table:
    names = [study["name"] for study in record["studies"]]
    columns = [Column("option"), *(Column(f"study {place}", name) for place, name in enumerate(names, 1))]
    rows: list[list[Cell]] = [
        [item["option"], *(", ".join(item["values"][name]) or None for name in names)]
        for item in record["options"]
    ]
    note = "Several values: rows of the study have different ones. —: no row has the option, or it has none."
    return Table("options", "Of each study the values of all its rows", columns, rows, note, stacks=True)


def _facts(record: Mapping[str, Any]) -> Table:
    columns = [
        Column(key) for key in ("study", "kind", "title", "seeds", "versions", "hardware", "data", "folder")
    ]
    rows: list[list[Cell]] = [
        [
            study["name"],
            study["kind"],
            study["title"],
            _listed(study["seeds"]),
            _versions(study),
            _hardware(study) or None,
            (study["data"] or "")[:16] or None,
            study["path"],
        ]
        for study in record["studies"]
    ]
    return Table("studies", "Where they lie, and what made them", columns, rows, stacks=True)


def _address(path: str) -> str:
    """Return a relative path as an address, which names no scheme."""
    return f"./{quote(path, errors='surrogateescape')}"
