"""Jinja2 templates of a package: everything is escaped and seen, and a name that is not given is an error."""

from __future__ import annotations

import base64
import functools
import hashlib
from pathlib import PurePath
from typing import TYPE_CHECKING

from markupsafe import Markup

from nasframe.display.markup import breakable, size_style, slug
from nasframe.display.values import flatten, format_value, number
from nasframe.runtime import visible_lines

if TYPE_CHECKING:
    from jinja2 import Environment

__all__ = ["asset", "render"]


def render(package: str, template: str, /, **values: object) -> Markup:
    """Return a template of a package's folder `templates`, filled in.

    A value with a method `__html__`, such as a table or a figure, places itself; everything else is escaped.
    """
    return Markup(_environment(package).get_template(template).render(values))


@functools.cache
def asset(package: str, name: str) -> Markup:
    """Return a file of a package's folder `assets`: a style or a script, which is placed as it is."""
    # imported here: the start of a command needs no file of a package
    from importlib import resources

    return Markup(resources.files(package).joinpath("assets", name).read_text(encoding="utf-8"))


def source_hash(text: str) -> str:
    """Return the source of a Content-Security-Policy that allows one script or style, and no other."""
    digest = hashlib.sha256(str(text).encode("utf-8", errors="backslashreplace")).digest()
    return f"sha256-{base64.b64encode(digest).decode()}"


def _seen(value: object) -> object:
    """Return a value of a template; of a text, what cannot be seen is written out.

    Line breaks stay, as those of an experiment, and so do tabs, which stand between the data of a figure.
    """
    if isinstance(value, Markup) or not isinstance(value, str | PurePath):
        return value
    return "\t".join(map(visible_lines, str(value).split("\t")))


@functools.cache
def _environment(package: str) -> Environment:
    # imported here: few commands write a page
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader(package),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_seen,
    )
    environment.filters |= {"breakable": breakable, "flatten": flatten, "number": number}
    environment.filters |= {"shown": format_value, "slug": slug}
    environment.filters |= {"size_style": size_style, "source_hash": source_hash}
    return environment
