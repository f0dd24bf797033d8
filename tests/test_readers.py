"""Nothing makes a reader fail: what is mutated is read, or refused by an error of nasframe's own."""

from __future__ import annotations

import io
import os
import pickle
import shutil
from collections.abc import Iterator
from pathlib import Path
from random import Random
from types import ModuleType

import numpy
import pytest
import torch

from nasframe.errors import DataError, NasframeError
from tests.mutations import KINDS, mutate
from tests.readers import READERS
from tests.soak import CORPUS, Samples, soak

INPUTS = 200


@pytest.fixture(scope="module")
def samples(tmp_path_factory: pytest.TempPathFactory, toy_streams: ModuleType) -> Samples:
    return Samples(tmp_path_factory.mktemp("samples"))


@pytest.mark.parametrize("name", READERS)
def test_a_mutated_input_is_read_or_refused_in_words(name: str, samples: Samples) -> None:
    result = soak(READERS[name], samples, INPUTS)
    assert result.inputs == INPUTS
    assert result.refused + result.accepted + result.tracebacks == INPUTS
    assert result.times == {}, f"the first of them: {next(iter(result.failures.values()))[:300]!r}"
    if name != "command_line":  # it prints its refusals itself
        assert result.refused > 0


class Makes:
    """An object whose pickle makes a folder when it is read."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.mkdir, (str(self.mark),)


def hostile(mark: Path) -> Iterator[bytes]:
    """Pickles, as Python, torch and NumPy write them."""
    yield pickle.dumps(Makes(mark))
    yield pickle.dumps({"tensors": Makes(mark)}, protocol=2)
    for zipped in (True, False):
        file = io.BytesIO()
        torch.save({"weight": Makes(mark)}, file, _use_new_zipfile_serialization=zipped)
        yield file.getvalue()
    file = io.BytesIO()
    numpy.save(file, numpy.array([Makes(mark)], dtype=object), allow_pickle=True)
    yield file.getvalue()


def test_the_pickles_do_harm_where_they_are_read_as_such(tmp_path: Path) -> None:
    for number, content in enumerate(hostile(tmp_path / "mark")):
        file = io.BytesIO(content)
        try:
            if number < 2:
                pickle.load(file)
            elif number < 4:
                torch.load(file, weights_only=False)
            else:
                numpy.load(file, allow_pickle=True)
        finally:
            assert (tmp_path / "mark").exists()
            (tmp_path / "mark").rmdir()


@pytest.mark.parametrize("name", [name for name, reader in READERS.items() if reader.kind != "words"])
def test_a_pickle_in_the_place_of_a_file_is_refused_and_does_not_run(
    name: str, samples: Samples, tmp_path: Path
) -> None:
    reader, mark = READERS[name], tmp_path / "mark"
    folder = shutil.copytree(samples.folder(reader.sample), tmp_path / "copy")
    (file, *_) = sorted(folder.glob(reader.file))
    for content in hostile(mark):
        file.write_bytes(content)
        try:
            reader.read(folder)
        except NasframeError:
            pass
        else:
            assert name in ("meta_data",), "was accepted"
        assert not mark.exists()


@pytest.mark.parametrize("ending", ["pth", "safetensors", "bin", "pt", "npz"])
def test_a_pickle_as_pretrained_weights_is_refused_and_does_not_run(ending: str, tmp_path: Path) -> None:
    from nasframe_audiovisual.backbones import check_weights

    file = tmp_path / f"weights.{ending}"
    for content in hostile(tmp_path / "mark"):
        file.write_bytes(content)
        with pytest.raises(DataError, match="weights"):
            check_weights(file, "test_resnet")
        assert not (tmp_path / "mark").exists()


def test_every_stored_input_belongs_to_a_reader() -> None:
    assert {folder.name for folder in CORPUS.iterdir() if folder.is_dir()} <= set(READERS)


@pytest.mark.parametrize("kind", KINDS)
def test_a_mutation_changes_something_and_is_the_same_for_the_same_seed(kind: str) -> None:
    content = b'{"epoch": 3, "loss": [0.5, 1.0]}\n{"epoch": 4, "names": {"a": null}}\n' * 3
    made = [mutate(content, Random(seed), kind) for seed in range(200)]
    assert made == [mutate(content, Random(seed), kind) for seed in range(200)]
    assert sum(item != content for item in made) > 180
    assert len(set(made)) > 100
