"""The examples in docstrings: each runs as it stands."""

from __future__ import annotations

import doctest
import importlib.util
import pkgutil
from collections.abc import Iterator
from types import ModuleType

import pytest
import torch

PACKAGES = (
    "nasframe",
    "nasframe_fusion",
    "nasframe_bimodal",
    "nasframe_cells",
    "nasframe_audiovisual",
    "nasframe_deepfake",
    "nasframe_estimators",
    "nasframe_optuna",
    *(["nasframe_ray"] if importlib.util.find_spec("ray") else []),
    "nasframe_tabular",
    "nasframe_tensorboard",
)
LEAST = 20


def modules() -> Iterator[str]:
    for package in PACKAGES:
        yield package
        found = importlib.import_module(package)
        yield from (item.name for item in pkgutil.walk_packages(found.__path__, f"{package}."))


def examples(module: ModuleType) -> list[doctest.DocTest]:
    return [test for test in doctest.DocTestFinder().find(module) if test.examples]


MODULES = sorted(modules())
WITH_EXAMPLES = [name for name in MODULES if examples(importlib.import_module(name))]


def test_there_are_examples() -> None:
    assert len(MODULES) > 200
    count = sum(len(examples(importlib.import_module(name))) for name in WITH_EXAMPLES)
    assert count >= LEAST


@pytest.mark.parametrize("name", WITH_EXAMPLES)
def test_every_example_of_a_module_runs_as_written(name: str) -> None:
    torch.set_printoptions(profile="default")
    runner = doctest.DocTestRunner(verbose=False)
    for test in examples(importlib.import_module(name)):
        runner.run(test)
    assert runner.failures == 0
    assert runner.tries > 0
