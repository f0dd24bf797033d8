"""`nasframe estimators`, and the files it writes."""

from __future__ import annotations

import csv
import io
import json
import re
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from nasframe import hookimpl
from nasframe.cli import main
from nasframe.plugins import manager
from nasframe.relaxations import Softmax
from nasframe_estimators import Laboratory, save_results

FEW = ["--draws", "60", "--temperature", "0.5", "--samples", "1,10"]
Captured = pytest.CaptureFixture[str]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def parts(svg: Path, kind: str) -> list[ElementTree.Element]:
    """Elements that have all of some CSS classes."""
    wanted = {*kind.split()}
    return [item for item in ElementTree.parse(svg).iter() if wanted <= {*(item.get("class") or "").split()}]


def rows_of(table: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(table.read_text(encoding="utf-8"), newline="")))


def text_of(svg: Path) -> str:
    return " ".join(ElementTree.parse(svg).getroot().itertext())


def test_it_prints_a_table_for_each_function_and_the_third_proposition(here: Path, capsys: Captured) -> None:
    assert main(["estimators", *FEW, "--function", "alpha-quadratic,gamma-linear"]) == 0
    output, errors = capsys.readouterr()
    assert output.index("alpha-quadratic, exact gradient of norm") < output.index("gamma-linear, exact")
    lines = [line.split() for line in output.splitlines()]
    assert ["relaxation", "K", "temperature", "bias", "variance", "mse", "ms", "draws"] in lines
    assert sum(line[:3] == ["grmc", "10", "0.5"] for line in lines) == 2
    assert sum(line[:1] == ["score_function"] for line in lines) == 2
    assert "Proposition 3: bias of STGS, and of GRMC with every outcome enumerated" in output
    assert (
        "runs/estimators: estimators.json, estimators.csv, proposition-1.svg, proposition-1.csv, "
        "proposition-2.svg, proposition-2.csv, all.svg, all.csv, proposition-3.json, biases.csv" in errors
    )


def test_json_is_a_list_of_measurements_and_nothing_else(here: Path, capsys: Captured) -> None:
    assert main(["estimators", *FEW, "--json", "--function", "alpha-linear", "--out", "numbers"]) == 0
    found = json.loads(capsys.readouterr().out)
    keys = {"relaxation", "samples", "temperature", "function", "bias", "variance", "mse", "time_ms", "draws"}
    assert all(entry.keys() >= keys for entry in found)
    assert {entry["relaxation"] for entry in found} >= {"softmax", "stgs", "grmc", "score_function"}
    assert {entry["samples"] for entry in found if entry["relaxation"] == "grmc"} == {1, 10}
    assert json.loads((here / "numbers" / "estimators.json").read_text()) == found
    third = json.loads((here / "numbers" / "proposition-3.json").read_text())
    assert [(entry["estimator"], entry["samples"]) for entry in third] == [
        ("stgs", None),
        ("grmc", 1),
        ("grmc", 10),
    ]


def test_options_take_commas_and_repetition(here: Path, capsys: Captured) -> None:
    words = ["--relaxation", "softmax,stgs", "--relaxation", "score_function", "--function", "alpha-linear"]
    assert (
        main(["estimators", *words, "--temperature", "0.5", "--temperature", "1,2", "--draws", "9", "--json"])
        == 0
    )
    found = json.loads(capsys.readouterr().out)
    assert [(entry["relaxation"], entry["temperature"]) for entry in found] == [
        *(("softmax", t) for t in (0.5, 1.0, 2.0)),
        *(("stgs", t) for t in (0.5, 1.0, 2.0)),
        ("score_function", None),
    ]


