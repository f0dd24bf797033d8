"""The command line as a process: its imports, its exit status, its streams."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from nasframe import __version__
from tests.conftest import NASFRAME, Forked
from tests.forked_programs import ForkingServer
from tests.toys import TOYS

TOY = ["--plugin", str(TOYS / "toy_streams.py")]
MAIN = "import sys; from nasframe.cli import main; sys.exit(main())"


def nasframe(*words: str, cwd: Path | None = None, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", MAIN, *words],
        cwd=cwd,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["--help"],
        ["--version"],
        ["run", "--help"],
        ["demo", "--help"],
        ["predict", "--help"],
        ["plugins", "show", "--help"],
        ["rnu"],
        ["run", "--overwite"],
        ["evaluate", "/none"],
        ["predict", "/none", "a.mp4"],
        ["predict", "/tmp"],
        ["show", "a.json", "b.json", "c.json"],
        ["demo", "nosuch"],
    ],
)
def test_help_and_usage_errors_do_not_import_torch(words: list[str]) -> None:
    code = (
        "import sys; from nasframe.cli import main; main(); "
        "heavy = {'torch', 'timm', 'av', 'matplotlib'}; print(heavy & {*sys.modules}, file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code, *words], capture_output=True, text=True, check=False)
    assert done.stderr.splitlines()[-1] == "set()"


def test_the_installed_command_answers_with_its_version() -> None:
    done = subprocess.run([NASFRAME, "--version"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.strip()) == (0, __version__)


def test_help_lists_every_command() -> None:
    done = nasframe("--help", COLUMNS="200")
    assert done.returncode == 0
    for command in ("plugins", "run", "search", "train", "evaluate", "predict", "show", "demo"):
        assert f" {command} " in done.stdout


@pytest.mark.parametrize(
    ("command", "default"),
    [
        ("run", "runs/NAME"),
        ("search", "runs/NAME"),
        ("train", "runs/NAME, or the run folder that is given"),
        ("demo", "runs/demo"),
    ],
)
def test_help_says_which_run_folder_is_the_default(command: str, default: str) -> None:
    assert f"The run folder. [default: {default}]" in nasframe(command, "--help", COLUMNS="200").stdout


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["rnu"], 'Did you mean "run"'),
        (["run", "exp.toml", "--overwite"], "Did you mean --overwrite"),
        (["run"], "requires an argument"),
        (["run", "exp.toml", "--seed", "three"], 'unable to convert "three" into int'),
        (["run", "exp.toml"], "exp.toml: 1 problem\n  no such file"),
        (["demo", "no-such-demo"], "unknown demo 'no-such-demo'"),
        (["evaluate", "runs/nowhere"], "no such run folder"),
        (["predict", "runs/nowhere", "a.mp4"], "no such run folder"),
        (["train", "runs/nowhere"], "no such file"),
        (["show", "nothing.json"], "no such run folder or architecture file"),
        (["show", "nothing.json", "--format", "png"], "no such run folder or architecture file"),
        (["show", "nothing.json", "--out", "picture.gif"], "valid: .txt, .dot, .gv, .svg, .png"),
        (["show", "nothing.json", "--format", "svg", "--out", "x.dot"], "ending of --out x.dot says dot"),
        (["show", "nothing.json", "--format", "png", "--out", "x.dot"], "ending of --out x.dot says dot"),
        (["show", "nothing.json", "--format", "svg", "--out", "x.foo"], "x.foo: unknown ending; valid: "),
        (["show", "nothing.json", "--out", "no/such/x.svg"], "no/such; the nearest that is there: /"),
        (["show", "nothing.json", "--format", "gif"], 'Choose from: "text", "dot", "svg", "png"'),
        (["plugins", "show", "grmcc"], "did you mean 'grmc'"),
    ],
)
def test_a_mistake_is_one_message_and_exit_status_2(
    words: list[str], message: str, tmp_path: Path, programs: ForkingServer
) -> None:
    done = programs.run([NASFRAME, *words], cwd=tmp_path)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith("nasframe: ")
    assert message in done.stderr
    assert "Traceback" not in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_variable_shows_the_traceback_of_a_mistake(tmp_path: Path, programs: ForkingServer) -> None:
    environment = {**os.environ, "NASFRAME_TRACEBACK": "1"}
    done = programs.run([NASFRAME, "run", "exp.toml"], cwd=tmp_path, env=environment)
    assert done.returncode == 2
    assert "Traceback" in done.stderr
    assert done.stderr.splitlines()[-1] == "  no such file, and no TOML file beside it"


def test_every_mistake_of_an_experiment_is_printed_at_once(tmp_path: Path, programs: ForkingServer) -> None:
    file = tmp_path / "exp.toml"
    file.write_text(
        'sede = 1\n[task]\nname = "nothing-like-it"\n[relaxation]\nsamples = 0\n', encoding="utf-8"
    )
    words = ["run", str(file), "train.epoch=3", "--device", "abacus"]
    done = programs.run([NASFRAME, *words], cwd=tmp_path)
    assert done.returncode == 2
    lines = done.stderr.splitlines()
    assert lines[0] == f"nasframe: {file}: 6 problems"
    assert [line.split(":")[0].strip() for line in lines[1:]] == [
        "sede",
        "device",
        "task.name",
        "space.name",
        "relaxation.samples",
        "train.epoch",
    ]


def test_a_reader_that_goes_away_is_no_error(fork: Forked) -> None:
    program = fork("plugins", "--json")
    program.stdout.close()
    complaint = program.stderr.read()
    assert program.wait() == 141
    assert complaint == ""


def test_ctrl_c_in_any_command_prints_it_to_be_given_again(tmp_path: Path) -> None:
    code = (
        "import nasframe_deepfake.synthesis as c\n"
        "def write_corpus(*_): raise KeyboardInterrupt\n"
        f"c.write_corpus = write_corpus\n{MAIN}"
    )
    words = ["deepfake", "synthesize", "my clips", "--clips", "9"]
    done = subprocess.run(
        [sys.executable, "-c", code, *words], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 130
    first, again = done.stderr.splitlines()
    assert first == "nasframe: interrupted. To begin again:"
    assert shlex.split(again)[-len(words) :] == words
    assert list(tmp_path.iterdir()) == []


def test_a_name_that_is_no_utf8_is_printed_byte_for_byte_where_nothing_escapes_it(
    tmp_path: Path, programs: ForkingServer
) -> None:
    code = "import sys; from nasframe.cli import main; main(['plugins', '--json']); print('\\udcff')"
    done = programs.run(["-c", code], stdout=tmp_path / "results.txt")
    assert (done.returncode, done.stderr) == (0, "")
    assert (tmp_path / "results.txt").read_bytes().splitlines()[-1] == b"\xff"


def test_the_module_is_the_command() -> None:
    words = [sys.executable, "-m", "nasframe", "--version"]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.strip()) == (0, __version__)


def test_ctrl_c_while_the_command_line_is_imported_prints_the_command_to_go_on_with() -> None:
    code = """
