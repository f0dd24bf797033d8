"""The findings of an inspection: rows under headings, and the problems with a mend for each."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field  # attrs itself may be what is broken
from typing import Any

__all__ = ["Findings", "Problem"]


@dataclass(frozen=True)
class Problem:
    """Something that will not work as it is.

    Attributes:
        what: one sentence.
        mend: a command or an instruction that ends it.
    """

    what: str
    mend: str


@dataclass
class Findings:
    """Rows under headings, in the order in which they were found, and problems."""

    rows: dict[str, dict[str, Any]] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def add(self, heading: str, name: str, value: Any) -> None:
        """Add a row; its value is a text, a number, a truth or None, as JSON knows them."""
        self.rows.setdefault(heading, {})[name] = value

    def problem(self, what: str, mend: str) -> None:
        """Add a problem, once."""
        found = Problem(what, mend)
        if found not in self.problems:
            self.problems.append(found)

    def to_text(self) -> str:
        """Return plain lines: the rows under their headings, and the problems last."""
        lines: list[str] = []
        for heading, rows in self.rows.items():
            width = max(map(len, rows))
            lines += [
                heading,
                *(f"  {name.ljust(width)}  {_words(value)}" for name, value in rows.items()),
                "",
            ]
        lines.append(f"problems found: {len(self.problems) or 'none'}")
        for problem in self.problems:
            lines += [f"  {problem.what}", f"    mend: {problem.mend}"]
        return "\n".join(_printable(line) for line in lines)

    def to_json(self) -> str:
        """Return `{heading: {name: value}, …, "problems": [{"what", "mend"}]}`."""
        document = {**self.rows, "problems": [asdict(problem) for problem in self.problems]}
        return json.dumps(document, indent=2)  # in ASCII: an encoding may be what is broken


def _words(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "unknown" if value is None else str(value)


def _printable(line: str) -> str:
    return line if line.isprintable() else line.encode("unicode_escape").decode()
