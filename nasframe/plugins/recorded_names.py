"""The names in a document, and the plugins that they meant when it was written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from attrs import field, frozen

from nasframe.plugins.registered import Registered

__all__ = ["RecordedNames"]


@frozen
class RecordedNames:
    """The names in a document, and the plugins that they meant when it was written.

    Within `manager().reading(names)` a name without a plugin before it is that of its recorded plugin, also
    where other plugins have registered it since. A name that is not recorded, as in documents older than the
    record, is that of the author, or nasframe's own, where one of them has it.

    Attributes:
        plugins: kind → name → plugin.
        packages: plugin → its package and version then, or its file.
        author: the plugin that wrote the document; None for nasframe and for users.
    """

    plugins: Mapping[str, Mapping[str, str]] = field(factory=dict)
    packages: Mapping[str, str] = field(factory=dict)
    author: str | None = None

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> RecordedNames:
        """Return the names in a document, none where it is older than the record.

        Args:
            document: `names` and `packages`, as `to_dict` returns them; a run has its packages under
                `plugins`, and an architecture only the names of its `operations`.
        """
        operations = {"operation": document["operations"]} if "operations" in document else {}
        of_run = {
            name: found.get("file") or found.get("package") or ""
            for name, found in document.get("plugins", {}).items()
        }
        return cls(document.get("names", operations), document.get("packages", of_run))

    def to_dict(self) -> dict[str, Any]:
        """Return `names` (kind → name → plugin) and `packages` (plugin → package or file) for a document."""
        return {
            "names": {kind: dict(found) for kind, found in self.plugins.items()},
            "packages": self.packages,
        }

    def after(self, before: RecordedNames) -> RecordedNames:
        """Return these names and those of an earlier document, which stay as they are."""
        kinds = {**before.plugins, **self.plugins}
        plugins = {kind: {**self.plugins.get(kind, {}), **before.plugins.get(kind, {})} for kind in kinds}
        return RecordedNames(plugins, {**self.packages, **before.packages})

    def owner(self, kind: str, name: str) -> str | None:
        """Return the plugin of a name; None where it is not recorded."""
        return self.plugins.get(kind, {}).get(name)

    def among(self, entries: Sequence[Registered], owner: str | None, own: Sequence[str]) -> list[Registered]:
        """Return those entries of one name that the document means.

        Args:
            entries: of the kind and the name.
            owner: the recorded plugin.
            own: nasframe's own plugins.
        """
        if owner is not None:
            return [entry for entry in entries if entry.plugin == owner]
        for plugins in ([self.author], own):
            found = [entry for entry in entries if entry.plugin in plugins]
            if found:
                return found
        return list(entries)
