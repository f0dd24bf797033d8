"""Text and numbers as LaTeX, for pdfLaTeX as for LuaLaTeX and XeLaTeX, with no package but booktabs."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping

from nasframe.runtime import visible

__all__ = ["latex_number", "latex_text"]

_SPECIAL: Mapping[str, str] = {
    **{sign: f"\\{sign}" for sign in "{}$&#_%"},
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    "`": r"\textasciigrave{}",
    '"': r"\char34{}",  # babel makes the sign itself a command in some languages
    "\u00a0": "~",
    "…": r"\ldots{}",
    "—": "---",
    "–": "--",
    "‘": "`",
    "’": "'",
    "“": "``",
    "”": "''",
    "§": r"\S{}",
    "ß": r"\ss{}",
    "ø": r"\o{}",
    "Ø": r"\O{}",
    "æ": r"\ae{}",
    "Æ": r"\AE{}",
    "œ": r"\oe{}",
    "Œ": r"\OE{}",
    "ł": r"\l{}",
    "Ł": r"\L{}",
    **{
        sign: f"${command}$"
        for sign, command in {
            "−": "-",
            "×": r"\times",
            "±": r"\pm",
            "·": r"\cdot",
            "→": r"\to",
            "←": r"\leftarrow",
            "≠": r"\neq",
            "≤": r"\leq",
            "≥": r"\geq",
            "≈": r"\approx",
            "∞": r"\infty",
            "°": r"^\circ",
            "²": "^2",
            "³": "^3",
            "¹": "^1",
        }.items()
    },
}

_GREEK = frozenset(
    (
        *("alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "iota", "kappa", "lambda"),
        *("mu", "nu", "xi", "pi", "rho", "sigma", "tau", "upsilon", "phi", "chi", "psi", "omega"),
        *("Gamma", "Delta", "Theta", "Lambda", "Xi", "Pi", "Sigma", "Upsilon", "Phi", "Psi", "Omega"),
    )
)

_ACCENTS: Mapping[str, str] = {
    "\u0300": "`",
    "\u0301": "'",
    "\u0302": "^",
    "\u0303": "~",
    "\u0304": "=",
    "\u0306": "u",
    "\u0307": ".",
    "\u0308": '"',
    "\u030a": "r",
    "\u030b": "H",
    "\u030c": "v",
    "\u0327": "c",
}
"""The accents that every encoding of fonts has."""

_LIGATURES = re.compile(r"([-,'])(?=\1)")
"""Two of these signs become another one, in LuaLaTeX also with an empty group between them."""

_NUMBER = re.compile(r"(?<![\w.)\]])(-?)([0-9][0-9,]*(?:\.[0-9]+)?)(?:e([+-]?[0-9]+))?")


def latex_text(words: object) -> str:
    """Return a text in LaTeX, in which every sign stands for itself.

    A letter that pdfLaTeX has no command for has its number there; in LuaLaTeX and XeLaTeX it is itself, in a
    font that has it.

    Example:
        >>> print(latex_text("50 % of a_b & λ"))
        50 \\% of a\\_b \\& $\\lambda$
        >>> print(latex_text("é"))
        \\'{e}
    """
    composed = unicodedata.normalize("NFC", visible(str(words)))
    return "".join(map(_letter, _LIGATURES.sub("\\1\0", composed))).replace("\0", r"\kern0pt ")


def latex_number(words: str) -> str:
    """Return a text that was made of numbers, with signs and powers as mathematics writes them.

    Example:
        >>> print(latex_number("-0.5 [-1.0, 2e-07]"))
        $-$0.5 [$-$1.0, $2\\times10^{-7}$]
    """
    parts, place = [], 0
    for found in _NUMBER.finditer(words):
        parts.append(latex_text(words[place : found.start()]))
        sign, digits, power = found.groups()
        if power is None:
            parts.append(f"{'$-$' * bool(sign)}{digits}")
        else:
            parts.append(f"${sign}{digits.replace(',', '{,}')}\\times10^{{{int(power)}}}$")
        place = found.end()
    return "".join([*parts, latex_text(words[place:])])


def _letter(letter: str) -> str:
    if letter in _SPECIAL:
        return _SPECIAL[letter]
    if letter.isascii():
        return letter
    name = _greek(letter)
    if name in _GREEK:
        return f"$\\{name}$"
    parts = unicodedata.normalize("NFD", letter)
    if len(parts) == 2 and parts[0].isascii() and parts[0].isalpha() and parts[1] in _ACCENTS:
        return f"\\{_ACCENTS[parts[1]]}{{{parts[0]}}}"
    return rf"\ifdefined\Umathcode {letter}\else U+{ord(letter):04X}\fi{{}}"


def _greek(letter: str) -> str:
    """Return the name of a Greek letter, with a capital where it is one; empty for other letters."""
    kind, _, name = unicodedata.name(letter, "").removeprefix("GREEK ").partition(" LETTER ")
    name = name.lower().replace("lamda", "lambda")
    return {"SMALL": name, "CAPITAL": name.capitalize()}.get(kind, "")
