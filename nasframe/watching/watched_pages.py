"""The pages of a folder that is watched: each is made anew when the files that it comes from have changed."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from urllib.parse import unquote_to_bytes

from attrs import define, evolve, field, frozen

from nasframe.display import asset
from nasframe.errors import NasframeError, in_words
from nasframe.report import PAGE, Live, Page, Watched, growing_page, overview_page, read_page
from nasframe.runs import Run
from nasframe.runtime import counted, shell_line, visible
from nasframe.watching.folder_state import (
    Stamp,
    address_of,
    begun_at,
    changed_at,
    has_results,
    stamp_of,
)
from nasframe.watching.found_folders import FoundFolder, find_folders, is_below, newest
from nasframe.watching.run_line import PREPARING
from nasframe.watching.trial_files import NetworkResults
from nasframe.watching.trials_of_studies import running_in_words, with_best_trials
from nasframe.watching.watched_line import holds, shown_name, watched

__all__ = ["Answer", "WatchedPages"]

_MOST = 2000
"""Runs and studies on the first page, at most: those that changed last."""

_SECONDS = 5
"""Until a browser without scripts asks again."""

_STATE_SECONDS = 10.0
"""For so many seconds the state of a folder is taken to be the same where nothing in it has changed."""

_REST = 4.0
"""A page that takes a second to make rests for four before it is made again."""


@frozen
class Answer:
    """A page for a browser.

    Attributes:
        status: of HTTP.
        html: the whole page.
    """

    status: int
    html: str


@frozen
class _Made:
    """A page that was made, from files with a stamp; until a time it is not made again."""

    stamps: tuple[Stamp, ...]
    page: Page
    rests_until: float


@define
class WatchedPages:
    """The pages of the runs and studies below a folder. It is only read.

    Attributes:
        root: the folder, which may go and come back, or come later.
        is_there: False while it is gone.
        was_there: False until it has come.
    """

    root: Path
    is_there: bool = field(init=False)
    was_there: bool = field(init=False)
    _lines: dict[str, tuple[tuple[Stamp, float, float], Watched]] = field(init=False, factory=dict)
    _networks: dict[str, NetworkResults] = field(init=False, factory=dict)
    _pages: dict[str, _Made] = field(init=False, factory=dict)
    _looks: dict[str, dict[str, int]] = field(init=False, factory=dict)
    _turn: threading.Lock = field(init=False, factory=threading.Lock)

    def __attrs_post_init__(self) -> None:
        self.is_there = self.was_there = self.root.is_dir()

    def look(self) -> bool:
        """Return True where it has gone, or has come back, since the last look."""
        before, self.is_there = self.is_there, self.root.is_dir()
        return before != self.is_there

    def answer(self, path: str) -> Answer | None:
        """Return the page of a path of the address; None for a path that is no page's.

        Args:
            path: `/` is the overview; `/NAME/report.html` the page of a run or a study.
        """
        with self._turn:  # names mean in each page what they mean in its run
            try:
                folders = find_folders(self.root)
            except FileNotFoundError:
                if not self.was_there:
                    return self._notice(f"{self.root} is not there yet. The page comes with it.", 503)
                return self._notice(f"{self.root} has gone. The page comes back with it.", 503)
            except OSError as error:
                why = (error.strerror or str(error)).lower()
                return self._notice(f"{self.root} cannot be read: {why}. The page comes back with it.", 503)
            for known in (self._lines, self._networks):  # what has gone is forgotten
                for name in known.keys() - folders.keys():
                    del known[name]
            if path == "/":
                return self._overview(folders)
            if not path.endswith(f"/{PAGE}"):
                return None
            # only names that were found are known, so no path can lead anywhere else
            name = unquote_to_bytes(path[1:].removesuffix(PAGE).rstrip("/")).decode(errors="surrogateescape")
            if name not in folders:
                return self._notice("There is no run and no study of this name, or it has gone.", 404)
            return self._page(folders[name], folders)

    def _overview(self, folders: dict[str, FoundFolder]) -> Answer:
        shown = newest(folders, _MOST)
        studies = {study for name in shown if (study := _study_of(name, folders)) is not None}
        lines = self._found({name: folder for name, folder in folders.items() if name in {*shown, *studies}})
        left_out = len(folders) - len(lines)
        more = f"; {counted(left_out, 'other')} changed earlier and are left out" if left_out else ""
        title = visible(f"Watching {self.root.resolve().name}")
        page = overview_page(title, visible(f"{self.root}{more}"), lines, {}, self._looks.setdefault("/", {}))
        return Answer(200, page.to_html(_live({}, running_in_words(lines))))

    def _found(self, folders: dict[str, FoundFolder]) -> list[Watched]:
        """Return the lines of folders, those that changed last first."""
        stamps = {name: stamp_of(folder) for name, folder in folders.items()}
        families = {name: _family(name, stamps) for name in folders}
        changes = {name: max(map(changed_at, own)) for name, own in families.items()}
        found = []
        for name in sorted(folders, key=lambda name: (-changes[name], name)):
            folder = folders[name]
            # who works in a folder may change where no file of it does
            key = (stamps[name], changes[name], time.time() // _STATE_SECONDS)
            before = self._lines.get(name)
            if before is None or before[0] != key:
                is_known = before is not None and before[0][:2] == key[:2] and holds(before[1])
                line = before[1] if before is not None and is_known else None
                begun = min(filter(None, map(begun_at, families[name])), default=0.0)
                networks = self._networks.setdefault(name, NetworkResults())
                above = _study_of(name, folders)
                study = None if above is None else shown_name(folders[above])
                self._lines[name] = key, watched(folder, begun, changes[name], networks, study, line)
            found.append(self._lines[name][1])
        return with_best_trials(found)

    def _page(self, folder: FoundFolder, folders: dict[str, FoundFolder]) -> Answer:
        own = {
            name: other
            for name, other in folders.items()
            if name == folder.name or (folder.kind == "study" and is_below(name, folder.name))
        }
        lines = self._found(own)
        line = next(line for line in lines if line.address == address_of(folder))
        stamps = tuple(stamp_of(other) for other in own.values())
        made = self._pages.get(folder.name)
        if made is None or (made.stamps != stamps and time.monotonic() > made.rests_until):
            began = time.monotonic()
            looks = self._looks.setdefault(address_of(folder), {})
            page = _page_of(folder, line, [other for other in lines if other is not line], looks)
            now = time.monotonic()
            made = self._pages[folder.name] = _Made(stamps, page, now + _REST * (now - began))
        state = ", ".join(filter(None, [line.state, line.steps, f"changed {line.changed}"]))
        state += f". {line.reason}" if line.reason else ""
        return Answer(200, made.page.to_html(_live({"/": "All runs and studies"}, state)))

    def _notice(self, words: str, status: int) -> Answer:
        page = overview_page("nasframe", words, [], {})
        return Answer(status, page.to_html(_live({"/": "All runs and studies"}, "")))


def _page_of(folder: FoundFolder, line: Watched, trials: Sequence[Watched], looks: dict[str, int]) -> Page:
    """Return the report of a folder as it is now, or what can be said of it; see `overview_page`."""
    title = f"nasframe: {line.name}"
    if line.problem or line.steps == PREPARING:
        return overview_page(title, line.steps or "It cannot be read.", [line], {})
    try:
        if folder.kind == "study" and not has_results(folder.path):
            about = f"{line.kind}, whose report comes when it has ended"
            found = [line, *(evolve(trial, study=None) for trial in trials)]
            return overview_page(title, about, found, {}, looks)
        if folder.kind == "run" and not (folder.path / "architecture.json").is_file():
            return growing_page(Run.open(folder.path), _way_on(folder, line))
        return read_page(folder.path)
    except (NasframeError, OSError) as error:
        problem = str(error)
    except Exception as error:  # the section of a plugin, or a file that changed while it was read
        problem = in_words(error)
    return overview_page(title, "It cannot be shown now.", [evolve(line, problem=problem)], {})


def _way_on(folder: FoundFolder, line: Watched) -> str:
    """Return when the report of a run comes whose search has not ended."""
    if line.state in ("interrupted", "failed"):
        command = shell_line(["nasframe", "resume", str(folder.path)])
        ended = "was interrupted" if line.state == "interrupted" else "failed"
        return f"Its search {ended}, and goes on with: {command}"
    return "Its search has not ended; the report comes when it has."


def _family(name: str, stamps: Mapping[str, Stamp]) -> list[Stamp]:
    """Return the stamp of a folder, and those of the trials of a study."""
    return [stamp for other, stamp in stamps.items() if other == name or is_below(other, name)]


def _study_of(name: str, folders: Mapping[str, FoundFolder]) -> str | None:
    """Return the name of the outermost study in which a folder lies; None where it lies in none."""
    own = (other for other, folder in folders.items() if folder.kind == "study" and is_below(name, other))
    return min(own, key=len, default=None)


def _live(links: Mapping[str, str], state: str) -> Live:
    return Live(asset("nasframe.watching", "live.js"), _SECONDS, links, state)
