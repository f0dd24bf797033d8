"""Hooks, modes and transforms of torch that see or change calls of modules and operations.

They would not see what is computed in another order, or in another thread.
"""

from __future__ import annotations

import torch
from torch import nn
from torch.autograd import forward_ad
from torch.nn.modules import module as all_modules

__all__ = ["calls_are_seen", "has_hooks", "hooks_of_all"]

_HOOKS = ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks")


def has_hooks(*modules: nn.Module) -> bool:
    """Return whether calls of some module are seen by a hook."""
    return any(getattr(module, name) for module in modules for name in _HOOKS)


def hooks_of_all() -> bool:
    """Return whether calls of all modules are seen by a hook."""
    return any(getattr(all_modules, f"_global{name}", None) for name in _HOOKS)


def calls_are_seen() -> bool:
    """Return whether something in this thread sees or changes each operation; it does not in a helper."""
    return (
        torch.is_autocast_enabled("cpu")
        or torch.compiler.is_compiling()
        or torch._C._get_tracing_state() is not None
        or torch._C._len_torch_dispatch_stack() > 0
        or torch._C._len_torch_function_stack() > 0
        or torch._C._functorch.peek_interpreter_stack() is not None
        or forward_ad._current_level >= 0
    )
