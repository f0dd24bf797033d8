"""The run folder: never overwritten unless asked, readable, whole."""

from __future__ import annotations

import contextlib
import hashlib
import importlib
import json
import os
import shutil
import signal
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from nasframe import Run
from nasframe.errors import RunError
from nasframe.plugins import manager
from nasframe.runs import claimed
from nasframe.runtime import files as files_module
from nasframe.runtime import replacing

EVERYTHING = {
    **dict.fromkeys(("metrics.jsonl", "test.json", "scores.json", "report.html", "experiment.toml"), "old"),
    **dict.fromkeys(("architecture.json", "architecture.dot", "architecture.svg"), "old"),
    "checkpoints/search.json": "old",
    "checkpoints/search-00002.safetensors": "old",
    "task/backbone.json": "old",
    ".test.json.abc.partial": "old",
}


def full_run(path: Path) -> Run:
    """A run folder with everything that a run writes."""
    run = Run.create(path, "seed = 0\n")
    add(path, EVERYTHING)
    return run


def add(folder: Path, contents: dict[str, str]) -> None:
    for name, content in contents.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content)


def tree(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }


def test_a_new_run_records_plugins_with_versions_and_file_hashes(tmp_path: Path) -> None:
    record = Run.create(tmp_path / "run", "seed = 0\n").record
    assert set(record["plugins"]) == set(manager().names)
    assert record["plugins"]["nasframe_fusion"]["version"] == record["nasframe"]
    assert len(record["plugins"]["nasframe_fusion"]["sha256"]) == 64


def test_the_same_experiment_opens_the_run_that_is_there(tmp_path: Path) -> None:
    Run.create(tmp_path / "run", "seed = 0\n").log({"stage": "search", "epoch": 1})
    assert Run.create(tmp_path / "run", "seed = 0\n").metrics == [{"stage": "search", "epoch": 1}]


def test_another_experiment_is_refused_with_each_key_that_differs_and_nothing_is_lost(tmp_path: Path) -> None:
    Run.create(tmp_path / "run", "seed = 0\n").log({"stage": "search", "epoch": 1})
    with pytest.raises(RunError, match=r"\n  seed: there 0, now 1\n.*--overwrite"):
        Run.create(tmp_path / "run", "seed = 1\n")
    assert len(Run.open(tmp_path / "run").metrics) == 1


def test_the_keys_of_another_experiment_are_named_whole_and_the_eleventh_is_counted(tmp_path: Path) -> None:
    there = '[task]\nfractions = [\n    0.5,\n    0.5,\n]\ntarget = "tag_*"\n'
    now = 'device = "cpu"\n[task]\nfractions = [0.4, 0.6]\ntarget = ["a", "b"]\n'
    Run.create(tmp_path / "run", there)
    with pytest.raises(RunError) as caught:
        Run.create(tmp_path / "run", now)
    assert str(caught.value).splitlines()[1:] == [
        "  task.fractions: there [0.5, 0.5], now [0.4, 0.6]",
        '  task.target: there "tag_*", now ["a", "b"]',
        "  choose another --out, or say --overwrite to replace it",
    ]
    Run.create(tmp_path / "many", "".join(f"k{place} = 0\n" for place in range(12)))
    with pytest.raises(RunError, match=r"k9: there 0, now 1\n  and 2 more\n  choose another"):
        Run.create(tmp_path / "many", "".join(f"k{place} = 1\n" for place in range(12)))


def test_what_decides_nothing_may_differ(tmp_path: Path) -> None:
    Run.create(tmp_path / "run", 'device = "cuda"\n', identity="same").log({"epoch": 1})
    assert len(Run.create(tmp_path / "run", 'device = "cpu"\n', identity="same").metrics) == 1


def test_a_run_is_replaced_when_asked(tmp_path: Path) -> None:
    Run.create(tmp_path / "run", "seed = 0\n").log({"stage": "search", "epoch": 1})
    assert Run.create(tmp_path / "run", "seed = 1\n", overwrite=True).metrics == []


