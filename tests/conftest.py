"""Fixtures for all tests."""

from __future__ import annotations

import gc
import importlib
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import torch
from hypothesis import settings

from nasframe import Data, TensorTask
from nasframe.cli import main
from nasframe.plugins import PluginManager, manager
from nasframe.runtime import user_cache
from tests.forked_programs import ForkedProgram, ForkingServer
from tests.toys import STREAMS, TOYS, toy_digits, toy_functions

# A machine that is busy is no fault of what is tested.
settings.register_profile("nasframe", deadline=None)
settings.load_profile("nasframe")

Process = Callable[..., "subprocess.Popen[str]"]
Forked = Callable[..., ForkedProgram]

NASFRAME = str(Path(sys.executable).with_name("nasframe"))
PACKAGES = (
    "nasframe",
    "nasframe_audiovisual",
    "nasframe_bimodal",
    "nasframe_cells",
    "nasframe_deepfake",
    "nasframe_estimators",
    "nasframe_fusion",
    "nasframe_optuna",
    "nasframe_ray",
    "nasframe_tabular",
    "nasframe_tensorboard",
)


BROWSERS = (
    "chromium-headless-shell",
    "chrome-headless-shell",
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
)
"""In the order of preference: for a page, a whole browser starts three times the processes of a shell."""

LONGEST = (
    "installation/test_environments.py",
    "studies/grid_sweep/test_killed_sweep.py",
    "docs/test_extending.py",
    "cli/test_process.py",
    "nasframe_deepfake/test_robustness.py",
    "jobs/test_command_ends.py",
    "test_readers.py",
    "examples/test_plugin_package.py",
    "studies/folder/test_recorded_names.py",
    "nasframe_deepfake/test_every_reader.py",
    "nasframe_audiovisual/test_hub_weights.py",
    "studies/comparison/test_compare.py",
    "jobs/test_execution.py",
    "pipeline/test_resuming.py",
    "test_memory.py",
)
"""Files that come first, so that no worker has one of them alone at the end."""


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Keep what is compiled, even where the environment says not to: every worker and every process would
    compile it again."""
    before, sys.dont_write_bytecode = sys.dont_write_bytecode, False
    try:
        return (yield)
    finally:
        sys.dont_write_bytecode = before


_folders: dict[object, set[Path]] = {}
"""Folders that fixtures of a file or a class made, by fixture."""


@pytest.hookimpl(wrapper=True)
def pytest_fixture_setup(fixturedef: Any, request: pytest.FixtureRequest) -> Generator[None, object, object]:
    """Note the temporary folders of fixtures that end before the session: together they are gigabytes."""
    if fixturedef.scope not in ("class", "module"):
        return (yield)
    base = request.getfixturevalue("tmp_path_factory").getbasetemp()
    before = {*base.iterdir()}
    try:
        return (yield)
    finally:
        _folders[fixturedef] = {*base.iterdir()} - before


def pytest_fixture_post_finalizer(fixturedef: Any, request: pytest.FixtureRequest) -> None:
    if not request.session.testsfailed:  # else somebody will look at them
        for folder in _folders.pop(fixturedef, ()):
            shutil.rmtree(folder, ignore_errors=True)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    places = {here / name: place for place, name in enumerate(LONGEST)}
    assert all(path.is_file() for path in places), "LONGEST names a file that is not there"
    items.sort(key=lambda item: places.get(item.path, len(places)))


def pytest_collection_finish(session: pytest.Session) -> None:
    """Spare garbage collection what was imported and collected: it would go through it again and again."""
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True, scope="session")
def _one_thread() -> None:
    """Tests run side by side; one thread each is faster, and the same everywhere."""
    torch.set_num_threads(1)


@pytest.fixture(autouse=True, scope="session")
def _no_event_files() -> Iterator[None]:
    """Runs hold what nasframe writes; the tests of TensorBoard turn it on."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NASFRAME_TENSORBOARD", "0")
        yield


@pytest.fixture(autouse=True, scope="session")
def _cache_of_fixtures(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """No test prepares data in the user's folder. Wheels that were fetched stay where they are."""
    with pytest.MonkeyPatch.context() as patch:
        if "NASFRAME_WHEELS" not in os.environ and (place := user_cache()) is not None:
            patch.setenv("NASFRAME_WHEELS", str(place / "wheels"))
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.getbasetemp() / "caches" / "fixtures"))
        yield


