"""Genotypes that BM-NAS published: read as text, never executed, drawn and compared like ours."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

import nasframe
from nasframe import Architecture
from nasframe.errors import ArchitectureError
from nasframe_bimodal.genotype import Genotype, parse_genotype

# as the notebook beside the published code has it
NOTEBOOK = (
    "Genotype(edges=[('skip', 2), ('skip', 7), ('skip', 2), ('skip', 3)], steps=[StepGenotype(inner_edges="
    "[('skip', 0), ('skip', 1), ('skip', 2), ('skip', 0)], inner_steps=['LinearGLU', 'LinearGLU'], "
    "inner_concat=[2, 3]), StepGenotype(inner_edges=[('skip', 0), ('skip', 1), ('skip', 2), ('skip', 0)], "
    "inner_steps=['ScaleDotAttn', 'ScaleDotAttn'], inner_concat=[2, 3])], concat=[8, 9])"
)
# as a training of MM-IMDB logs it
LOGGED = (
    "12/03 10:25:54 PM Fusion Model Params: 532416\n"
    "12/03 10:25:54 PM Genotype(edges=[('skip', 0), ('skip', 4), ('skip', 1), ('skip', 4)], "
    "steps=[StepGenotype(inner_edges=[('skip', 0), ('skip', 1)], inner_steps=['LinearGLU'], "
    "inner_concat=[2]), StepGenotype(inner_edges=[('skip', 1), ('skip', 0)], inner_steps=['LinearGLU'], "
    "inner_concat=[2])], concat=[6, 7])\n"
    "12/03 10:25:54 PM Final Test F1: 0.5479939980034221\n"
)
# as a comment in the published training of NTU has it, with the operation's old name
OLD = (
    "genotype = Genotype(edges=[('skip', 3), ('skip', 7)], steps=[StepGenotype(inner_edges=[('skip', 1), "
    "('skip', 0)], inner_steps=['cat_conv_relu'], inner_concat=[2])], concat=[8])"
)


def read(text: str) -> Architecture:
    found = Architecture.from_text(text)
    assert found is not None
    return found


def wiring(architecture: Architecture) -> dict[str, dict[str, list[str]]]:
    return {
        name: {port: [item.source for item in items] for port, items in ports.items()}
        for name, ports in architecture.resolved.arrivals.items()
    }


@pytest.mark.parametrize(("text", "inputs"), [(NOTEBOOK, 8), (LOGGED, 6), (OLD, 8)])
def test_the_number_of_inputs_follows_from_the_last_index(text: str, inputs: int) -> None:
    found = parse_genotype(text)
    assert found is not None
    assert found.inputs == inputs


def test_edges_name_inputs_and_become_the_ports_of_the_cells() -> None:
    found = wiring(read(NOTEBOOK))
    assert found["cell1/x"] == {"in": ["input2"]}
    assert found["cell1/y"] == {"in": ["input7"]}
    assert found["cell2/x"] == {"in": ["input2"]}
    assert found["cell2/y"] == {"in": ["input3"]}
    assert "input0" not in found


def test_inner_edges_name_x_y_and_earlier_inner_steps() -> None:
    found = wiring(read(NOTEBOOK))
    assert found["cell1/N1"] == {"x": ["cell1/x"], "y": ["cell1/y"]}
    assert found["cell1/N2"] == {"x": ["cell1/N1"], "y": ["cell1/x"]}


def test_an_edge_may_come_from_an_earlier_step() -> None:
    chained = NOTEBOOK.replace("('skip', 3)], steps", "('skip', 8)], steps")
    assert wiring(read(chained))["cell2/y"] == {"in": ["cell1/norm"]}


def test_one_inner_step_at_the_end_is_added_to_x() -> None:
    assert wiring(read(LOGGED))["cell1/fusion"] == {"x": ["cell1/x"], "y": ["cell1/N1"]}


def test_several_inner_steps_at_the_end_are_concatenated_projected_and_added_to_x() -> None:
    found = wiring(read(NOTEBOOK))
    assert found["cell1/concat"] == {"N1": ["cell1/N1"], "N2": ["cell1/N2"]}
    assert found["cell1/fusion"] == {"x": ["cell1/x"], "y": ["cell1/projection"]}


@pytest.mark.parametrize(
    ("published", "ours"),
    [
        ("Sum", "sum"),
        ("ScaleDotAttn", "attention"),
        ("LinearGLU", "linear_glu"),
        ("ConcatFC", "concat_fc"),
        ("scale_dot_attn", "attention"),
        ("cat_conv_glu", "linear_glu"),
        ("sum", "sum"),
    ],
)
def test_operations_get_the_names_of_ours(published: str, ours: str) -> None:
    assert read(OLD.replace("cat_conv_relu", published)).assignment["cell1/N1"] == ours


def test_an_edge_none_leaves_its_port_empty() -> None:
    found = wiring(read(OLD.replace("('skip', 7)", "('none', 7)")))
    assert found["cell1/y"] == {"in": []}


def test_two_genotypes_of_other_wiring_are_not_equal() -> None:
    assert read(OLD) == read(OLD)
    assert read(OLD) != read(OLD.replace("('skip', 7)", "('skip', 6)"))


def test_a_plugin_may_bring_an_operation_that_bm_nas_has_not(plugins: Any) -> None:
    class Mine:
        @nasframe.hookimpl
        def register_operations(self) -> dict[str, str]:
            return {"CatConvMish": "nasframe_fusion.fusion:Sum"}

    text = OLD.replace("cat_conv_relu", "CatConvMish")
    with pytest.raises(ArchitectureError, match="unknown operation 'CatConvMish'"):
        read(text)
    plugins.register(Mine(), "mine")
    assert read(text).assignment["cell1/N1"] == "CatConvMish"


def test_the_same_genotype_again_is_one_and_another_is_refused() -> None:
    assert parse_genotype(OLD + "\n" + OLD) == parse_genotype(OLD)
    with pytest.raises(ArchitectureError, match="holds 2 different genotypes"):
        parse_genotype(OLD + "\n" + NOTEBOOK)


def test_fields_may_stand_without_their_names_and_indices_as_a_range() -> None:
    bare = OLD.replace("edges=", "").replace("inner_", "").replace("steps=", "").replace("concat=", "")
    assert parse_genotype(bare.replace("[8]", "range(8, 9)")) == parse_genotype(OLD)


@pytest.mark.parametrize("text", ["", "{}", "StepGenotype(inner_edges=[])", "my.Genotype(1)", "genotype"])
def test_any_other_text_is_not_ours_to_read(text: str) -> None:
    assert parse_genotype(text) is None
    assert Architecture.from_text(text) is None


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("('skip', 7)", "('skip', 8)", r"edges\[1\]: index 8 is not available here; expected 0 to 7"),
        ("('skip', 7)", "('skip', -1)", "unexpected '-1"),
        ("('skip', 7)", "('skipp', 7)", "unknown edge 'skipp'; did you mean 'skip'"),
        ("('skip', 7)", "('skip',)", "expected a pair"),
        (", ('skip', 7)", "", "edges: 1 for 1 step; expected two a step"),
        ("('skip', 0)]", "('skip', 2)]", r"inner_edges\[1\]: index 2 is not available here; expected 0 to 1"),
        ("inner_concat=[2]", "inner_concat=[3]", "inner_concat: index 3 is not a step"),
        ("inner_concat=[2]", "inner_concat=[]", "inner_concat: expected at least one"),
        ("inner_concat=[2]", "inner_concat=2", "inner_concat: expected a list, found 2"),
        ("concat=[8]", "concat=[8, 8]", "concat: index 8 is not a step, or occurs twice"),
        ("concat=[8]", "concat=[0]", "leaves no input"),
        ("'cat_conv_relu'", "'ConcatFCC'", "unknown operation 'ConcatFCC'; did you mean 'ConcatFC'"),
        ("'cat_conv_relu'", "'fusion:head'", "takes 1 input|unknown operation"),
        ("'cat_conv_relu'", "5", "expected a name, found 5"),
        ("edges=", "edgse=", "unknown name 'edgse'; did you mean 'edges'"),
        ("inner_edges=", "edges=", "unexpected field 'edges'"),
        ("concat=[8])", "concat=[8]", "unexpected end of the text"),
        (", concat=[8]", "", "lacks concat"),
    ],
)
def test_what_is_wrong_is_said_in_words(old: str, new: str, message: str) -> None:
    assert old in OLD
    with pytest.raises(ArchitectureError, match=message):
        read(OLD.replace(old, new))


MARK = "genotype_was_executed"


@pytest.mark.parametrize(
    "code",
    [
        f"__import__('sys').modules.update({MARK}=1)",
        f"(lambda: __import__('sys').modules.update({MARK}=1))()",
        f"[print for concat in __import__('sys').modules.update({MARK}=1)]",
        f"exec('import sys; sys.modules[\"{MARK}\"] = 1')",
        "().__class__.__bases__[0].__subclasses__()",
        "Genotype.__init__.__globals__",
        "[steps := 1]",
        "f'{1}'",
        "'a' * 1000000000",
        "9 ** 9 ** 9",
        "b'bytes'",
        "{'a': 1}",
        "*edges",
        "range(0, 999999999)",
        "steps",
    ],
)
@pytest.mark.parametrize(
    "place", ["Genotype(edges={}, steps=[], concat=[8])", "Genotype({})", "{} Genotype()"]
)
def test_code_is_refused_and_never_executed(place: str, code: str) -> None:
    with pytest.raises(ArchitectureError, match="not a BM-NAS genotype"):
        read(place.format(code))
    assert MARK not in sys.modules


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("Genotype(" * 100_000, "not read"),
        ("Genotype(" + "(" * 150_000, "more than 8 brackets"),
        ("Genotype(edges=" + "[" * 90_000 + "]" * 90_000 + ")", "more than 8 brackets"),
        ("Genotype(edges=[" + "1," * 2_000_000 + "])", "over 200,000 characters is not read"),
        ("Genotype(edges=" + "steps=" * 30_000 + "1)", "cannot be parsed"),
        ("Genotype(concat=[9999999999])", "unexpected '9999999999"),
        ("Genotype(\x00)", "unexpected"),
        ("Genotype(edges=['" + "a" * 1000 + "'], steps=[], concat=[8])", "steps: expected at least one"),
        (OLD.replace("('skip', 3)", repr("a" * 1000)), "expected a list, found 'aaa"),
    ],
)
def test_huge_and_deep_texts_are_refused_in_words(text: str, message: str) -> None:
    with pytest.raises(ArchitectureError, match=message) as caught:
        read(text)
    assert len(str(caught.value)) < 400


def test_a_published_text_is_drawn_with_the_operations_in_its_cells(tmp_path: Path) -> None:
    file = tmp_path / "found.txt"
    file.write_text(NOTEBOOK)
    drawing = nasframe.draw(file)
    assert "linear_glu" in drawing.dot
    assert drawing.text.startswith("bm_nas, ")


def test_it_cannot_be_saved_as_an_architecture_of_ours(tmp_path: Path) -> None:
    with pytest.raises(ArchitectureError, match="not made by a registered factory"):
        read(OLD).save(tmp_path / "a.json")


def test_parsing_gives_records_that_compare() -> None:
    assert isinstance(parse_genotype(OLD), Genotype)
    assert parse_genotype(OLD) != parse_genotype(NOTEBOOK)
