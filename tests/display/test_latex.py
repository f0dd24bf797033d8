from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from nasframe.display import Cell, Column, Estimate, Table, latex_text
from nasframe.display.latex import latex_number

HOSTILE = "a_b % & # $ { } ~ ^ \\ < > | \" ` -- '' é λ − 中\u202e\x07"


@pytest.mark.parametrize(
    ("text", "latex"),
    [
        ("50 % & #1", r"50 \% \& \#1"),
        (r"\input{secret}", r"\textbackslash{}input\{secret\}"),
        ("$x^2_~$", r"\$x\textasciicircum{}2\_\textasciitilde{}\$"),
        ("<a|b>", r"\textless{}a\textbar{}b\textgreater{}"),
        ("a--b", r"a-\kern0pt -b"),
        ("---", r"-\kern0pt -\kern0pt -"),
        ("Müller, Gjøvik, Łódź", r"M\"{u}ller, Gj\o{}vik, \L{}\'{o}d\'{z}"),
        ("λ ≤ 0.1 × Δ", r"$\lambda$ $\leq$ 0.1 $\times$ $\Delta$"),
        ("…−→", r"\ldots{}$-$$\to$"),
        ("中", r"\ifdefined\Umathcode 中\else U+4E2D\fi{}"),
        ("a\nb", r"a\textbackslash{}nb"),
    ],
)
def test_every_sign_of_a_text_stands_for_itself(text: str, latex: str) -> None:
    assert latex_text(text) == latex


def test_no_special_sign_of_a_hostile_name_is_left_alone() -> None:
    found = re.sub(
        r"\\ifdefined\\Umathcode .\\else|\\[a-zA-Z]+(\{\})?|\\.|\$[^$]*\$|\{[a-z]?\}", "", latex_text(HOSTILE)
    )
    assert not set(found) & set('%&#$_{}~^\\<>|"`')
    assert "\x07" not in found


@pytest.mark.parametrize(
    ("text", "latex"),
    [
        ("-0.5", "$-$0.5"),
        ("1,204", "1,204"),
        ("2e-07", r"$2\times10^{-7}$"),
        ("-1.5e+10", r"$-1.5\times10^{10}$"),
        ("62.5 %", r"62.5 \%"),
        ("—", "---"),
    ],
)
def test_numbers_have_the_signs_of_mathematics(text: str, latex: str) -> None:
    assert latex_number(text) == latex


def results(**more: object) -> Table:
    columns = [
        Column("name"),
        Column("axis", only="files"),
        Column("auc", best="largest"),
        Column("course", only="people"),
        Column("parameters", unit="count"),
    ]
    rows: list[list[Cell]] = [
        ["grmc", 1, Estimate(0.95, 0.9, 0.97), "▁█", 1204],
        ["softmax", 2, Estimate(0.9, 0.9, 0.9), "▁▁", None],
    ]
    return Table("main results", "AUC of 50 %", columns, rows, **more)  # type: ignore[arg-type]


def test_a_mean_and_its_interval_have_a_column_each_and_the_best_is_bold() -> None:
    lines = results().to_latex().splitlines()
    assert r"\begin{tabular}{lr@{\ }lr}" in lines
    assert r"name & \multicolumn{2}{c}{auc} & parameters \\" in lines
    assert r"grmc & \textbf{0.9500} & [0.9000, 0.9700] & 1,204 \\" in lines
    assert r"softmax & 0.9000 & (all equal) & --- \\" in lines


def wide(columns: int) -> Table:
    heads = [Column("name"), *(Column(f"metric_{number}") for number in range(columns))]
    rows: list[list[Cell]] = [["softmax", *([0.9] * columns)]]
    return Table("wide", "Wide", heads, rows)


@pytest.mark.parametrize(("columns", "letters"), [(5, None), (6, r"\small"), (7, r"\footnotesize")])
def test_the_wider_a_table_the_smaller_its_letters(columns: int, letters: str | None) -> None:
    lines = wide(columns).to_latex().splitlines()
    assert [line for line in lines if line in (r"\small", r"\footnotesize")] == [letters] * bool(letters)


def test_a_table_that_no_letters_make_narrow_enough_has_its_columns_in_parts() -> None:
    text = wide(18).to_latex()
    heads = [line for line in text.splitlines() if line.startswith("name &")]
    assert len(heads) == text.count(r"\begin{table}") == text.count(r"\bottomrule") == 2
    assert [rf"metric \\ {number}\end" in "".join(heads) for number in range(18)] == [True] * 18
    assert re.findall(r"\\caption\{(.*)\}", text) == [f"Wide (part {part} of 2)" for part in (1, 2)]
    assert re.findall(r"\\label\{(.*)\}", text) == ["tab:wide", "tab:wide-2"]


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="needs pdflatex")
@pytest.mark.parametrize("columns", [1, 5, 6, 7, 8, 18])
def test_no_table_is_wider_than_the_text(columns: int, tmp_path: Path) -> None:
    preamble = "\\documentclass{article}\\usepackage{booktabs}\\begin{document}"
    tables = "\n".join(table.to_latex() for table in (wide(columns), with_long_texts()))
    (tmp_path / "t.tex").write_text(f"{preamble}\n{tables}\\end{{document}}\n", encoding="utf-8")
    made = subprocess.run(
        ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "t.tex"],
        cwd=tmp_path,
        capture_output=True,
        check=True,
        timeout=60,
    )
    assert b"Overfull" not in made.stdout


def test_the_table_has_a_caption_a_label_and_the_rules_of_booktabs() -> None:
    text = results().to_latex()
    assert r"\caption{AUC of 50 \%}" in text
    assert r"\label{tab:main-results}" in text
    assert [text.count(rule) for rule in (r"\toprule", r"\midrule", r"\bottomrule")] == [1, 1, 1]


def test_marked_rows_note_and_signs_are_told() -> None:
    text = results(marked=[1], note="Best_of all.", signs=["> chosen"]).to_latex()
    assert r"\textgreater{} softmax &" in text
    assert r"Best\_of all. \textgreater{} chosen" in text


def test_a_row_that_begins_with_a_bracket_is_no_argument_of_the_line_before() -> None:
    table = Table("t", "t", [Column("name"), Column("x")], [["[1, 2]", 1], ["*", 2]])
    assert "\n{}[1, 2] &" in table.to_latex()
    assert "\n{}* &" in table.to_latex()


def with_long_texts() -> Table:
    columns = [Column("variant"), Column("first"), Column("second"), Column("third"), Column("option")]
    mean = Estimate(0.6458, 0.0536, 0.9833)
    name = "random, best of 2 on validation, of the same space"
    return Table("t", "T", columns, [[name, mean, mean, mean, "relaxation.temperature=0.5,samples=10"]])


def test_a_table_that_is_too_wide_has_its_texts_in_several_lines_and_intervals_below_the_means() -> None:
    made = with_long_texts().to_latex()
    assert made.count(r"\begin{table}") == 1
    assert r"\parbox[t]{" in made
    assert r"relaxation.\allowbreak{}temperature" in made
    assert r"\begin{tabular}[t]{@{}r@{}}0.6458 \\ {\scriptsize [0.0536, 0.9833]}\end{tabular}" in made
