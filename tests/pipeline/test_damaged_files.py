"""Files of a run that were edited or damaged."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import nasframe
from nasframe import Architecture, Experiment
from nasframe.errors import ArchitectureError, RunError
from tests.recorded_progress import Log


def test_an_edited_architecture_is_not_scored_with_the_network_of_another(
    experiment: Experiment, tmp_path: Path
) -> None:
    run = nasframe.run_experiment(experiment, tmp_path / "run")
    space = run.architecture.space
    other = next(
        found
        for found in (Architecture(space, space.sample(seed)) for seed in range(9))
        if found != run.architecture
    )
    other.save(run.path / "architecture.json")
    for use in (lambda: nasframe.evaluate(run), lambda: nasframe.predict(run, [])):
        with pytest.raises(RunError, match=r"belongs to another architecture.*--overwrite"):
            use()
    with pytest.raises(RunError, match="another network has been trained here; `nasframe train .* --over"):
        nasframe.train(experiment, run.path)
    nasframe.train(experiment, run.path, overwrite=True)
    assert nasframe.evaluate(run)["architecture"] == other.fingerprint[:16]


def test_a_damaged_trained_network_is_made_again_from_the_training(
    experiment: Experiment, tmp_path: Path
) -> None:
    run = nasframe.run_experiment(experiment, tmp_path / "run")
    file = next(run.checkpoints.glob("network-*.safetensors"))
    before = file.read_bytes()
    file.write_bytes(before[:100])
    with pytest.raises(RunError, match=r"is damaged.*; go on with `nasframe train"):
        nasframe.evaluate(run)
    log = Log()
    nasframe.train(experiment, run.path, progress=log)
    assert any("is damaged" in line and "made again" in line for line in log.lines)
    assert file.read_bytes() == before


def test_a_damaged_architecture_is_derived_again_once_it_is_removed(
    experiment: Experiment, tmp_path: Path
) -> None:
    run = nasframe.run_experiment(experiment, tmp_path / "run")
    found = run.architecture
    (run.path / "architecture.json").write_text("{")
    with pytest.raises(ArchitectureError, match=r"read as JSON(.|\n)*remove the file and search again"):
        nasframe.evaluate(run)
    (run.path / "architecture.json").unlink()
    assert nasframe.run_experiment(experiment, run.path).architecture == found


def test_a_bit_of_the_weights_that_flipped_is_told_before_a_file_is_scored(
    experiment: Experiment, tmp_path: Path
) -> None:
    run = nasframe.run_experiment(experiment, tmp_path / "run")
    file = next(run.checkpoints.glob("network-*.safetensors"))
    whole = file.read_bytes()
    file.write_bytes(whole[:-2] + bytes([whole[-2] ^ 1]) + whole[-1:])
    with pytest.raises(
        RunError, match=r"network-00000\.safetensors: .*is not the file that was saved.*--over"
    ):
        nasframe.evaluate(run)
    record = run.checkpoints / "network.json"  # of a run that was made before weights had a fingerprint
    values = json.loads(record.read_text(encoding="utf-8"))
    assert len(values.pop("sha256")) == 64
    record.write_text(json.dumps(values), encoding="utf-8")
    assert nasframe.evaluate(run)["architecture"] == run.architecture.fingerprint[:16]