def test_a_replaced_run_leaves_nothing_in_the_new_one(tmp_path: Path) -> None:
    full_run(tmp_path / "run")
    Run.create(tmp_path / "run", "seed = 1\n", overwrite=True)
    assert set(tree(tmp_path / "run")) == {"run.json", "experiment.toml"}
    assert (tmp_path / "run" / "experiment.toml").read_text() == "seed = 1\n"


@pytest.mark.parametrize(
    "name",
    [
        "thesis.txt",
        "cache/prepare-0123/stage.json",
        "other/run.json",
        "checkpoints/cache/stage.json",
        "checkpoints/notes.txt",
        "metrics.jsonl.d/x",
        "architecture.png",
    ],
)
def test_a_run_is_not_replaced_while_its_folder_holds_what_no_run_writes(name: str, tmp_path: Path) -> None:
    full_run(tmp_path / "run")
    add(tmp_path / "run", {name: "years of work"})
    before = tree(tmp_path / "run")
    named = "/".join(name.split("/")[: 2 if name.startswith("checkpoints") else 1])
    with pytest.raises(RunError, match=f"holds {named}, which no run writes; nothing was removed"):
        Run.create(tmp_path / "run", "seed = 1\n", overwrite=True)
    assert tree(tmp_path / "run") == before


@pytest.mark.parametrize("content", ['{"tool": "other"}', "[]", "not JSON"])
@pytest.mark.parametrize("overwrite", [False, True])
def test_a_folder_with_somebody_elses_record_is_never_touched(
    overwrite: bool, content: str, tmp_path: Path
) -> None:
    add(tmp_path, {"run.json": content, "metrics.jsonl": "theirs"})
    before = tree(tmp_path)
    with pytest.raises(RunError, match="is none of nasframe's|cannot be read"):
        Run.create(tmp_path, "", overwrite=overwrite)
    with pytest.raises(RunError, match="is none of nasframe's|cannot be read"), claimed(tmp_path, ""):
        pass
    assert tree(tmp_path) == before


