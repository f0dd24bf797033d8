"""`report`: the page of a run or a study made anew, and its tables as files."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from nasframe.cli import main


@pytest.fixture
def run(finished_run: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(finished_run, tmp_path / "run"))


def test_report_makes_a_lost_page_anew(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (run / "report.html").unlink(missing_ok=True)
    assert main(["report", str(run)]) == 0
    assert "</html>" in (run / "report.html").read_text(encoding="utf-8")
    assert capsys.readouterr().out.split() == ["report", str(run / "report.html")]


def test_tables_and_figures_are_written_where_they_are_asked_for(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["report", str(run), "--tables", str(tmp_path / "tables")]) == 0
    names = {path.name for path in (tmp_path / "tables").iterdir()}
    assert {"time.csv", "time.json", "figure-search-loss.svg", "figure-search-loss.csv"} <= names
    # beside them lies the record of them
    assert f"{len(names - {'written_by.json'})} files" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("comparison.json", b"\xff\xfe{"),
        ("sweep.json", b"[" * 100_000),
        ("sweep.json", b"[]"),
        ("table.json", b'{"failed": ["x"], "objective": "accuracy"}'),
    ],
)
def test_a_damaged_record_is_refused_in_words(
    name: str, content: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / name).write_bytes(content)
    (tmp_path / "table.jsonl").touch()
    assert main(["report", str(tmp_path)]) == 2
    assert capsys.readouterr().err.startswith(f"nasframe: {tmp_path / name}: ")


def test_the_methods_are_printed_and_nothing_else(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = (run / "report.html").stat().st_mtime_ns
    assert main(["report", str(run), "--methods"]) == 0
    assert capsys.readouterr().out.startswith("The task is ")
    assert (run / "report.html").stat().st_mtime_ns == before


def test_files_for_a_paper_are_written_where_they_are_asked_for(run: Path, tmp_path: Path) -> None:
    pytest.importorskip("typst")
    words = ["--latex", str(tmp_path / "tex"), "--figures", str(tmp_path / "figures")]
    assert main(["report", str(run), *words]) == 0
    assert {"methods.tex", "time.tex"} <= {path.name for path in (tmp_path / "tex").iterdir()}
    names = {path.name for path in (tmp_path / "figures").iterdir()}
    assert {"figure-search-loss.svg", "figure-search-loss.pdf"} <= names


def test_figures_are_written_in_the_format_that_is_named(run: Path, tmp_path: Path) -> None:
    assert main(["report", str(run), "--figures", str(tmp_path / "figures"), "--format", "svg"]) == 0
    assert {path.suffix for path in (tmp_path / "figures").glob("figure-*")} == {".svg"}


def test_the_same_report_always_replaces_its_own_files_and_its_help_says_so(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["report", str(run), "--tables", str(tmp_path / "tables")]
    assert main(words) == 0
    (tmp_path / "tables" / "time.csv").write_text("old", encoding="utf-8")
    assert main(words) == 0
    assert (tmp_path / "tables" / "time.csv").read_text(encoding="utf-8") != "old"
    capsys.readouterr()
    main(["report", "--help"])
    said = " ".join(re.sub("[│─╭╮╰╯]", " ", capsys.readouterr().out).split())
    assert "The files that this report left there before are always replaced" in said


@pytest.mark.parametrize("option", ["--tables", "--latex"])
def test_the_files_of_another_report_are_replaced_only_where_the_user_says_so(
    option: str, run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other, folder = Path(shutil.copytree(run, tmp_path / "other")), tmp_path / "files"
    assert main(["report", str(other), option, str(folder)]) == 0
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    (other / "report.html").unlink()
    words = ["report", str(run), option, str(folder)]

    assert main(words) == 2
    error = capsys.readouterr().err
    assert f"{folder}: holds the tables and figures of another report, ../other (" in error
    assert "--overwrite" in error
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before

    assert main([*words, "--overwrite"]) == 0
    assert main(words) == 0


def test_a_damaged_record_of_the_files_is_replaced_only_where_the_user_says_so(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "files"
    words = ["report", str(run), "--tables", str(folder)]
    assert main(words) == 0
    (folder / "written_by.json").write_text("{", encoding="utf-8")
    assert main(words) == 2
    error = capsys.readouterr().err
    assert "written_by.json: cannot be read as JSON" in error
    assert "remove that file, or say --overwrite" in error
    assert main([*words, "--overwrite"]) == 0
    assert main(words) == 0


def test_of_another_report_no_file_is_left_beside_those_that_replace_it(run: Path, tmp_path: Path) -> None:
    other, folder = Path(shutil.copytree(run, tmp_path / "other")), tmp_path / "files"
    assert main(["report", str(other), "--tables", str(folder)]) == 0
    assert main(["report", str(run), "--latex", str(folder), "--overwrite"]) == 0
    assert {path.suffix for path in folder.iterdir()} == {".tex", ".json"}
    assert [path.name for path in folder.glob("*.json")] == ["written_by.json"]


def test_a_file_that_no_report_wrote_is_replaced_only_where_the_user_says_so(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "paper").mkdir()
    for name in ("time.tex", "main.tex"):
        (tmp_path / "paper" / name).write_text("mine", encoding="utf-8")
    (run / "report.html").unlink(missing_ok=True)
    words = ["report", str(run), "--latex", str(tmp_path / "paper")]

    assert main(words) == 2
    assert "holds time.tex, which this report would replace and did not write" in capsys.readouterr().err
    assert not (run / "report.html").exists()

    assert main([*words, "--overwrite"]) == 0
    assert (tmp_path / "paper" / "main.tex").read_text(encoding="utf-8") == "mine"


def test_tables_and_figures_that_would_replace_each_other_are_refused(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = str(tmp_path / "both")
    assert main(["report", str(run), "--tables", folder, "--figures", folder, "--format", "svg"]) == 2
    assert "both write figure-" in capsys.readouterr().err
    assert not (tmp_path / "both").exists()


@pytest.mark.parametrize("option", ["tables", "latex", "figures"])
@pytest.mark.parametrize(
    "place",
    ["run/checkpoints", "run/plugins/new", "run/trials", "other/tables/deeper", "study/trials", "link/task"],
)
def test_no_files_of_a_report_go_into_a_folder_that_a_run_or_a_study_writes(
    option: str,
    place: str,
    run: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(run.parent)
    shutil.copytree(run, "other")
    Path("study").mkdir()
    (Path("study") / "study.json").touch()
    Path("link").symlink_to("run")
    page = (run / "report.html").read_bytes()
    assert main(["report", "run", f"--{option}", place, "--overwrite"]) == 2
    error = capsys.readouterr().err
    assert f"--{option} {place}: lies in {run.parent}/" in error
    assert f"/{option}\n" in error
    assert not (Path(place) / "written_by.json").exists()
    assert (run / "report.html").read_bytes() == page


def test_a_folder_for_reports_alone_may_lie_in_the_folder_of_the_run(run: Path) -> None:
    for _ in range(2):
        assert main(["report", str(run), "--tables", str(run / "tables")]) == 0
    assert (run / "tables" / "time.csv").exists()


def test_no_files_of_a_report_go_between_the_folders_of_runs(
    run: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(run.parent)
    assert main(["report", "run", "--tables", ".", "--overwrite"]) == 2
    assert "--tables .: holds runs or studies (run); expected a folder for" in (
        said := capsys.readouterr().err
    )
    assert "such as tables" in said
    assert main(["report", "run", "--tables", "tables"]) == 0


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["ru"], "ru: no such folder; did you mean 'run'?"),
        (["run/run.json"], "run/run.json: is a file; expected a folder"),
        (["run/checkpoints"], "run/checkpoints: holds no run and no finished study"),
        (["run", "--tables", "run/run.json"], "--tables run/run.json: is a file; expected a folder"),
        (["run", "run"], "several studies; expected --out FOLDER for their page"),
        (["run", "--out", "new"], "--out: belongs to several studies"),
        (["run", "--format", "pdf"], "--format: belongs to --figures"),
        (["run", "--methods", "--latex", "tex"], "--methods: prints the paragraph of one run"),
        (["run", "run", "--out", "run"], "--out run: holds other files"),
        (["run", "--latex", "run/run.json"], "--latex run/run.json: is a file; expected a folder"),
        (["run", "--latex", "run"], "--latex run: is the folder of a run or a study"),
        (["run", "--latex", "other"], "--latex other: is the folder of a run or a study"),
    ],
)
def test_mistakes_and_options_that_do_not_go_together_are_named(
    run: Path,
    words: list[str],
    message: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(run.parent)
    shutil.copytree(run, "other")
    assert main(["report", *words]) == 2
    error = capsys.readouterr().err
    assert message in error
    assert "Traceback" not in error
