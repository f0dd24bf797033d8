"""The laboratory of gradient estimators: bias, variance, squared error and time of relaxed gradients.

- **measurements**: `measure_estimators` returns one `Measurement` for each relaxation, setting and function;
  `Laboratory` does the same, and measures Proposition 3 of the paper (`ConditionalBias`)
- **functions**: a `Function` of the choices in its `Pack`s, and its `exact_gradient`; that of a finished run
  has at most 2 ** `BITS` outcomes; `functions_of_ports` are those of any small supernet, one for each of the
  `MECHANISMS` against empty ports
- **results**: `tables_of_functions`, `table_of_measurements` and `table_of_biases`; the files of all by
  `save_results`, or in two steps by `save_measurements` and `save_biases`

It registers the command `nasframe estimators`. Every name is imported when it is first used, so that the
commands of nasframe never wait for torch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from nasframe import hookimpl
from nasframe.runtime import lazy_page

if TYPE_CHECKING:
    from cyclopts import App

    from nasframe_estimators.functions import BITS as BITS
    from nasframe_estimators.functions import MECHANISMS as MECHANISMS
    from nasframe_estimators.functions import Function as Function
    from nasframe_estimators.functions import Pack as Pack
    from nasframe_estimators.functions import exact_gradient as exact_gradient
    from nasframe_estimators.functions import functions_of_ports as functions_of_ports
    from nasframe_estimators.laboratory import Laboratory as Laboratory
    from nasframe_estimators.laboratory import measure_estimators as measure_estimators
    from nasframe_estimators.measurements import ConditionalBias as ConditionalBias
    from nasframe_estimators.measurements import Measurement as Measurement
    from nasframe_estimators.results import save_biases as save_biases
    from nasframe_estimators.results import save_measurements as save_measurements
    from nasframe_estimators.results import save_results as save_results
    from nasframe_estimators.results import table_of_biases as table_of_biases
    from nasframe_estimators.results import table_of_measurements as table_of_measurements
    from nasframe_estimators.results import tables_of_functions as tables_of_functions

_NAMES = {
    "functions": ("BITS", "MECHANISMS", "Function", "Pack", "exact_gradient", "functions_of_ports"),
    "laboratory": ("Laboratory", "measure_estimators"),
    "measurements": ("ConditionalBias", "Measurement"),
    "results": (
        "save_biases",
        "save_measurements",
        "save_results",
        "table_of_biases",
        "table_of_measurements",
        "tables_of_functions",
    ),
}
_MODULES = {name: f"{__name__}.{package}" for package, names in _NAMES.items() for name in names}

__all__ = sorted(_MODULES)
# No `__dir__`: the plugin manager looks at every name that it lists, which would import them all.
__getattr__ = lazy_page(__name__, _MODULES)


@hookimpl
def register_commands(app: App) -> None:
    from nasframe_estimators.commands import estimators

    app.command(estimators)
