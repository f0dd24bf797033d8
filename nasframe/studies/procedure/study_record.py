"""The record of a study: a dictionary that a console shows in a few lines."""

from __future__ import annotations

from typing import Any

from nasframe.display import format_value
from nasframe.runtime import counted, visible

__all__ = ["StudyRecord"]

_MOST_ROWS = 12


class StudyRecord(dict[str, Any]):
    """The content of a study's record; a dictionary in all but its repr."""

    def __repr__(self) -> str:
        """Return the kind and title of the study, a line for each row, and where the rest is."""
        objective = str(self.get("objective", ""))
        rows = [row for row in self.get("rows", ()) if "values" in row]
        head = f"<{visible(str(self.get('kind', 'study')))} {visible(str(self.get('title', '')))}: "
        head += (
            f"{counted(len(self.get('trials', ())), 'trial')}; mean {visible(objective)} on the test split"
        )
        lines = [
            f"  {visible(str(row['name']))}  {format_value(row['values'].get(objective, {}).get('mean'))}"
            for row in rows[:_MOST_ROWS]
        ]
        if len(rows) > _MOST_ROWS:
            lines.append(f"  and {len(rows) - _MOST_ROWS} more")
        if not rows:
            head = head.partition(";")[0]
        return "\n".join([head, *lines, f"  keys: {', '.join(map(visible, self))}>"])
