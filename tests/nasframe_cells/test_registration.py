"""The names that the plugin registers, without an import of torch."""

from __future__ import annotations

import subprocess
import sys

import pytest

import nasframe_cells
from nasframe import Operation
from nasframe.plugins import manager

NAMES = sorted(nasframe_cells.register_operations())


def test_the_plugin_brings_the_operations_of_both_papers_and_the_parts_around_the_cells() -> None:
    convolutions = {"nor_conv_1", "nor_conv_3", "sep_conv_3", "sep_conv_5", "dil_conv_3", "dil_conv_5"}
    others = {"avg_pool_3", "max_pool_3", "skip_connect", "residual_reduction"}
    assert set(NAMES) == convolutions | others | {"conv_stem", "concat_channels", "pooled_head"}


@pytest.mark.parametrize("name", NAMES)
def test_every_name_leads_to_an_operation(name: str) -> None:
    found = manager().find("operation", name)
    assert found.plugin == "nasframe_cells"
    assert issubclass(found.load(), Operation)


def test_registering_does_not_import_torch() -> None:
    code = "import sys, nasframe_cells as m; m.register_operations(); print('torch' in sys.modules)"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "False"
