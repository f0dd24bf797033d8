"""A published genotype is drawn from its text, or from a file that holds it."""

from __future__ import annotations

from pathlib import Path

import pytest

import nasframe
from nasframe.errors import ArchitectureError

GENOTYPE = (
    "Genotype(edges=[('skip', 0), ('skip', 4), ('skip', 1), ('skip', 4)], "
    "steps=[StepGenotype(inner_edges=[('skip', 0), ('skip', 1)], inner_steps=['LinearGLU'], "
    "inner_concat=[2]), StepGenotype(inner_edges=[('skip', 1), ('skip', 0)], inner_steps=['LinearGLU'], "
    "inner_concat=[2])], concat=[6, 7])"
)


def test_a_text_and_a_file_of_it_give_the_same_drawing(tmp_path: Path) -> None:
    file = tmp_path / "genotype.txt"
    file.write_text(GENOTYPE, encoding="utf-8")
    drawn = nasframe.draw(GENOTYPE)
    assert drawn.text == nasframe.draw(file).text == nasframe.draw(str(file)).text
    assert "linear_glu" in drawn.text
    assert "same network" in nasframe.draw(GENOTYPE, file).text


@pytest.mark.parametrize("text", ["Genotyp(", "nothing.json", "x" * 5000, "a\0b"])
def test_a_text_that_is_no_genotype_and_no_path_is_refused_in_words(text: str) -> None:
    with pytest.raises(
        ArchitectureError, match="no such run folder or architecture file, and no text"
    ) as error:
        nasframe.draw(text)
    assert len(str(error.value)) < 500


def test_a_broken_genotype_is_refused_with_what_is_wrong_in_it() -> None:
    with pytest.raises(ArchitectureError, match="the genotype: not a BM-NAS genotype: line 1"):
        nasframe.draw("Genotype(edges={}, steps=[], concat=[8])")
