"""`Architecture`: one point of a search space, as data that people read, write and compare."""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jsonschema
from attrs import field, frozen

from nasframe.errors import ArchitectureError, PluginError, SpaceError
from nasframe.options import structure
from nasframe.plugins import RecordedNames, manager, record_names
from nasframe.runtime import counted, fingerprint, made_later, parse_json, read_text, visible, write_json
from nasframe.space.derived_graph import Resolved, resolve
from nasframe.space.factory import SpaceFactory
from nasframe.space.space import SearchSpace

__all__ = ["FORMAT", "Architecture", "rebuild_space"]

FORMAT = 2
"""In format 1 no document says which plugins its operations are of, and a bare name is nasframe's own."""

_NAMES = {"type": "object", "additionalProperties": {"type": "string"}}

_SCHEMA: dict[str, Any] = {
    "type": "object",
    "required": ["format", "space", "assignment"],
    "additionalProperties": False,
    "properties": {
        "format": {"enum": [1, FORMAT]},
        "space": {
            "type": "object",
            "required": ["name", "inputs", "outputs"],
            "additionalProperties": False,
            "properties": {
                "name": {"type": "string"},
                "options": {"type": "object"},
                "inputs": {
                    "type": "object",
                    "minProperties": 1,
                    "additionalProperties": {"type": "array", "items": {"type": "integer", "minimum": 1}},
                },
                "outputs": {"type": "integer", "minimum": 1},
            },
        },
        "assignment": {"type": "object", "additionalProperties": {"type": "string"}},
        "operations": _NAMES,
        "packages": _NAMES,
        "provenance": {"type": "object"},
    },
}


