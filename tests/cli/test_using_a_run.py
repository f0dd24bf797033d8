"""`evaluate`, `predict` and `show`, on a finished run."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

import pytest

from nasframe import Run
from nasframe.cli import main
from tests.toys import STREAMS


@pytest.fixture
def files(tmp_path: Path) -> list[str]:
    """Two files that can be scored and one between them that cannot."""
    contents = {"low.json": "[0.9, 0.1]", "broken.json": "no numbers", "high.json": "[0.1, 0.9]"}
    for name, content in contents.items():
        (tmp_path / name).write_text(content, encoding="utf-8")
    return [str(tmp_path / name) for name in contents]


def test_evaluate_prints_one_json_object(finished_run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["evaluate", str(finished_run), "--json"]) == 0
    result = json.loads(capsys.readouterr().out)
    assert 0 <= result["accuracy"] <= 1
    assert result["agreement"] is None  # NaN, which JSON has not
    assert result["per_category"] == {"quiet": {"count": 3, "accuracy": 0.5}}
    assert result["parameters_total"] >= result["parameters"] > 0
    assert sum(result["parameters_by_part"].values()) == result["parameters"]


def test_evaluate_prints_a_table(finished_run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["evaluate", str(finished_run)]) == 0
    rows = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert ["agreement", "undefined"] in rows
    assert ["quiet", "3", "0.5000"] in rows


def test_predict_writes_a_json_line_for_each_file(
    finished_run: Path, files: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["predict", str(finished_run), *files, "--json"]) == 1
    records = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [record["file"] for record in records] == files
    assert [set(record) for record in records] == [
        {"file", "score", "threshold", "decision"},
        {"file", "error", "reason"},
        {"file", "score", "threshold", "decision"},
    ]


def test_predict_ends_with_0_where_every_file_was_scored(
    finished_run: Path, files: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["predict", str(finished_run), files[0], files[2], "--json"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 2


def test_predict_prints_a_table_that_says_what_the_score_means(
    finished_run: Path, files: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["predict", str(finished_run), *files]) == 1
    direction, head, *rows = capsys.readouterr().out.splitlines()
    assert direction == "score: probability that the right stream is the louder one"
    assert head.split() == ["SCORE", "THRESHOLD", "DECISION", "FILE"]
    assert [row.split()[2] for row in rows][1] == "error"
    assert "broken.json: cannot be read" in rows[1]
    assert rows[1].count("broken.json") == 1
    assert rows[0].endswith("low.json")


def test_predict_without_files_is_a_mistake(finished_run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["predict", str(finished_run)]) == 2
    assert "no files to score" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["", "architecture.json"])
def test_show_prints_a_run_or_a_file_as_text(
    finished_run: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["show", str(finished_run / name)]) == 0
    text = capsys.readouterr().out
    assert "head" in text
    assert "cell1" in text


@pytest.mark.parametrize(("format", "begin"), [("dot", "digraph"), ("svg", "<?xml")])
def test_show_draws(
    finished_run: Path, format: str, begin: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["show", str(finished_run), "--format", format]) == 0
    printed = capsys.readouterr().out
    assert begin in printed
    out = tmp_path / f"picture.{format}"
    assert main(["show", str(finished_run), "--out", str(out)]) == 0
    assert out.read_text(encoding="utf-8") == printed


def test_show_draws_the_score_of_an_evaluated_run_in_the_title(
    finished_run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = Run.open(finished_run)
    assert run.test is not None
    objective = run.test["objective"]
    assert main(["show", str(finished_run), "--format", "svg"]) == 0
    title = f"{run.architecture.fingerprint[:12]}: {objective} {run.test[objective]:.4f}, test"
    assert f"{title}</title>" in capsys.readouterr().out


@pytest.mark.parametrize(("title", "count"), [("mine", 2), ("", 0)])
def test_show_takes_a_title_or_none(
    finished_run: Path, title: str, count: int, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["show", str(finished_run), "--format", "svg", "--title", title]) == 0
    drawn = capsys.readouterr().out
    assert drawn.count(">mine<") == count  # of the document, and above the drawing
    assert Run.open(finished_run).architecture.fingerprint[:12] not in drawn


def test_show_refuses_a_title_of_two(finished_run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["show", str(finished_run), GENOTYPE, "--title", "both"]) == 2
    assert "--title both: is for one architecture, and there are two" in capsys.readouterr().err


GENOTYPE = (
    "Genotype(edges=[('skip', 0), ('skip', 1)], steps=[StepGenotype(inner_edges=[('skip', 0), ('skip', 1)], "
    "inner_steps=['Sum'], inner_concat=[2])], concat=[2])"
)


def test_show_of_two_lists_what_differs(
    finished_run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    document = json.loads((finished_run / "architecture.json").read_text(encoding="utf-8"))
    name, value = next(item for item in document["assignment"].items() if item[0].endswith("/N1"))
    other = "sum" if value != "sum" else "attention"
    document["assignment"][name] = other
    changed = tmp_path / "changed.json"
    changed.write_text(json.dumps(document), encoding="utf-8")
    assert main(["show", str(finished_run), str(changed)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("run ")
    assert lines[1].startswith("changed.json ")
    assert [line.split() for line in lines[3:]] == [[name, value, "→", other]]


@pytest.mark.parametrize(("ending", "word"), [("svg", "picture"), ("txt", "text"), ("dot", "dot")])
def test_show_says_which_file_it_wrote(
    finished_run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], ending: str, word: str
) -> None:
    out = tmp_path / f"cell.{ending}"
    options = ["--format", "text"] if ending == "txt" else []
    assert main(["show", str(finished_run), "--out", str(out), *options]) == 0
    assert capsys.readouterr().out.split() == [word, str(out)]


def test_show_draws_two_side_by_side(finished_run: Path, tmp_path: Path) -> None:
    out = tmp_path / "pair.svg"
    assert main(["show", str(finished_run), GENOTYPE, "--out", str(out)]) == 0
    picture = out.read_text(encoding="utf-8")
    assert "cluster_left" in picture
    assert "cluster_right" in picture


@pytest.mark.parametrize("as_file", [True, False])
def test_show_reads_a_published_genotype_from_a_file_or_from_the_words(
    as_file: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "found.txt"
    file.write_text(GENOTYPE, encoding="utf-8")
    assert main(["show", str(file) if as_file else GENOTYPE]) == 0
    assert "cell1/N1      sum         x = cell1/x, y = cell1/y" in capsys.readouterr().out


def test_show_names_the_genotype_that_cannot_be_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "found.txt"
    file.write_text(GENOTYPE.replace("'Sum'", "__import__('os')"), encoding="utf-8")
    assert main(["show", str(file)]) == 2
    message = capsys.readouterr().err
    assert f"{file}: not a BM-NAS genotype: unknown name '__import__'" in message
    assert "Traceback" not in message


def test_show_takes_two_at_most(finished_run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["show", *[str(finished_run)] * 3]) == 2
    assert "3 architectures; expected one, or two" in capsys.readouterr().err


def test_show_says_what_png_needs_before_it_reads_anything(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", str(home))
    monkeypatch.setitem(sys.modules, "typst", None)
    assert main(["show", "missing", "--out", "picture.png"]) == 2
    assert "PNG needs the command `dot` of Graphviz" in capsys.readouterr().err
    assert not Path("picture.png").exists()


def test_show_writes_a_picture_to_a_pipe(
    finished_run: Path, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    pytest.importorskip("typst")
    assert main(["show", str(finished_run), "--format", "pdf"]) == 0
    assert capsysbinary.readouterr().out.startswith(b"%PDF-")


def test_show_writes_no_picture_on_a_terminal(
    finished_run: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    assert main(["show", str(finished_run), "--format", "png"]) == 2
    assert "--format png: no file for a terminal" in capsys.readouterr().err


@pytest.mark.parametrize("words", ["no/such/run", "x" * 5000, "a\0b"])
def test_show_names_what_is_not_there(
    words: str, finished_run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["show", str(finished_run), words]) == 2
    assert "no such run folder or architecture file" in capsys.readouterr().err


def test_show_refuses_a_file_that_is_no_architecture(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "hand.json"
    file.write_text('{"format": 1, "assignment": {}}', encoding="utf-8")
    assert main(["show", str(file)]) == 2
    assert f"{file}: not an architecture" in capsys.readouterr().err


def test_show_of_an_experiment_says_that_it_must_be_searched_first(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "own.toml"
    file.write_text('seed = 3\n[task]\nname = "sums"\n', encoding="utf-8")
    assert main(["show", str(file)]) == 2
    said = capsys.readouterr().err
    assert f"{file}: is an experiment, which has no architecture before it is searched" in said
    assert f"nasframe run {file}; then show the run folder" in said
    file.write_text("3", encoding="utf-8")
    assert main(["show", str(file)]) == 2
    assert "is an experiment" not in capsys.readouterr().err


def test_a_run_name_that_is_wrong_is_answered_with_the_runs_beside_it(
    finished_run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["train", str(finished_run.with_name("rum"))]) == 2
    assert f"no such file or run folder; runs there: {finished_run}" in capsys.readouterr().err


@pytest.mark.parametrize("words", [["evaluate"], ["predict", "x"], ["train"]])
def test_a_run_without_its_experiment_is_called_damaged_with_what_to_do(
    finished_run: Path, words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = tmp_path / "my run"
    shutil.copytree(finished_run, run)
    (run / "experiment.toml").unlink()
    assert main([words[0], str(run), *words[1:]]) == 2
    message = capsys.readouterr().err
    assert f"{run}/experiment.toml: 1 problem\n  is gone, so the run folder is damaged" in message
    assert f"--out '{run}' --overwrite" in message


@pytest.mark.parametrize("words", [["evaluate"], ["predict", "x"], ["show"]])
def test_a_run_made_with_a_plugin_that_is_not_installed_names_it(
    finished_run: Path, words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = tmp_path / "run"
    shutil.copytree(finished_run, run)
    for file, old, new in (
        ("run.json", '"toy_streams": {', '"tri": {"version": "1.2"}, "toy_streams": {'),
        ("experiment.toml", 'name = "bimodal"', 'name = "tri"'),
        ("architecture.json", '"name": "bimodal"', '"name": "tri"'),
    ):
        text = (run / file).read_text(encoding="utf-8")
        assert old in text
        (run / file).write_text(text.replace(old, new), encoding="utf-8")
    assert main([words[0], str(run), *words[1:]]) == 2
    message = capsys.readouterr().err
    assert "unknown space 'tri'" in message
    assert "no installed plugin provides 'tri'" in message
    assert f"{run} was made with the plugin 'tri' (1.2), which is not installed" in message


def test_an_error_that_no_name_caused_names_no_missing_plugin(
    finished_run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = tmp_path / "unknown"  # the word stands in the message, which must not matter
    shutil.copytree(finished_run, run)
    record = (run / "run.json").read_text(encoding="utf-8")
    (run / "run.json").write_text(
        record.replace('"toy_streams": {', '"tri": {"version": "1.2"}, "toy_streams": {'), encoding="utf-8"
    )
    shutil.rmtree(run / "checkpoints")
    assert main(["evaluate", str(run)]) == 2
    message = capsys.readouterr().err
    assert f"{run}: has no trained network yet" in message
    assert "made with the plugin" not in message


def test_evaluate_prints_the_tables_of_the_last_screen_of_the_run(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["run", str(STREAMS), "baselines.random=1", "--out", "run"]) == 0
    screen = capsys.readouterr().out.strip().split("\n\n")
    assert main(["evaluate", "run"]) == 0
    evaluated = capsys.readouterr().out.strip().split("\n\n")
    title = {block.splitlines()[0]: block for block in screen}
    for name in ("accuracy on the test split", "Parameters by part", "Costs of the network"):
        assert title[name] in evaluated
