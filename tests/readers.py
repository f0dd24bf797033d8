"""Every reader of the project: a valid file for it, and the call that a command makes to read it."""

from __future__ import annotations

import functools
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import attrs
from attrs import frozen

from tests.peak_memory import peak_added
from tests.toys import STREAMS, TOYS

__all__ = ["READERS", "Reader", "make_sample"]

LARGEST_CLIP = 256 << 20
"""Bytes of memory that reading a small clip may take."""

SMALL = ["search.epochs=1", "train.epochs=1"]
GENOTYPE = (
    "Genotype(edges=[('skip', 2), ('skip', 7), ('skip', 2), ('skip', 3)], steps=[StepGenotype(inner_edges="
    "[('skip', 0), ('skip', 1), ('skip', 0), ('skip', 2)], inner_steps=['LinearGLU', 'Sum'], "
    "inner_concat=[2, 3]), StepGenotype(inner_edges=[('skip', 0), ('skip', 1), ('skip', 2), ('skip', 0)], "
    "inner_steps=['cat_conv_relu', 'ScaleDotAttn'], inner_concat=[2, 3])], concat=[8, 9])"
)
META = """source,target1,target2,method,category,type,race,gender,path,
id1,-,-,real,A,RealVideo-RealAudio,African,men,00001.mp4,FakeAVCeleb/RealVideo-RealAudio/African/men/id1
id2,-,-,rtvc,B,RealVideo-FakeAudio,African,men,00002.mp4,FakeAVCeleb/RealVideo-FakeAudio/African/men/id2
id3,id1,-,wav2lip,D,FakeVideo-FakeAudio,Asian (East),women,0 3.mp4,FakeAVCeleb/FakeVideo-FakeAudio/x/women/id3
"""
WORDS = [
    "search.epochs=3",
    "relaxation.name=grmc",
    "relaxation.temperature=0.5",
    'space.operations=["zero", "sum", {name = "attention"}]',
    "task.examples=40",
    "loop.name=joint",
    "train.learning_rate=1e-3",
    "baselines.random=2",
    "seed=7",
]
AXES = [
    "temperature=0.1,0.5",
    "samples=1,2,4",
    "relaxation=softmax,grmc",
    "space.ports=shared,choose",
    "seed=1,2",
    'space.operations=["zero", "sum"],["zero", "attention"]',
    "loop=bilevel,joint",
]
LINES = [
    "show {run}",
    "plugins show grmc",
    "plugins show relaxation:softmax --json",
    "search {toml} search.epochs=3 no.such.key=1",
    "run {toml} --relaxation softmax --seed 3 no.such.key=1",
    "train {toml} --from {run} no.such.key=1",
    "sweep {toml} samples=1,2 temperature=0.5 no.such.key=1 --workers 1",
    "compare {toml} --relaxation softmax,grmc --seeds 2 no.such.key=1 --workers 1",
    "tabulate {toml} --architectures 3 no.such.key=1 --workers 1",
    "predict {run} nothing.mp4",
    "report {run} --tables nowhere/x",
]


# -- samples: folders with valid files ---------------------------------------------------------------------


def _streams() -> None:
    from nasframe.plugins import manager

    if "toy_streams" not in manager().names:
        manager().load_file(TOYS / "toy_streams.py")


def _command(*words: str) -> None:
    from nasframe.cli import main

    _streams()
    assert main(list(words)) == 0


def _run(folder: Path) -> None:
    _command("run", str(STREAMS), *SMALL, f"cache={folder / 'cache'}", "--out", str(folder / "run"))
    shutil.copy(STREAMS, folder / "streams.toml")
    _save_scores(folder / "run")


def _save_scores(run: Path) -> None:
    import torch

    from nasframe import Run, Scores
    from nasframe.pipeline.scores import save_scores

    scores = Scores(torch.linspace(-2, 2, 8, dtype=torch.float64), torch.arange(8) % 2)
    save_scores(Run.open(run), scores, [str(number) for number in range(8)])


def _sweep(folder: Path) -> None:
    words = [
        *SMALL,
        "samples=1,2",
        f"cache={folder / 'cache'}",
        "--workers",
        "1",
        "--out",
        str(folder / "study"),
    ]
    _command("sweep", str(STREAMS), *words)