import sys

class Interrupts:
    def find_spec(self, name, *_):
        if name == "cyclopts":
            raise KeyboardInterrupt

sys.meta_path.insert(0, Interrupts())
from nasframe.__main__ import main
sys.exit(main())
"""
    words = [sys.executable, "-c", code, "sweep", "a b.toml"]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 130
    assert done.stderr.splitlines()[-1].strip() == "nasframe sweep 'a b.toml'"
    assert "Traceback" not in done.stderr


# -- closed and full streams ------------------------------------------------------------------------------


def in_a_shell(redirections: str, *words: str) -> subprocess.CompletedProcess[str]:
    """Run the installed command with streams that a shell closes or leads elsewhere."""
    return subprocess.run(
        ["sh", "-c", f'"$@" {redirections}', "sh", NASFRAME, *words],
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    ("redirections", "form"), [("2>&-", []), ("2>/dev/full", ["--csv"]), ("<&- 2>&-", ["--json"])]
)
def test_scores_are_printed_whatever_happens_to_standard_error(
    finished_run: Path, home: Path, programs: ForkingServer, redirections: str, form: list[str]
) -> None:
    (home / "a.json").write_text("[0.1, 0.9]", encoding="utf-8")
    words = [*TOY, "predict", str(finished_run), "a.json", *form]
    usual, done = programs.run([NASFRAME, *words]), in_a_shell(redirections, *words)
    assert usual.returncode == done.returncode == 0
    assert "a.json" in done.stdout
    assert done.stdout == usual.stdout


def test_messages_for_a_closed_standard_error_are_not_among_the_results() -> None:
    done = in_a_shell("2>&-", "predict", "nosuch", "a.json")
    assert (done.returncode, done.stdout) == (2, "")


@pytest.mark.parametrize("words", [["predict", "nosuch", "a.json"], ["plugins"], ["--help"], ["doctor"]])
def test_a_closed_standard_output_is_said_before_any_work(words: list[str]) -> None:
    done = in_a_shell(">&-", *words)
    assert done.returncode == 74
    assert done.stderr == (
        "nasframe: standard output is closed, so the results would be lost; "
        "send them to a file, or to /dev/null\n"
    )


UNWRITTEN = (
    "nasframe: standard output cannot be written: no space left on device; the results are not whole\n"
)


@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize("words", [["plugins"], ["plugins", "--json"], ["--help"], ["--version"], ["doctor"]])
def test_results_that_cannot_be_written_are_an_error_of_their_own(
    words: list[str], unbuffered: str, programs: ForkingServer
) -> None:
    environment = {**os.environ, "PYTHONUNBUFFERED": unbuffered}
    done = programs.run([NASFRAME, *words], env=environment, stdout=Path("/dev/full"))
    assert (done.returncode, done.stderr) == (74, UNWRITTEN)


@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_a_full_device_is_told_by_a_program_that_is_started_as_well(
    unbuffered: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONUNBUFFERED", unbuffered)
    done = in_a_shell(">/dev/full", "--help")
    assert (done.returncode, done.stderr) == (74, UNWRITTEN)


def test_a_closed_standard_input_is_said_where_a_list_is_read_from_it(finished_run: Path) -> None:
    done = in_a_shell("<&-", *TOY, "predict", str(finished_run), "--list", "-")
    assert done.returncode == 2
    assert "standard input is closed" in done.stderr
