"""`nasframe tabulate`: a table of trained architectures to reuse, which goes on where it stopped."""

from __future__ import annotations

import json
import shlex
import shutil
from pathlib import Path
from typing import Any

import attrs
import pytest
from scipy import stats

import nasframe
from nasframe.cli import main
from nasframe.errors import RunError
from nasframe.pipeline import prepare, train_alone
from nasframe.runs import Run
from nasframe.runtime import Progress
from nasframe.space import Architecture
from nasframe.tables import differences, load_table
from nasframe.tasks import Split, baseline_records
from tests.studies.records import Finished, write_format_1
from tests.toys import PAIRS as EXPERIMENT

SMALL = ["train.epochs=1", "--out", "counted"]


def files(folder: Path) -> dict[str, int]:
    return {file.name: file.stat().st_mtime_ns for file in (folder / "architectures").iterdir()}


def test_every_row_is_another_architecture_of_the_space(finished_studies: Finished) -> None:
    table = load_table(finished_studies.table)
    assert len(table) == len({row["fingerprint"] for row in table.rows}) == 4
    for row in table.rows:
        space = Run.open(
            finished_studies.comparison / finished_studies.found["trials"][0]["folder"]
        ).architecture.space
        assert Architecture(space, row["assignment"]).fingerprint.startswith(row["fingerprint"])


def test_a_row_holds_what_train_and_evaluate_find(home: Path, finished_studies: Finished) -> None:
    row = load_table(finished_studies.table).rows[0]
    experiment = nasframe.Experiment.load(EXPERIMENT)
    prepared = prepare(experiment, None, None, Progress())
    space = experiment.space.build(prepared.data.inputs, prepared.data.outputs)
    run = nasframe.train(experiment, "alone", architecture=Architecture(space, row["assignment"]))
    evaluated = nasframe.evaluate(run)
    assert row["test"].keys() == {"accuracy", "confidence", "threshold", "agreement"}
    numbers = {name: value for name, value in row["test"].items() if value is not None}
    assert row["test"]["agreement"] is evaluated["agreement"] is None
    assert numbers == pytest.approx({name: evaluated[name] for name in numbers}, rel=1e-4)
    assert (row["parameters"], row["multiply_adds"]) == (evaluated["parameters"], evaluated["multiply_adds"])
    history = run.history("train")
    assert row["validation"] == pytest.approx(history[row["best_epoch"] - 1]["validation"], rel=1e-4)
    entry = load_table(finished_studies.table).listed[0]
    for metric, curve in entry.validation.items():
        assert curve[0].tolist() == pytest.approx([line["validation"][metric] for line in history], rel=1e-4)


def test_an_architecture_is_looked_up_by_its_fingerprint(finished_studies: Finished) -> None:
    table = load_table(finished_studies.table)
    row, entry = table.rows[2], table.listed[2]
    assert table.find(row["fingerprint"]) is entry
    assert table.find(row["fingerprint"] + "0" * 48) is entry
    assert table.find("0" * 16) is None


def test_a_table_is_read_from_its_folder_or_its_file(finished_studies: Finished) -> None:
    assert load_table(finished_studies.table / "table.json.xz") == load_table(finished_studies.table)


@pytest.mark.parametrize("name", ["", "table.json", "table.jsonl"])
def test_a_table_of_format_1_is_read_from_its_folder_or_either_file(
    name: str, home: Path, finished_studies: Finished
) -> None:
    shutil.copytree(finished_studies.table, "counted")
    write_format_1(home / "counted")
    found, table = load_table(home / "counted" / name), load_table(finished_studies.table)
    assert found.path == home / "counted"
    assert [row["assignment"] for row in found.rows] == [row["assignment"] for row in table.rows]
    assert found.scores("test") == table.scores("test")
    assert list(found.entries) == list(table.entries)