def test_the_figures_show_alpha_beside_gamma_with_every_k(here: Path) -> None:
    laboratory = Laboratory(
        functions=["alpha-linear", "gamma-linear"], draws=50, samples=[1, 10, "exact"], temperatures=[0.5]
    )
    files = save_results(here / "out", laboratory.measurements(), laboratory.conditional_biases())
    assert {file.name for file in files} == {
        "estimators.json",
        "estimators.csv",
        "proposition-3.json",
        "biases.csv",
        *(f"proposition-{number}.{form}" for number in (1, 2, 3) for form in ("svg", "csv")),
        "all.svg",
        "all.csv",
    }
    for number, what in ((1, "variance"), (2, "mean squared error"), (3, "bias")):
        text = text_of(here / "out" / f"proposition-{number}.svg")
        assert f"Proposition {number}: {what} of the gradient over K" in text
        assert "alpha-linear" in text
        assert "gamma-linear" in text
        assert "STGS, τ = 0.5" in text


@pytest.mark.usefixtures("strangers")
def test_the_figure_of_all_shows_relaxations_that_nobody_named(here: Path) -> None:
    laboratory = Laboratory(
        relaxations=["foreign", "raising"], functions=["alpha-linear"], draws=20, samples=[7]
    )
    numbers, table, figure, data = save_results(here / "out", laboratory.measurements())
    assert [file.name for file in (numbers, table, figure, data)] == [
        "estimators.json",
        "estimators.csv",
        "all.svg",
        "all.csv",
    ]
    assert "foreign, K = 7" in text_of(figure)
    assert "raising" not in text_of(figure)
    assert "raising" not in data.read_text()
    (failed,) = (row for row in rows_of(table) if row["relaxation"] == "raising")
    assert "sample raised ArithmeticError: the stars are not right" in failed["error"]
    assert failed["mse"] == failed["mse_low"] == ""


@pytest.mark.usefixtures("strangers")
def test_what_fails_has_a_line_in_the_table(here: Path, capsys: Captured) -> None:
    assert (
        main(["estimators", "--relaxation", "raising,softmax", "--function", "alpha-linear", "--draws", "5"])
        == 0
    )
    output = capsys.readouterr().out
    assert "sample raised ArithmeticError: the stars are not right" in output
    assert "softmax" in output


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--relaxation", "gmrc"], "unknown relaxation 'gmrc'; did you mean 'grmc'"),
        (["--function", "alfa-linear"], "unknown function 'alfa-linear'; did you mean 'alpha-linear'"),
        (["--draws", "1"], "draws: must be at least 2, found 1"),
        (["--temperature", "0"], "temperature: must be a finite number greater than 0, found 0.0"),
        (["--temperature", "cold"], "--temperature cold: expected a number greater than 0"),
        (["--samples", "many"], "--samples many: expected a whole number of at least 1, or exact"),
        (["--samples", "0"], "samples: must be at least 1 and at most 1,000,000, or 'exact', found 0"),
        (["--relaxation", ""], "relaxation: expected a name, found none"),
        (["--relaxation", ","], "relaxation: expected a name, found none"),
        (["--function", ","], "function: expected a name, found none"),
        (["--run", "nowhere"], "nowhere: no such run folder"),
        (["--bits", "4"], "--bits: needs --run"),
        (["--data", "."], "--data: needs --run"),
        (["--out", "file"], "--out file: is a file; expected a folder"),
    ],
)
def test_a_mistake_is_one_message(here: Path, capsys: Captured, words: list[str], message: str) -> None:
    (here / "file").write_text("")
    assert main(["estimators", *words]) == 2
    output, errors = capsys.readouterr()
    assert output == ""
    assert message in errors
    assert "Traceback" not in errors
    assert not (here / "runs").exists()