@pytest.mark.parametrize("link", [False, True])
def test_a_run_is_replaced_where_it_is_by_a_link_or_as_the_working_folder(
    link: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    full_run(tmp_path / "run")
    (tmp_path / "link").symlink_to(tmp_path / "run")
    monkeypatch.chdir(tmp_path / "run")
    Run.create(tmp_path / "link" if link else ".", "seed = 1\n", overwrite=True)
    assert (tmp_path / "link").is_symlink()
    assert Run.open(tmp_path / "run").experiment_toml == "seed = 1\n"
    assert set(tree(tmp_path / "run")) == {"run.json", "experiment.toml"}


def test_a_link_in_a_run_goes_and_what_it_leads_to_stays(tmp_path: Path) -> None:
    full_run(tmp_path / "run")
    add(tmp_path, {"elsewhere/search.json": "kept"})
    shutil.rmtree(tmp_path / "run/checkpoints")
    (tmp_path / "run/checkpoints").symlink_to(tmp_path / "elsewhere")
    run = Run.create(tmp_path / "run", "seed = 1\n", overwrite=True)
    assert run.checkpoints.is_dir()
    assert not run.checkpoints.is_symlink()
    assert tree(tmp_path / "elsewhere") == {"search.json": b"kept"}


def test_a_link_to_nothing_is_refused(tmp_path: Path) -> None:
    (tmp_path / "run").symlink_to(tmp_path / "nowhere")
    with pytest.raises(RunError, match="is a link to nothing"):
        Run.create(tmp_path / "run", "")
    (tmp_path / "circle").symlink_to(tmp_path / "circle")
    with pytest.raises(RunError, match="is a link to nothing"), claimed(tmp_path / "circle", ""):
        pass


def test_a_path_may_be_a_string(tmp_path: Path) -> None:
    assert Run.create(str(tmp_path / "run"), "").path == tmp_path / "run"


@pytest.mark.parametrize("replaced", [False, True])
def test_a_creation_killed_at_any_write_is_done_again(
    replaced: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    states: list[Path] = []

    @contextmanager
    def recording(path: Path) -> Iterator[Path]:
        with replacing(path) as temporary:
            yield temporary
            states.append(shutil.copytree(tmp_path / "run", tmp_path / f"killed{len(states)}"))
        states.append(shutil.copytree(tmp_path / "run", tmp_path / f"killed{len(states)}"))

    if replaced:
        full_run(tmp_path / "run")
    monkeypatch.setattr(files_module, "replacing", recording)
    Run.create(tmp_path / "run", "seed = 1\n", overwrite=replaced)
    monkeypatch.undo()
    assert len(states) == 6
    for state in states[1:]:  # before the first write is whole the old run is
        with claimed(state, "seed = 1\n"):
            run = Run.create(state, "seed = 1\n")
        assert tree(run.path) == tree(tmp_path / "run")


def test_a_folder_that_holds_no_more_than_the_beginning_of_the_run_is_made_one(tmp_path: Path) -> None:
    add(tmp_path / "run", {"experiment.toml": "seed = 0\n", ".run.json.abc.partial": "{"})
    (tmp_path / "run/checkpoints").mkdir()
    assert Run.create(tmp_path / "run", "seed = 0\n").record["done"] == {}


@pytest.mark.parametrize(
    "name", ["experiment.toml", "checkpoints/weights.safetensors", "task/x", "test.json"]
)
def test_a_folder_with_somebodys_files_of_our_names_is_never_touched(name: str, tmp_path: Path) -> None:
    add(tmp_path, {name: "theirs"})
    with pytest.raises(RunError, match="is no run folder"):
        Run.create(tmp_path, "seed = 0\n", overwrite=True)
    assert tree(tmp_path) == {name: b"theirs"}


@pytest.mark.parametrize("overwrite", [False, True])
def test_a_folder_that_holds_something_else_is_never_touched(overwrite: bool, tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "cat.jpg").write_text("meow")
    with pytest.raises(RunError, match="is there already and is no run folder"):
        Run.create(tmp_path / "photos", "", overwrite=overwrite)
    assert (tmp_path / "photos" / "cat.jpg").read_text() == "meow"


def test_a_file_in_the_way_is_never_touched(tmp_path: Path) -> None:
    (tmp_path / "run").write_text("a file")
    with pytest.raises(RunError, match="is no run folder"):
        Run.create(tmp_path / "run", "", overwrite=True)


def test_a_run_of_another_format_version_is_refused(tmp_path: Path) -> None:
    run = Run.create(tmp_path / "run", "")
    run.note(format=2)
    with pytest.raises(RunError, match="run format 2 cannot be read; this version reads format 1"):
        Run.open(tmp_path / "run")
    with pytest.raises(RunError, match="run format 2"):
        Run.create(tmp_path / "run", "")


def test_a_file_in_place_of_a_run_is_said_to_be_one_and_data_leads_to_an_experiment(tmp_path: Path) -> None:
    (tmp_path / "d.csv").write_text("a,y\n1,2\n", encoding="utf-8")
    with pytest.raises(RunError, match=r"d\.csv: is a file of data; nasframe new .*; expected a run folder"):
        Run.open(tmp_path / "d.csv")
    (tmp_path / "d.toml").write_text("", encoding="utf-8")
    with pytest.raises(RunError, match=r"d\.toml: is a file; expected a run folder"):
        Run.open(tmp_path / "d.toml")


def test_a_missing_run_names_the_runs_beside_it(tmp_path: Path) -> None:
    Run.create(tmp_path / "demo", "")
    with pytest.raises(RunError, match=r"no such run folder; runs there: .*demo"):
        Run.open(tmp_path / "dmo")


@pytest.mark.parametrize(("content", "message"), [(None, "it has no run.json"), ("{", "cannot be read")])
def test_a_folder_without_a_readable_record_is_no_run(
    content: str | None, message: str, tmp_path: Path
) -> None:
    if content is not None:
        (tmp_path / "run.json").write_text(content)
    with pytest.raises(RunError, match=message):
        Run.open(tmp_path)


def test_a_line_that_a_kill_cut_short_is_left_out(tmp_path: Path) -> None:
    run = Run.create(tmp_path / "run", "")
    run.log({"epoch": 1})
    with (run.path / "metrics.jsonl").open("a") as file:
        file.write('{"epoch": 2, "lo')
    assert run.metrics == [{"epoch": 1}]
    run.keep_metrics(lambda record: True)
    run.log({"epoch": 2})
    assert [json.loads(line)["epoch"] for line in (run.path / "metrics.jsonl").read_text().splitlines()] == [
        1,
        2,
    ]


def test_a_run_without_an_architecture_says_so(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="has no architecture.json yet"):
        Run.create(tmp_path / "run", "").architecture  # noqa: B018


def test_a_plugins_own_lines_stay_among_the_metrics(tmp_path: Path) -> None:
    run = Run.create(tmp_path / "run", "")
    run.log({"mine": 1})
    run.log({"stage": "search", "epoch": 1})
    assert run.history("search") == [{"stage": "search", "epoch": 1}]
    assert run.history("train") == []
    assert len(run.metrics) == 2


def test_what_is_logged_or_noted_is_strict_json(tmp_path: Path) -> None:
    run = Run.create(tmp_path / "run", "")
    run.log({"loss": float("nan"), "deep": [{"rank": float("-inf")}]})
    run.note(search={"loss": float("inf")})
    assert run.metrics == [{"loss": None, "deep": [{"rank": None}]}]
    assert "NaN" not in (run.path / "metrics.jsonl").read_text()
    assert run.record["search"] == {"loss": None}


def test_the_hash_of_a_plugin_covers_every_file_of_its_package(
    plugins: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(tmp_path / "hashed_plugin", {"__init__.py": "", "inner/deep.py": "x = 1\n"})
    add(tmp_path, {"hashed_file.py": "x = 1\n"})
    monkeypatch.syspath_prepend(str(tmp_path))
    for name in ("hashed_plugin", "hashed_file"):
        plugins.register(importlib.import_module(name), name)
    plugins.register(object(), "hashed_object")

    def hashes(run: str) -> dict[str, str | None]:
        found = Run.create(tmp_path / run, "").record["plugins"]
        return {name: found[f"hashed_{name}"]["sha256"] for name in ("plugin", "file", "object")}

    first, again = hashes("first"), hashes("again")
    assert first == again
    assert first["object"] is None
    add(tmp_path / "hashed_plugin", {"inner/deep.py": "x = 2\n"})
    assert hashes("not loaded anew") == first
    importlib.reload(sys.modules["hashed_plugin"])
    changed = hashes("changed")
    assert changed["plugin"] != first["plugin"]
    assert changed["file"] == first["file"]
    add(tmp_path / "hashed_plugin", {"inner/deep.py": "x = 1\n", "inner/more.py": ""})
    importlib.reload(sys.modules["hashed_plugin"])
    assert hashes("more")["plugin"] not in (first["plugin"], changed["plugin"])
    assert len(first["plugin"] or "") == hashlib.sha256().digest_size * 2


def test_the_hash_of_a_plugin_covers_the_libraries_that_it_names(
    plugins: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(tmp_path, {"on_library.py": 'NASFRAME_LIBRARIES = ("named_library",)\n'})
    add(tmp_path / "named_library", {"__init__.py": "", "inner/deep.py": "x = 1\n"})
    monkeypatch.syspath_prepend(str(tmp_path))
    plugins.register(importlib.import_module("on_library"), "on_library")
    first = Run.create(tmp_path / "first", "")
    assert first.changed_plugins == []
    add(tmp_path / "named_library", {"inner/deep.py": "x = 2\n"})
    importlib.reload(sys.modules["on_library"])
    assert first.changed_plugins == ["on_library"]
    add(tmp_path / "named_library", {"inner/deep.py": "x = 1\n"})
    importlib.reload(sys.modules["on_library"])
    assert first.changed_plugins == []
    add(tmp_path, {"on_library.py": 'NASFRAME_LIBRARIES = ("named_library",)  # changed\n'})
    importlib.reload(sys.modules["on_library"])
    assert first.changed_plugins == ["on_library"]


# -- one process at a time ------------------------------------------------------------------------------


@contextmanager
def another_process_in(path: Path) -> Iterator[int]:
    """A process that works in a run folder until it is killed."""
    ready, say = os.pipe()
    process = os.fork()
    if process == 0:
        with claimed(path, ""):
            os.write(say, b"!")
            signal.pause()
        os._exit(1)
    try:
        assert os.read(ready, 1) == b"!"
        yield process
    finally:
        os.kill(process, signal.SIGKILL)
        os.waitpid(process, 0)
        os.close(ready)
        os.close(say)


def test_a_second_process_in_a_run_is_refused_and_told_of_the_first(tmp_path: Path) -> None:
    Run.create(tmp_path / "run", "")
    with (
        another_process_in(tmp_path / "run") as process,
        pytest.raises(RunError, match=f"process {process} is at work in this run"),
        claimed(tmp_path / "run", ""),
    ):
        pass
    with claimed(tmp_path / "run", ""):  # it was killed, and its lock went with it
        assert Run.open(tmp_path / "run").record["done"] == {}


def test_a_run_can_be_read_while_another_process_works_in_it(tmp_path: Path) -> None:
    Run.create(tmp_path / "run", "")
    with another_process_in(tmp_path / "run"):
        assert Run.open(tmp_path / "run").metrics == []


def test_a_run_that_is_being_prepared_says_so(tmp_path: Path) -> None:
    with another_process_in(tmp_path / "run"), pytest.raises(RunError, match="its run has not begun"):
        Run.open(tmp_path / "run")
    with claimed(tmp_path / "run", ""):
        assert Run.create(tmp_path / "run", "").record["done"] == {}


def test_a_claim_of_which_nothing_came_leaves_nothing(tmp_path: Path) -> None:
    def fail(path: Path) -> None:
        with claimed(path, ""):
            raise KeyboardInterrupt

    (tmp_path / "empty").mkdir()
    for name in ("new", "empty"):
        with pytest.raises(KeyboardInterrupt):
            fail(tmp_path / name)
    assert [path.name for path in tmp_path.iterdir()] == ["empty"]
    assert list((tmp_path / "empty").iterdir()) == []


def test_ctrl_c_at_the_first_write_of_a_claim_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(path: Path) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(files_module, "replacing", interrupted)
        with pytest.raises(KeyboardInterrupt), claimed(tmp_path / "run", ""):
            pass
    assert list(tmp_path.iterdir()) == []
    with claimed(tmp_path / "run", ""):  # and the lock is free
        pass


def refused_elsewhere(path: Path) -> bool:
    """True where a process that is forked now is refused the folder."""
    process = os.fork()
    if process == 0:
        code = 2
        try:
            with claimed(path, ""):
                code = 1
        except RunError:
            code = 0
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]) == 0


def test_a_claim_entered_twice_is_given_up_when_the_outer_block_ends(tmp_path: Path) -> None:
    path = tmp_path / "run"
    with claimed(path, "", for_steps=True):
        with claimed(tmp_path / "other/../run", ""):
            assert refused_elsewhere(path)
        assert (path / "run.json").exists()
        assert (path / "run.lock").exists()
        assert refused_elsewhere(path)
        with claimed(path):
            Run.create(path, "")
    assert not (path / "run.lock").exists()
    assert not refused_elsewhere(path)


@pytest.mark.parametrize("for_steps", [False, True])
def test_whatever_a_step_calls_is_refused_the_folder_of_the_step(for_steps: bool, tmp_path: Path) -> None:
    path = tmp_path / "run"
    with contextlib.ExitStack() as blocks:
        if for_steps:
            blocks.enter_context(claimed(path, "", for_steps=True))
        blocks.enter_context(claimed(path, ""))
        with pytest.raises(RunError, match=f"process {os.getpid()} is at work in this run"), claimed(path):
            pass
        assert refused_elsewhere(path)


def test_a_claim_entered_twice_of_which_nothing_came_leaves_nothing(tmp_path: Path) -> None:
    def fail() -> None:
        with claimed(tmp_path / "run", "", for_steps=True), claimed(tmp_path / "run", ""):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    assert list(tmp_path.iterdir()) == []


def test_a_claim_holds_for_its_folder_alone(tmp_path: Path) -> None:
    with claimed(tmp_path / "run", ""), claimed(tmp_path / "other", ""):
        assert refused_elsewhere(tmp_path / "other")
    assert list(tmp_path.iterdir()) == []


def test_another_thread_does_not_share_a_claim(tmp_path: Path) -> None:
    def enter() -> str:
        try:
            with claimed(tmp_path / "run", ""):
                return "entered"
        except RunError as error:
            return str(error)

    with ThreadPoolExecutor(1) as other:
        with claimed(tmp_path / "run", "", for_steps=True), claimed(tmp_path / "run", ""):
            assert f"process {os.getpid()} is at work in this run" in other.submit(enter).result()
            assert (tmp_path / "run/run.lock").exists()
        assert other.submit(enter).result() == "entered"


def test_a_claim_that_another_thread_gives_up_is_held_no_more(tmp_path: Path) -> None:
    path = tmp_path / "run"
    outer = claimed(path, "", for_steps=True)
    outer.__enter__()
    with ThreadPoolExecutor(1) as other:
        other.submit(outer.__exit__, None, None, None).result()
    with claimed(path, ""):
        assert (path / "run.lock").exists()
        assert refused_elsewhere(path)


def test_a_process_forked_inside_a_claim_neither_shares_it_nor_ends_it(tmp_path: Path) -> None:
    path = tmp_path / "run"
    process = os.fork()
    if process == 0:
        try:
            with claimed(path, ""):
                if os.fork() == 0:
                    raise KeyboardInterrupt  # leaves the block that its parent entered
                os.wait()
                os._exit(0 if (path / "run.lock").exists() and refused_elsewhere(path) else 1)
        finally:
            os._exit(2)
    assert os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]) == 0


