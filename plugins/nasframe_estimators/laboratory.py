"""The laboratory: relaxations in all their settings, measured on functions."""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from pathlib import Path

from attrs import asdict, field, frozen

from nasframe import Experiment, Run
from nasframe.errors import ConfigurationError
from nasframe.runtime import SILENT, Progress, one_thread
from nasframe_estimators.argument_checks import as_tuple, problems_of
from nasframe_estimators.functions import (
    BITS,
    FUNCTIONS,
    PORT_FUNCTIONS,
    Function,
    exact_gradient,
    function_of_run,
    standard_functions,
    standard_ports,
)
from nasframe_estimators.gradients import (
    SAMPLES,
    SCORE_FUNCTION,
    TEMPERATURES,
    Samples,
    full_name,
    relaxation_names,
    settings_of,
    target_of,
)
from nasframe_estimators.measurements import (
    GRMC_TARGET,
    ConditionalBias,
    Measurement,
    measure,
    measure_conditional_bias,
)

__all__ = ["Laboratory", "measure_estimators"]


@frozen(kw_only=True, slots=False)
class Laboratory:
    """Measures relaxations on functions, in every setting; see `measure_estimators` for the attributes.

    Raises:
        ConfigurationError: an unknown name, a value of a wrong type, or a number out of range; all at once.
    """

    relaxations: Sequence[str] | None = field(default=None, converter=as_tuple)
    functions: Sequence[str | Function] | None = field(default=None, converter=as_tuple)
    temperatures: Sequence[float] | None = field(default=None, converter=as_tuple)
    samples: Sequence[Samples] | None = field(default=None, converter=as_tuple)
    draws: int | None = None
    seed: int = 0
    run: Run | str | Path | None = None
    experiment: Experiment | None = None
    source: str | Path | None = None
    bits: float = BITS
    progress: Progress = SILENT

    def __attrs_post_init__(self) -> None:
        problems = problems_of(asdict(self, recurse=False))
        if problems:
            raise ConfigurationError("estimators", problems)

    def prepare_functions(self) -> list[Function]:
        """Return the functions whose gradients are estimated: that of the run, and the standard ones.

        They are made once; later calls return the same ones.

        Raises:
            RunError: the run cannot be used.
        """
        return self._made_functions

    @functools.cached_property
    def _made_functions(self) -> list[Function]:
        found: list[Function] = []
        if self.run is not None:
            with one_thread():
                found.append(
                    function_of_run(
                        self.run,
                        experiment=self.experiment,
                        source=self.source,
                        bits=self.bits,
                        seed=self.seed,
                        progress=self.progress,
                    )
                )
        by_default = FUNCTIONS if self.run is None else ()
        wanted = by_default if self.functions is None else self.functions
        found += [function for function in wanted if isinstance(function, Function)]
        found += [function for function in standard_functions() if function.name in wanted]
        return found + standard_ports([name for name in PORT_FUNCTIONS if name in wanted], self.progress)

    @property
    def names(self) -> list[str]:
        """The relaxations that are measured."""
        if self.relaxations is None:
            return [*relaxation_names(), SCORE_FUNCTION]
        return list(dict.fromkeys(full_name(name) or name for name in self.relaxations))

    def measurements(self) -> list[Measurement]:
        """Return an entry for each function, relaxation and setting, in that order."""
        settings = [
            setting for name in self.names for setting in settings_of(name, self.temperatures, self.samples)
        ]
        found: list[Measurement] = []
        with one_thread():
            for function in self.prepare_functions():
                exact = exact_gradient(function)
                with self.progress.task(f"estimators on {function.name}", len(settings)) as advance:
                    for setting in settings:
                        found += measure(function, exact, setting, self.draws, self.seed)
                        advance(1)
        return found

    def conditional_biases(self) -> list[ConditionalBias]:
        """Return the biases of Proposition 3; empty where Gumbel-Rao Monte Carlo is not measured."""
        if GRMC_TARGET not in map(target_of, self.names):
            return []
        samples = SAMPLES if self.samples is None else self.samples
        counts = sorted(set(samples), key=lambda k: math.inf if k == "exact" else k)
        temperatures = sorted(set(TEMPERATURES if self.temperatures is None else self.temperatures))
        return measure_conditional_bias(
            self.prepare_functions(), temperatures, counts, self.seed, self.progress
        )


def measure_estimators(
    relaxations: str | Sequence[str] | None = None,
    *,
    functions: str | Function | Sequence[str | Function] | None = None,
    temperatures: float | Sequence[float] | None = None,
    samples: Samples | Sequence[Samples] | None = None,
    draws: int | None = None,
    seed: int = 0,
    run: Run | str | Path | None = None,
    experiment: Experiment | None = None,
    source: str | Path | None = None,
    bits: float = BITS,
    progress: Progress = SILENT,
) -> list[Measurement]:
    """Measure bias, variance, squared error and time of the gradients of relaxations.

    They are compared with the exact gradient of E f(D), D ~ softmax(θ), by enumeration of D, also where the
    weights are soft. A relaxation that cannot be measured gets an entry with an `error`.

    Args:
        relaxations: names, or one; None is every installed one, and `score_function`, the unbiased reference.
        functions: names, or one, of standard functions and of those of the small supernet, or functions
            themselves, such as those of `functions_of_ports`; None is all standard ones, or with `run` none.
        temperatures: for relaxations with an option `temperature`; None is 0.1, 0.5, 1.0 and their default.
        samples: for relaxations with an option `samples`; None is 1, 10, 100, 1000 and "exact", as far as
            they take it.
        draws: of each gradient, at least 2; None is 20,000, and fewer where K is above 50.
        seed: of all noise.
        run: measure on the loss of the supernet of this finished run.
        experiment: the one that made the run; needed only where its task was made in Python.
        source: the data of the run, if it has moved.
        bits: largest sum of log2(candidates) over the run's choices that vary; at most 12.
        progress: to report to.

    Returns:
        For each function, in order, an entry for each relaxation and setting. A function whose choices are
        in several groups has entries for each group, too.

    Raises:
        ConfigurationError: an unknown name, a value of a wrong type, or a number out of range; all at once.
        RunError: the run cannot be used.
    """
    return Laboratory(
        relaxations=relaxations,
        functions=functions,
        temperatures=temperatures,
        samples=samples,
        draws=draws,
        seed=seed,
        run=run,
        experiment=experiment,
        source=source,
        bits=bits,
        progress=progress,
    ).measurements()
