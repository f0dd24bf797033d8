"""`nasframe completion zsh`: an interactive zsh, which needs a terminal, completes by the script."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from nasframe.cli import main

pty = pytest.importorskip("pty", reason="no terminals on this system")

SETUP = """
fpath=({home} $fpath); autoload -Uz compinit; compinit -u -D; cd {home}
told() {{ print -r -- "$BUFFER" > {home}/told; print to''ld; zle send-break }}
zle -N told; bindkey '^Xp' told; print rea''dy
"""


def read_until(terminal: int, word: bytes) -> None:
    """Read what the shell shows, up to a word that the typed line does not hold as it is."""
    seen = b""
    while word not in seen:
        seen += os.read(terminal, 4096)


def completed(zsh: str, home: Path, line: str) -> str:
    """Return the line of a shell in which a text and a tab were typed."""
    terminal, side = pty.openpty()
    environment = {**os.environ, "TERM": "xterm", "HOME": str(home)}
    shell = subprocess.Popen(
        [zsh, "-f", "-i"], stdin=side, stdout=side, stderr=side, env=environment, start_new_session=True
    )
    os.close(side)
    try:
        os.write(terminal, SETUP.format(home=home).encode())
        read_until(terminal, b"ready")
        os.write(terminal, line.encode() + b"\t\x18p")
        read_until(terminal, b"told\r\n")
    finally:
        shell.kill()
        shell.wait()
        os.close(terminal)
    return (home / "told").read_text("utf-8").strip()


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("nasframe compl", "nasframe completion"),
        ("nasframe deepfake rob", "nasframe deepfake robustness"),
        ("nasframe run --over", "nasframe run --overwrite"),
        ("nasframe show --format sv", "nasframe show --format svg"),
        ("nasframe run mi", "nasframe run mine.toml"),
    ],
)
def test_zsh_completes_commands_options_their_values_and_files(
    line: str, found: str, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    zsh = shutil.which("zsh")
    if zsh is None:
        pytest.skip("no zsh")
    (home / "mine.toml").write_text("", "utf-8")
    assert main(["completion", "zsh"]) == 0
    (home / "_cyclopts_nasframe").write_text(capsys.readouterr().out, "utf-8")
    assert completed(zsh, home, line) == found
