"""`nasframe estimators`: bias, variance and time of the gradients of the installed relaxations."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import App, Parameter

from nasframe.cli.missing_plugins import naming_missing_plugins
from nasframe.errors import ConfigurationError, RunError
from nasframe.runtime import make_progress, print_columns, print_json

if TYPE_CHECKING:
    from nasframe.estimators import ConditionalBias, Measurement

__all__ = ["add_commands"]

_LARGE = 1e3
"""Above this mean squared error, relative to the exact gradient, a note is printed."""

Several = Annotated[list[str] | None, Parameter(negative=())]


def add_commands(app: App) -> None:
    """Add the command of this group."""
    app.command(estimators)


def estimators(
    *,
    relaxation: Several = None,
    function: Several = None,
    temperature: Several = None,
    samples: Several = None,
    draws: int | None = None,
    seed: int = 0,
    run: Path | None = None,
    data: Path | None = None,
    bits: float | None = None,
    json: bool = False,
    out: Path | None = None,
) -> None:
    """Measure bias, variance, squared error and time of the gradient of every relaxation.

    Each is compared with the exact gradient, found by enumeration, on standard functions or on the supernet
    of a run. There are 95 % confidence intervals, and figures for the three propositions of the paper.
    Separate several values of an option by commas, or repeat the option.

    Parameters
    ----------
    relaxation
        Names. [default: all that are installed, and score_function, the unbiased reference]
    function
        Names of standard functions. [default: all; with --run, none]
    temperature
        Temperatures. [default: 0.1, 0.5, 1 and that of each relaxation]
    samples
        K, for relaxations that have it; exact is the limit of large K. [default: 1, 10, 100, 1000, exact]
    draws
        Number of draws of each gradient. [default: 20,000, fewer where K is large]
    seed
        Seed of the noise.
    run
        A finished run, whose supernet gives the loss.
    data
        The data the run was made from, if it has moved.
    bits
        Size of the part of the run that is enumerated: the sum of log2(candidates) over the choices that
        vary, at most 12. [default: 12]
    json
        A list with an object for each measurement instead of a table.
    out
        The folder for figures and numbers. [default: estimators in the run, or runs/estimators]
    """
    folder = out or (Path("runs") if run is None else run) / "estimators"
    _check_words(folder, run, data, bits)
    counts, numbers = _each("samples", samples, _count), _each("temperature", temperature, _number)

    from nasframe.estimators import BITS, Laboratory, save_biases, save_measurements

    laboratory = Laboratory(
        relaxations=_words(relaxation),
        functions=_words(function),
        temperatures=numbers,
        samples=counts,
        draws=draws,
        seed=seed,
        run=run,
        source=data,
        bits=BITS if bits is None else bits,
        progress=make_progress(),
    )
    if run is not None:
        with naming_missing_plugins(run):
            laboratory.subjects  # noqa: B018
    measurements = laboratory.measurements()
    files = save_measurements(folder, measurements)  # before Proposition 3, which may fail
    if json:
        print_json([entry.to_dict() for entry in measurements])
    else:
        _print_measurements(measurements)
    biases = laboratory.conditional_biases()
    files += save_biases(folder, biases)
    if not json:
        _print_biases(biases)
    _note_large_errors(measurements)
    print(f"{folder}: {', '.join(file.name for file in files)}", file=sys.stderr)


def _check_words(folder: Path, run: Path | None, data: Path | None, bits: float | None) -> None:
    if run is None:
        given = {"--data": data, "--bits": bits}
        problems = [f"{name}: needs --run" for name, value in given.items() if value is not None]
        if problems:
            raise ConfigurationError("estimators", problems)
    if data is not None and not data.exists():
        raise ConfigurationError("--data", [f"{data}: no such file or folder"])
    if folder.exists() and not folder.is_dir():
        raise RunError(f"--out {folder}: is a file; expected a folder, or a name for one")


def _words(given: Sequence[str] | None) -> list[str] | None:
    """Return the values of an option that was repeated, or that separates them by commas."""
    return (
        None
        if given is None
        else [word.strip() for item in given for word in item.split(",") if word.strip()]
    )


def _each(option: str, given: Sequence[str] | None, read: Callable[[str], Any]) -> list[Any] | None:
    words, problems, values = _words(given), [], []
    for word in words or ():
        try:
            values.append(read(word))
        except ValueError as error:
            problems.append(f"--{option} {word}: expected {error}")
    if problems:
        raise ConfigurationError("estimators", problems)
    return None if words is None else values


def _number(word: str) -> float:
    try:
        return float(word)
    except ValueError:
        raise ValueError("a number greater than 0") from None


def _count(word: str) -> int | str:
    try:
        return word if word == "exact" else int(word)
    except ValueError:
        raise ValueError("a whole number of at least 1, or exact") from None


def _print_measurements(measurements: Sequence[Measurement]) -> None:
    """Print a table for each function; every number is relative to the exact gradient, with its interval."""
    heads = ("RELAXATION", "K", "TEMP", "BIAS", "VARIANCE", "MSE", "MS", "DRAWS")
    for function in dict.fromkeys(entry.function for entry in measurements):
        here = [entry for entry in measurements if entry.function == function]
        scale = next((entry.scale for entry in here if entry.scale is not None), None)
        print(f"{function}{'' if scale is None else f', exact gradient of norm {scale:.4g}'}")
        print_columns([heads, *map(_row, here)], indent="  ")
        for entry in here:
            if entry.error is not None:
                print(f"  {entry.relaxation}: {' '.join(entry.error.split())}")
        print()


def _note_large_errors(measurements: Sequence[Measurement]) -> None:
    large = [entry for entry in measurements if (entry.mse or 0.0) > _LARGE]
    if large:
        worst = max(large, key=lambda entry: entry.mse or 0.0)
        others = f", and of {len(large) - 1} more" if len(large) > 1 else ""
        print(
            f"the mean squared error of {worst.relaxation} on {worst.function} is {_short(worst.mse or 0.0)}"
            f"{others} above {_LARGE:,.0f}; docs/estimators.md says under 'Very large errors' where they "
            "come from",
            file=sys.stderr,
        )


def _row(entry: Measurement) -> tuple[str, ...]:
    return (
        entry.relaxation,
        "-" if entry.samples is None else str(entry.samples),
        "-" if entry.temperature is None else f"{entry.temperature:g}",
        _with_interval(entry.bias, entry.bias_interval),
        _with_interval(entry.variance, entry.variance_interval),
        _with_interval(entry.mse, entry.mse_interval),
        "-" if entry.time_ms is None else f"{entry.time_ms:.3f}",
        f"{entry.draws:,}" if entry.error is None else "error",
    )


def _print_biases(biases: Sequence[ConditionalBias]) -> None:
    """Print Proposition 3: a line for each function and temperature, a column for each K."""
    if not biases:
        return
    counts = list(dict.fromkeys(entry.samples for entry in biases if entry.samples is not None))
    heads = ("FUNCTION", "TEMP", "STGS", *("exact" if k == "exact" else f"K = {k}" for k in counts))
    rows: dict[tuple[str, float], dict[int | str | None, str]] = {}
    for entry in biases:
        row = rows.setdefault((entry.function, entry.temperature), {})
        failed = entry.error is not None
        row[entry.samples] = "error" if failed else _with_interval(entry.bias, entry.bias_interval)
    print("proposition 3: bias of STGS, and of GRMC with every outcome enumerated")
    lines = [(name, f"{t:g}", *(row.get(k, "-") for k in (None, *counts))) for (name, t), row in rows.items()]
    print_columns([heads, *lines], indent="  ")
    for error in dict.fromkeys(entry.error for entry in biases if entry.error is not None):
        print(f"  {' '.join(error.split())}")


def _with_interval(value: float | None, interval: tuple[float, float] | None) -> str:
    if value is None:
        return "-"
    low, high = interval or (value, value)
    return f"{_short(value)}" if low == high else f"{_short(value)} ({_short(low)} to {_short(high)})"


def _short(value: float) -> str:
    """Return a number with three digits, and with an exponent where it is large."""
    if value < 5e-4:
        return "0"
    if value >= 1e5:
        return f"{value:.2e}"
    return f"{value:.{max(0, min(3, 2 - math.floor(math.log10(value))))}f}"
