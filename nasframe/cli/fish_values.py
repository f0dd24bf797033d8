"""Words that fish completes beside commands and their options: values, keys of experiments, names."""

from __future__ import annotations

from collections.abc import Iterable

from nasframe.cli.completed_words import EXPERIMENTS, WordLists, plain_words

__all__ = ["with_values"]

_USING = "__fish_nasframe_using_command"


def with_values(script: str, words: WordLists) -> str:
    """Return a script for fish that completes these words, too."""
    lines = []
    for option, values in words.values.items():
        for command in EXPERIMENTS:
            if f"'{_USING} {command}' -l {option[2:]} " in script:
                lines.append(_line(command, values, f" -l {option[2:]} -x"))
    in_keys = [f"{key}={value}" for key, values in words.of_keys.items() for value in values]
    full = [word for word in in_keys if word.partition("=")[0] + "=" in {*words.keys}]
    for command in EXPERIMENTS:
        lines.append(_line(command, [*words.axes, *in_keys] if command == "sweep" else [*words.keys, *full]))
    lines += [_line(command, found) for command, found in words.first.items()]
    lines.append(_line("plugins show", words.plugins))
    return "\n".join([script.rstrip("\n"), *lines]) + "\n"


def _line(command: str, words: Iterable[str], option: str = "") -> str:
    return f"complete -c nasframe -n '{_USING} {command}'{option} -a '{' '.join(plain_words(words))}'"
