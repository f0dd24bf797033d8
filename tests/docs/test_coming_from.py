"""The page for those who know another library: the code of nasframe runs as it stands."""

from __future__ import annotations

import re
from pathlib import Path

PAGE = (Path(__file__).parents[2] / "docs" / "coming-from.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
THEIRS = ("# NNI", "# NASLib", "# confopt")


def test_each_library_has_both_sides() -> None:
    assert [example.splitlines()[0] for example in EXAMPLES if example.startswith(THEIRS)] == [*THEIRS]
    assert re.findall(r"^## (.*)$", PAGE, re.MULTILINE) == ["Words", "NNI", "NASLib", "confopt", "BM-NAS"]


def test_the_side_of_nasframe_runs_from_top_to_bottom(home: Path) -> None:
    values: dict[str, object] = {}
    for example in EXAMPLES:
        if not example.startswith(THEIRS):
            exec(compile(example, "docs/coming-from.md", "exec"), values)
    assert {path.name for path in Path("runs").iterdir()} == {"cells", "samplers"}