def test_the_record_says_what_was_counted(finished_studies: Finished) -> None:
    record = load_table(finished_studies.table).record
    assert record["space"]["options"]["ports"] == "choose"
    assert record["train"]["epochs"] == 2
    assert record["objective"] == "accuracy"
    assert (record["asked"], record["count"], record["failed"]) == (4, 4, {})
    assert record["correlation"].keys() == {"rho", "low", "high", "architectures"}
    rows = load_table(finished_studies.table).rows
    columns = [[row[split]["accuracy"] for row in rows] for split in ("validation", "test")]
    assert record["correlation"]["rho"] == pytest.approx(stats.spearmanr(*columns).statistic)
    assert record["correlation"]["architectures"] == 4
    run = Run.open(finished_studies.comparison / finished_studies.found["trials"][0]["folder"])
    assert record["data"] == run.record["data"]["fingerprint"]
    assert set(record["versions"]) == {"nasframe", "torch", "python"}


def test_a_table_of_few_architectures_says_so_and_that_each_was_trained_once(
    finished_studies: Finished,
) -> None:
    few, once = load_table(finished_studies.table).record["caveats"]
    assert few.startswith("4 architectures are few")
    assert once.startswith("Each architecture was trained once (seed 4)")


def test_more_architectures_are_added_to_those_that_are_there(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["tabulate", str(EXPERIMENT), "--architectures", "2", *SMALL]) == 0
    first, before = load_table("counted").rows, files(home / "counted")
    assert main(["tabulate", str(EXPERIMENT), "--architectures", "4", *SMALL]) == 0
    assert load_table("counted").rows[:2] == first
    assert len(load_table("counted")) == 4
    assert {name: files(home / "counted")[name] for name in before} == before
    # nothing of a finished one is lost by asking for fewer
    assert main(["tabulate", str(EXPERIMENT), "--architectures", "1", *SMALL]) == 0
    assert len(load_table("counted")) == 4


