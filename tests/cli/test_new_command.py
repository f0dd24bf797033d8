"""`nasframe new`: an experiment to start from, written once, that runs as it is."""

from __future__ import annotations

import os
import shutil
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from attrs import define
from safetensors.torch import save_file

from nasframe.cli import main
from nasframe.experiment import Experiment
from nasframe.options import option
from nasframe.plugins import hookimpl, manager
from nasframe.tasks import TensorTask

ROOT = Path(__file__).parents[2]
TABLE = "flow_a,flow_b,noise_a,noise_b,state\n" + "".join(
    f"{row % 7},{row % 5},{row % 3},{row % 2 + row % 11},{'good' if row % 2 else 'worn'}\n"
    for row in range(60)
)


@pytest.fixture
def table(home: Path) -> Path:
    (home / "pumps.csv").write_text(TABLE, encoding="utf-8")
    return home


def test_a_table_alone_becomes_an_experiment_named_after_it(
    table: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["new", "pumps.csv"]) == 0
    captured = capsys.readouterr()
    experiment, following = captured.out.splitlines()
    assert experiment == "experiment  pumps.toml"
    assert following.startswith("next        nasframe run pumps.toml")  # files of plugins may follow
    assert "task.target: guessed: by its name, 2 values (good, worn)" in captured.err
    assert "task.target=NAME" in captured.err
    values = tomllib.loads((table / "pumps.toml").read_text(encoding="utf-8"))
    assert values["task"] == {
        "name": "tensors",
        "file": "pumps.csv",
        "target": "state",
        "inputs": {"flow": ["flow_a", "flow_b"], "noise": ["noise_a", "noise_b"]},
    }


def test_the_file_runs_as_it_is(table: Path) -> None:
    few = [
        "search.epochs=2",
        "search.min_epochs=1",
        "search.finalists=2",
        "train.epochs=2",
        "baselines.random=1",
    ]
    assert main(["new", "tensors", "pumps.csv", "--out", "small.toml", *few]) == 0
    assert main(["run", "small.toml"]) == 0
    assert (table / "runs" / "small" / "test.json").is_file()