def test_help_does_not_wait_for_torch() -> None:
    code = (
        "import sys; from nasframe.cli import main; main(['estimators', '--help']); "
        "sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, check=False).returncode == 0


def test_what_was_measured_is_kept_where_the_third_proposition_fails(
    here: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    def exhausted(*_: object) -> None:
        raise MemoryError("no more")

    monkeypatch.setattr("nasframe_estimators.measurements.conditional_bias.enumerated_gradients", exhausted)
    assert main(["estimators", *FEW, "--relaxation", "grmc,stgs", "--function", "alpha-linear"]) == 0
    assert "MemoryError: no more" in capsys.readouterr().out
    assert json.loads((here / "runs/estimators/estimators.json").read_text())
    third = json.loads((here / "runs/estimators/proposition-3.json").read_text())
    assert [(entry["samples"], entry["error"], entry["bias"] is None) for entry in third] == [
        (None, None, False),
        (1, "MemoryError: no more", True),
        (10, "MemoryError: no more", True),
    ]


def test_what_was_measured_is_saved_before_the_third_proposition_begins(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Laboratory, "conditional_biases", interrupted)
    assert main(["estimators", *FEW, "--relaxation", "grmc", "--function", "alpha-linear"]) == 130
    assert (here / "runs/estimators/estimators.json").exists()


def test_nothing_of_an_earlier_call_stays_beside_new_results(here: Path) -> None:
    whole = Laboratory(
        relaxations=["grmc", "stgs"], functions="alpha-linear", temperatures=1.0, samples="exact", draws=20
    )
    save_results(here, whole.measurements(), whole.conditional_biases())
    (here / "mine.svg").write_text("")
    less = Laboratory(relaxations="softmax", functions="alpha-linear", temperatures=1.0, draws=20)
    save_results(here, less.measurements())
    assert {file.name for file in here.iterdir()} == {
        "estimators.json",
        "estimators.csv",
        "all.svg",
        "all.csv",
        "mine.svg",
    }


def test_the_figures_of_the_propositions_know_the_class_and_not_its_name(here: Path) -> None:
    class Rival:
        @hookimpl
        def register_relaxations(self) -> dict[str, object]:
            return {"grmc": Softmax, "stgs": Softmax}

    manager().register(Rival(), "rival")
    try:
        laboratory = Laboratory(functions="alpha-linear", temperatures=1.0, samples=[1, 10], draws=20)
        files = save_results(here, laboratory.measurements(), laboratory.conditional_biases())
    finally:
        manager().unregister("rival")
    assert {f"proposition-{number}.svg" for number in (1, 2, 3)} <= {file.name for file in files}


@pytest.mark.parametrize("temperatures", [[1e30], [1e30, 0.5]])
@pytest.mark.filterwarnings("error")
def test_a_variance_of_zero_is_drawn_without_a_warning(here: Path, temperatures: list[float]) -> None:
    laboratory = Laboratory(
        relaxations=["grmc", "stgs"],
        functions=["alpha-linear", "gamma-network"],
        temperatures=temperatures,
        samples=[1, 10],
        draws=100,
    )
    files = save_results(here, laboratory.measurements(), laboratory.conditional_biases())
    assert len(files) == 12
    for number in (1, 2, 3):
        values = [float(row["y"]) for row in rows_of(here / f"proposition-{number}.csv")]
        assert values
        assert all(value == 0 or value > 1e-6 for value in values), "rounding is no variance"


def test_the_figure_of_all_shows_intervals_and_says_what_is_beyond_its_axis(here: Path) -> None:
    def drawn(relaxation: str) -> Path:
        laboratory = Laboratory(relaxations=relaxation, functions="alpha-linear", temperatures=1.0, draws=200)
        save_results(here, laboratory.measurements())
        return here / "all.svg"

    exact = drawn("softmax")
    assert "◁ below 0.001" in exact.read_text()
    assert len(parts(exact, "dot open")) == 1
    assert parts(exact, "error") == []
    noisy = drawn("stgs")
    assert "below" not in noisy.read_text()
    assert parts(noisy, "dot open") == []
    assert len(parts(noisy, "error")) == 1


def test_the_limit_stands_a_decade_to_the_right_and_intervals_are_bars_and_bands(here: Path) -> None:
    laboratory = Laboratory(
        relaxations=["grmc", "stgs"],
        functions="alpha-linear",
        temperatures=[0.5, 1.0],
        samples=[1, 10, "exact"],
        draws=200,
    )
    save_results(here, laboratory.measurements(), laboratory.conditional_biases())
    for number in (1, 2, 3):
        figure = here / f"proposition-{number}.svg"
        (first, second, limit), again = [
            [float(dot.get("cx") or 0) for dot in parts(figure, kind)] for kind in ("dot s0", "dot s1")
        ]
        assert again == [first, second, limit]
        assert limit - second == pytest.approx(second - first, abs=0.05)
        assert len(parts(figure, "band")) == 2
        assert len(parts(figure, "line error")) == 2
        levels = parts(figure, "line level")
        assert len(levels) == 4, "two lines and their samples in the legend"
        text = text_of(figure)
        assert "exact" in text
        assert [f"{name}, τ = {t}" in text for name in ("STGS", "GRMC") for t in (0.5, 1)] == (
            [True] * 4 if number < 3 else [True, True, False, False]
        )
        assert ("GRMC, D enumerated, τ = 0.5" in text) is (number == 3)


def test_the_data_of_a_figure_are_the_numbers_of_the_measurements(here: Path) -> None:
    laboratory = Laboratory(
        relaxations=["grmc", "stgs"],
        functions="alpha-linear",
        temperatures=0.5,
        samples=[1, "exact"],
        draws=200,
    )
    measurements, biases = laboratory.measurements(), laboratory.conditional_biases()
    save_results(here, measurements, biases)
    found = {(row["line"], row["x"]): row for row in rows_of(here / "proposition-1.csv")}
    for entry in measurements:
        low, high = entry.variance_interval or (None, None)
        name = "GRMC" if entry.relaxation == "grmc" else "STGS"
        row = found[f"{name}, τ = 0.5", {1: "1", "exact": "exact", None: ""}[entry.samples]]
        assert [row["y"], row["low"], row["high"]] == [repr(value) for value in (entry.variance, low, high)]
    rows = {(row["relaxation"], row["samples"]): row for row in rows_of(here / "estimators.csv")}
    for entry in measurements:
        row = rows[entry.relaxation, "" if entry.samples is None else str(entry.samples)]
        assert [row["bias"], row["draws"], row["scale"]] == [repr(entry.bias), "200", repr(entry.scale)]
        assert row["mse_high"] == repr(entry.mse_interval and entry.mse_interval[1])
    (row,) = rows_of(here / "biases.csv")
    assert [row["function"], row["stgs"], row["k_1"], row["exact"]] == [
        "alpha-linear",
        *(repr(entry.bias) for entry in biases),
    ]


def test_a_number_of_the_tables_has_three_digits_and_its_interval(here: Path, capsys: Captured) -> None:
    words = ["--relaxation", "grmc", "--samples", "10", "--temperature", "0.5", "--draws", "200"]
    assert main(["estimators", *words, "--function", "alpha-quadratic"]) == 0
    output = capsys.readouterr().out
    number = r"(0|0\.\d{3}|\d\.\d{2}|\d\d\.\d)"
    cell = rf"{number}( \[{number}, {number}\])?"
    assert re.search(rf"(?m)^  grmc +10 +0\.5 +{cell} +{cell} +{cell} +{number} +200$", output)


def test_a_very_large_error_is_noted_with_a_pointer_to_its_explanation(here: Path, capsys: Captured) -> None:
    words = [
        "estimators",
        "--relaxation",
        "stgs",
        "--function",
        "gamma-quadratic",
        "--draws",
        "3000",
        "--json",
    ]
    assert main([*words, "--temperature", "0.5"]) == 0
    assert "Very large errors" not in capsys.readouterr().err
    assert main([*words, "--temperature", "0.0005"]) == 0
    output, errors = capsys.readouterr()
    assert "docs/estimators.md says under 'Very large errors'" in errors
    assert json.loads(output)
    assert "## Very large errors" in (Path(__file__).parents[2] / "docs/estimators.md").read_text()


@pytest.mark.usefixtures("strangers")
def test_a_relaxation_that_ends_the_process_does_not_end_the_command(here: Path, capsys: Captured) -> None:
    words = ["--relaxation", "leaving,softmax", "--function", "alpha-linear", "--draws", "5"]
    assert main(["estimators", *words]) == 0
    assert "SystemExit" in capsys.readouterr().out
    assert (here / "runs/estimators/estimators.json").exists()