def test_an_interrupted_table_goes_on_with_what_is_missing(
    home: Path, finished_studies: Finished, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(finished_studies.table, "counted")
    before, lost = files(home / "counted"), load_table("counted").rows[1]
    (home / "counted" / "architectures" / f"{lost['fingerprint']}.json").unlink()
    (home / "counted" / "table.json.xz").unlink()
    with pytest.raises(RunError, match="has not ended; give its command again"):
        load_table("counted")
    assert main(["tabulate", str(EXPERIMENT), "--architectures", "4", "--out", "counted"]) == 0
    after = files(home / "counted")
    assert {name for name in after if after[name] != before[name]} == {f"{lost['fingerprint']}.json"}
    again = load_table("counted").rows[1]
    assert {**again, "seconds": 0} == {**lost, "seconds": 0}


def test_a_small_space_is_counted_whole(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["space.ports=shared", 'space.operations=["zero", "sum"]', "--architectures", "50", *SMALL]
    assert main(["tabulate", str(EXPERIMENT), *words]) == 0
    table = load_table("counted")
    assert len(table) == table.record["networks"] <= table.record["space_size"] < 50
    printed = capsys.readouterr()
    assert f"the space has {len(table)} networks; all of them are trained" in printed.err
    assert f"all {len(table)} networks, of the {table.record['space_size']} architectures" in printed.out


def test_how_is_searched_does_not_matter_and_how_is_trained_does(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["tabulate", str(EXPERIMENT), "--architectures", "1", *SMALL]) == 0
    words = ["relaxation.name=softmax", "search.epochs=9", "baselines.random=3"]
    assert main(["tabulate", str(EXPERIMENT), "--architectures", "1", *words, *SMALL]) == 0
    capsys.readouterr()
    assert main(["tabulate", str(EXPERIMENT), "--architectures", "1", *SMALL, "train.learning_rate=0.5"]) == 2
    assert "train.learning_rate: there 0.001, now 0.5" in capsys.readouterr().err


def test_an_architecture_that_cannot_be_trained_is_named_and_the_others_are_kept(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ['space.operations=["sum", "fragile"]', "--architectures", "8", *SMALL]
    assert main(["tabulate", str(EXPERIMENT), *words]) == 1
    assert "too fragile to be trained" in capsys.readouterr().out
    table = load_table("counted")
    assert 0 < len(table) < 8
    assert all("fragile" not in row["assignment"].values() for row in table.rows)
    assert len(table.record["failed"]) == 8 - len(table)


def test_a_table_of_other_data_is_not_gone_on_with(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = home / "data.txt"
    data.write_text("one", encoding="utf-8")
    words = ["tabulate", str(EXPERIMENT), "--architectures", "1", *SMALL, "--data", str(data)]
    assert main(words) == 0
    data.write_text("two", encoding="utf-8")
    assert main(words) == 2
    assert "has changed since this table was begun" in capsys.readouterr().err
    assert main([*words, "--overwrite"]) == 0


def test_nothing_is_trained_for_a_mistake(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["tabulate", str(EXPERIMENT), "--architectures", "0"]) == 2
    assert "expected 1 or more, found 0" in capsys.readouterr().err
    assert main(["tabulate", str(EXPERIMENT), "space.nods=2"]) == 2
    assert "did you mean 'nodes'" in capsys.readouterr().err
    assert main(["tabulate", str(EXPERIMENT), "--data", "nowhere"]) == 2
    assert "nowhere: no such file or folder" in capsys.readouterr().err
    assert list(home.iterdir()) == []


def test_the_test_split_is_opened_when_the_training_has_ended(home: Path) -> None:
    experiment = nasframe.Experiment.load(EXPERIMENT)
    prepared, events = prepare(experiment, None, None, Progress()), list[str]()
    splits, loss = prepared.data.splits, type(experiment.task).loss

    def opened() -> Split:
        events.append("test")
        return splits.test()

    def noted(self: Any, *arguments: Any) -> Any:
        events.append("loss")
        return loss(self, *arguments)

    data = attrs.evolve(prepared.data, splits=attrs.evolve(splits, test=opened))
    make = baseline_records(experiment.task.baselines(data))["concatenation"].make
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(type(experiment.task), "loss", noted)
        train_alone(make, "concatenation", experiment, attrs.evolve(prepared, data=data), Progress())
    assert events.count("test") == 1
    opening = events.index("test")
    assert events[opening:] == ["test", "loss"]  # the loss is asked whether it takes the labels
    assert opening > 1


@pytest.mark.parametrize(
    ("file", "text", "problem"),
    [
        ("table.json", "{}", "is none of nasframe's"),
        ("table.json", '{"kind": "table", "format": 99}', "format 99 cannot be read"),
        ("table.json", "{", "cannot be read"),
        ("table.jsonl", "{}\n", "line 1: lacks the key 'fingerprint'"),
        ("table.jsonl", "{\n", "cannot be read"),
    ],
)
def test_a_damaged_table_of_format_1_is_refused(
    file: str, text: str, problem: str, home: Path, finished_studies: Finished
) -> None:
    shutil.copytree(finished_studies.table, "counted")
    write_format_1(home / "counted")
    (home / "counted" / file).write_text(text, encoding="utf-8")
    with pytest.raises(RunError, match=problem):
        load_table("counted")


def test_a_difference_is_named_by_its_key(home: Path, finished_studies: Finished) -> None:
    table = load_table(finished_studies.table)
    experiment, data = nasframe.Experiment.load(EXPERIMENT), table.record["data"]
    space = experiment.space.build(table.record["space"]["inputs"], table.record["space"]["outputs"])
    assert differences(table, experiment, space, data) == []
    other = attrs.evolve(experiment, train=attrs.evolve(experiment.train, epochs=9))
    assert differences(table, other, space, "0") == [
        "train.epochs: 2 in the table, 9 here",
        f'data: "{data}" in the table, "0" here',
    ]


def test_the_next_command_that_tabulate_prints_compares_with_its_table(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["search.epochs=1", "--architectures", "2", "--seed", "7", "--device", "cpu", *SMALL]
    assert main(["tabulate", str(EXPERIMENT), *words]) == 0
    (line,) = [line for line in capsys.readouterr().out.splitlines() if line.startswith("next")]
    _, program, *command = shlex.split(line)
    assert program == "nasframe"
    assert main([*command, "--seeds", "1", "--random", "0", "--out", "compared"]) == 0
    found = json.loads(Path("compared/comparison.json").read_text(encoding="utf-8"))
    assert [table["path"] for table in found["tables"]] == ["counted"]
