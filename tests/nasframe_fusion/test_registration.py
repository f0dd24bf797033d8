"""The operations that the plugin registers, without an import of torch."""

from __future__ import annotations

import subprocess
import sys

import pytest

import nasframe_fusion
from nasframe import Operation
from nasframe.plugins import manager

NAMES = sorted(nasframe_fusion.register_operations())


def test_the_plugin_brings_the_candidates_and_the_fixed_parts_of_a_fusion_network() -> None:
    candidates = {"sum", "attention", "linear_glu", "concat_fc"}
    fixed = {"projection", "layer_norm", "batch_norm", "dropout", "weighted_fusion", "concat", "head"}
    assert set(NAMES) == candidates | fixed


@pytest.mark.parametrize("name", NAMES)
def test_every_name_leads_to_an_operation(name: str) -> None:
    found = manager().find("operation", name)
    assert found.plugin == "nasframe_fusion"
    assert issubclass(found.load(), Operation)


def test_registering_does_not_import_torch() -> None:
    code = "import sys, nasframe_fusion; nasframe_fusion.register_operations(); print('torch' in sys.modules)"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "False"
