"""The contract of a scorer of files: what a task loads once, to score many files with."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Generator, Iterator, Sequence
from pathlib import Path
from typing import Any

from nasframe.runtime import Cancellation

__all__ = ["FileScorer"]


class FileScorer(ABC):
    """Scores files by a trained network. `Task.file_scorer` makes it, and loads there all that it needs.

    `score` may be called many times, and from several threads at once: every call gives the records that it
    would give alone. So a call changes nothing that another one reads, such as the mode of the network.

    Attributes:
        columns: keys of the numbers and texts of a record that `nasframe predict --csv` writes behind `file`,
            `decision`, `score`, `threshold`, `reason` and `error`; `summary` and `notes` follow.
    """

    columns: Sequence[str] = ()

    @abstractmethod
    def score(self, files: Sequence[Path]) -> Iterator[dict[str, Any]]:
        """Yield a record for each file, in order, each as soon as it is known.

        A record is JSON-able. It has `file`, the path as text, and either a result or an error:

        - a result: usually `score`, `threshold` and `decision`, and whatever the task adds, nested lists and
          dictionaries too. Of what it adds, four keys are shown by the core: `summary`, words that say in one
          line what stands behind the result; `seconds`, a list of `{"start": …, "end": …, "score": …}` in
          seconds, whose score is None where there is none; `left_out`, a list of
          `{"start": …, "end": …, "reason": …}`, the parts without a score; and `notes`, a list of sentences
          that hold for the result.
        - an error: `error`, the cause in words, without the path; and `reason`, a word for scripts that
          never changes, such as `no-sound`. Where it is left out it is `error`.

        One file that cannot be scored never stops the others.
        """

    def score_until(
        self, files: Sequence[Path], cancellation: Cancellation
    ) -> Generator[dict[str, Any], None, None]:
        """Yield the records of `score` while somebody waits for them.

        This one looks between two files. A scorer whose files take long looks within a file too.

        Args:
            files: to score.
            cancellation: may be cancelled by another thread.

        Raises:
            concurrent.futures.CancelledError: nobody waits any more.
        """
        records = self.score(files)
        try:
            cancellation.check()
            for record in records:
                cancellation.check()
                yield record
        finally:
            if isinstance(records, Generator):
                records.close()
