"""A small run with scores, the studies made of it, and a real browser to look at their pages."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import torch
from attrs import define
from sklearn.metrics import roc_auc_score
from torch import Tensor
from torch.nn import functional as F

import nasframe
from nasframe import (
    BaselineOptions,
    Data,
    Experiment,
    Run,
    Scores,
    SearchOptions,
    Split,
    Task,
    TensorTask,
    TrainOptions,
    hookimpl,
)
from nasframe.plugins import manager
from nasframe.report import (
    write_comparison_page,
    write_loop_page,
    write_space_table_page,
    write_sweep_page,
)
from nasframe.searching.gradient.joint import Joint
from nasframe_bimodal.space import Bimodal
from tests.report.studies import comparison, loops, space_table, sweep

QUIET = "<quiet> & 'odd'"
"""A category whose name is no HTML."""


@define
class Louder(Task):
    """Two noisy streams, of which the louder one is to be named; in two categories, one of them harder."""

    objective = "auc"

    def data(self, folders: Mapping[str, Path]) -> Data:
        random = torch.Generator().manual_seed(0)
        noise = torch.rand(2, 120, 4, 6, generator=random)
        labels = torch.arange(120) % 2
        strength = torch.where(torch.arange(120) % 4 < 2, 1.0, 0.15)
        noise[1] += ((labels - 0.5) * strength)[:, None, None]
        return TensorTask({"left": noise[0], "right": noise[1]}, labels).data({})

    def loss(self, outputs: Tensor, targets: Tensor) -> Tensor:
        return F.cross_entropy(outputs, targets)

    def metrics(self, outputs: Tensor, targets: Tensor) -> dict[str, float]:
        found = self._log_odds(outputs)
        return {
            "auc": float(roc_auc_score(targets, found)),
            "acc": float(((found > 0) == targets).float().mean()),
        }

    def evaluate(self, outputs: Tensor, split: Split, calibration: Mapping[str, float]) -> dict[str, Any]:
        kinds = self._kinds(split)
        parts = {
            name: {"count": kinds.count(name), "share": kinds.count(name) / len(kinds)} for name in set(kinds)
        }
        return {
            **super().evaluate(outputs, split, calibration),
            "undefined": float("nan"),
            "per_category": parts,
        }

    def scores(self, outputs: Tensor, split: Split, calibration: Mapping[str, float]) -> Scores:
        targets = split.batch(torch.arange(len(split))).targets
        return Scores(
            self._log_odds(outputs), targets, "right", "left", categories=self._kinds(split), threshold=0.4
        )

    def _log_odds(self, outputs: Tensor) -> Tensor:
        return (outputs[:, 1] - outputs[:, 0]).double()

    def _kinds(self, split: Split) -> list[str]:
        return ["loud" if int(name) % 4 < 2 else QUIET for name in split.identifiers]


class Plugin:
    """Registers it."""

    @hookimpl
    def register_tasks(self) -> dict[str, Any]:
        return {"louder_of_two": Louder}


@pytest.fixture(scope="session")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    """A run that was searched, trained and evaluated. Tests read it and leave it as it is."""
    folder = tmp_path_factory.mktemp("report")
    manager().register(Plugin(), "louder_plugin")
    experiment = Experiment.of(
        task="louder_of_two",
        space=Bimodal(channels=4, cells=2, nodes=2),
        relaxation="softmax",
        loop=Joint(architecture_rate=0.3),
        search=SearchOptions(epochs=8, batch_size=16),
        train=TrainOptions(epochs=3, batch_size=16),
        baselines=BaselineOptions(random=2),
        device="cpu",
        cache=folder / "cache",
    )
    yield nasframe.run_experiment(experiment, folder / "run")
    manager().unregister("louder_plugin")


@pytest.fixture(scope="session")
def compared(run: Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of a comparison."""
    folder = tmp_path_factory.mktemp("comparison")
    data = comparison(run, folder)
    (folder / "comparison.json").write_text(json.dumps(data), encoding="utf-8")
    write_comparison_page(data, folder)
    return folder


@pytest.fixture(scope="session")
def swept(run: Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of a sweep over two options."""
    folder = tmp_path_factory.mktemp("sweep")
    data = sweep(run, {"relaxation.temperature": [0.1, 0.5, 1.0], "relaxation.samples": [10, 100]})
    (folder / "sweep.json").write_text(json.dumps(data), encoding="utf-8")
    write_sweep_page(data, folder)
    return folder


@pytest.fixture(scope="session")
def tabulated(run: Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of a table of a space."""
    folder = tmp_path_factory.mktemp("table")
    record, rows = space_table(run)
    (folder / "table.json").write_text(json.dumps(record), encoding="utf-8")
    (folder / "table.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    write_space_table_page(record, rows, folder)
    return folder


@pytest.fixture(scope="session")
def judged(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of a comparison of loops on a table."""
    folder = tmp_path_factory.mktemp("loops")
    write_loop_page(loops(), folder)
    return folder


@pytest.fixture(scope="session")
def pages(run: Run, compared: Path, swept: Path, tabulated: Path, judged: Path) -> dict[str, Path]:
    """The kind of a page → the page."""
    folders = {
        "run": run.path,
        "comparison": compared,
        "sweep": swept,
        "table": tabulated,
        "loops": judged,
    }
    return {name: folder / "report.html" for name, folder in folders.items()}


# -- the browser ----------------------------------------------------------------------------------------


@pytest.fixture
def look(browser: Any) -> Iterator[Callable[..., Any]]:
    """Open a page: `look(path, width=…, **options of the context)`. What it should not do is in `.wrongs`."""
    contexts = []

    def look(path: Path, *, width: int = 1440, **options: Any) -> Any:
        context = browser.new_context(viewport={"width": width, "height": 900}, **options)
        context.set_default_timeout(15_000)
        contexts.append(context)
        page = context.new_page()
        wrongs: list[str] = []
        page.wrongs = wrongs
        page.on("console", lambda message: wrongs.append(f"console: {message.text}"))
        page.on("pageerror", lambda error: wrongs.append(f"error: {error}"))

        def note(route: Any) -> None:
            if route.request.url == path.as_uri():
                route.continue_()
            else:
                wrongs.append(f"request: {route.request.url}")
                route.abort()

        page.route("**/*", note)
        page.goto(path.as_uri())
        return page

    yield look
    for context in contexts:
        context.close()
