"""The documents of a run folder: the shape of each, which it must have when it is read back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from nasframe.errors import RunError
from nasframe.runs.unfinished import UNFINISHED
from nasframe.runtime import (
    ANYTHING,
    MACHINE,
    MAX_EXACT_INTEGER,
    MAX_LISTING_BYTES,
    NOTHING,
    PATH,
    Each,
    Fields,
    Flag,
    Items,
    Nullable,
    Number,
    Text,
    check_shape,
    naming_way_out,
    parse_json,
    read_json,
    read_json_lines,
    shell_line,
)

__all__ = [
    "check_begun_record",
    "check_run_record",
    "naming_ways_out",
    "parse_metrics_line",
    "read_metrics",
    "read_scores",
    "read_test",
]

_Error = Callable[[str], RunError]

_COUNT = Number(0, MAX_EXACT_INTEGER, whole=True)
_EPOCH = Number(0, 10**9, whole=True)
_METRICS = Each(Nullable(Number()))
_NAMES = Each(Each(Text()))

_TEXT = Nullable(Text())
_PLUGIN = Fields({}, dict.fromkeys(("version", "sha256", "package", "file"), _TEXT))
_TASK = Fields(
    {},
    {"objective": Text(), "inputs": Each(Items(_COUNT)), "outputs": _COUNT, "examples": Each(_COUNT)},
)
_DATA = Fields(
    {"source": Nullable(Text()), "cache": Text(), "fingerprint": Text(), "folders": Each(Text())},
    {"seconds": Each(Number(0)), "task": _TASK},
)
_SCORE = Nullable(Number())
_FINALS = Fields(
    {
        "rounds": Items(
            Fields({"epochs": _EPOCH, "networks": _COUNT}, {"supernet": _SCORE, "before": _SCORE})
        ),
        "spent": _COUNT,
        "seconds": Number(0),
        "networks": Items(
            Fields(
                {"architecture": Text(), "supernet": _SCORE, "scores": Each(_SCORE), "derived": Flag()},
                {"place": Nullable(_COUNT)},
            )
        ),
    },
    {"said": Text(), "scored": _COUNT},
)
_SELECTION = Fields(
    {"candidates": _COUNT, "rule": _SCORE, "chosen": _SCORE},
    {"seconds": Number(0), "notes": Items(Text()), "finals": _FINALS},
)
# Steps write these; a key that is there has its type, and who needs one says so.
_SEARCH = Fields(
    {},
    {
        "epochs": _EPOCH,
        "converged": Flag(),
        "entropy": _METRICS,
        "validation": _METRICS,
        "inherited": _METRICS,
        "searched": _METRICS,
        "dealt": Items(Text()),
        "seconds": Nullable(Number(0)),
        "selection": Nullable(_SELECTION),
        "batch_norms": _COUNT,
        "trials": _COUNT,
        "networks": _COUNT,
        "best_trial": _COUNT,
        "best": _METRICS,
        "cost": Number(0),
        "unmoved": Items(Text()),
    },
)
_RECORD = Fields(
    {
        "nasframe": Text(),
        "experiment": Text(),
        "plugins": Each(_PLUGIN),
        "data": Nullable(_DATA),
        "done": Each(Fields({"inputs": Text(), "seconds": Number(0)})),
    },
    {
        "python": Text(),
        "names": _NAMES,
        "machines": Items(MACHINE),
        "search": Nullable(_SEARCH),
        "finetune": Nullable(Fields({"epoch": _COUNT, "before": _METRICS})),
    },
)

_LINE = Fields({}, {"stage": Text()})
_SEARCHED = Fields(
    {"epoch": _EPOCH},
    {
        "loss": _METRICS,
        "validation": _METRICS,
        "entropy": _METRICS,
        "probabilities": Each(Each(Nullable(Number(0, 1)))),
        "seconds": Number(0),
        "derived": Text(),
    },
)
_TRAINED = Fields(
    {"epoch": _EPOCH}, {"loss": Nullable(Number()), "validation": _METRICS, "seconds": Number(0)}
)
_TRIED = Fields(
    {
        "trial": Number(1, 10**9, whole=True),
        "epochs": _EPOCH,
        "new_epochs": _EPOCH,
        "score": Nullable(Number()),
        "validation": _METRICS,
        "cost": Number(0),
        "seconds": Number(0),
        "assignment": Each(Text()),
    },
    {"network": Text(), "parameters": _COUNT, "multiply_adds": _COUNT, "failed": Text()},
)

_BASELINE = Fields({"validation": _METRICS}, {"parameters": _COUNT, "multiply_adds": _COUNT})
_TEST = Fields(
    {"objective": Text(), "parameters": _COUNT, "multiply_adds": _COUNT},
    {
        "parameters_total": _COUNT,
        "parameters_by_part": Each(_COUNT),
        "examples": _COUNT,
        "architecture": Text(),
        "converged": Nullable(Flag()),
        "baselines": Each(_BASELINE),
    },
)
_SCORES = Fields(
    {
        "positive": Text(),
        "negative": Text(),
        "threshold": Number(),
        "log_odds": Items(Number()),
        "labels": Items(Number(0, 1, whole=True)),
    },
    {"categories": Items(Text()), "examples": Items(Text())},
)


_OPTIONS = Fields(
    {},
    {
        "source": PATH,
        "toml": Text(),
        "architecture": Each(ANYTHING),
        "workers": Number(1, MAX_EXACT_INTEGER, whole=True),
    },
    NOTHING,
)
_BEGUN = Fields(
    {},
    {
        "toml": Text(),
        "plugins": Each(Fields({}, {"file": Nullable(Text())})),
        "names": Each(Each(Text())),
        "done": Each(ANYTHING),
        UNFINISHED: Each(_OPTIONS),
    },
)
"""An interrupted run records its command from its first file on."""

_READ_ALONE = ("architecture.json", "experiment.toml")
"""The files of a run folder that are of use without its record."""


def naming_ways_out(record: Path) -> AbstractContextManager[None]:
    """Add the ways out to an error of the block, which reads the `run.json` at this path."""
    return naming_way_out(record, _kept)


def _kept(folder: Path) -> str:
    there = [name for name in _READ_ALONE if (folder / name).is_file()]
    if not there:
        return ""
    verb = "it is" if len(there) == 1 else "they are"
    return f"Before that, copy {' and '.join(there)} elsewhere: {verb} of use without the record."


def check_run_record(record: Any, source: Path) -> None:
    """Refuse the content of a `run.json` of this format, and of a run that has begun, in another shape.

    Raises:
        RunError: names the key.
    """
    with naming_ways_out(source):
        check_shape(record, _RECORD, str(source))


def check_begun_record(record: Any, source: Path) -> None:
    """Refuse the content of a `run.json` whose unfinished commands, and what they need, have another shape.

    Raises:
        RunError: names the key.
    """
    with naming_ways_out(source):
        check_shape(record, _BEGUN, str(source))


def read_metrics(path: Path) -> list[dict[str, Any]]:
    """Return the lines of a `metrics.jsonl`; a last line that a kill cut short is left out.

    Raises:
        RunError: names the line and the key.
    """
    lines: list[dict[str, Any]] = read_json_lines(path, _LINE, _line_of_history, torn=True)
    for number, line in enumerate(lines, start=1):
        _check_metrics_line(line, f"{path}: line {number}", _line_of_history)
    return lines


def parse_metrics_line(text: str, source: str) -> dict[str, Any]:
    """Return a line of a `metrics.jsonl`, of which nothing else may be known.

    Raises:
        RunError: begins with `source`, and names the key.
    """
    line: dict[str, Any] = parse_json(text, source, _LINE)
    _check_metrics_line(line, source)
    return line


def _check_metrics_line(line: Mapping[str, Any], source: str, error: _Error = RunError) -> None:
    stage = line.get("stage", "")
    is_training = stage in ("train", "finetune") or stage.startswith("baseline-")
    shapes = {"search": _SEARCHED, "trial": _TRIED}
    check_shape(line, shapes.get(stage, _TRAINED if is_training else ANYTHING), source, error)


def read_test(path: Path) -> dict[str, Any]:
    """Return the content of a `test.json`.

    Raises:
        RunError: names the key, and the command that makes the file anew.
    """
    error = _made_by_evaluation(path)
    found: dict[str, Any] = read_json(path, _TEST, error)
    objective = found["objective"]
    check_shape(found, Fields({objective: Nullable(Number())}), str(path), error)
    return found


def read_scores(path: Path) -> dict[str, Any]:
    """Return the content of a `scores.json`.

    Raises:
        RunError: names the key, and the command that makes the file anew; or its lists have different
            lengths.
    """
    error = _made_by_evaluation(path)
    found: dict[str, Any] = read_json(path, _SCORES, error, MAX_LISTING_BYTES)
    wanted = len(found["log_odds"])
    for key in ("labels", "categories", "examples"):
        if found.get(key) and len(found[key]) != wanted:
            raise error(
                f"{path}: {key}: expected {wanted} values, one for each score, found {len(found[key])}"
            )
    return found


def _made_by_evaluation(path: Path) -> _Error:
    command = shell_line(["nasframe", "evaluate", str(path.parent)])
    return lambda message: RunError(
        f"{message}; evaluate the run again, which makes the file anew: {command}"
    )


def _line_of_history(message: str) -> RunError:
    return RunError(f"{message}; put back a whole copy of the file, or remove the line")
