"""The commands that make a run: `run`, `search`, `train`, `demo`."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from attrs import frozen
from cyclopts import App, Parameter

from nasframe.cli.plugin_files import next_command
from nasframe.cli.processes import searching_together
from nasframe.cli.refused_paths import refuse_default_folder
from nasframe.cli.study_options import Data, Device, Overrides, Preset, at_least
from nasframe.cli.summary import print_choice, print_summary
from nasframe.errors import ConfigurationError, NasframeError, PluginError, RunError
from nasframe.plugins import Registered, manager
from nasframe.runtime import make_progress, print_columns, print_text

if TYPE_CHECKING:
    from nasframe.experiment import Experiment
    from nasframe.pipeline import SearchResult
    from nasframe.runs import Run

__all__ = ["add_commands", "show_run", "show_search", "show_training"]


@frozen
class Common:
    """Options that every command of this group takes."""

    data: Data = None
    overwrite: Annotated[bool, Parameter(help="Replace the run that is there; train keeps its search.")] = (
        False
    )
    preset: Preset = None
    relaxation: Annotated[str | None, Parameter(help="Short for relaxation.name=…")] = None
    seed: Annotated[int | None, Parameter(help="Short for seed=….")] = None
    device: Device = None


CommonOptions = Annotated[Common, Parameter(name="*")]
Workers = Annotated[
    int,
    Parameter(help="Trainings side by side, of the architectures that a loop proposes, or of finalists."),
]
Out = Annotated[Path | None, Parameter(help="The run folder. [default: runs/NAME]")]
_DEFAULTS = Common()


def add_commands(app: App) -> None:
    """Add the commands of this group."""
    for command in (run, search, train, demo):
        app.command(command)


def run(
    experiment: Path,
    /,
    *overrides: Overrides,
    out: Out = None,
    workers: Workers = 1,
    common: CommonOptions = _DEFAULTS,
) -> None:
    """Do everything: prepare, search, derive, train, evaluate, draw.

    Stages that are done for the same inputs are skipped, so the same command goes on after an interruption.

    Parameters
    ----------
    experiment
        A TOML file.
    """
    at_least("--workers", workers, 1)

    from nasframe import pipeline

    loaded = _load(experiment, overrides, common, out)

    out = out or Path("runs") / experiment.stem
    with searching_together(loaded) as group:
        if group is None:
            return
        made = pipeline.run_experiment(
            loaded,
            out,
            source=common.data,
            overwrite=common.overwrite,
            workers=workers,
            progress=make_progress(),
            group=group,
        )
    show_run(made)


def show_run(made: Run) -> None:
    """Print a whole run, and where its files are."""
    print_summary(made)
    _announce(made)


def search(
    experiment: Path,
    /,
    *overrides: Overrides,
    out: Out = None,
    workers: Workers = 1,
    common: CommonOptions = _DEFAULTS,
) -> None:
    """Prepare the data, search, derive and draw an architecture; do not train it.

    Parameters
    ----------
    experiment
        A TOML file.
    """
    at_least("--workers", workers, 1)

    from nasframe import pipeline

    loaded = _load(experiment, overrides, common, out)

    out = out or Path("runs") / experiment.stem
    with searching_together(loaded) as group:
        if group is None:
            return
        found = pipeline.search(
            loaded,
            out,
            source=common.data,
            overwrite=common.overwrite,
            workers=workers,
            progress=make_progress(),
            group=group,
        )
    show_search(found)


def show_search(found: SearchResult) -> None:
    """Print the architecture that a search found, and the next command."""
    from nasframe import pipeline

    print_text(pipeline.draw(found).text.rstrip())
    assert found.run is not None
    print_choice(found.run)
    _announce(found.run, next_command("train", _word(found.run.path)))


def train(
    experiment: Path,
    /,
    *overrides: Overrides,
    architecture: Path | None = None,
    out: Annotated[
        Path | None, Parameter(help="The run folder. [default: runs/NAME, or the run folder that is given]")
    ] = None,
    common: CommonOptions = _DEFAULTS,
) -> None:
    """Train an architecture from scratch: the one that a search derived, or any other.

    Parameters
    ----------
    experiment
        A TOML file, or a run folder with its experiment in it.
    architecture
        An architecture's JSON file, or a run folder that has one. [default: that of the run]
    """
    from nasframe import pipeline
    from nasframe.runs import naming_missing_plugins

    is_run = experiment.is_dir()
    with naming_missing_plugins(experiment):
        loaded = _load(experiment / "experiment.toml" if is_run else experiment, overrides, common, out)
    out = out or (experiment if is_run else Path("runs") / experiment.stem)
    if is_run and architecture is None and out != experiment:
        architecture = experiment

    source: Path | str | None = common.data
    if is_run and source is None and out != experiment:
        source = _data_of(experiment, loaded)
    chosen = None
    if architecture is not None:
        with naming_missing_plugins(architecture):
            chosen = pipeline.load_architecture(architecture)
    made = pipeline.train(
        loaded,
        out,
        architecture=chosen,
        source=source,
        overwrite=common.overwrite,
        recorded=is_run and not any(word.partition("=")[0].strip() == "cache" for word in overrides),
        progress=make_progress(),
    )
    show_training(made)


def _data_of(folder: Path, experiment: Experiment) -> str | None:
    """Return the user's data that a run was made from, for a training on the same task; None: the task's."""
    from nasframe.pipeline import load_experiment
    from nasframe.runs import Run

    run = Run.open(folder)
    known = run.record["data"]
    if known is None or load_experiment(run).names["task"] != experiment.names["task"]:
        return None
    source: str | None = known["source"]
    return source


def show_training(made: Run) -> None:
    """Print where the files of a trained run are, and the next command."""
    _announce(made, next_command("evaluate", _word(made.path)))


def demo(
    name: str | None = None,
    /,
    *overrides: Overrides,
    out: Annotated[Path | None, Parameter(help="The run folder. [default: runs/demo]")] = None,
    common: CommonOptions = _DEFAULTS,
) -> None:
    """Do everything on a small experiment that comes with a plugin, into runs/demo.

    Parameters
    ----------
    name
        The name of the demo; needed where several are installed.
    """
    if name is not None and "=" in name:
        overrides, name = (name, *overrides), None
    found = _demo(name)

    from nasframe import pipeline

    with manager().written_by(found.plugin):  # who means its own task and space, whoever else has these names
        loaded = _load(Path(found.load()), overrides, common, out)
        out = out or Path("runs/demo")

        made = pipeline.run_experiment(
            loaded, out, source=common.data, overwrite=common.overwrite, progress=make_progress()
        )
    show_run(made)


def _demo(name: str | None) -> Registered:
    demos = manager().registered("demo")
    if name is not None:
        return manager().find("demo", name)
    if len(demos) == 1:
        return demos[0]
    installed = ", ".join(entry.name for entry in demos)
    raise PluginError(f"say which demo: {installed}" if demos else "no installed plugin has a demo")


def _load(path: Path, overrides: tuple[str, ...], common: Common, out: Path | None) -> Experiment:
    """Return the experiment; refuse a device, data or a folder with which no run can be made.

    Its names are those of the run that it goes on with, where there is one.
    """
    from nasframe.experiment import Experiment

    of_run = path.name == "experiment.toml"
    run = path.parent if of_run else out or Path("runs") / path.stem
    refuse_default_folder(Path("runs") / path.stem, out)
    with nullcontext() if common.overwrite and not of_run else _reading_as_recorded(run):
        experiment = Experiment.load(
            path,
            overrides,
            preset=common.preset,
            relaxation=common.relaxation,
            seed=common.seed,
            device=common.device,
        )
    _refuse_options_without_effect(path, experiment, overrides, common)
    experiment.torch_device()
    if common.data is not None and not common.data.exists():
        raise ConfigurationError("--data", [f"{common.data}: no such file or folder"])
    if out is not None and out.is_file():
        raise RunError(f"--out {out}: is a file; expected a folder, or a name for one")
    return experiment


def _refuse_options_without_effect(
    path: Path, experiment: Experiment, overrides: tuple[str, ...], common: Common
) -> None:
    """Refuse options in a command that its loop does not use: they would change nothing."""
    from nasframe.experiment import overrides_without_effect, unused_sections

    unused = unused_sections(type(experiment.loop), experiment.names["loop"])
    problems = []
    if "relaxation" in unused and common.relaxation is not None:
        problems.append(f"--relaxation {common.relaxation}: changes nothing, {unused['relaxation']}")
    problems += overrides_without_effect(unused, overrides)
    if problems:
        raise ConfigurationError(str(path), problems)


def _reading_as_recorded(folder: Path) -> AbstractContextManager[None]:
    """Let names mean what they mean in the run of a folder; nothing happens where there is no run."""
    from nasframe.runs import Run, reading_run

    try:
        return reading_run(Run.open(folder))
    except NasframeError:
        return nullcontext()


def _word(path: Path) -> str:
    """Return a path in a form that is not taken for an option."""
    text = str(path)
    return f"./{text}" if text.startswith("-") else text


def _announce(run: Run, following: str | None = None) -> None:
    """Print the last lines: the files of the run, and the next command."""
    # a machine without a renderer has only the source of the picture
    picture = next(
        (name for name in ("architecture.svg", "architecture.dot") if (run.path / name).exists()), ""
    )
    files = {
        "picture": picture,
        "report": "report.html",
        "numbers": "test.json" if run.test is not None else "metrics.jsonl",
    }
    rows = [(key, str(run.path / name)) for key, name in files.items() if (run.path / name).is_file()]
    print_text()
    print_columns(rows + ([("next", following)] if following else []))