@frozen(slots=False)
class Architecture:
    """A space and one assignment in it. Two are equal when both of these are; the provenance does not count.

    Attributes:
        space: the space the assignment belongs to.
        assignment: choice → candidate, complete and valid.
        provenance: where it came from (relaxation, seed, data fingerprint, versions), JSON-able.

    Raises:
        ArchitectureError: the assignment is not in the space.

    Example:
        >>> from nasframe import Architecture, Choice, SearchSpace
        >>> space = SearchSpace("one edge")
        >>> _ = space.add_input("x", (3,)), space.add_node("y", "identity")
        >>> space.connect("x", "y", choice=Choice("edge", ("zero", "identity"), "alpha"))
        >>> space.set_output("y")
        >>> kept, dropped = Architecture(space, {"edge": "identity"}), Architecture(space, {})
        >>> kept.difference(dropped)
        {'edge': ('identity', 'zero')}
        >>> kept == Architecture(space, {"edge": "identity"}, {"seed": 1})
        True
    """

    space: SearchSpace = field(eq=False)
    assignment: Mapping[str, str]
    provenance: Mapping[str, Any] = field(factory=dict, eq=False)
    _origin: str = field(init=False, repr=False)

    def __attrs_post_init__(self) -> None:
        object.__setattr__(self, "assignment", self.space.validate(self.assignment))
        object.__setattr__(self, "_origin", json.dumps(self.space.origin or self.space.name, sort_keys=True))

    def __hash__(self) -> int:
        return hash(self.fingerprint)

    def __repr__(self) -> str:
        """Return a line: space, first digits of the fingerprint, operations that were chosen and are used."""
        found = ", ".join(
            visible(name) if count == 1 else f"{count} {visible(name)}"
            for name, count in self.resolved.chosen_operations.items()
        )
        choices = counted(len(self.space.choices), "choice")
        head = f"{visible(self.space.name)}, {self.fingerprint[:12]}"
        return f"<Architecture {head}: {found or 'no chosen operation'}; {choices}>"

    @functools.cached_property
    def resolved(self) -> Resolved:
        """The graph this architecture keeps."""
        return resolve(self.space, self.assignment)

    @property
    def fingerprint(self) -> str:
        """SHA-256 of space and assignment."""
        return fingerprint([self._origin, dict(self.assignment)])

    def difference(self, other: Architecture) -> dict[str, tuple[str | None, str | None]]:
        """Return choice → (candidate here, candidate of `other`), for every choice in which they differ."""
        names = [*self.assignment, *(name for name in other.assignment if name not in self.assignment)]
        pairs = {name: (self.assignment.get(name), other.assignment.get(name)) for name in names}
        return {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}

    def to_dict(self) -> dict[str, Any]:
        """Return the document; edges that chose zero are left out.

        `operations` names the plugin of every operation of the space, `packages` the packages and versions of
        these plugins. Neither enters the fingerprint.

        Raises:
            ArchitectureError: the space was made by hand and not by a registered factory.
        """
        if self.space.origin is None:
            raise ArchitectureError(
                f"space {self.space.name!r} was not made by a registered factory, so a document could not "
                "name it; register a SpaceFactory to save its architectures"
            )
        wiring = self.space.wiring
        names = record_names({"operation": dict(sorted(wiring.operations.items()))})
        nodes = {node.choice.name for node in wiring.nodes.values() if node.choice is not None}
        return {
            "format": FORMAT,
            "space": dict(self.space.origin),
            "assignment": {
                name: value
                for name, value in self.assignment.items()
                if name in nodes or not wiring.removes(name, value)
            },
            "operations": names.plugins["operation"],
            "packages": names.packages,
            "provenance": dict(self.provenance),
        }

    def save(self, path: str | Path) -> None:
        """Write the document as JSON."""
        write_json(Path(path), self.to_dict())

    @classmethod
    def from_dict(cls, document: Any, source: str = "architecture") -> Architecture:
        """Read a document, written by hand or by `to_dict`.

        An operation is that of the plugin which `operations` records, whatever other plugins have come since.
        Where it records none, a name is nasframe's own, or that of the one plugin that registers it.

        Raises:
            ArchitectureError: lists everything that breaks the schema or leaves the space.
            PluginError, ConfigurationError, SpaceError: the space cannot be made, for example because the
                recorded plugin of an operation is not here; says how to get it.
        """
        found = document.get("format", FORMAT) if isinstance(document, Mapping) else FORMAT
        if found not in (1, FORMAT):
            raise ArchitectureError(
                f"{source}: format {found!r} cannot be read; this version reads formats 1 and {FORMAT}"
                f"{made_later(found, FORMAT)}"
            )
        broken = sorted(
            jsonschema.Draft202012Validator(_SCHEMA).iter_errors(document), key=lambda e: list(e.path)
        )
        if broken:
            lines = [f"  {'.'.join(map(str, error.path)) or 'document'}: {error.message}" for error in broken]
            raise ArchitectureError("\n".join([f"{source}: not an architecture:", *lines]))
        origin = document["space"]
        names = RecordedNames.of(document)
        try:
            with manager().reading(names):
                space = rebuild_space(origin, f"{source}: space")
        except (PluginError, SpaceError) as error:
            raise type(error)(f"{source}: {error}") from error
        try:
            return cls(space, document["assignment"], document.get("provenance", {}))
        except ArchitectureError as error:
            raise ArchitectureError(f"{source}: {error}") from None

    @classmethod
    def load(cls, path: str | Path) -> Architecture:
        """Read a JSON file, or a file in a format that a plugin reads (`read_architecture`); see
        `from_dict` for the errors."""
        file = Path(path)
        if file.is_file() and (kind := _OTHER_FILES.get(file.suffix.lower())):
            raise ArchitectureError(
                f"{file}: is {kind}; expected a run folder, the architecture.json of one, or a genotype"
            )
        text = read_text(file, ArchitectureError)
        try:
            document = parse_json(text, str(file), error=ArchitectureError)
        except ArchitectureError:
            found = cls.from_text(text, str(file))
            if found is not None:
                return found
            raise
        return cls.from_dict(document, str(file))

    @classmethod
    def from_text(cls, text: str, source: str = "architecture") -> Architecture | None:
        """Read a text that is not nasframe's own document, by the first plugin that knows its format.

        Returns None where none does.

        Raises:
            ArchitectureError: a plugin knows the format, and the text breaks its rules.
        """
        try:
            found: Architecture | None = manager().read_architecture(text)
        except ArchitectureError as error:
            raise ArchitectureError(f"{source}: {error}") from None
        return found


_PICTURE = "a picture, such as `nasframe show RUN --out FILE` writes"

_OTHER_FILES = {
    **dict.fromkeys((".svg", ".png", ".pdf", ".jpg", ".jpeg", ".gif"), _PICTURE),
    ".dot": "a drawing as DOT",
    **dict.fromkeys((".csv", ".tsv", ".xlsx"), "a table"),
    **dict.fromkeys((".npz", ".npy", ".safetensors", ".pt", ".pth"), "a file of arrays"),
    **dict.fromkeys((".html", ".htm"), "a page"),
    ".toml": "a TOML file",
}
"""Ending → what such a file is, of files that somebody may take for an architecture."""


def rebuild_space(origin: Mapping[str, Any], source: str) -> SearchSpace:
    """Return the space that a registered factory makes from recorded name, options, inputs and outputs."""
    target = manager().load("space", origin["name"])
    factory: SpaceFactory = structure(target, origin.get("options", {}), source, "options")
    inputs = {name: tuple(shape) for name, shape in origin["inputs"].items()}
    space = factory.build(inputs, origin["outputs"])
    space.check()  # while the names mean what the document says
    return space