def _comparison(folder: Path) -> None:
    words = ["--relaxation", "softmax,grmc", "--seeds", "2", "--workers", "1", "--out", str(folder / "study")]
    _command("compare", str(STREAMS), *SMALL, f"cache={folder / 'cache'}", *words)


def _table(folder: Path) -> None:
    from nasframe import load_table
    from nasframe.runtime import read_compressed_json, write_json
    from nasframe.tables import TABLE_FILE, add_entry

    words = ["--architectures", "3", "--workers", "1", "--out", str(folder / "study")]
    _command("tabulate", str(STREAMS), *SMALL, f"cache={folder / 'cache'}", *words)
    write_json(folder / "document.json", read_compressed_json(folder / "study" / TABLE_FILE))
    table = load_table(folder / "study")
    add_entry(table, attrs.evolve(table.listed[0], key="0" * 64, on_demand=True), folder / "cache")


def _older_table(folder: Path) -> None:
    from tests.studies.records import write_format_1

    _table(folder)
    write_format_1(folder / "study")


def _texts(folder: Path) -> None:
    (folder / "genotype.txt").write_text(GENOTYPE, encoding="utf-8")
    (folder / "word.txt").write_text("\n".join(WORDS), encoding="utf-8")
    (folder / "axes.txt").write_text("\n".join(AXES), encoding="utf-8")
    (folder / "split.csv").write_text("path,split\na.mp4,weights\nb.mp4,test\n", encoding="utf-8")
    (folder / "tree").mkdir()
    (folder / "tree" / "meta_data.csv").write_text(META, encoding="utf-8")
    for line in META.splitlines()[1:]:
        *_, name, place = line.split(",")
        file = folder / "tree" / place.removeprefix("FakeAVCeleb/") / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()


def _fakes(folder: Path) -> None:
    """A data set of each reader that reads a table or a list, with empty clips."""
    import json

    from tests.nasframe_deepfake import test_av_deepfake1m, test_folder, test_lav_df

    test_folder.tree(folder / "own", "a.mp4", "b.mp4", "x/c.mp4")
    rows = ["a.mp4,real,ann,,,", "b.mp4,fake,ann,bob,wav2lip,FV-RA", "x/c.mp4,fake,cleo,-,desync,"]
    test_folder.table(folder / "own", rows, "path,label,source,target,method,category")
    test_lav_df.tree(folder / "lav_df", test_lav_df.ENTRIES)
    made = test_av_deepfake1m
    (folder / "av_deepfake1m").mkdir()
    made.tree(folder / "av_deepfake1m", made.ENTRIES)
    file = made.clips(folder / "of_clips", made.ENTRIES[:1]) / "train_metadata" / "real.json"
    file.parent.mkdir()
    file.write_text(json.dumps(made.ENTRIES[0]), encoding="utf-8")


def _library(folder: Path) -> None:
    import numpy

    from nasframe_audiovisual import write_index
    from nasframe_deepfake.preparation.clip_index import PreparedClip

    numpy.save(folder / "rows.npy", numpy.zeros((4, 3, 2), "float16"))
    clips = [
        PreparedClip(f"{n}.mp4", "test", "RV-RA", "real", "id", "r", "men", 0, 0, 0, n, n) for n in range(3)
    ]
    write_index(folder / "index.csv", clips)


def _stages(folder: Path) -> None:
    _read_stage(folder)