def test_options_that_are_said_are_set_and_not_guessed(
    table: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    said = ["task.target=noise_b", "task.kind=number", "task.inputs=flow_*", "loop.name=random", "seed=3"]
    assert main(["new", "pumps.csv", *said, "--out", "-"]) == 0
    captured = capsys.readouterr()
    values = tomllib.loads(captured.out)
    assert (values["task"]["target"], values["task"]["inputs"]) == ("noise_b", "flow_*")
    assert values["loop"] == {"name": "random"}  # none of the rates of another loop
    assert values["seed"] == 3
    assert "guessed" not in captured.err
    assert not (table / "pumps.toml").exists()


def test_one_view_goes_to_a_space_of_cells(table: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["new", "pumps.csv", 'task.inputs={x = "flow_*"}', "--out", "-"]) == 0
    assert tomllib.loads(capsys.readouterr().out)["space"]["name"] == "nas_bench_201"


PLAIN = "alcohol,ash,hue,proline,kind\n" + "".join(
    f"{row % 7}.5,{row % 5}.5,{row % 3}.5,{row % 11}.5,{'abc'[row % 3]}\n" for row in range(90)
)


def test_plain_columns_are_proposed_as_views_of_a_space_without_convolutions(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (home / "wine.csv").write_text(PLAIN, encoding="utf-8")
    assert main(["new", "wine.csv"]) == 0
    text = (home / "wine.toml").read_text(encoding="utf-8")
    values = tomllib.loads(text)
    assert values["space"]["name"] == "bimodal"
    assert values["task"]["inputs"] == {"left": ["alcohol", "ash"], "right": ["hue", "proline"]}
    why = text[: text.index('name = "bimodal"')].splitlines()[-5:]
    assert any(line.startswith("# → for columns in any order") for line in why)
    assert "warning" not in capsys.readouterr().err
    few = ["search.epochs=1", "search.min_epochs=0", "search.finalists=2", "train.epochs=2"]
    assert main(["run", "wine.toml", *few, "baselines.random=1"]) == 0


@pytest.mark.parametrize(("columns", "most"), [(1, 5), (2, 200)])
def test_a_table_with_fewer_than_three_usable_columns_is_warned_of_and_its_space_is_small(
    columns: int, most: int, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = [line.split(",")[4 - columns :] for line in PLAIN.splitlines()]
    (home / "few.csv").write_text("\n".join(map(",".join, lines)) + "\n", encoding="utf-8")
    assert main(["new", "few.csv"]) == 0
    error = capsys.readouterr().err
    assert f"space.name: warning: {columns} usable column" in error
    text = (home / "few.toml").read_text(encoding="utf-8")
    assert "has next to nothing to combine" in text
    assert ("# → one column is one input, and this space takes one" in text) is (columns == 1)
    names = [f"{number}" for number in range(columns)]
    inputs = dict.fromkeys(names, (1, 1))
    assert Experiment.load(home / "few.toml").space.build(inputs, outputs=3).count() <= most


def test_a_file_that_is_there_is_kept(table: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (table / "pumps.toml").write_text("mine", encoding="utf-8")
    assert main(["new", "pumps.csv"]) == 2
    assert "pumps.toml: is there already" in capsys.readouterr().err
    assert (table / "pumps.toml").read_text(encoding="utf-8") == "mine"
    assert main(["new", "pumps.csv", "--overwrite"]) == 0
    assert (table / "pumps.toml").read_text(encoding="utf-8") != "mine"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["nope"], "'nope' is no task and no file; valid: "),
        (["deepfke"], "did you mean 'deepfake'?"),
        (["missing.csv"], "missing.csv: "),
        (["tensors", "missing.csv"], "missing.csv: "),
        (["tensors"], "nasframe new tensors my.csv"),
        (["tensors", "task.file=3"], "task.file: expected a path, found 3"),
        (["pumps.csv", "task.inputs=3"], "task.inputs: expected a name or a list of names, found 3"),
        (["pumps.csv", "task.inputs=nix"], "task.inputs: 'nix' is none of the columns"),
        (["pumps.csv", "task.inputs=state"], "is the target"),
        (["pumps.csv", "pumps.csv"], "expected a task before 'pumps.csv'"),
        (["tensors", "a.csv", "b.csv"], "expected one file, found 2"),
        (["deepfake", "pumps.csv"], "give the data when the experiment runs, by --data"),
        (["pumps.csv", "search.epocs=3"], "search.epocs: unknown key; did you mean 'epochs'"),
        (["pumps.csv", "task.target=stat"], "'stat' is none of the columns; did you mean 'state'?"),
        (["pumps.csv", "task.target=3"], "task.target: expected a name or a list of names, found 3"),
        (["pumps.csv", "task.group=1"], "task.group: expected a name, found 1"),
        (["pumps.csv", "task.group=nobody"], "'nobody' is none of the columns"),
        (["pumps.csv", "task=3"], "task: expected a table [task], found 3"),
        (["pumps.csv", "--out", "."], "is a folder"),
        (["pumps.csv", "--out", "there/x.toml"], "no folder there; the nearest that is there: "),
        (["pumps.csv", "task.target=stat", "search.epocs=3", "loop.name=nix"], "new: 3 problems"),
        (["pumps.csv", "search.epocs=3", "loop.name=nix"], "new: 2 problems"),
        (["pumps.csv", "loop.name=random", "search.epochs=3"], "search.epochs=3: changes nothing, as the"),
        (["pumps.csv", "loop=3", "search=7"], "loop: expected a table [loop], found 3"),
        (["."], "is a folder"),
        (["one.csv"], "one.csv: holds one column, 'a'"),
        (["nas_bench_graph"], "nothing can be trained on it"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_what_cannot_be_written_is_told_in_words_and_nothing_is_written(
    words: list[str], message: str, table: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (table / "one.csv").write_text("a\n1\n2\n", encoding="utf-8")
    assert main(["new", *words]) == 2
    captured = capsys.readouterr()
    assert message in captured.err
    assert "This is an error of" not in captured.err
    assert list(table.glob("*.toml")) == []


def test_the_deepfake_task_starts_from_its_demo(home: Path) -> None:
    assert main(["new", "deepfake"]) == 0
    demo = ROOT / "plugins" / "nasframe_deepfake" / "demo.toml"
    assert Experiment.load(home / "deepfake.toml") == Experiment.load(demo)


@pytest.mark.parametrize("name", ["av_digits", "htad", "mfeat", "mnist1d"])
def test_a_task_of_the_package_index_starts_from_the_example(name: str, home: Path) -> None:
    assert main(["new", name]) == 0
    example = ROOT / "examples" / "tabular" / f"{name}.toml"
    assert Experiment.load(home / f"{name}.toml") == Experiment.load(example)


@define(kw_only=True)
class Cheese(TensorTask):
    """Tells cheeses apart."""

    kinds: int = option(help="how many", ge=2)


@pytest.fixture
def cheese() -> Iterator[None]:
    manager().register(SimpleNamespace(register_tasks=hookimpl(lambda: {"cheese": Cheese})), "cheese")
    yield
    manager().unregister("cheese")


@pytest.mark.usefixtures("cheese")
def test_an_option_that_has_to_be_said_is_named(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["new", "cheese"]) == 2
    assert "task.kinds: is missing (int)" in capsys.readouterr().err


@define(kw_only=True)
class Wrong(TensorTask):
    """Proposes no values."""

    @classmethod
    def starting_values(cls, source: Path | None, given: Mapping[str, Any]) -> Any:
        return {"space": {"name": "bimodal"}}


def test_a_task_that_proposes_something_else_is_named(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    manager().register(SimpleNamespace(register_tasks=hookimpl(lambda: {"wrong": Wrong})), "wrong")
    try:
        assert main(["new", "wrong"]) == 2
    finally:
        manager().unregister("wrong")
    assert "task 'wrong' of plugin 'wrong'" in capsys.readouterr().err


def test_a_table_with_names_that_cannot_be_seen_is_a_file_all_the_same(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (home / "odd.csv").write_text(TABLE.replace("flow_a", "\x1b[31mflow\u202e\"'"), encoding="utf-8")
    assert main(["new", "odd.csv"]) == 0
    captured = capsys.readouterr()
    assert "\x1b" not in captured.err + captured.out
    text = (home / "odd.toml").read_text(encoding="utf-8")
    assert "\x1b" not in text
    assert Experiment.load(home / "odd.toml").names["task"] == "tensors"


def test_letters_that_turn_the_order_of_others_are_escapes_in_the_file_and_the_same_when_it_is_read(
    home: Path,
) -> None:
    (home / "odd.csv").write_text(PLAIN.replace("ash", "a\u202esh\U000e0041"), encoding="utf-8")
    assert main(["new", "odd.csv"]) == 0
    text = (home / "odd.toml").read_text(encoding="utf-8")
    assert "a\\u202esh\\U000e0041" in text
    assert not {"\u202e", "\U000e0041"} & {*text}
    inputs = Experiment.load(home / "odd.toml").task.inputs  # type: ignore[attr-defined]
    assert inputs.by_name["left"].names == ("alcohol", "a\u202esh\U000e0041")
    assert Experiment.parse(tomllib.loads(Experiment.load(home / "odd.toml").to_toml())) == Experiment.load(
        home / "odd.toml"
    )


def test_the_next_command_takes_a_name_that_a_shell_would_split(
    table: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copy(table / "pumps.csv", table / "my pumps.csv")
    assert main(["new", "my pumps.csv"]) == 0
    assert "nasframe run 'my pumps.toml'" in capsys.readouterr().out


@pytest.mark.parametrize("word", ["./pumps.csv", "../{home}//pumps.csv"])
def test_a_file_may_be_named_by_any_path(word: str, table: Path) -> None:
    assert main(["new", word.format(home=table.name), "--out", "found.toml"]) == 0
    assert tomllib.loads((table / "found.toml").read_text(encoding="utf-8"))["task"]["name"] == "tensors"


@pytest.mark.parametrize("place", ["pumps.csv", "link.csv", "link.toml", "pipe"])
def test_nothing_but_an_experiment_is_replaced(
    place: str, table: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = (table / "pumps.csv").read_bytes()
    (table / "link.csv").symlink_to("pumps.csv")
    (table / "link.toml").symlink_to("nowhere.toml")
    os.mkfifo(table / "pipe")
    assert main(["new", "pumps.csv", "--out", place, "--overwrite"]) == 2
    assert place in capsys.readouterr().err
    assert (table / "pumps.csv").read_bytes() == before
    assert (table / "link.toml").is_symlink()
    assert (table / "pipe").is_fifo()


def test_arrays_of_every_type_of_numbers_are_looked_at(home: Path) -> None:
    arrays = {"x": torch.rand(60, 5).to(torch.bfloat16), "y": torch.arange(60) % 2}
    save_file(arrays, home / "half.safetensors")
    assert main(["new", "half.safetensors"]) == 0
    values = tomllib.loads((home / "half.toml").read_text(encoding="utf-8"))
    assert values["task"]["target"] == "y"


@pytest.mark.parametrize(
    ("loop", "missing"), [("bilevel", []), ("one_shot", ["relaxation"]), ("random", ["relaxation", "search"])]
)
def test_sections_without_a_part_in_the_loop_are_left_out(
    loop: str, missing: list[str], table: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["new", "pumps.csv", f"loop.name={loop}", "--out", "-"]) == 0
    sections = [line[1:-1] for line in capsys.readouterr().out.splitlines() if line.startswith("[")]
    every = ["task", "space", "relaxation", "loop", "search", "train", "baselines"]
    assert sections == [section for section in every if section not in missing]


@pytest.mark.parametrize("name", ["a\nb", "a\x1b[31m", "a'\"b", "a\\b", "a\x7fb", "a\u2028b"])
def test_any_name_of_a_file_that_toml_can_hold_is_read_back(name: str, table: Path) -> None:
    shutil.copy(table / "pumps.csv", table / f"{name}.csv")
    assert main(["new", f"{name}.csv", "--out", "found.toml"]) == 0
    assert Experiment.load(table / "found.toml").task.file == Path(f"{name}.csv")  # type: ignore[attr-defined]


@pytest.mark.skipif(os.name == "nt", reason="names are texts there")
@pytest.mark.parametrize("command", ["new", "run"])
def test_a_name_that_toml_cannot_hold_is_refused(
    command: str, table: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    name = os.fsdecode(b"a\xff.csv")
    shutil.copy(table / "pumps.csv", table / name)
    assert main(["new", "pumps.csv"]) == 0
    words = [name] if command == "new" else ["pumps.toml", f"task.file={name}"]
    assert main([command, *words]) == 2
    assert "task.file: a\\udcff.csv is not UTF-8, and a TOML file cannot hold it" in capsys.readouterr().err
    assert [path.name for path in table.glob("*.toml")] == ["pumps.toml"]
    assert not (table / "runs").exists()


@pytest.mark.parametrize(
    "command", ["run", "search", "train", "compare", "sweep", "tabulate", "show", "options"]
)
def test_a_file_of_data_where_an_experiment_is_expected_leads_to_new(
    command: str, table: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([command, "pumps.csv"]) == 2
    assert "is a file of data; nasframe new pumps.csv writes an experiment on it" in capsys.readouterr().err


@pytest.mark.parametrize("space", ["nas_bench_201", "darts"])
def test_a_space_of_one_input_that_the_user_names_gets_one(
    space: str, table: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["new", "pumps.csv", f"space.name={space}"]) == 0
    written = Experiment.load("pumps.toml")
    assert written.names["space"] == space
    assert tomllib.loads(Path("pumps.toml").read_text(encoding="utf-8"))["task"]["inputs"] == {
        "x": ["flow_a", "flow_b", "noise_a", "noise_b"]
    }
    assert main(["run", "pumps.toml", "search.epochs=2", "search.min_epochs=1", "train.epochs=2"]) == 0
    capsys.readouterr()


def test_inputs_that_the_user_says_are_kept_for_any_space(table: Path) -> None:
    views = 'task.inputs={a="flow_*",b="noise_*"}'
    assert main(["new", "pumps.csv", "space.name=nas_bench_201", views]) == 0
    inputs = tomllib.loads(Path("pumps.toml").read_text(encoding="utf-8"))["task"]["inputs"]
    assert set(inputs) == {"a", "b"}


def with_notes(path: Path) -> None:
    """Write the table with a column of texts."""
    head, *lines = TABLE.splitlines()
    texts = [f"{line},{'dry' if row % 3 else 'wet'}" for row, line in enumerate(lines)]
    path.write_text("\n".join([f"{head},note", *texts]) + "\n", encoding="utf-8")


def test_inputs_that_are_given_and_hold_texts_are_refused_before_a_file_is_written(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with_notes(home / "pumps.csv")
    assert main(["new", "pumps.csv", 'task.inputs={x="*"}', "task.target=state"]) == 2
    said = capsys.readouterr().err
    assert "task.inputs: column 'note': holds 2 different texts, and inputs are numbers" in said
    assert "Those that can be inputs: flow_a, flow_b, noise_a, noise_b" in said
    assert not (home / "pumps.toml").exists()


def test_the_command_that_the_file_recommends_leaves_texts_out_and_runs(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with_notes(home / "pumps.csv")
    assert main(["new", "pumps.csv"]) == 0
    comment = " ".join(Path("pumps.toml").read_text(encoding="utf-8").replace("#", " ").split())
    assert "nasframe new FILE space.name=nas_bench_201 proposes them" in comment
    capsys.readouterr()
    assert main(["new", "pumps.csv", "space.name=nas_bench_201", "--overwrite"]) == 0
    assert "task.inputs: left out: column 'note': holds 2 different texts" in capsys.readouterr().err
    few = ["search.epochs=2", "search.min_epochs=1", "search.finalists=2", "train.epochs=2"]
    assert main(["run", "pumps.toml", *few]) == 0


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a,b,y\n1,2,u\n2,3,v\n3,4,u\n", "target y: 2 classes for 3 examples"),
        ("a,b,y\n" + "1,2,u\n2,3,v\n3,1,u\n" * 2, "four splits need at least 8 examples, found 6"),
        ("a,b,y\n" + "1,2,u\n2,3,u\n3,1,u\n" * 9 + "1,1,v\n" * 2, "no example of the class 'v' in the split"),
    ],
)
def test_a_table_that_run_would_refuse_is_refused_by_new_with_the_same_words(
    text: str, words: str, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (home / "few.csv").write_text(text, encoding="utf-8")
    assert main(["new", "few.csv", "task.target=y"]) == 2
    said = capsys.readouterr().err
    assert words in said
    assert "labels:" not in said
    assert not (home / "few.toml").exists()
    toml = '[task]\nname="tensors"\nfile="few.csv"\ntarget="y"\n[space]\nname="nas_bench_201"\n'
    (home / "mine.toml").write_text(toml, encoding="utf-8")
    assert main(["run", "mine.toml"]) == 2
    assert words in capsys.readouterr().err
