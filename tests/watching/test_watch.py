"""`nasframe watch`: real runs and a real study, read through the real server over HTTP."""

from __future__ import annotations

import hashlib
import http.client
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from attrs import frozen

import nasframe
from nasframe.cli import main
from nasframe.report import Watched, overview_page
from nasframe.runtime import Lock
from nasframe.studies import compare_on_table
from nasframe.watching.found_folders import find_folders, newest
from nasframe.watching.trials_of_studies import running_in_words
from tests.toys import SUMS, TOYS

PLUGIN = ["--plugin", str(TOYS / "toy_sums.py")]
HOSTILE = "<b>&'x' ü\n"


@frozen
class Answer:
    status: int
    text: str
    headers: dict[str, str]


@frozen
class Watcher:
    """A running `nasframe watch`."""

    process: subprocess.Popen[str]
    port: int
    root: Path

    def end(self, number: int) -> int:
        """Send a signal, and return the exit status."""
        self.process.send_signal(number)
        status = self.process.wait(60)
        assert self.process.stdout is not None
        self.process.stdout.close()
        return status

    def ask(self, path: str, method: str = "GET", body: str | None = None, **headers: str) -> Answer:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        connection.request(method, path, body, {name.replace("_", "-"): v for name, v in headers.items()})
        answer = connection.getresponse()
        found = Answer(answer.status, answer.read().decode(), dict(answer.getheaders()))
        connection.close()
        return found


def start(root: Path, errors: Path) -> Watcher:
    with errors.open("w") as told:
        process = subprocess.Popen(
            [sys.executable, "-m", "nasframe", "watch", str(root), "--port", "0", *PLUGIN],
            stdout=subprocess.PIPE,
            stderr=told,
            text=True,
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )
    assert process.stdout is not None
    address = process.stdout.readline()
    assert address.startswith("http://127.0.0.1:"), errors.read_text()
    assert process.stdout.readline() == "Ctrl-C ends it\n"
    return Watcher(process, int(address.strip().rstrip("/").rpartition(":")[2]), root)


