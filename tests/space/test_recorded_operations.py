"""A document records the plugin of every operation, and is read by it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from torch import Tensor

from nasframe import Architecture, Operation, build, draw, hookimpl
from nasframe.errors import ArchitectureError, NasframeError, SpaceError
from nasframe.plugins import PluginManager
from nasframe_bimodal.space import Bimodal


class Larger(Operation):
    """Our own `gate`."""

    arity = 2

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        return x.maximum(y)


class Strange(Operation):
    """An operation of another plugin, under the name `gate` or `sum`."""

    arity = 1

    def forward(self, x: Tensor) -> Tensor:
        return x


def registering(**operations: type[Operation]) -> object:
    class Plugin:
        @hookimpl
        def register_operations(self) -> dict[str, Any]:
            return operations

    return Plugin()


@pytest.fixture(autouse=True)
def _ours(plugins: PluginManager) -> None:
    plugins.register(registering(gate=Larger), "ours")


def architecture(*operations: str) -> Architecture:
    space = Bimodal(channels=6, ports="choose", cells=1, nodes=1, operations=operations)
    made = space.build({"a": (4, 3), "b": (4, 5)}, 2)
    chosen = {"cell1.x": "a", "cell1.y": "b", "cell1/N1.x": "x", "cell1/N1.y": "y"}
    return Architecture(made, {**chosen, "cell1/N1": operations[-1]})


def old(document: dict[str, Any]) -> dict[str, Any]:
    """The document as format 1 wrote it: without plugins and packages."""
    kept = {key: value for key, value in document.items() if key not in ("operations", "packages")}
    return kept | {"format": 1}


def class_of(found: Architecture) -> str:
    network = build(found)
    (block,) = network.nodes["cell1/N1"].values()  # type: ignore[operator]
    return type(block.operation).__name__


def test_a_document_records_the_plugin_of_every_operation_and_the_packages_of_these_plugins() -> None:
    document = architecture("zero", "sum", "gate").to_dict()
    assert document["format"] == 2
    assert document["operations"] == {
        **dict.fromkeys(("identity", "zero"), "nasframe"),
        **dict.fromkeys(
            ("concat", "dropout", "head", "layer_norm", "projection", "sum", "weighted_fusion"),
            "nasframe_fusion",
        ),
        "gate": "ours",
    }
    assert document["packages"].keys() == {"nasframe", "nasframe_fusion"}  # ours has no package


def test_a_document_is_read_by_its_plugins_though_others_register_the_same_names(
    plugins: PluginManager,
) -> None:
    written = architecture("zero", "sum", "gate")
    document = json.loads(json.dumps(written.to_dict()))
    plugins.register(registering(gate=Strange, sum=Strange, head=Strange), "others")
    found = Architecture.from_dict(document)
    assert found == written
    assert found.fingerprint == written.fingerprint
    assert class_of(found) == "Larger"
    assert "gate" in draw(found).text
    assert found.to_dict() == written.to_dict()


def test_a_space_keeps_the_operations_with_which_it_was_put_together(plugins: PluginManager) -> None:
    found = architecture("zero", "sum", "gate")
    plugins.register(registering(gate=Strange, sum=Strange, head=Strange), "others")
    assert class_of(found) == "Larger"
    assert found.to_dict()["operations"]["gate"] == "ours"


def test_in_an_old_document_a_name_is_nasframe_s_own(plugins: PluginManager) -> None:
    written = architecture("zero", "sum")
    document = old(written.to_dict())
    plugins.register(registering(sum=Strange, head=Strange), "others")
    found = Architecture.from_dict(document)
    assert class_of(found) == "Sum"
    assert found.fingerprint == written.fingerprint


def test_in_an_old_document_a_name_that_nasframe_has_not_is_that_of_the_one_plugin_that_has_it() -> None:
    assert class_of(Architecture.from_dict(old(architecture("zero", "gate").to_dict()))) == "Larger"


def test_a_document_written_by_hand_needs_no_record() -> None:
    document = architecture("zero", "gate").to_dict()
    del document["operations"], document["packages"]
    assert class_of(Architecture.from_dict(document)) == "Larger"


def test_neither_record_nor_format_enters_the_fingerprint() -> None:
    written = architecture("zero", "gate")
    document = written.to_dict()
    assert Architecture.from_dict(old(document)).fingerprint == written.fingerprint
    other = document | {"packages": {"ours": "our-ops 9.9"}}
    assert Architecture.from_dict(other).fingerprint == written.fingerprint


def test_the_fingerprint_of_a_known_architecture_is_what_it_always_was() -> None:
    known = architecture("zero", "sum")
    assert known.fingerprint == "5f91df6b614c628012028a77be29245534e3ceceb88b66f286a523a926c09f24"


def test_an_operation_whose_plugin_is_missing_is_named_with_how_to_get_it(
    plugins: PluginManager, tmp_path: Path
) -> None:
    document = architecture("zero", "gate").to_dict()
    document["packages"]["ours"] = "our-ops 1.2"
    file = tmp_path / "mine.json"
    file.write_text(json.dumps(document))
    plugins.unregister("ours")
    plugins.register(registering(gate=Strange), "others")
    with pytest.raises(NasframeError) as error:
        Architecture.load(file)
    assert str(file) in str(error.value)
    assert "unknown operation 'gate': it is that of plugin 'ours' (our-ops 1.2)" in str(error.value)
    assert "pip install our-ops" in str(error.value)


def test_a_fixed_operation_whose_plugin_is_missing_is_named_too() -> None:
    document = architecture("zero", "sum").to_dict()
    document["operations"]["head"] = "more"
    with pytest.raises(
        SpaceError, match="mine.json: .*\n.*unknown operation 'head': it is that of plugin 'more'"
    ):
        Architecture.from_dict(document, "mine.json")


def test_a_record_that_is_no_mapping_of_names_is_refused_in_words() -> None:
    document = architecture("zero", "gate").to_dict() | {"operations": {"gate": 3}}
    with pytest.raises(ArchitectureError, match=r"operations.gate: 3 is not of type 'string'"):
        Architecture.from_dict(document)
