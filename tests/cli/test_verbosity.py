"""`-q`, `-v` and `--log-file` of every command."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from nasframe.cli import main
from tests.toys import SUMS

WORDS = [str(SUMS), "search.epochs=2", "task.examples=16", "cache=cache"]

pytestmark = pytest.mark.usefixtures("toy_sums", "home")


def answer(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, list[str]]:
    capsys.readouterr()
    status = main(words)
    said = capsys.readouterr()
    return status, said.out, said.err.splitlines()


def test_quiet_prints_the_results_alone(capsys: pytest.CaptureFixture[str]) -> None:
    status, plain, told = answer(capsys, "search", *WORDS, "--out", "plain")
    assert (status, bool(told)) == (0, True)
    status, out, err = answer(capsys, "search", *WORDS, "--out", "quiet", "-q")
    assert (status, err) == (0, [])
    assert out == plain.replace("runs/plain", "runs/quiet").replace("plain", "quiet")


def test_verbose_prints_each_epoch_and_the_time_of_each_stage(capsys: pytest.CaptureFixture[str]) -> None:
    status, _, err = answer(capsys, "-v", "run", *WORDS, "--out", "run")
    assert status == 0
    starts = [line.partition(",")[0] for line in err]
    assert {"search: 1 of 2", "search: 2 of 2", "train: 1 of 1"} <= {*starts}
    assert all("took" in line for line in err if line.startswith("search: 1 of"))
    for stage in ("sums", "search", "train", "evaluate"):
        assert any(line.startswith(f"{stage}: done in ") and line.endswith(" s") for line in err), stage


def test_a_log_file_has_all_of_it_with_times_and_is_added_to(capsys: pytest.CaptureFixture[str]) -> None:
    _, _, err = answer(capsys, "search", *WORDS, "--out", "run", "-q", "--log-file", "log")
    lines = [line[26:] for line in Path("log").read_text(encoding="utf-8").splitlines()]
    assert err == []
    assert "nasframe search" in lines[0]
    assert any(line.startswith("search: 2 of 2, loss ") for line in lines)
    answer(capsys, "search", *WORDS, "--out", "run", "--log-file=log")
    more = [line[26:] for line in Path("log").read_text(encoding="utf-8").splitlines()]
    assert more[: len(lines)] == lines
    assert more[-1] == "search: unchanged, skipped"


def test_the_message_that_ends_a_command_is_in_its_log(capsys: pytest.CaptureFixture[str]) -> None:
    status, _, err = answer(capsys, "search", "none.toml", "--log-file", "log")
    assert status == 2
    assert err[0].startswith("nasframe: none.toml: 1 problem")
    assert err[0] in Path("log").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["-q", "-v"], "-q and -v: contradict each other; give one of them"),
        (["--quiet", "--verbose"], "--quiet and --verbose: contradict each other"),
        (["--log-file"], "--log-file: needs a file"),
        (["--log-file", "--overwrite"], "--log-file: needs a file"),
        (["--log-file", "a", "--log-file=b"], "--log-file: given 2 times; expected one file"),
        (["--log-file", "no/log"], "--log-file no/log: no such folder: no"),
        (["--log-file", "."], "--log-file .: is a folder; expected a file"),
        (["--log-file", "pipe"], "--log-file pipe: is no regular file; expected a file"),
    ],
)
def test_options_that_cannot_be_met_are_refused_before_the_work(
    words: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    os.mkfifo("pipe")
    status, _, err = answer(capsys, "search", *WORDS, "--out", "run", *words)
    assert status == 2
    assert message in "\n".join(err)
    assert not Path("run").exists()


def test_a_log_that_may_not_be_written_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    Path("long").symlink_to("long")
    status, _, err = answer(capsys, "search", *WORDS, "--out", "run", "--log-file", "long")
    assert status == 2
    assert "--log-file long: cannot be written: " in err[-1]


def test_a_command_of_a_plugin_keeps_its_own_options_of_these_names(
    capsys: pytest.CaptureFixture[str],
) -> None:
    Path("mine.py").write_text(
        "from nasframe import hookimpl\n"
        "from nasframe.runtime import print_text\n"
        "def mine(*, verbose: bool = False):\n"
        "    print_text(f'verbose {verbose}')\n"
        "@hookimpl\n"
        "def register_commands(app):\n"
        "    app.command(mine)\n",
        encoding="utf-8",
    )
    assert answer(capsys, "mine", "--plugin", "mine.py", "--verbose")[1] == "verbose True\n"
    assert answer(capsys, "mine", "--plugin", "mine.py", "-q")[1] == "verbose False\n"


@pytest.mark.parametrize("words", ["deepfake prepare", "deepfake", "estimators", "run", "cache remove"])
def test_the_help_of_every_command_is_printed_whoever_brings_it(
    words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*words.split(), "--help"]) == 0
    captured = capsys.readouterr()
    assert f"Usage: nasframe {words}" in captured.out
    assert captured.err == ""


def test_nothing_is_added_to_a_file_that_is_no_log(capsys: pytest.CaptureFixture[str]) -> None:
    Path("mine.toml").write_text(SUMS.read_text("utf-8"), "utf-8")
    before = Path("mine.toml").read_bytes()
    status, _, err = answer(capsys, "run", "mine.toml", "--log-file", "mine.toml")
    assert status == 2
    assert "--log-file mine.toml: holds something else than a log" in err[-1]
    assert Path("mine.toml").read_bytes() == before


@pytest.mark.parametrize("words", [["--out", "one"], ["--out=one"]])
@pytest.mark.parametrize("record", ["", "run.json", "study.json"])
def test_a_log_in_the_folder_of_a_run_is_refused_before_any_work(
    words: list[str], record: str, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (home / "one").mkdir()
    if record:
        (home / "one" / record).write_text("{}")
    words = ["evaluate", "one"] if record else ["run", "mine.toml", *words]
    assert main([*words, "--log-file", "one/search.log"]) == 2
    assert "--log-file one/search.log: lies in " in capsys.readouterr().err
    assert not (home / "one" / "search.log").exists()
