"""`nasframe predict` as a process of its own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path


def test_predict_imports_no_timm_no_torchvision_no_statistics_and_no_compiler(
    trained_run: Path, corpus: Path
) -> None:
    code = (
        "import sys; from nasframe.cli import main; main(); "
        "print({'timm', 'torchvision', 'scipy.stats', 'torch._dynamo'} & {*sys.modules}, file=sys.stderr)"
    )
    clip = str(next(corpus.rglob("*.mp4")))
    words = ["predict", str(trained_run), clip, "--json"]
    done = subprocess.run([sys.executable, "-c", code, *words], capture_output=True, text=True, check=False)
    assert '"score"' in done.stdout
    assert done.stderr.splitlines()[-1] == "set()"
