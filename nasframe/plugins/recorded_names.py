"""The names in a document, and the plugins that they meant when it was written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

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