def test_a_claim_clears_away_what_a_kill_left_half_written(tmp_path: Path) -> None:
    run = full_run(tmp_path / "run")
    add(run.path, {"checkpoints/.search.json.abc.partial": "{"})
    with claimed(run.path):
        pass
    assert not [name for name in tree(run.path) if name.endswith(".partial")]
    assert not (run.path / "run.lock").exists()


@pytest.mark.parametrize("name", ["report.html", "test.json", "architecture.svg"])
def test_a_folder_in_the_place_of_a_file_is_refused_before_any_work(name: str, tmp_path: Path) -> None:
    run = Run.create(tmp_path / "run", "")
    (run.path / name).mkdir()
    with pytest.raises(RunError, match=rf"{name}: is a folder; expected a regular file"):
        Run.open(run.path)


def test_a_file_in_the_place_of_a_folder_is_refused_before_any_work(tmp_path: Path) -> None:
    run = Run.create(tmp_path / "run", "")
    run.checkpoints.rmdir()
    run.checkpoints.touch()
    with pytest.raises(RunError, match="checkpoints: is no folder; expected a folder"):
        Run.open(run.path)


def test_a_new_run_records_the_machine_and_going_on_elsewhere_adds_that_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = Run.create(tmp_path / "run", "seed = 0\n")
    here = run.record["machines"]
    run.require_same_plugins()
    assert run.record["machines"] == here
    monkeypatch.setattr("platform.platform", lambda: "another system")
    run.require_same_plugins()
    run.require_same_plugins()
    assert [machine["platform"] for machine in run.record["machines"]] == [
        here[0]["platform"],
        "another system",
    ]


def test_a_run_of_a_version_that_recorded_no_machine_gets_none(tmp_path: Path) -> None:
    run = Run.create(tmp_path / "run", "seed = 0\n")
    record = {key: value for key, value in run.record.items() if key != "machines"}
    (run.path / "run.json").write_text(json.dumps(record), encoding="utf-8")
    run.require_same_plugins()
    assert "machines" not in run.record


def test_a_run_is_told_by_its_folder_and_the_steps_that_are_done(finished_run: Path, tmp_path: Path) -> None:
    run = Run.open(finished_run)
    assert repr(run) == f"<Run {finished_run}: done: {', '.join(run.record['done'])}>"
    gone = Run(tmp_path / "gone")
    assert repr(gone) == f"<Run {tmp_path / 'gone'}: its record cannot be read>"
