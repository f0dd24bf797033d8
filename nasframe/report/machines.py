"""The machines and versions of a record in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from nasframe.runtime import counted

__all__ = ["computing_sentences", "hardware_of", "machine_facts", "machine_sentences", "version_sentences"]


def machine_facts(machines: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Return name → text of the hardware, threads and system of machines; of several, numbered."""
    found: dict[str, str] = {}
    for number, machine in enumerate(machines, start=1):
        end = f" {number}" if len(machines) > 1 else ""
        threads, versions = machine.get("threads"), version_sentences([machine])
        found |= {f"machine{end}": hardware} if (hardware := hardware_of(machine)) else {}
        found |= {f"threads of torch{end}": str(threads)} if threads else {}
        found |= (
            {f"software{end}": versions[0].removeprefix("The software was ").rstrip(".")} if versions else {}
        )
    return found


def machine_sentences(machines: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return sentences on machines, and on the versions of the programs; empty where none is recorded."""
    hardware = list(dict.fromkeys(filter(None, map(hardware_of, machines))))
    found = []
    if hardware:
        several = "" if len(hardware) == 1 else " Several machines took part, and times of them differ."
        found.append(f"The hardware was {'; '.join(hardware)}.{several}")
    return [*found, *version_sentences(machines)]


def hardware_of(machine: Mapping[str, Any]) -> str:
    """Return the hardware in one line; empty where none is recorded."""
    memory, gpus = machine.get("memory"), machine.get("gpus") or ()
    parts = [
        machine.get("processor"),
        counted(machine["cores"], "core") if machine.get("cores") else None,
        f"{memory / 2**30:.0f} GiB of memory" if memory else None,
        *(f"{gpus.count(name)} × {name}" for name in dict.fromkeys(gpus)),
    ]
    return ", ".join(filter(None, parts))


def version_sentences(records: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return the sentence of the versions; where several took part, each is named."""
    names = {"nasframe": "nasframe", "torch": "PyTorch", "python": "Python", "platform": ""}
    sets = [
        ", ".join(f"{title} {record[key]}".strip() for key, title in names.items() if record.get(key))
        for record in records
    ]
    known = list(dict.fromkeys(filter(None, sets)))
    return [f"The software was {'; and later or elsewhere '.join(known)}."] if known else []


def computing_sentences(machines: Sequence[Mapping[str, Any]], asked: object) -> list[str]:
    """Return the sentence of the device that was used and of the threads; empty where none are recorded.

    Args:
        machines: that computed.
        asked: the device that the experiment names; `auto` took a GPU where a machine had one.
    """
    threads = sorted({machine["threads"] for machine in machines if machine.get("threads")})
    if not threads:
        return []
    used = sorted({_device(machine, asked) for machine in machines})
    on = f"on {' or '.join(used)}" if used != [_PROCESSOR] else f"on {_PROCESSOR} alone"
    if threads == [1]:
        return [f"Everything was computed {on}, with one thread of the processor in each process."]
    others = " or ".join(map(str, threads))
    return [
        f"Everything was computed {on}. Of the processor each search and each training had one thread; the "
        f"other work, such as the preparation of data, had {others}."
    ]


_PROCESSOR = "the processor"


def _device(machine: Mapping[str, Any], asked: object) -> str:
    """Return the device that was used on a machine, in words."""
    named = asked if isinstance(asked, str) else "auto"
    has_gpu = bool(machine.get("gpus")) and "+cpu" not in str(machine.get("torch"))
    if named == "cpu" or (named == "auto" and not has_gpu):
        return _PROCESSOR
    number = named.partition(":")[2]
    return f"GPU {number}" if number else "a GPU"