@pytest.fixture(scope="module")
def made(toy_sums: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a run, a sweep of two trials, a table, and loops on that. It is only read."""
    folder = tmp_path_factory.mktemp("watched")
    options = [f"cache={folder / 'cache'}", "task.examples=16"]
    experiment = nasframe.Experiment.load(SUMS, options)
    nasframe.run_experiment(experiment, folder / "runs/one")
    nasframe.sweep(str(SUMS), ["temperature=0.1,1.0"], options, out=folder / "runs/study", workers=1)
    nasframe.tabulate(str(SUMS), overrides=options, out=folder / "runs/table", architectures=3, workers=1)
    judged: dict[str, Any] = {"loops": ["random"], "overrides": ["loop.trials=3"], "seeds": 2}
    compare_on_table(folder / "runs/table", folder / "runs/loops", train_missing=True, **judged)
    return folder / "runs"


@pytest.fixture(scope="module")
def watcher(made: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watcher]:
    """A watcher of a copy of that folder, which tests may add to."""
    folder = tmp_path_factory.mktemp("served")
    shutil.copytree(made, folder / "runs")
    found = start(folder / "runs", folder / "errors")
    yield found
    found.end(signal.SIGKILL)


def unfinish(run: Path, lines: int) -> list[str]:
    """Make a finished run one whose search is under way; return the lines of metrics that are yet to come."""
    record = json.loads((run / "run.json").read_text(encoding="utf-8"))
    record = {**record, "done": {}, "unfinished": {"run": {}}}
    (run / "run.json").write_text(json.dumps(record), encoding="utf-8")
    for name in ("architecture.json", "test.json", "report.html"):
        (run / name).unlink(missing_ok=True)
    text = (run / "metrics.jsonl").read_text(encoding="utf-8").splitlines(keepends=True)
    (run / "metrics.jsonl").write_text("".join(text[:lines]), encoding="utf-8")
    return text[lines:]


def state_on(page: str) -> str:
    found = re.search('<p id="state">(.*?)</p>', page)
    assert found is not None
    return found[1].replace("<wbr>", "")


def table_on(page: str, title: str) -> dict[str, list[str]]:
    """Return name of a row → its other cells, of the table with such a title."""
    (table,) = re.findall(rf"<table[^>]*>\s*<caption><span>[^<]*{title}.*?</table>", page, re.DOTALL)
    rows = [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row) for row in re.findall("<tr.*?</tr>", table)[1:]]
    plain = [[re.sub("<[^>]*>", "", cell) for cell in row] for row in rows]
    return {row[0]: row[1:] for row in plain}


def content(folder: Path) -> dict[str, tuple[int, str]]:
    return {
        str(path.relative_to(folder)): (
            path.stat().st_mtime_ns,
            hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "",
        )
        for path in sorted(folder.rglob("*"))
    }


def test_a_study_that_has_ended_has_its_scores_its_trials_and_its_beginning(watcher: Watcher) -> None:
    rows = table_on(watcher.ask("/").text, "runs and studies, the last change first")
    kind, state, steps, metric, validation, test, begun, _ = rows["study"]
    assert (kind, state, steps, metric, begun) == ("sweep", "done", "2 trials", "accuracy", "just now")
    chosen = json.loads((watcher.root / "study/sweep.json").read_text(encoding="utf-8"))["chosen"]
    assert float(validation) == pytest.approx(chosen["validation"]["mean"], abs=1e-4)
    assert float(test) == pytest.approx(chosen["test"]["mean"], abs=1e-4)


def test_the_trials_of_a_study_stand_folded_below_the_list(watcher: Watcher) -> None:
    page = watcher.ask("/").text
    assert not any("trials" in name for name in table_on(page, "runs and studies, the last change first"))
    assert "<summary>Trials of study</summary>" in page
    assert set(table_on(page, "Trials of study")) == {"temperature=0.1,seed=1", "temperature=1.0,seed=1"}


def test_a_finished_run_names_its_stages_and_not_the_last_training_in_it(watcher: Watcher) -> None:
    assert (
        table_on(watcher.ask("/").text, "the last change first")["one"][2] == "searched, trained, evaluated"
    )


def test_a_table_and_loops_on_it_have_courses(watcher: Watcher) -> None:
    page = watcher.ask("/").text
    assert "accuracy on validation, best network so far: table" in page
    assert "accuracy on validation, best architecture so far, mean of the searches: loops" in page
    rows = table_on(page, "the last change first")
    assert rows["table"][4] != "—"
    assert rows["loops"][5] != "—"


def test_a_table_that_grows_has_its_course_before_its_results(watcher: Watcher) -> None:
    shutil.copytree(watcher.root / "table", watcher.root / "growing-table")
    for name in ("table.json.xz", "report.html"):
        (watcher.root / "growing-table" / name).unlink()
    record = watcher.root / "growing-table/study.json"
    values = json.loads(record.read_text(encoding="utf-8"))
    stand = {"count": 3, "done": 1, "failed": {}}
    record.write_text(json.dumps({**values, "unfinished": {"call": "tabulate"}, "trials": stand}))
    page = watcher.ask("/growing-table/report.html").text
    assert state_on(page).startswith("interrupted, 1 of 3 trials")
    assert "best network so far" in page


def test_the_best_on_validation_does_not_fall_when_the_training_begins(watcher: Watcher) -> None:
    shutil.copytree(watcher.root / "one", watcher.root / "training")
    unfinish(watcher.root / "training", 2)
    before = float(table_on(watcher.ask("/").text, "the last change first")["training"][4])
    line = {"stage": "train", "epoch": 1, "loss": 1.0, "validation": {"accuracy": before - 0.1}}
    with (watcher.root / "training/metrics.jsonl").open("a", encoding="utf-8") as lines:
        lines.write(json.dumps(line) + "\n")
    row = table_on(watcher.ask("/").text, "the last change first")["training"]
    assert (row[2], float(row[4])) == ("train, epoch 1 of 1", before)


def test_a_run_whose_command_failed_has_failed_with_its_reason(watcher: Watcher) -> None:
    shutil.copytree(watcher.root / "one", watcher.root / "unfinite")
    unfinish(watcher.root / "unfinite", 1)
    record = watcher.root / "unfinite/run.json"
    values = json.loads(record.read_text(encoding="utf-8"))
    record.write_text(json.dumps({**values, "failure": "the loss is not finite <b>"}), encoding="utf-8")
    (watcher.root / "unfinite/run.lock").unlink(missing_ok=True)
    page = watcher.ask("/").text
    assert table_on(page, "the last change first")["unfinite"][1] == "failed"
    assert "the loss is not finite &lt;b&gt;" in page
    own = watcher.ask("/unfinite/report.html").text
    assert state_on(own).startswith("failed, search, epoch 1 of 2")
    assert "Its search failed, and goes on with: nasframe resume" in own


def test_the_overview_has_every_run_and_study_with_its_state_and_its_curves(watcher: Watcher) -> None:
    page = watcher.ask("/")
    assert page.status == 200
    for name in ("one", "study", "study/trials/temperature%3D0.1%2Cseed%3D1"):
        assert f'href="/{name}/report.html"' in page.text
    assert ">sweep<" in page.text
    assert ">done<" in page.text
    assert "accuracy on validation, supernet in the search" in page.text
    assert "Mean normalised entropy of the choices" in page.text


def test_the_page_of_a_run_and_of_a_study_is_its_report(watcher: Watcher) -> None:
    run, study = watcher.ask("/one/report.html").text, watcher.ask("/study/report.html").text
    assert "On the test split" in run
    assert "The grid" in study
    for page in (run, study):
        assert '<a href="/">All runs' in page.replace("<wbr>", "")
        assert '<noscript><meta http-equiv="refresh"' in page


def test_a_study_leads_to_its_trials_and_back_also_in_the_files(watcher: Watcher) -> None:
    trial = "trials/temperature%3D0.1%2Cseed%3D1/report.html"
    file = (watcher.root / "study/report.html").read_text(encoding="utf-8")
    of_trial = watcher.root / "study/trials/temperature=0.1,seed=1/report.html"
    for study in (file, watcher.ask("/study/report.html").text):
        assert f'href="{trial}"' in study
    for page in (of_trial.read_text(encoding="utf-8"), watcher.ask(f"/study/{trial}").text):
        assert 'href="../../report.html"' in page
    assert "href=" not in re.sub(
        'href="#', "", (watcher.root / "one/report.html").read_text(encoding="utf-8")
    )


def test_a_run_that_grows_is_seen_growing(watcher: Watcher) -> None:
    shutil.copytree(watcher.root / "one", watcher.root / "growing")
    (second, *_) = unfinish(watcher.root / "growing", 1)
    before = watcher.ask("/growing/report.html")
    assert "search, epoch 1 of 2" in state_on(before.text)
    assert "The search so far" in before.text
    assert watcher.ask("/growing/report.html", If_None_Match=before.headers["ETag"]).status == 304
    file = watcher.root / "growing/metrics.jsonl"
    with file.open("a", encoding="utf-8") as lines:
        lines.write(second[:20])  # half of a line is no line yet
    assert "search, epoch 1 of 2" in state_on(watcher.ask("/growing/report.html").text)
    with file.open("a", encoding="utf-8") as lines:
        lines.write(second[20:])
    after = watcher.ask("/growing/report.html", If_None_Match=before.headers["ETag"])
    assert after.status == 200
    assert "search, epoch 2 of 2" in state_on(after.text)


def test_a_run_runs_while_somebody_holds_its_lock_and_is_interrupted_after_that(watcher: Watcher) -> None:
    shutil.copytree(watcher.root / "one", watcher.root / "held")
    unfinish(watcher.root / "held", 1)
    lock = Lock.acquire(watcher.root / "held/run.lock")
    assert state_on(watcher.ask("/held/report.html").text).startswith("running, ")
    lock.release()
    shutil.copytree(watcher.root / "held", watcher.root / "left")  # not the one that was looked at just now
    left = watcher.ask("/left/report.html").text
    assert state_on(left).startswith("interrupted, ")
    assert f"goes on with: nasframe resume {watcher.root / 'left'}" in left.replace("<wbr>", "")


def test_a_study_that_has_not_ended_shows_its_trials(watcher: Watcher) -> None:
    shutil.copytree(watcher.root / "study", watcher.root / "begun")
    for name in ("sweep.json", "report.html"):
        (watcher.root / "begun" / name).unlink()
    page = watcher.ask("/begun/report.html").text
    assert 'href="/begun/trials/temperature%3D1.0%2Cseed%3D1/report.html"' in page
    assert "whose report comes when it has ended" in page


def test_a_study_that_has_not_ended_shows_the_best_of_its_trials_so_far(watcher: Watcher) -> None:
    shutil.copytree(watcher.root / "study", watcher.root / "halfway")
    for name in ("sweep.json", "report.html"):
        (watcher.root / "halfway" / name).unlink()
    rows = table_on(watcher.ask("/").text, "the last change first")
    best = max(
        table_on(watcher.ask("/").text, "Trials of halfway").values(), key=lambda cells: float(cells[4])
    )
    assert rows["halfway"][3:6] == [best[3], best[4], "—"]


def test_what_runs_is_counted_as_the_rows_are_with_the_trials_in_brackets() -> None:
    study = Watched("s", "/s", "sweep", "running")
    trial = Watched("s/a", "/s/a", "run", "running", study="s")
    run = Watched("r", "/r", "run", "running")
    done = Watched("d", "/d", "run", "done")
    assert running_in_words([study, trial, done]) == "1 study running (1 trial)"
    assert running_in_words([study, trial, trial, run]) == "1 run and 1 study running (2 trials)"
    assert running_in_words([run, run]) == "2 runs running"
    assert running_in_words([done]) == "0 running"


def test_a_run_keeps_the_look_of_its_curves_while_others_change_come_and_go() -> None:
    def looks_on(*names: str) -> dict[str, int]:
        lines = [Watched(name, f"/{name}", "run", "running", searched=[(1, 0.5)]) for name in names]
        overview_page("t", "a", lines, {}, looks)
        return dict(looks)

    looks: dict[str, int] = {}
    assert looks_on("a", "b", "c") == {"a": 0, "b": 1, "c": 2}
    assert looks_on("c", "a", "b") == {"a": 0, "b": 1, "c": 2}  # another one changed last
    assert looks_on("c", "b") == {"b": 1, "c": 2}
    assert looks_on("d", "c", "e", "b") == {"b": 1, "c": 2, "d": 0, "e": 3}


def test_a_study_of_python_that_an_error_ended_has_failed_with_its_reason(watcher: Watcher) -> None:
    shutil.copytree(watcher.root / "study", watcher.root / "of_python")
    for name in ("sweep.json", "report.html"):
        (watcher.root / "of_python" / name).unlink()
    file = watcher.root / "of_python/study.json"
    record = json.loads(file.read_text(encoding="utf-8"))
    file.write_text(json.dumps(record | {"unfinished": None, "failure": "no luck at all"}), encoding="utf-8")
    assert state_on(watcher.ask("/of_python/report.html").text).startswith("failed")
    assert "no luck at all" in watcher.ask("/").text


def test_a_study_with_a_trial_that_failed_has_failed(watcher: Watcher) -> None:
    shutil.copytree(watcher.root / "study", watcher.root / "unlucky")
    file = watcher.root / "unlucky/sweep.json"
    record = json.loads(file.read_text(encoding="utf-8"))
    record["trials"][0] |= {"status": "failed", "error": "no luck"}
    file.write_text(json.dumps(record), encoding="utf-8")
    assert state_on(watcher.ask("/unlucky/report.html").text).startswith("failed, 2 trials, 1 failed")


def test_a_damaged_or_foreign_folder_is_told_in_words_and_the_others_are_shown(watcher: Watcher) -> None:
    for name, text in (("half", '{"format": 1,'), ("foreign", '{"a": 1}'), ("odd", "[]")):
        (watcher.root / name).mkdir()
        (watcher.root / name / "run.json").write_text(text, encoding="utf-8")
    shutil.copytree(watcher.root / "one", watcher.root / "torn")
    (watcher.root / "torn/architecture.json").write_text("{", encoding="utf-8")
    overview = watcher.ask("/").text
    assert "is no run folder: its run.json is none of nasframe" in overview.replace("<wbr>", "")
    assert ">unreadable<" in overview
    assert 'href="/one/report.html"' in overview
    assert watcher.ask("/half/report.html").status == 200
    torn = watcher.ask("/torn/report.html").text
    assert "It cannot be shown now" in torn
    assert "architecture.json" in torn


def test_a_name_is_shown_escaped_and_can_be_opened(watcher: Watcher) -> None:
    shutil.copytree(watcher.root / "one", watcher.root / HOSTILE)
    page = watcher.ask("/").text
    assert "<b>" not in page
    (address,) = re.findall(r'href="(/%3Cb[^"]*)"', page)
    assert watcher.ask(address).status == 200
    assert "<b>" not in watcher.ask(address).text
    shutil.rmtree(watcher.root / HOSTILE)


@pytest.mark.parametrize(
    "path",
    [
        "/one/run.json",
        "/one/checkpoints/network.safetensors",
        "/../watched/one/report.html",
        "/one/../../report.html",
        "/%2e%2e/report.html",
        "/one%00/report.html",
        "//etc/passwd",
        "/linked/report.html",
        "/report.html",
        "/none",
        "*",
    ],
)
def test_nothing_but_the_pages_of_found_folders_is_served(path: str, watcher: Watcher) -> None:
    if not (watcher.root / "linked").is_symlink():
        shutil.copytree(watcher.root / "one", watcher.root.parent / "outside", dirs_exist_ok=True)
        (watcher.root / "linked").symlink_to(watcher.root.parent / "outside")
    assert watcher.ask(path).status == 404


@pytest.mark.parametrize("host", ["example.org", "localhost.example.org", "127.0.0.2", "", "localhost:80, x"])
def test_a_request_for_another_host_is_refused(host: str, watcher: Watcher) -> None:
    assert watcher.ask("/", Host=host).status == 403


def test_a_whole_address_of_another_host_is_refused(watcher: Watcher) -> None:
    assert watcher.ask("http://example.org/").status == 403
    assert watcher.ask("http://example.org/", Host="localhost").status == 404


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1:8420", "[::1]:9", "LOCALHOST:1"])
def test_the_names_of_this_machine_for_itself_are_taken(host: str, watcher: Watcher) -> None:
    assert watcher.ask("/", Host=host).status == 200


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "BREW"])
def test_other_methods_are_refused(method: str, watcher: Watcher) -> None:
    found = watcher.ask("/", method, body="x" if method == "POST" else None)
    assert (found.status, found.headers["Allow"]) == (405, "GET, HEAD")


def test_head_has_no_body(watcher: Watcher) -> None:
    found = watcher.ask("/", "HEAD")
    assert (found.status, found.text) == (200, "")
    assert int(found.headers["Content-Length"]) > 1000


def test_nothing_is_written_into_the_folder(watcher: Watcher) -> None:
    before = content(watcher.root)
    page = watcher.ask("/").text
    for address in re.findall('href="(/[^"]*report.html)"', page):
        assert watcher.ask(address).status == 200
    assert content(watcher.root) == before


# -- from the start to the end --------------------------------------------------------------------------


def wait_for(look: Callable[[], Any]) -> Any:
    while not (found := look()):
        time.sleep(0.05)
    return found


def test_a_folder_that_goes_is_told_once_and_comes_back(made: Path, tmp_path: Path) -> None:
    root, errors = tmp_path / "runs", tmp_path / "errors"
    shutil.copytree(made, root)
    found = start(root, errors)
    try:
        root.rename(tmp_path / "away")
        page = wait_for(lambda: found.ask("/") if found.ask("/").status != 200 else None)
        assert (page.status, "has gone. The page comes back with it" in page.text) == (503, True)
        wait_for(lambda: errors.read_text())
        time.sleep(2.5)  # more looks, of which none says it again
        assert errors.read_text() == f"nasframe: {root}: has gone; its pages come back with it\n"
        (tmp_path / "away").rename(root)
        assert found.ask("/one/report.html").status == 200
        wait_for(lambda: errors.read_text().count("\n") == 2)
        assert errors.read_text().splitlines()[1] == f"nasframe: {root}: is there again"
    finally:
        found.end(signal.SIGKILL)


def test_ctrl_c_is_the_way_to_end_it_and_leaves_nothing_to_say(made: Path, tmp_path: Path) -> None:
    errors = tmp_path / "errors"
    found = start(made / "one", errors)
    assert found.ask("/").status == 200
    assert found.end(signal.SIGINT) == 0
    assert errors.read_text() == ""


def test_a_folder_that_is_not_there_yet_is_waited_for(made: Path, tmp_path: Path) -> None:
    root, errors = tmp_path / "later", tmp_path / "errors"
    found = start(root, errors)
    try:
        page = found.ask("/")
        assert (page.status, "is not there yet. The page comes with it" in page.text) == (503, True)
        assert errors.read_text() == f"nasframe: {root}: is not there yet; its pages come with it\n"
        shutil.copytree(made / "one", root / "one")
        wait_for(lambda: errors.read_text().count("\n") == 2)
        assert errors.read_text().splitlines()[1] == f"nasframe: {root}: is there"
        assert found.ask("/one/report.html").status == 200
    finally:
        found.end(signal.SIGKILL)


def test_a_run_alone_can_be_watched(made: Path, tmp_path: Path) -> None:
    found = start(made / "one", tmp_path / "errors")
    try:
        assert 'href="/report.html"' in found.ask("/").text
        assert "On the test split" in found.ask("/report.html").text
    finally:
        assert found.end(signal.SIGTERM) == 143


def refusal(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    assert main(["watch", *words]) == 2
    return capsys.readouterr().err


def test_what_cannot_be_watched_is_refused_in_words(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").touch()
    assert "file: is a file; expected a folder" in refusal(capsys, str(tmp_path / "file"))
    assert "--port: expected a number from 0 to 65535, found 99999" in refusal(
        capsys, str(tmp_path), "--port", "99999"
    )
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        said = refusal(capsys, str(tmp_path), "--port", port)
    assert f"--port: another program listens at {port}; --port 0 takes a free one" in said


# -- in a browser ---------------------------------------------------------------------------------------


def test_a_page_renews_itself_and_keeps_its_place_and_its_open_parts(browser: Any, watcher: Watcher) -> None:
    shutil.copytree(watcher.root / "one", watcher.root / "seen")
    (second, *_) = unfinish(watcher.root / "seen", 1)
    context = browser.new_context(viewport={"width": 400, "height": 500})
    page = context.new_page()
    wrongs: list[str] = []
    page.on("console", lambda message: wrongs.append(message.text))
    page.on("pageerror", lambda error: wrongs.append(str(error)))
    page.goto(f"http://127.0.0.1:{watcher.port}/seen/report.html")
    page.evaluate("document.querySelector('details').open = true; scrollTo(0, 300)")
    with (watcher.root / "seen/metrics.jsonl").open("a", encoding="utf-8") as lines:
        lines.write(second)
    page.locator("#state", has_text="epoch 2 of 2").wait_for()
    assert page.evaluate("[scrollY, document.querySelector('details').open]") == [300, True]
    assert page.evaluate("document.scrollingElement.scrollWidth") <= 400
    assert wrongs == []
    context.close()


def test_the_list_is_read_on_a_telephone_without_scrolling_sideways(browser: Any, watcher: Watcher) -> None:
    context = browser.new_context(viewport={"width": 400, "height": 800})
    page = context.new_page()
    page.goto(f"http://127.0.0.1:{watcher.port}/")
    row = page.locator("table.stacks tr", has_text="study").first
    box = row.bounding_box()
    assert box["x"] + box["width"] <= 400
    for words in ("best on validation", "changed"):
        cell = row.locator(f'[data-of="{words}"]').bounding_box()
        assert cell["x"] + cell["width"] <= 400
    assert page.evaluate("document.scrollingElement.scrollWidth") <= 400
    context.close()


def test_of_many_folders_those_that_changed_last_are_kept(tmp_path: Path) -> None:
    for place, name in enumerate(("c", "a", "b")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "run.json").write_text("{}")
        os.utime(tmp_path / name, (place, place))
    found = find_folders(tmp_path)
    assert [*newest(found, 2)] == ["a", "b"]
    assert newest(found, 3) == found


def test_what_cannot_be_seen_in_a_name_is_shown_as_an_escape(watcher: Watcher) -> None:
    shutil.copytree(watcher.root / "one", watcher.root / "\x1b[31mu\u202ertl")
    text = watcher.ask("/").text
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert "\\x1b[31mu\\u202ertl" in text.replace("<wbr>", "")
