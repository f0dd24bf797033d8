"""`nasframe completion`: a shell completes commands and options by the script."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from nasframe.cli import main

ASK = """
source "$1"
COMP_WORDS=("${@:2}")
COMP_CWORD=$(( $# - 2 ))
COMP_LINE="${COMP_WORDS[*]}"
_nasframe_values
printf '%s\\n' "${COMPREPLY[@]}"
"""


def script(shell: str, capsys: pytest.CaptureFixture[str]) -> str:
    assert main(["completion", shell]) == 0
    return capsys.readouterr().out


@pytest.fixture
def completed(home: Path, capsys: pytest.CaptureFixture[str]) -> object:
    """Ask a real bash what it completes the last of some words to."""
    bash = shutil.which("bash")
    if bash is None:
        pytest.skip("no bash")
    (home / "script").write_text(script("bash", capsys), "utf-8")

    def ask(*words: str) -> list[str]:
        command = [bash, "--norc", "-c", ASK, "bash", str(home / "script"), "nasframe", *words]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        return done.stdout.splitlines()

    return ask


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (("comp",), {"compare", "completion"}),
        (("deepfake", "rob"), {"robustness"}),
        (("run", "--over"), {"--overwrite"}),
        (("cache", "remove", "--older"), {"--older-than"}),
        (("completion", "z"), {"zsh"}),
        (("compare", "mine.toml", "--relaxation", "gr"), {"grmc"}),
        (("compare", "mine.toml", "--loop", "ev"), {"evolution"}),
        (("run", "mine.toml", "search.epo"), {"search.epochs="}),
        (("run", "mine.toml", "relaxation.temp"), {"relaxation.temperature="}),
        (("options", "relaxation.g"), {"relaxation.grmc", "relaxation.gst"}),
        (("new", "tens"), {"tensors"}),
        (("run", "mine.toml", "--pl"), {"--plugin"}),
        (("evaluate", "runs/mine", "--log"), {"--log-file"}),
        (("-v", "run", "mine.toml", "search.epo"), {"search.epochs="}),
        (("--log-file", "log", "options", "relaxation.g"), {"relaxation.grmc", "relaxation.gst"}),
        (("demo", "search.epo"), {"search.epochs="}),
        (("compare", "mine.toml", "--relaxation", "stgs,gr"), {"stgs,grmc"}),
        (("compare", "mine.toml", "--relaxation", "=", "gr"), {"grmc"}),
        (("compare", "mine.toml", "--relaxation", "="), {"grmc", "stgs"}),
        (("options", "relaxation.temp"), {"relaxation.temperature"}),
        (("options", "search.ep"), {"search.epochs"}),
        (("plugins", "show", "gr"), {"grmc"}),
        (("plugins", "show", "linear"), {"linear_glu"}),
        (("run", "mine.toml", "loop.name", "=", "ev"), {"evolution"}),
        (("run", "mine.toml", "relaxation.name", "="), {"grmc", "stgs"}),
        (("run", "mine.toml", "search.bfloat16", "=", "n"), {"none"}),
        (("sweep", "mine.toml", "temperat"), {"temperature="}),
        (("sweep", "mine.toml", "space.ports", "=", "shared,ch"), {"shared,choose"}),
        (("sweep", "mine.toml", "bfloat16", "="), {"none", "all"}),
        (("compare", "mine.toml", "--vary", "temperat"), {"temperature="}),
        (("show", "-"), {"-q", "-v", "--quiet", "--verbose"}),
    ],
)
def test_bash_completes_commands_options_and_their_values(
    completed: object, words: tuple[str, ...], found: set[str]
) -> None:
    assert found <= {*completed(*words)}  # type: ignore[operator]


def test_bash_completes_files_where_a_command_takes_them(completed: object, home: Path) -> None:
    (home / "mine.toml").write_text("")
    for command in ("run", "show", "new", "tables"):
        done = completed(command, str(home / "mi"))  # type: ignore[operator]
        assert str(home / "mine.toml") in done, command


def test_bash_completes_a_name_with_blanks_whole_and_none_with_a_line_end(
    completed: object, home: Path
) -> None:
    (home / "my data.csv").write_text("")
    (home / "my\ntable.csv").write_text("")
    for words in (("new",), ("run",), ("show", "--out"), ("run", "mine.toml", "--log-file")):
        assert completed(*words, "my") == ["my data.csv"], words  # type: ignore[operator]


def test_bash_completes_tasks_and_files_behind_new(completed: object, home: Path) -> None:
    (home / "mine.csv").write_text("")
    assert {"mfeat", "mnist1d", "mine.csv"} <= {*completed("new", "m")}  # type: ignore[operator]


def test_bash_completes_what_is_in_the_cache_to_be_removed(
    completed: object, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (home / "prepared" / "tensors-0a").mkdir(parents=True)
    monkeypatch.setenv("NASFRAME_CACHE", str(home / "prepared"))
    assert completed("cache", "remove", "ten") == ["tensors-0a"]  # type: ignore[operator]


def test_bash_completes_no_key_behind_an_option_that_takes_a_value(completed: object, home: Path) -> None:
    (home / "runs").mkdir()
    for option in ("--out", "--log-file"):
        assert completed("run", "mine.toml", option, "r") == ["runs"]  # type: ignore[operator]


@pytest.mark.parametrize("shell", ["zsh", "fish", "powershell"])
def test_the_other_shells_have_a_script_with_every_command(
    shell: str, capsys: pytest.CaptureFixture[str]
) -> None:
    text = script(shell, capsys)
    for word in ("compare", "tabulate", "deepfake", "estimators"):
        assert word in text


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("run mine.toml --relaxation gr", {"grmc"}),
        ("run mine.toml search.epo", {"search.epochs="}),
        ("run mine.toml loop.name=ev", {"loop.name=evolution"}),
        ("sweep mine.toml temperat", {"temperature="}),
        ("options relaxation.temp", {"relaxation.temperature"}),
        ("plugins show gr", {"grmc"}),
        ("new tens", {"tensors"}),
    ],
)
def test_fish_completes_values_keys_and_names(
    line: str, found: set[str], home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fish = shutil.which("fish")
    if fish is None:
        pytest.skip("no fish")
    (home / "script").write_text(script("fish", capsys), "utf-8")
    ask = f"source {home / 'script'}; complete -C 'nasframe {line}'"
    done = subprocess.run([fish, "--no-config", "-c", ask], capture_output=True, text=True, check=True)
    assert found <= {item.split("\t")[0] for item in done.stdout.splitlines()}


def test_the_shell_of_the_user_is_the_default(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHELL", "/usr/bin/fish")
    assert main(["completion"]) == 0
    assert capsys.readouterr().out == script("fish", capsys)


@pytest.mark.parametrize("shell", ["", "/bin/tcsh"])
def test_a_shell_without_a_script_is_refused_with_those_that_have_one(
    shell: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHELL", shell)
    assert main(["completion"]) == 2
    assert "say one of bash, zsh, fish, powershell" in capsys.readouterr().err


def test_it_is_written_to_its_place(
    home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(home))
    assert main(["completion", "bash", "--install"]) == 0
    (place,) = home.rglob("nasframe")
    assert str(place) in capsys.readouterr().err
    assert place.read_text("utf-8").strip() == script("bash", capsys).strip()


def test_values_are_words_of_the_script_so_that_a_tab_starts_no_program(
    capsys: pytest.CaptureFixture[str],
) -> None:
    text = script("bash", capsys)
    assert "python" not in text
    assert "nasframe options" not in text