@pytest.fixture(autouse=True)
def _cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A test finds no data that another one has prepared."""
    place = tmp_path_factory.getbasetemp() / "caches" / "test"
    monkeypatch.setenv("XDG_CACHE_HOME", str(place))
    yield
    shutil.rmtree(place, ignore_errors=True)


@pytest.fixture(autouse=True)
def _usual_priority() -> Iterator[None]:
    """No test leaves its thread with another priority, which threads inherit.

    Two threads of real time let no other run on two cores.
    """
    if not hasattr(os, "sched_getscheduler"):  # macOS, Windows
        yield
        return
    before = os.sched_getscheduler(0), os.sched_getparam(0)
    yield
    after = os.sched_getscheduler(0), os.sched_getparam(0)
    if after != before:
        os.sched_setscheduler(0, *before)
        pytest.fail(f"the test leaves its thread with the priority {after} in place of {before}")


@pytest.fixture(autouse=True)
def _seeded() -> Iterator[None]:
    with torch.random.fork_rng([]):
        torch.default_generator.manual_seed(0)  # not that of a GPU, which torch notes with a traceback
        yield


@pytest.fixture(autouse=True)
def _plugin_files_are_forgotten() -> Iterator[None]:
    """A file that a test loads with --plugin is not there for the next one."""
    found = manager()
    before = set(found.files)
    yield
    for name in set(found.files) - before:
        found.unregister(name)
        sys.modules.pop(name, None)


@pytest.fixture
def plugins() -> Iterator[PluginManager]:
    """The real plugin manager; whatever a test registers is forgotten after it."""
    found = manager()
    before = set(found.names)
    yield found
    for name in set(found.names) - before:
        found.unregister(name)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to work in."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def _hear_signals() -> None:
    """Undo what a shell's background job and `nohup` do to their children: they ignore these."""
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)


@pytest.fixture
def start() -> Iterator[Process]:
    """Start a process: `start(*words, **environment)` is `nasframe WORDS…`; none outlives the test."""
    started: list[subprocess.Popen[str]] = []

    def start(*words: str, **environment: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [NASFRAME, *words],
            env={**os.environ, "OMP_NUM_THREADS": "1", **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            preexec_fn=_hear_signals,
            start_new_session=True,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        if process.poll() is None:
            process.kill()
        process.communicate()


@pytest.fixture(scope="session")
def programs() -> Iterator[ForkingServer]:
    """Programs that start at once, since all that they import is there."""
    # a check that does not start CUDA, which no fork survives
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTORCH_NVML_BASED_CUDA_CHECK": "1"}
    modules = ["torch", "torch._dynamo", *(f"{name}.*" for name in PACKAGES)]
    with ForkingServer(modules, environment=environment) as server:
        yield server


@pytest.fixture
def fork(programs: ForkingServer) -> Iterator[Forked]:
    """As `start`, for a test that is not about the start."""
    forked: list[ForkedProgram] = []

    def start(*words: str, **environment: str) -> ForkedProgram:
        forked.append(programs.start([NASFRAME, *words], env={**os.environ, **environment}))
        return forked[-1]

    yield start
    for program in forked:
        program.close()


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """Chromium of this machine, headless."""
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    if found is None:
        reason = (
            f"no browser: none of {', '.join(BROWSERS)} is on PATH; on Debian, `make browser` or "
            "`apt-get install chromium-headless-shell`"
        )
        # where the browser was promised, its absence is a failure
        (pytest.fail if os.environ.get("NASFRAME_BROWSER") == "required" else pytest.skip)(reason)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        # No sandbox, which root and containers do not allow; the pages are our own. Containers have little
        # shared memory, and a browser without it loses what a page stores.
        options = ["--no-sandbox", "--disable-dev-shm-usage"]
        started = playwright.chromium.launch(executable_path=found, args=options)
        yield started
        started.close()


# -- toys, each registered when it is first wanted -------------------------------------------------------


@pytest.fixture(scope="session")
def toy_streams() -> Iterator[ModuleType]:
    """A task that predicts, registered as an installed plugin is: the commands do not ask for its file."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(TOYS)
        module = importlib.import_module("toy_streams")
        manager().register(module, "toy_streams")
        yield module
        manager().unregister("toy_streams")


@pytest.fixture(scope="session")
def toy_sums() -> Iterator[None]:
    """A task in which things can go wrong, loaded as `--plugin` does, so that workers load it too."""
    with loaded("toy_sums"):
        yield


@pytest.fixture(scope="session")
def toy_pairs() -> Iterator[None]:
    """A task with baselines, loaded as `--plugin` does."""
    with loaded("toy_pairs"):
        yield


@pytest.fixture
def toy_plugin(plugins: PluginManager) -> ModuleType:
    """The module of a space whose best architecture is known, and of its task; both registered."""
    plugins.register(toy_functions.ToyPlugin(), "toy")
    return toy_functions


@pytest.fixture(scope="session")
def digits() -> TensorTask:
    """400 of scikit-learn's digits, left and right half as two modalities."""
    return toy_digits.digits(400)


@pytest.fixture
def digits_data(digits: TensorTask) -> Data:
    """The splits of the digits."""
    return digits.data({})


@pytest.fixture(scope="session")
def finished_run(tmp_path_factory: pytest.TempPathFactory, toy_streams: ModuleType) -> Path:
    """The folder of a finished run of `STREAMS`. Tests read it and leave it as it is."""
    folder = tmp_path_factory.mktemp("finished")
    run = folder / "run"
    assert main(["run", str(STREAMS), f"cache={folder / 'cache'}", "--out", str(run)]) == 0
    return run


@contextmanager
def loaded(name: str) -> Iterator[None]:
    manager().load_file(TOYS / f"{name}.py")
    yield
    manager().unregister(name)
