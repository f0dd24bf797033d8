"""Names of nodes, candidates, ports and groups as names of modules and parameters.

torch takes no dot in such a name, and no attribute of the module that holds it, such as `training`. A name
that torch takes is its own key. Another one is escaped, so that different names have different keys.
Attributes differ between versions of torch: so keys that mean the same name are found for each other when a
state is loaded.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Collection, Mapping, MutableMapping
from typing import Any, TypeVar

from torch import nn

__all__ = ["accept_former_names", "module_key", "with_own_names"]

T = TypeVar("T")


_EMPTY: Mapping[type[nn.Module], nn.Module] = {kind: kind() for kind in (nn.ModuleDict, nn.ParameterDict)}


@functools.lru_cache(maxsize=4096)  # a pass through a supernet asks for dozens
def module_key(name: str, holder: type[nn.Module] = nn.ModuleDict) -> str:
    """Return a name as the key of a `ModuleDict`, or of another holder: a different key for each name.

    Args:
        name: any text.
        holder: `ModuleDict` or `ParameterDict`, none of whose attributes is a key.

    Example:
        >>> [module_key(name) for name in ("video", "training", "gate(rate=0.5)", "")]
        ['video', '%training', 'gate(rate=0%2E5)', '%']
    """
    escaped = name.replace("%", "%25").replace(".", "%2E")
    escaped = re.sub("[\ud800-\udfff]", lambda found: f"%u{ord(found[0]):04X}", escaped)  # no UTF-8
    return f"%{escaped}" if not escaped or hasattr(_EMPTY[holder], escaped) else escaped


def accept_former_names(module: nn.Module) -> None:
    """Let `load_state_dict` of a module take a state that another version of torch or of nasframe named."""
    module.register_load_state_dict_pre_hook(_rename)  # type: ignore[no-untyped-call]


def with_own_names(state: Mapping[str, T], own: Collection[str]) -> dict[str, T]:
    """Return a state under a module's own names: one that is missing is found by the meaning of its parts.

    Args:
        state: name → value.
        own: the names that the module has.
    """
    missing = _by_meaning(name for name in own if name not in state)
    unknown = _by_meaning(name for name in state if name not in own) if missing else {}
    renamed = {
        names[0]: missing[meaning][0]
        for meaning, names in unknown.items()
        if len(names) == 1 and len(missing.get(meaning, ())) == 1
    }
    return {renamed.get(name, name): value for name, value in state.items()}


def _rename(module: nn.Module, state: MutableMapping[str, Any], prefix: str, *rest: Any) -> None:
    own = {f"{prefix}{name}" for name in module.state_dict()}
    found = with_own_names(state, own)
    if found.keys() != state.keys():
        state.clear()
        state.update(found)


def _by_meaning(names: Any) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name in names:
        found.setdefault(".".join(map(_meaning, name.split("."))), []).append(name)
    return found


def _meaning(part: str) -> str:
    """Return the name behind a key, however it was escaped; without dots, which separate the parts."""
    plain = part[1:] if re.match("%(?!25|2E|uD[0-9A-F]{3})", part) else part
    for _ in range(2):  # the name of an edge is escaped before it is a key
        plain = re.sub("%(25|3A|3E)", lambda found: chr(int(found[1], 16)), plain)
    return plain
