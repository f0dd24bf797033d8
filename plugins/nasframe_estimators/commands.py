"""`nasframe estimators`: bias, variance and time of the gradients of the installed relaxations."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from nasframe.display import format_value, print_tables
from nasframe.errors import ConfigurationError, RunError
from nasframe.runtime import make_progress, print_json, print_message, print_text

if TYPE_CHECKING:
    from nasframe_estimators import Measurement

__all__ = ["estimators"]

_LARGE = 1e3
"""Above this mean squared error, relative to the exact gradient, a note is printed."""

Several = Annotated[list[str] | None, Parameter(negative=())]


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
        Names of standard functions, or of cell-allow, cell-clip, cell-clip-rows, cell-differences and
        cell-redraw, which show what is done about empty ports. [default: all standard ones; with --run, none]
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

    from nasframe import naming_missing_plugins
    from nasframe_estimators import (
        BITS,
        Laboratory,
        save_biases,
        save_measurements,
        table_of_biases,
        tables_of_functions,
    )

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
            laboratory.prepare_functions()
    measurements = laboratory.measurements()
    files = save_measurements(folder, measurements)  # before Proposition 3, which may fail
    if json:
        print_json([entry.to_dict() for entry in measurements])
    else:
        print_tables(tables_of_functions(measurements))
    biases = laboratory.conditional_biases()
    files += save_biases(folder, biases)
    if biases and not json:
        print_text()
        print_tables([table_of_biases(biases)])
    _note_large_errors(measurements)
    print_message(f"{folder}: {', '.join(file.name for file in files)}")


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


def _note_large_errors(measurements: Sequence[Measurement]) -> None:
    large = [entry for entry in measurements if (entry.mse or 0.0) > _LARGE]
    if large:
        worst = max(large, key=lambda entry: entry.mse or 0.0)
        others = f", and of {len(large) - 1} more" if len(large) > 1 else ""
        print_message(
            f"the mean squared error of {worst.relaxation} on {worst.function} is "
            f"{format_value(worst.mse, 'short')}{others} above {_LARGE:,.0f}; docs/estimators.md says under "
            "'Very large errors' where they come from"
        )
