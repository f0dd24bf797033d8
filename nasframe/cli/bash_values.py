"""Words that bash completes beside commands and their options: values, keys of experiments, names."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Mapping, Sequence

from attrs import frozen

__all__ = ["WordLists", "with_values"]

_EXPERIMENTS = "run|search|train|demo|compare|sweep|tabulate|new"
"""Commands that take `KEY=VALUE`."""

_PLAIN = re.compile(r"[\w.:=-]+")

_FUNCTION = """
_nasframe_values() {{
  local cur="${{COMP_WORDS[COMP_CWORD]}}" prev="${{COMP_WORDS[COMP_CWORD-1]}}"
  local command="${{COMP_WORDS[1]}}" found=
  _nasframe
  case "$prev" in
{values}
  esac
  if [[ -n $found ]]; then
    COMPREPLY=($(compgen -W "$found" -- "$cur"))
    return
  fi
  if [[ $cur == -* ]]; then
    COMPREPLY+=($(compgen -W {everywhere} -- "$cur"))
    return
  fi
  if [[ $COMP_CWORD -eq 2 ]]; then
    case "$command" in
{first}
    esac
    COMPREPLY+=($(compgen -W "$found" -- "$cur"))
  fi
  case "$command" in
  {experiments})
    if [[ -n $cur && $COMP_CWORD -gt 2 ]]; then
      COMPREPLY+=($(compgen -W {keys} -- "$cur"))
      # the shell would put a back-slash before the = of a file, and a blank behind it
      [[ ${{#COMPREPLY[@]}} -eq 1 && ${{COMPREPLY[0]}} == *= ]] && compopt +o filenames -o nospace 2>/dev/null
    fi ;;
  esac
}}
"""


@frozen
class WordLists:
    """Words to complete, of which those with letters that a shell reads are left out.

    Attributes:
        everywhere: options of every command.
        values: option → its values.
        first: command → the words that may follow it.
        keys: of an experiment, each with `=` behind it.
    """

    everywhere: Sequence[str]
    values: Mapping[str, Sequence[str]]
    first: Mapping[str, Sequence[str]]
    keys: Sequence[str]


def with_values(script: str, words: WordLists) -> str:
    """Return a script for bash whose function completes these words, too."""
    function = _FUNCTION.format(
        values="\n".join(f"  {option}) found={_quoted(found)} ;;" for option, found in words.values.items()),
        everywhere=_quoted(words.everywhere),
        first="\n".join(
            f"    {command}) found={_quoted(found)} ;;" for command, found in words.first.items()
        ),
        experiments=_EXPERIMENTS,
        keys=_quoted(words.keys),
    )
    script, count = re.subn(r"(?m)^complete (.*)-F _nasframe ", r"complete \1-F _nasframe_values ", script)
    assert count, "the library of the command line writes other scripts"
    place = script.rindex("\ncomplete ")
    return f"{script[:place]}\n{function}{script[place:]}"


def _quoted(words: Iterable[str]) -> str:
    return shlex.quote(" ".join(word for word in words if _PLAIN.fullmatch(word)))
