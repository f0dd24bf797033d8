"""Words that bash completes beside commands and their options: values, keys of experiments, names."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable

from nasframe.cli.completed_words import EXPERIMENTS, WordLists, plain_words
from nasframe.errors import NasframeError

__all__ = ["with_values"]

_VALUED = re.compile(r"options_with_values='([^']*)'")

_FUNCTION = """
_nasframe_files() {{
  # compgen gives a name on each line; one that has line ends is torn, and no part of it is there
  local name
  COMPREPLY=()
  while IFS= read -r name; do
    [[ $name == "~"* || -e $name || -L $name ]] && COMPREPLY+=("$name")
  done < <(compgen -f -- "$1")
}}

_nasframe_values() {{
  local cur="${{COMP_WORDS[COMP_CWORD]}}" prev="${{COMP_WORDS[COMP_CWORD-1]}}" found= place=1
  # the command stands behind the options that every command has
  while [[ $place -lt $COMP_CWORD && ${{COMP_WORDS[place]}} == -* ]]; do
    case "${{COMP_WORDS[place]}}" in
      --plugin|--log-file) place=$((place + 1)); [[ ${{COMP_WORDS[place]}} == = ]] && place=$((place + 1)) ;;
    esac
    place=$((place + 1))
  done
  local command="${{COMP_WORDS[place]}}"
  _nasframe
  # the shell splits a word at =
  local equals=
  [[ $cur == = ]] && cur= && equals=1
  [[ $prev == = ]] && prev="${{COMP_WORDS[COMP_CWORD-2]}}" && equals=1
  if [[ -n $equals ]]; then
    case "$prev" in
{of_keys}
    esac
  fi
  case "$prev" in
{values}
    --plugin|--log-file) _nasframe_files "$cur"; return ;;
  esac
  if [[ -n $found ]]; then
    local before=
    [[ $cur == *,* ]] && before="${{cur%,*}},"
    COMPREPLY=($(compgen -P "$before" -W "$found" -- "${{cur##*,}}"))
    return
  fi
  if [[ $prev == --vary ]]; then
    COMPREPLY=($(compgen -W {axes} -- "$cur"))
    compopt +o filenames -o nospace 2>/dev/null
    return
  fi
  [[ " "{valued}" " == *" $prev "* ]] && return
  if [[ $cur == -* ]]; then
    COMPREPLY+=($(compgen -W {everywhere} -- "$cur"))
    return
  fi
  if [[ $COMP_CWORD -eq $((place + 1)) ]]; then
    case "$command" in
{first}
    esac
    [[ $command == new ]] && _nasframe_files "$cur"
    COMPREPLY+=($(compgen -W "$found" -- "$cur"))
  fi
  if [[ $COMP_CWORD -eq $((place + 2)) && "$command ${{COMP_WORDS[place + 1]}}" == "plugins show" ]]; then
    COMPREPLY=($(compgen -W {plugins} -- "$cur"))
    return
  fi
  if [[ "$command ${{COMP_WORDS[place + 1]}}" == "cache remove" && $COMP_CWORD -gt $((place + 1)) ]]; then
    local cache="${{NASFRAME_CACHE:-${{XDG_CACHE_HOME:-$HOME/.cache}}/nasframe/prepared}}"
    COMPREPLY=($(cd "$cache" 2>/dev/null && compgen -d -- "$cur"))
    return
  fi
  case "$command" in
  {experiments})
    # the first word of the others is the experiment
    if [[ -n $cur && ($COMP_CWORD -gt $((place + 1)) || $command == demo) ]]; then
      found={keys}
      [[ $command == sweep ]] && found={axes}
      COMPREPLY+=($(compgen -W "$found" -- "$cur"))
      # the shell would put a backslash before the = of a file, and a blank behind it
      [[ ${{#COMPREPLY[@]}} -eq 1 && ${{COMPREPLY[0]}} == *= ]] && compopt +o filenames -o nospace 2>/dev/null
    fi ;;
  esac
  [[ ${{#COMPREPLY[@]}} -eq 0 ]] && _nasframe_files "$cur"
  return 0
}}
"""


def with_values(script: str, words: WordLists) -> str:
    """Return a script for bash whose function completes these words, too."""
    function = _FUNCTION.format(
        values="\n".join(f"  {option}) found={_quoted(found)} ;;" for option, found in words.values.items()),
        everywhere=_quoted(words.everywhere),
        first="\n".join(
            f"    {command}) found={_quoted(found)} ;;" for command, found in words.first.items()
        ),
        of_keys="\n".join(f"      {key}) found={_quoted(found)} ;;" for key, found in words.of_keys.items()),
        axes=_quoted(words.axes),
        plugins=_quoted(words.plugins),
        experiments="|".join(EXPERIMENTS),
        keys=_quoted(words.keys),
        valued=_quoted(valued[1].split() if (valued := _VALUED.search(script)) else ()),
    )
    ending = r"complete -o filenames -F _nasframe_values "  # so that a folder gets a slash, and no blank
    script, count = re.subn(r"(?m)^complete -F _nasframe ", ending, script)
    if not count:
        raise NasframeError("cyclopts writes another script for bash than this version of nasframe knows")
    script = script.replace('COMPREPLY=( $(compgen -f -- "${cur}") )', '_nasframe_files "${cur}"')
    place = script.rindex("\ncomplete ")
    return f"{script[:place]}\n{function}{script[place:]}"


def _quoted(words: Iterable[str]) -> str:
    return shlex.quote(" ".join(plain_words(words)))