def _wheel(folder: Path) -> None:
    import io
    import pickle
    import zipfile

    import numpy
    import torch

    from nasframe_tabular.preparation import write_split

    numbers = {"valid_perf": 0.5, "perf": numpy.float64(0.25), "latency": 0.1, "para": numpy.float64(1.5)}
    graphs = pickle.dumps(dict.fromkeys(range(5), numbers), protocol=3)
    (folder / "graphs.bench").write_bytes(graphs)

    (folder / "table.csv").write_text("class,a,b\nx,1,2.5\ny,-3,1e2\n", encoding="utf-8")
    arrays = io.BytesIO()
    numpy.savez_compressed(arrays, x=numpy.ones((3, 4), "float32"), y=numpy.arange(3))
    (folder / "arrays.npz").write_bytes(arrays.getvalue())
    with zipfile.ZipFile(folder / "data.whl", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("data/table.csv", "class,a,b\n" + "x,1,2.5\n" * 20)
    write_split(folder, "weights", {"view": torch.ones(3, 1, 2)}, torch.arange(3), torch.arange(3))


def _given(folder: Path) -> None:
    import numpy
    from safetensors.numpy import save_file

    arrays = {"x": numpy.ones((12, 4), "float32"), "y": numpy.arange(12) % 2}
    rows = "".join(f"{row},{row / 3:.3f},{'ab'[row % 2]},train,p{row}\n" for row in range(12))
    (folder / "table.csv").write_text(f"x1,x2,y,split,who\n{rows}", encoding="utf-8")
    numpy.savez(folder / "plain.npz", **arrays)
    numpy.savez_compressed(folder / "small.npz", **arrays)
    save_file(arrays, folder / "arrays.safetensors")


def _audit(folder: Path) -> None:
    from nasframe.runtime import write_json
    from nasframe_audiovisual import FileFacts, Window
    from nasframe_deepfake.auditing import AuditedClip
    from nasframe_deepfake.auditing.auditing import report_of_facts

    clips = [
        AuditedClip(f"{number}.mp4", ("RV-RA", "FV-FA")[number % 2], f"p{number // 2}", bool(number % 2))
        for number in range(20)
    ]
    facts = [FileFacts("mov/isom", duration=2.0 + number % 2) for number in range(19)]
    report = report_of_facts(clips, [*facts, FileFacts(problem="is empty")], 0)
    write_json(
        folder / "audit.json",
        {"source": ".", "window": {"trim": Window().trim, "seconds": Window().seconds}, **report},
    )


def _reports(folder: Path) -> None:
    from nasframe.runtime import write_json

    share = {"auc": 0.9, "auc_low": 0.8, "auc_high": 1.0}
    scored = {
        **share,
        "acc": 0.7,
        "acc_low": None,
        "acc_high": None,
        "per_category": {"FV-FA": {**share, "count": 3}},
    }
    level = {"value": 23, "label": "crf 23", **scored}
    curve = {
        "name": "h264",
        "title": "H.264",
        "stream": "pictures",
        "unit": "crf",
        "clips": 5,
        "problems": [{"clip": "a.mp4", "problem": "gone"}],
        "clean": scored,
        "levels": [level, level],
        "read": True,
    }
    shared = {
        "network": "0",
        "source": ".",
        "own": True,
        "clips": 5,
        "left_out": {"seen": 1},
        "problems": [{"clip": "b.mp4", "problem": "is empty"}],
        "notes": ["a note."],
    }
    counts = {"genuine": 2, "people": 3, "seed": 0, "threshold": 0.5}
    write_json(folder / "robustness.json", {**shared, **counts, "clean": scored, "degradations": [curve]})
    judged = {**share, "seconds": 9, "altered": 2, "people": 3}
    parts = {"all": judged, "fakes": judged, "per_category": {"FV-RA": judged}, "unscored": {"no-face": 1}}
    write_json(folder / "per_second.json", {**shared, **parts, "seconds_of_window": 1.6})


def _detector(folder: Path) -> None:
    import torch

    from nasframe.runtime import write_json, write_tensors
    from nasframe_audiovisual import fit_novelty, stage_channels
    from nasframe_audiovisual.backbones import make_backbone
    from nasframe_deepfake.detection.saved_detector import FORMAT

    statistics, features = {}, {}
    for stream, channels in (("picture", 3), ("sound", 1)):
        network = make_backbone("test_resnet", channels)
        state = {name: value.contiguous() for name, value in network.state_dict().items()}
        write_tensors(folder / f"{stream}.safetensors", state)
        for number, width in enumerate(stage_channels(network), start=1):
            name = f"{'IS'[stream == 'sound']}{number}"
            statistics[name] = torch.stack([torch.zeros(width), torch.ones(width)])
            features[name] = torch.randn(24, 4, width, generator=torch.Generator().manual_seed(number))
    write_tensors(folder / "statistics.safetensors", statistics)
    rows = {"pictures": range(24), "sound": range(24)}
    fit_novelty(features, rows, rows, temporal=False).save(folder / "novelty.safetensors")
    settings = {"window": {"trim": 0.2, "seconds": 1.6, "frames": 4, "size": 32}, "mels": 32, "steps": 4}
    more = {"backbone": "test_resnet", "standardised": True, "sound_mean": 0.0, "sound_deviation": 1.0}
    last = {"frozen_parameters": 1, "faces": "none", "synthetic": True}
    write_json(folder / "detector.json", {"format": FORMAT, **settings, **more, **last})


def _clip(folder: Path) -> None:
    from tests.nasframe_audiovisual.films import write_film

    write_film(folder / "clip.mp4", audio="aac", container_options={"movflags": "faststart"})
    write_film(folder / "clip.mkv", video="mpeg4", audio="libopus", rate=10)
    write_film(folder / "clip.ts", video="mpeg4", audio="mp2", rate=10)


SAMPLES: dict[str, Callable[[Path], None]] = {
    "run": _run,
    "sweep": _sweep,
    "comparison": _comparison,
    "table": _table,
    "older_table": _older_table,
    "texts": _texts,
    "fakes": _fakes,
    "library": _library,
    "stages": _stages,
    "detector": _detector,
    "audit": _audit,
    "reports": _reports,
    "clip": _clip,
    "wheel": _wheel,
    "given": _given,
}


def make_sample(name: str, folder: Path) -> None:
    """Fill a new folder with the valid files of a sample."""
    folder.mkdir(parents=True)
    SAMPLES[name](folder)


# -- readers ----------------------------------------------------------------------------------------------


def _read_experiment(folder: Path) -> None:
    from nasframe import Experiment

    _streams()
    Experiment.load(folder / "streams.toml")


def _word(file: Path) -> str:
    return file.read_bytes().decode(errors="surrogateescape")


def _values() -> dict[str, Any]:
    import tomllib

    return tomllib.loads(STREAMS.read_text(encoding="utf-8"))


def _read_overrides(folder: Path) -> None:
    from nasframe import Experiment

    _streams()
    for word in _word(folder / "word.txt").split("\n"):
        Experiment.parse(_values(), "streams.toml", [word])


def _read_axes(folder: Path) -> None:
    from nasframe.studies.axes import experiments_at, is_axis, parse_axes, points

    _streams()
    values = _values()
    words = [word for word in _word(folder / "axes.txt").split("\n") if is_axis(word)]
    for word in words:
        axes = parse_axes([word], values)
        experiments_at(values, "streams.toml", [(point, 1) for point in points(axes)[:20]])


def _read_architecture(folder: Path) -> None:
    from nasframe.pipeline import load_architecture

    load_architecture(folder / "run" / "architecture.json")


def _read_genotype(folder: Path) -> None:
    from nasframe.pipeline import load_architecture

    load_architecture(folder / "genotype.txt")


def _read_meta_data(folder: Path) -> None:
    from nasframe_deepfake.datasets.fakeavceleb import read_fakeavceleb

    read_fakeavceleb(folder / "tree")


def _read_dataset(name: str, folder: Path) -> None:
    from nasframe_deepfake.datasets import read_dataset, resolve_dataset_name

    listing = read_dataset(name, folder, "pairing")
    assert all((listing.root / clip.path).is_file() for clip in listing.clips)
    resolve_dataset_name("auto", folder)


def _read_own_clips(folder: Path) -> None:
    _read_dataset("folder", folder / "own")


def _read_lav_df(folder: Path) -> None:
    _read_dataset("lav_df", folder / "lav_df")


def _read_av_deepfake1m(folder: Path) -> None:
    _read_dataset("av_deepfake1m", folder / "av_deepfake1m")


def _read_av_deepfake1m_clip(folder: Path) -> None:
    _read_dataset("av_deepfake1m", folder / "of_clips")


def _read_audit(folder: Path) -> None:
    from nasframe_deepfake.auditing import audit_section, in_lines, read_audit

    if (report := read_audit(folder)) is not None:
        in_lines(report)
        for part in audit_section(report).parts:
            _ = part if isinstance(part, str) else part.to_html()


def _read_robustness(folder: Path) -> None:
    from nasframe_deepfake.robustness import robustness_section
    from nasframe_deepfake.robustness.recorded import read_robustness

    for part in robustness_section([read_robustness(folder / "robustness.json")]).parts:
        _ = part if isinstance(part, str) else part.to_html()


def _read_per_second(folder: Path) -> None:
    from nasframe_deepfake.per_second import per_second_section
    from nasframe_deepfake.per_second.recorded import read_per_second

    for part in per_second_section([read_per_second(folder / "per_second.json")]).parts:
        _ = part if isinstance(part, str) else part.to_html()


def _read_split_list(folder: Path) -> None:
    from nasframe_audiovisual import read_split_list

    read_split_list(folder / "split.csv")


def _read_index(folder: Path) -> None:
    from nasframe_deepfake.preparation.clip_index import read_index

    read_index(folder / "index.csv")


def _read_run(folder: Path) -> None:
    from nasframe import Run

    run = Run.open(folder / "run")
    _ = (run.record, run.seconds, run.identity, run.names, run.experiment_toml)


def _read_metrics(folder: Path) -> None:
    from nasframe import Run

    run = Run.open(folder / "run")
    _ = (run.metrics, run.history("search"), run.history("train"))


def _resume_history(folder: Path) -> None:
    from nasframe.errors import RunError
    from nasframe.runs import Run, cut_short

    copy = folder / "resumed"  # it is made whole
    copy.mkdir(exist_ok=True)
    for name in ("run.json", "metrics.jsonl"):
        shutil.copy(folder / "run" / name, copy)
    cut_short(copy / "metrics.jsonl")
    _, said, _ = Run.open(copy).resume_history("search", 1)
    Run.open(copy).keep_metrics(lambda record: record.get("stage") == "train", "of the test")
    if said:  # what is damaged is dropped in words
        raise RunError(said[0])


def _read_scores(folder: Path) -> None:
    from nasframe import Run

    run = Run.open(folder / "run")
    _ = (run.test, run.scores)


def _read_search_checkpoint(folder: Path) -> None:
    import nasframe

    nasframe.load_supernet(nasframe.load_run(folder / "run"))


def _read_network_checkpoint(folder: Path) -> None:
    import nasframe

    nasframe.predict(folder / "run", [])


def _read_page(folder: Path, inner: str) -> None:
    from nasframe.report import read_page

    read_page(folder / inner)


def _read_table(folder: Path) -> None:
    _ask_table(folder / "study")


def _read_table_document(folder: Path) -> None:
    """Read the text of a table, compressed again."""
    import lzma

    from nasframe.report import read_page
    from nasframe.tables import TABLE_FILE

    packed = folder / "packed"
    packed.mkdir(exist_ok=True)
    (packed / TABLE_FILE).write_bytes(lzma.compress((folder / "document.json").read_bytes(), preset=0))
    _ask_table(packed)
    read_page(packed)


def _ask_table(folder: Path) -> None:
    from nasframe import load_table
    from nasframe.tables import facts_of

    table = load_table(folder)
    _ = (table.scores("validation"), table.scores("test"), len(table), facts_of(table))
    _streams()
    _ = table.experiment()
    for entry in table.listed:
        table.find(entry.assignment)
        table.score(entry, "test", epochs=1)
    table.find(table.space().sample(0))


def _read_study(folder: Path) -> None:
    from nasframe.studies.folder import read_study

    read_study(folder / "study")


def _read_trained_network(folder: Path) -> None:
    from nasframe.studies.network_training import read_trained_network

    for file in (folder / "study" / "architectures").glob("*.json"):
        read_trained_network(file)


def _read_stage(folder: Path) -> None:
    import torch

    from nasframe import Stage
    from nasframe.runtime import SILENT
    from nasframe.tasks import run_stages

    stage = Stage("make", {"examples": 3}, lambda context: None)
    run_stages([stage], folder / "cache", torch.device("cpu"), SILENT)


def _read_array(folder: Path) -> None:
    from nasframe_audiovisual.storage import open_rows

    rows = open_rows(folder / "rows.npy")
    _ = rows[:1]


def _read_detector(folder: Path) -> None:
    import torch

    from nasframe_deepfake.detection import count_frozen, load_detector

    detector = load_detector(folder, torch.device("cpu"))
    count_frozen(folder)
    for network, letter in ((detector.extractor.picture, "I"), (detector.extractor.sound, "S")):
        for number, width in enumerate(network.feature_info.channels(), start=1):
            detector.standardiser(f"{letter}{number}", torch.zeros(1, 4, width))


def _read_clip(name: str, folder: Path) -> None:
    """Read all windows of a clip, as `predict` does, in bounded memory."""
    from nasframe_audiovisual import FaceSettings, LeftOut, Window, nothing_used, read_windows

    file, parts = folder / name, []
    windows = read_windows(file, Window(size=32), FaceSettings("none").make())
    added = peak_added(lambda: parts.extend(windows))
    assert added < LARGEST_CLIP, f"a clip of {file.stat().st_size} bytes took {added} bytes of memory"
    left_out = [part for part in parts if isinstance(part, LeftOut)]
    if len(left_out) == len(parts):
        raise nothing_used(file, left_out)


def _read_wheel(folder: Path) -> None:
    from nasframe_tabular.wheels import read_members

    read_members((folder / "data.whl").read_bytes(), ["data/table.csv"], 10_000, "data.whl")


def _read_wheel_table(folder: Path) -> None:
    from nasframe_tabular.preparation import read_number_table

    read_number_table(folder / "table.csv", ["a", "b"], label="class")


def _read_wheel_arrays(folder: Path) -> None:
    from nasframe_tabular.preparation import load_arrays

    load_arrays((folder / "arrays.npz").read_bytes(), ["x", "y"], 10_000, "arrays.npz")


def _read_graphs(folder: Path) -> None:
    from nasframe_tabular.graph_bench import read_truths

    read_truths((folder / "graphs.bench").read_bytes(), "graphs.bench")


def _read_split(folder: Path) -> None:
    from nasframe_tabular.preparation import read_split

    read_split(folder, "weights", "window")


def _read_words(folder: Path) -> None:
    from nasframe.cli import main

    _streams()
    for line in _word(folder / "line.txt").split("\n"):
        words = line.replace("{run}", str(folder / "run")).replace("{toml}", str(folder / "streams.toml"))
        main(words.replace("\0", "").split(" "))  # no system passes such a character to a program


@frozen
class Reader:
    """One reader.

    Attributes:
        name: of the reader.
        kind: of the file, one of `mutations.KINDS`.
        sample: the name of the sample whose folder holds the file.
        file: a pattern that finds the file in it.
        read: reads what lies in such a folder.
    """

    name: str
    kind: str
    sample: str
    file: str
    read: Callable[[Path], Any]


def _propose(name: str, folder: Path) -> None:
    from nasframe.experiment import starting_file
    from nasframe.tasks import TensorFileTask

    proposed = TensorFileTask.starting_values(folder / name, {})
    values = {section: dict(table) for section, table in proposed.values.items()}
    values["task"]["name"] = "tensors"
    starting_file(values, notes=proposed.notes)


def _read_given(name: str, folder: Path) -> None:
    from nasframe.tasks.data_files.column_choice import ColumnNames, InputChoice
    from nasframe.tasks.data_files.given_data import FileParts, read_given
    from nasframe.tasks.tensors import Targets, kind_told_by

    columns = ("split", "who") if name.endswith(".csv") else (None, None)
    given = read_given(folder / name, FileParts(InputChoice(), ColumnNames(("y",)), *columns, kind=None))
    Targets.of(given.target, kind_told_by(given.target))


_READERS: list[tuple[str, str, str, str, Callable[[Path], Any]]] = [
    ("experiment", "text", "run", "streams.toml", _read_experiment),
    ("overrides", "words", "texts", "word.txt", _read_overrides),
    ("axes", "words", "texts", "axes.txt", _read_axes),
    ("architecture", "json", "run", "run/architecture.json", _read_architecture),
    ("genotype", "text", "texts", "genotype.txt", _read_genotype),
    ("meta_data", "text", "texts", "tree/meta_data.csv", _read_meta_data),
    ("clip_table", "text", "fakes", "own/clips.csv", _read_own_clips),
    ("lav_df", "json", "fakes", "lav_df/metadata.json", _read_lav_df),
    ("av_deepfake1m", "json", "fakes", "av_deepfake1m/train_metadata.json", _read_av_deepfake1m),
    ("av_deepfake1m_clip", "json", "fakes", "of_clips/train_metadata/real.json", _read_av_deepfake1m_clip),
    ("split_list", "text", "texts", "split.csv", _read_split_list),
    ("clip_index", "text", "library", "index.csv", _read_index),
    ("array", "array", "library", "rows.npy", _read_array),
    ("run_record", "json", "run", "run/run.json", _read_run),
    ("run_metrics", "lines", "run", "run/metrics.jsonl", _read_metrics),
    ("resumed_metrics", "lines", "run", "run/metrics.jsonl", _resume_history),
    ("run_test", "json", "run", "run/test.json", _read_scores),
    ("run_scores", "json", "run", "run/scores.json", _read_scores),
    ("search_checkpoint_values", "json", "run", "run/checkpoints/search.json", _read_search_checkpoint),
    (
        "search_checkpoint_tensors",
        "tensors",
        "run",
        "run/checkpoints/search-*.safetensors",
        _read_search_checkpoint,
    ),
    ("network_checkpoint_values", "json", "run", "run/checkpoints/network.json", _read_network_checkpoint),
    (
        "network_checkpoint_tensors",
        "tensors",
        "run",
        "run/checkpoints/network-*.safetensors",
        _read_network_checkpoint,
    ),
    ("stage", "json", "stages", "cache/make-*/stage.json", _read_stage),
    ("audit", "json", "audit", "audit.json", _read_audit),
    ("robustness", "json", "reports", "robustness.json", _read_robustness),
    ("per second", "json", "reports", "per_second.json", _read_per_second),
    ("detector_settings", "json", "detector", "detector.json", _read_detector),
    ("feature_statistics", "tensors", "detector", "statistics.safetensors", _read_detector),
    ("feature_spread", "tensors", "detector", "novelty.safetensors", _read_detector),
    ("detector_weights", "tensors", "detector", "picture.safetensors", _read_detector),
    *(
        (f"clip_{kind}", "bytes", "clip", f"clip.{kind}", functools.partial(_read_clip, f"clip.{kind}"))
        for kind in ("mp4", "mkv", "ts")
    ),
    ("study_plan", "json", "table", "study/study.json", _read_study),
    ("trained_network", "json", "table", "study/architectures/*.json", _read_trained_network),
    ("table_file", "bytes", "table", "study/table.json.xz", _read_table),
    ("table_document", "json", "table", "documen*.json", _read_table_document),
    ("table_addition", "json", "table", "study/on_demand/*.json", _read_table),
    ("table_record", "json", "older_table", "study/table.json", _read_table),
    ("table_rows", "lines", "older_table", "study/*.jsonl", _read_table),
    ("table_page", "json", "older_table", "study/table.json", functools.partial(_read_page, inner="study")),
    (
        "table_rows_page",
        "lines",
        "older_table",
        "study/*.jsonl",
        functools.partial(_read_page, inner="study"),
    ),
    ("sweep_page", "json", "sweep", "study/sweep.json", functools.partial(_read_page, inner="study")),
    (
        "comparison_page",
        "json",
        "comparison",
        "study/comparison.json",
        functools.partial(_read_page, inner="study"),
    ),
    ("run_page", "json", "run", "run/run.json", functools.partial(_read_page, inner="run")),
    ("run_metrics_page", "lines", "run", "run/metrics.jsonl", functools.partial(_read_page, inner="run")),
    ("run_test_page", "json", "run", "run/test.json", functools.partial(_read_page, inner="run")),
    ("run_scores_page", "json", "run", "run/scores.json", functools.partial(_read_page, inner="run")),
    ("wheel", "bytes", "wheel", "data.whl", _read_wheel),
    ("wheel_table", "text", "wheel", "table.csv", _read_wheel_table),
    *(
        (f"{what}_{kind}", form, "given", name, functools.partial(read, name))
        for what, read in (("given", _read_given), ("proposed", _propose))
        for kind, form, name in (
            ("table", "text", "table.csv"),
            ("mapped_arrays", "bytes", "plain.npz"),
            ("packed_arrays", "bytes", "small.npz"),
            ("tensors", "bytes", "arrays.safetensors"),
        )
    ),
    ("wheel_arrays", "bytes", "wheel", "arrays.npz", _read_wheel_arrays),
    ("wheel_graphs", "bytes", "wheel", "graphs.bench", _read_graphs),
    ("wheel_split", "tensors", "wheel", "weights.safetensors", _read_split),
    ("command_line", "words", "run", "line.txt", _read_words),
]

READERS = {row[0]: Reader(*row) for row in _READERS}
"""Name → reader."""
