"""CSV that is read back as it was written: the lists of a task, of which every cell is data."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

__all__ = ["csv_text"]


def csv_text(rows: Iterable[Sequence[object]]) -> str:
    r"""Return rows as CSV, each ended by a line feed; `csv.reader` finds every cell as it was.

    Nothing is added for spreadsheets, as in `Table.to_csv`: a file may be called `=1.mp4`.

    Example:
        >>> csv_text([("path", "split"), ("=a,b\r.mp4", "test")])
        'path,split\n"=a,b\r.mp4",test\n'
    """
    lines = []
    for row in rows:
        line = io.StringIO()
        # the end that makes the writer quote a lone carriage return too
        csv.writer(line, lineterminator="\r\n").writerow(row)
        lines.append(f"{line.getvalue().removesuffix(chr(13) + chr(10))}\n")
    return "".join(lines)
