"""Every hook that a plugin may implement: an empty function, with the promise of the hook.

A plugin is a module found through the entry-point group `nasframe`. It implements hooks with
`nasframe.hookimpl`. Registration hooks return a mapping from name to target; a target is the object
itself or `"module:attribute"`, which is imported when the name is first used, so that help and
completion stay fast.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pluggy

from nasframe.plugins.protocols import HookApp, HookArchitecture, HookRun

if TYPE_CHECKING:
    from nasframe.display import Section

__all__ = ["KINDS", "PROJECT", "VERSION", "hookimpl", "hookspec"]

PROJECT = "nasframe"
VERSION = 1
"""Version of the hook interface; it grows when a hook changes its arguments or its meaning."""

KINDS: Mapping[str, str] = {
    "operation": "register_operations",
    "relaxation": "register_relaxations",
    "space": "register_search_spaces",
    "derivation": "register_derivation_rules",
    "loop": "register_loops",
    "task": "register_tasks",
    "baseline": "register_baselines",
    "demo": "register_demos",
    "preset": "register_presets",
    "executor": "register_executors",
    "table": "register_tables",
}
"""Kind of things that users name → the hook below by which plugins register such things.

A kind is the first word that `nasframe plugins` prints of an entry, and the first argument of
`nasframe.manager().find`. A plugin that brings hooks of its own has the like in its own module; see
`register_hookspecs`.
"""

hookspec = pluggy.HookspecMarker(PROJECT)
"""Marks an empty function as the specification of a hook; its docstring is the promise of the hook."""
hookimpl = pluggy.HookimplMarker(PROJECT)
"""Marks a function of a plugin as the implementation of the hook whose name it has."""

# -- registration ---------------------------------------------------------------------------------------


@hookspec
def register_operations() -> Mapping[str, Any]:  # type: ignore[empty-body]
    """Name → subclass of `nasframe.Operation`: what a node or an edge of a space can compute."""


@hookspec
def register_relaxations() -> Mapping[str, Any]:  # type: ignore[empty-body]
    """Name → subclass of `nasframe.Relaxation`: how logits become differentiable weights."""


@hookspec
def register_search_spaces() -> Mapping[str, Any]:  # type: ignore[empty-body]
    """Name → subclass of `nasframe.SpaceFactory`: options and input shapes in, a `SearchSpace` out."""


@hookspec
def register_derivation_rules() -> Mapping[str, Any]:  # type: ignore[empty-body]
    """Name → function `rule(space, probabilities)` that returns choice → candidate: how an architecture is
    derived from probabilities, choice → candidate → probability. A space names its rule.

    The same probabilities give the same architecture. `space.decisions.walk` asks for one decision after
    another, and offers only what the earlier ones leave valid. A rule with a third argument, a whole number
    from 1, is named with it, as in `top_k_per_port:2`.
    """


@hookspec
def register_loops() -> Mapping[str, Any]:  # type: ignore[empty-body]
    """Name → subclass of `nasframe.GradientLoop`, the order in which weights and logits are updated; or of
    `nasframe.ProposalLoop`, which proposes architectures and is told their scores."""


@hookspec
def register_tasks() -> Mapping[str, Any]:  # type: ignore[empty-body]
    """Name → subclass of `nasframe.Task`: data, loss and metrics."""


@hookspec
def register_baselines() -> Mapping[str, Any]:  # type: ignore[empty-body]
    """Name → function `networks(data)` that returns networks for any task, name → function that makes one
    untrained, or a `nasframe.Baseline` with it, as `Task.baselines` does.

    `data.inputs` holds the shapes of the inputs, `data.outputs` the number of outputs. Where an experiment
    names the function, `[baselines] registered = ["…"]`, each network is trained and scored as the searched
    one is, beside those of the task; a `Baseline` may bring a loss of its own. Its name decides the seed of
    its parameters; no other baseline has it.
    """


@hookspec
def register_demos() -> Mapping[str, Path]:  # type: ignore[empty-body]
    """Name → an experiment TOML that runs in minutes and needs no download: `nasframe demo [NAME]`."""


@hookspec
def register_presets() -> Mapping[str, Path]:  # type: ignore[empty-body]
    """Name → a TOML file with sections of an experiment, such as `[loop]` and `[search]`, which
    `--preset NAME` lays over an experiment. One that says `task.name` is for this task alone."""


@hookspec
def register_executors() -> Mapping[str, Any]:  # type: ignore[empty-body]
    """Name → subclass of `nasframe.jobs.Executor`: where the trials of a study are done."""


@hookspec
def register_tables() -> Mapping[str, Path]:  # type: ignore[empty-body]
    """Name → a table of the truth: the file `….json.xz` that `nasframe tabulate` wrote, in the plugin's own
    package. `nasframe.load_table(NAME)` reads it, `nasframe tables NAME` shows it; nothing writes into it."""


@hookspec
def register_hookspecs() -> Any:
    """A module with specifications of hooks that other plugins may implement: empty functions, marked by
    `nasframe.hookspec`, with arguments and a docstring.

    Its `KINDS`, kind → hook, says which of them register things by name, as `register_operations` does: these
    are looked up by `nasframe.manager().find(kind, name)` and listed by `nasframe plugins`. Its `VERSION`
    grows when a hook changes. Plugins may be loaded in any order.
    """


@hookspec
def register_commands(app: HookApp) -> None:
    """Add commands to the command line. Import heavy libraries inside the commands, not beside them."""


@hookspec
def read_architecture(text: str) -> HookArchitecture | None:
    """Return the architecture in a document of a format that nasframe itself does not read; None where the
    text is not of that format. Raise an `ArchitectureError` where it is, and breaks the rules of the format.

    The text may come from anywhere: parse it, never execute it. The first plugin that answers is taken.
    """


# -- life cycle -----------------------------------------------------------------------------------------


@hookspec
def search_started(run: HookRun | None, space: Any, relaxation: Any) -> None:
    """A search begins, or goes on after an interruption. `run` is None where nothing is written. `relaxation`
    is None where the loop proposes architectures."""


@hookspec
def search_step(run: HookRun | None, step: int, record: Mapping[str, Any]) -> None:
    """One update was made. `step` counts from 0 in every epoch; `record` holds the update's `kind` and its
    `loss`, a scalar tensor: reading it waits for the device, so read it only as often as you need it."""


@hookspec
def search_epoch(run: HookRun | None, epoch: int, record: Mapping[str, Any]) -> None:
    """An epoch of the search ended; `record` is the line written to `metrics.jsonl`. It is called when that
    and the checkpoint are on disk; where a kill comes before the call, the epoch is never reported."""


@hookspec
def search_trial(run: HookRun | None, record: Mapping[str, Any]) -> None:
    """A proposed architecture was trained; `record` is the line written to `metrics.jsonl`. It is called when
    that and the state of the search are on disk; where a kill comes before the call, it is never reported."""


@hookspec
def architecture_derived(run: HookRun | None, architecture: HookArchitecture) -> None:
    """The search ended and this architecture came out of it."""


@hookspec
def search_finished(run: HookRun | None, summary: Mapping[str, Any]) -> None:
    """Everything the search wrote is on disk."""


@hookspec
def report_sections(run: HookRun) -> Sequence[Section] | None:
    """Sections for the page of a run, of tables, figures and text; None or an empty list for none.

    It is called whenever the page is made, also by `nasframe report`, which may be long after the run and in
    another process: take all from the folder of the run. It is called once when a search begins too, so that
    one that cannot be imported is reported then; what it returns is not used. Sections stand on the page by
    the names of their plugins. They are none of the steps of a run: nothing is computed from them.
    """


@hookspec
def style_node(node: str, operation: str) -> Mapping[str, str] | None:
    """Graphviz attributes for a drawn node, laid over the default style; None leaves it alone.

    A label, and what is a link, is left out of them.
    """
