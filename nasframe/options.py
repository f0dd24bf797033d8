"""Typed options: attrs classes filled from TOML, with every mistake reported at once.

The options of a plugin are the fields of its attrs class, or the keyword-only arguments of its
constructor. Nothing else declares them. `option` makes a field with a help text and bounds; `options_of`
lists options, `structure` fills a class from plain values, and `unstructure` is its inverse.
"""

from __future__ import annotations

import inspect
import sys
import traceback
import typing
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from pathlib import Path
from types import NoneType, SimpleNamespace, UnionType
from typing import Any, TypedDict, TypeVar, Unpack, overload

import attrs
import cattrs
from cattrs import StructureHandlerNotFoundError
from cattrs.strategies import configure_union_passthrough

from nasframe.errors import ConfigurationError, NasframeError, in_words, nearest

__all__ = ["Option", "argument_problems", "collect", "option", "options_of", "structure", "unstructure"]

T = TypeVar("T")

_LARGEST = 2**63 - 1
"""The largest whole number of TOML, and of torch."""

Validator = Callable[[Any, Any, Any], object]
"""A validator as attrs takes it: called with the instance, the field and the value; raises ValueError."""


@attrs.frozen
class Option:
    """One option of a plugin.

    Attributes:
        type: as a person writes it.
        default: None where the option is required, or its default is computed from other options.
        description: the help text.
        limits: `ge`, `gt`, `le`, `lt` → the bound, as `option` takes them.
        choices: the only values that are allowed; empty where there are others.
        rule: what a validator of its own asks for, in words, such as `more than 0`; or empty.
    """

    name: str
    type: str
    default: Any
    required: bool
    description: str = ""
    limits: Mapping[str, float] = attrs.field(factory=dict)
    choices: tuple[Any, ...] = ()
    rule: str = ""

    @property
    def limits_in_words(self) -> str:
        """The limits in words, such as `1 or more`; the choices where the type does not say them; or nothing.

        Example:
            >>> option_of = lambda **limits: Option("size", "int", 1, False, limits=limits)
            >>> option_of(ge=1).limits_in_words, option_of(ge=1, le=100_000).limits_in_words
            ('1 or more', '1 to 100,000')
            >>> option_of(gt=0, lt=1).limits_in_words
            'more than 0, less than 1'
        """
        limits = dict(self.limits)
        found = []
        if {"ge", "le"} <= {*limits}:
            found.append(f"{_bound(limits.pop('ge'))} to {_bound(limits.pop('le'))}")
        words = {"ge": "{} or more", "gt": "more than {}", "le": "{} or less", "lt": "less than {}"}
        found += [words[name].format(_bound(limits[name])) for name in words if name in limits]
        choices = [repr(choice) for choice in self.choices]
        if choices and not all(choice in self.type for choice in choices):
            found.append(f"one of {', '.join(choices)}")
        found += [self.rule] if self.rule else []
        return ", ".join(found)


class _Limits(TypedDict, total=False):
    """The limits of an option's value, as `option` explains them."""

    ge: float
    gt: float
    le: float
    lt: float
    choices: Collection[Any]
    validator: Validator
    rule: str


@overload
def option(default: T, *, help: str, **limits: Unpack[_Limits]) -> T: ...


@overload
def option(*, factory: Callable[[], T], help: str, **limits: Unpack[_Limits]) -> T: ...


@overload
def option(*, help: str, **limits: Unpack[_Limits]) -> Any: ...


def option(
    default: Any = attrs.NOTHING,
    *,
    factory: Callable[[], Any] | None = None,
    help: str,
    ge: float | None = None,
    gt: float | None = None,
    le: float | None = None,
    lt: float | None = None,
    choices: Collection[Any] | None = None,
    validator: Validator | None = None,
    rule: str = "",
) -> Any:
    """Return the field of an attrs class that is an option, with its help text and bounds.

    Where the default is None, None passes the bounds and choices.

    Args:
        default: the value where none is given; an option without default and factory is required.
        factory: makes the default, for values that can be changed in place, such as lists.
        help: what the option means, in a few words, as `nasframe plugins show` prints it.
        ge: least value.
        gt: the value must be greater.
        le: greatest value.
        lt: the value must be less.
        choices: the only values that are allowed; a `Literal` type needs none.
        validator: any other check, as attrs takes it.
        rule: what that check asks for, in the words of the other limits, as `more than 0`.

    Raises:
        ValueError: both a default and a factory.
        TypeError: the help or the rule is no text.

    Example:
        >>> from attrs import frozen
        >>> @frozen
        ... class Oven:
        ...     minutes: int = option(10, help="how long it bakes", ge=1)
        >>> Oven().minutes
        10
        >>> Oven(minutes=0)
        Traceback (most recent call last):
        ...
        ValueError: 'minutes' must be >= 1: 0
    """
    for name, text in (("help", help), ("rule", rule)):
        if not isinstance(text, str):
            raise TypeError(f"option(): {name} must be a text, found {text!r}")
    limits: list[tuple[Callable[[Any], Validator], Any]] = [
        (attrs.validators.ge, ge),
        (attrs.validators.gt, gt),
        (attrs.validators.le, le),
        (attrs.validators.lt, lt),
        (attrs.validators.in_, choices),
    ]
    checks = [check(limit) for check, limit in limits if limit is not None]
    if checks and default is None:
        checks = [attrs.validators.optional(checks)]
    if validator is not None:
        checks.append(validator)
    return attrs.field(
        default=default, factory=factory, validator=checks or None, metadata={"help": help, "rule": rule}
    )


def _strict(expected: type, *accepted: type) -> Any:
    def convert(value: Any, _: type) -> Any:
        if type(value) not in accepted:
            raise TypeError(f"expected {expected.__name__}, found {value!r}")
        return expected(value)

    return convert


def _whole(value: Any, kind: type) -> Any:
    found = _strict(int, int)(value, kind)
    if not -_LARGEST <= found <= _LARGEST:
        raise ValueError(f"expected int of at most 64 bits, found one of {found.bit_length() + 1}")
    return found


def _path(value: Any, _: type) -> Path:
    text = _strict(str, str)(value, str)
    if not text:  # it would be the working folder
        raise ValueError("expected a path, found an empty text")
    return Path(text)


def _unchanged(expected: Any) -> Callable[[Any, Any], Any]:
    """Take a value that only Python can make, such as a tensor, as it is."""

    def check(value: Any, _: Any) -> Any:
        if not (isinstance(expected, type) and isinstance(value, expected)):
            raise TypeError(f"expected {type_name(expected)}, found {value!r}")
        return value

    return check


def _converter() -> cattrs.Converter:
    converter = cattrs.Converter(structure_fallback_factory=_unchanged)
    converter.register_structure_hook(int, _whole)
    converter.register_structure_hook(float, _strict(float, int, float))
    converter.register_structure_hook(bool, _strict(bool, bool))
    converter.register_structure_hook(str, _strict(str, str))
    converter.register_structure_hook(Path, _path)
    converter.register_structure_hook_func(_is_plain_able, lambda value, kind: kind.from_plain(value))
    converter.register_unstructure_hook_func(_is_plain_able, lambda value: value.to_plain())
    configure_union_passthrough(str | int | float | bool | None, converter)
    return converter


def _is_plain_able(target: Any) -> bool:
    """Return True for a class that says itself how TOML writes it: by `from_plain` and `to_plain`."""
    return isinstance(target, type) and hasattr(target, "from_plain") and hasattr(target, "to_plain")


_CONVERTER = _converter()


def type_name(annotation: Any) -> str:
    """Return a type as a person writes it: `int`, `'shared' | 'choose'`, `list of str`."""
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if annotation in (None, NoneType):
        return "none"
    if origin is typing.Literal:
        return " | ".join(repr(value) for value in arguments)
    if origin in (UnionType, typing.Union):
        return " | ".join(type_name(argument) for argument in arguments)
    if origin in (list, tuple):
        return f"list of {type_name(arguments[0])}" if arguments else "list"
    if _is_plain_able(annotation):
        return str(getattr(annotation, "plain_name", annotation.__name__))
    if annotation is Path:
        return "path"
    return getattr(annotation, "__name__", str(annotation))


def options_of(target: Any) -> list[Option]:
    """Return the options of a plugin's class, in the order in which it declares them.

    They are the fields of an attrs class, or the keyword-only arguments of a constructor or function.

    Example:
        >>> def bake(dough: str, *, minutes: int = 10, fan: bool = False) -> None: ...
        >>> [(item.name, item.type, item.default) for item in options_of(bake)]
        [('minutes', 'int', 10), ('fan', 'bool', False)]
    """
    if attrs.has(target):
        attrs.resolve_types(target)
        return [
            Option(
                name=item.name,
                type=type_name(item.type),
                default=_plain_default(item.default),
                required=item.default is attrs.NOTHING,
                description=str(item.metadata.get("help") or ""),
                limits=_limits(item.validator),
                choices=_allowed(item.validator) or tuple(_choices(item.type)),
                rule=str(item.metadata.get("rule") or ""),
            )
            for item in attrs.fields(target)
            if item.init
        ]
    return [
        Option(
            name=parameter.name,
            type=type_name(_hints(target).get(parameter.name, Any)),
            default=None if parameter.default is parameter.empty else parameter.default,
            required=parameter.default is parameter.empty,
            choices=tuple(_choices(_hints(target).get(parameter.name, Any))),
        )
        for parameter in inspect.signature(target).parameters.values()
        if parameter.kind is parameter.KEYWORD_ONLY
        # given by the core, never by a user
        and not (parameter.name == "ports" and getattr(target, "names_ports", False))
    ]


_COMPARISONS = {">=": "ge", ">": "gt", "<=": "le", "<": "lt"}


def _limits(validator: Any) -> dict[str, float]:
    """Return the bounds that the validators of attrs in a field hold."""
    found = {}
    for check in _checks(validator):
        name = _COMPARISONS.get(getattr(check, "compare_op", ""))
        if name is not None:
            found[name] = check.bound
    return found


def _allowed(validator: Any) -> tuple[Any, ...]:
    """Return the only values that a validator of attrs in a field allows; empty where there is none."""
    for check in _checks(validator):
        if isinstance(check, _IN):
            return tuple(check.options)
    return ()


_IN: Any = type(attrs.validators.in_(()))


def _checks(validator: Any) -> Iterator[Any]:
    """Yield the validators in those that attrs puts together."""
    inner = getattr(validator, "_validators", None) or getattr(validator, "validator", None)
    if inner is None:
        yield validator
        return
    for check in inner if isinstance(inner, list | tuple) else [inner]:
        yield from _checks(check)


def _bound(value: float) -> str:
    """Return a bound as a person writes it."""
    return f"{value:,}" if isinstance(value, int) else f"{value:,.15g}"


def argument_problems(target: Any, values: Mapping[str, Any], *, skip: Collection[str] = ()) -> list[str]:
    """Return a sentence for each value that cannot be passed by its name to a constructor or function.

    Args:
        target: called with one positional argument and these values.
        values: argument name → value.
        skip: arguments that somebody else gives.

    Example:
        >>> def bake(dough: str, *, minutes: int, fan: bool = False) -> None: ...
        >>> argument_problems(bake, {"minuts": 3, "fan": "yes"})
        ["unknown option 'minuts'; did you mean 'minutes'?", "option 'minutes' is missing", \
"option 'fan' must be bool, found 'yes'"]
    """
    try:
        parameters = [*inspect.signature(target).parameters.values()][1:]
    except (TypeError, ValueError):  # a class without a signature of its own
        return []
    named = (inspect.Parameter.KEYWORD_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    known = {item.name: item for item in parameters if item.kind in named and item.name not in skip}
    takes_any = any(item.kind is inspect.Parameter.VAR_KEYWORD for item in parameters)
    problems = [
        f"unknown option {name!r}{nearest(name, known)}"
        for name in values
        if name not in known and not takes_any
    ]
    problems += [
        f"option {name!r} is missing"
        for name, item in known.items()
        if item.default is item.empty and name not in values
    ]
    hints = _hints_or_none(target)
    for name in known:
        if name in values and name in hints and not _fits(values[name], hints[name]):
            value = values[name]
            size = " of at most 64 bits" if isinstance(value, int) and abs(value) > _LARGEST else ""
            problems.append(f"option {name!r} must be {type_name(hints[name])}{size}, found {value!r}")
    return problems


def _hints_or_none(target: Any) -> dict[str, Any]:
    try:
        return _hints(target)
    except Exception:  # names that only a type checker knows
        return {}


def _fits(value: Any, annotation: Any) -> bool:
    if _text_for_list(value, annotation) is not None:
        return False
    try:
        _CONVERTER.structure(value, annotation)
    except StructureHandlerNotFoundError:
        return True  # no type of an option
    except Exception:  # cattrs raises many kinds
        return False
    return True


def _text_for_list(value: Any, annotation: Any) -> str | None:
    """Return a text that stands in place of a list; cattrs would take it for a list of its letters."""
    arguments = typing.get_args(annotation)
    if typing.get_origin(annotation) in (UnionType, typing.Union):
        kinds = [one for one in arguments if one is not NoneType]
        if isinstance(value, str) and not all(map(_is_list, kinds)):
            return None
        inner = [(value, one) for one in kinds]
    elif not _is_list(annotation):
        return None
    elif isinstance(value, str):
        return value
    else:
        items = value if arguments and isinstance(value, list | tuple) else ()
        inner = [(item, arguments[0]) for item in items]
    return next((text for item, one in inner if (text := _text_for_list(item, one)) is not None), None)


def _is_list(annotation: Any) -> bool:
    return (typing.get_origin(annotation) or annotation) in (list, tuple, Sequence, set, frozenset)


def structure(target: type[T], values: Mapping[str, Any], source: str, path: str = "") -> T:
    """Return an instance of attrs class `target`, made from plain values.

    Args:
        target: the class whose fields are filled.
        values: option name → value as TOML or JSON gives it.
        source: name of the file or document, for the error.
        path: key path of `values` in the source, for the error.

    Raises:
        ConfigurationError: unknown keys (with near names), wrong types and values, all at once.

    Example:
        >>> from attrs import frozen
        >>> @frozen
        ... class Oven:
        ...     degrees: float
        ...     minutes: int = option(10, help="how long it bakes", ge=1)
        >>> structure(Oven, {"degrees": 200}, "oven.toml")
        Oven(degrees=200.0, minutes=10)
        >>> try:
        ...     structure(Oven, {"minuts": 5, "minutes": 0}, "oven.toml")
        ... except ConfigurationError as error:
        ...     print(error)
        oven.toml: 3 problems
          minuts: unknown key; did you mean 'minutes'?
          degrees: is missing (float)
          minutes: must be >= 1, found 0
    """
    instance, problems = collect(target, values, path)
    if problems or instance is None:
        raise ConfigurationError(source, problems)
    return instance


def collect(target: type[T], values: Mapping[str, Any], path: str = "") -> tuple[T | None, list[str]]:
    """Return what `structure` returns, and the problems; with any problem the instance is None."""
    try:
        attrs.resolve_types(target)  # type: ignore[type-var]
    except Exception as error:  # the types of a plugin's options may be any code
        name = target.__qualname__
        problem = f"the types of the options of {name} cannot be read: {in_words(error)}"
        return None, [f"{path or name}: {problem}"]
    known = {item.name: item for item in attrs.fields(target) if item.init}  # type: ignore[arg-type]
    prefix = f"{path}." if path else ""
    problems = [f"{prefix}{key}: unknown key{nearest(key, known)}" for key in values if key not in known]
    ready: dict[str, Any] = {}
    for name, item in known.items():
        if name not in values:
            if item.default is attrs.NOTHING:
                problems.append(f"{prefix}{name}: is missing ({type_name(item.type)})")
            continue
        if isinstance(item.type, type) and attrs.has(item.type) and not _is_plain_able(item.type):
            if not isinstance(values[name], Mapping):
                problems.append(f"{prefix}{name}: expected a table, found {values[name]!r}")
                continue
            ready[name], nested = collect(item.type, values[name], f"{prefix}{name}")
            problems += nested
            continue
        text = _text_for_list(values[name], item.type)
        if text is not None:
            problems.append(f"{prefix}{name}: expected a list, found {text!r}")
            continue
        count = _length(item.type)
        if count is not None and (not isinstance(values[name], list | tuple) or len(values[name]) != count):
            problems.append(f"{prefix}{name}: expected a list of {count} values, found {values[name]!r}")
            continue
        try:
            ready[name] = _CONVERTER.structure(values[name], item.type)
        except (Exception, SystemExit) as error:  # cattrs raises many kinds
            problems.append(f"{prefix}{name}: {_explain(error, item.type, values[name])}")
            continue
        if item.validator is None:
            continue
        try:
            # In place of the instance, which is made only when every option is valid.
            unfinished: Any = SimpleNamespace(**{**_defaults(known), **ready})
            item.validator(unfinished, item, ready[name])
        except (TypeError, ValueError, NasframeError) as error:
            problems.append(f"{prefix}{name}: {_without_name(_text(error), name, ready[name])}")
        except (Exception, SystemExit) as error:  # a plugin's function may raise anything
            problems.append(f"{prefix}{name}: {in_words(error)}{_line_in(target, error)}")
    if problems:
        return None, problems
    try:
        return target(**ready), []
    except (TypeError, ValueError, NasframeError) as error:
        return None, [f"{path or target.__name__}: {_text(error)}"]
    except (Exception, SystemExit) as error:  # a plugin's class may raise anything
        return None, [f"{path or target.__name__}: {in_words(error)}{_line_in(target, error)}"]


def unstructure(instance: Any) -> dict[str, Any]:
    """Return the options of an attrs instance as plain values; `structure` reads them back."""
    plain: dict[str, Any] = _CONVERTER.unstructure(instance)
    return plain


def _defaults(fields: Mapping[str, Any]) -> dict[str, Any]:
    given = {name: item.default for name, item in fields.items() if item.default is not attrs.NOTHING}
    # A default computed from other options has no value yet.
    computed = {name for name, default in given.items() if getattr(default, "takes_self", False)}
    return {name: _plain_default(default) for name, default in given.items() if name not in computed}


def _hints(target: Any) -> dict[str, Any]:
    return typing.get_type_hints(target.__init__ if inspect.isclass(target) else target)


def _plain_default(default: Any) -> Any:
    if default is attrs.NOTHING:
        return None
    if isinstance(default, attrs.Factory):  # type: ignore[arg-type]
        return None if default.takes_self else default.factory()
    return default


def _text(error: BaseException) -> str:
    """Return the text of an error that says what is wrong with a value; attrs gives it more arguments."""
    if not isinstance(error, NasframeError) and error.args and isinstance(error.args[0], str):
        return error.args[0]
    return in_words(error).removeprefix(f"{type(error).__name__}: ")


def _without_name(text: str, name: str, value: Any) -> str:
    """Return what a validator says of a value, without the name of the option that stands before it."""
    for named in (f"'{name}' must ", f"{name} must "):
        if text.startswith(named):
            text = text.removeprefix(named.removesuffix("must "))
    for end in (f": {value}", f" (got {value!r})"):  # as those of attrs end
        if text.endswith(end):
            return f"{text.removesuffix(end)}, found {value!r}"
    return text


def _line_in(target: type, error: BaseException) -> str:
    """Return ` (my_ops.py, line 3)`: the last line of the file of a class that an error came through."""
    file = getattr(sys.modules.get(target.__module__), "__file__", None)
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == file]
    return f" ({Path(file).name}, line {lines[-1]})" if file and lines else ""


def _length(annotation: Any) -> int | None:
    """Return the number of values of a tuple of fixed length; None of any other type."""
    arguments = typing.get_args(annotation)
    is_tuple = typing.get_origin(annotation) is tuple and Ellipsis not in arguments
    return len(arguments) if is_tuple else None


def _explain(error: BaseException, annotation: Any, value: Any) -> str:
    if isinstance(error, BaseExceptionGroup):
        return "; ".join(_explain(item, annotation, value) for item in error.exceptions)
    choices = _choices(annotation)
    if choices and isinstance(value, str):
        valid = [str(choice) for choice in choices]
        return f"{value!r} is none of {', '.join(valid)}{nearest(value, valid) if value not in valid else ''}"
    if isinstance(error, ValueError) and error.args:
        return str(error.args[0])
    return f"expected {type_name(annotation)}, found {value!r}"


def _choices(annotation: Any) -> list[Any]:
    """Return the values of a `Literal`, also of one that may be None; none of any other type."""
    if typing.get_origin(annotation) in (UnionType, typing.Union):
        kinds = [one for one in typing.get_args(annotation) if one is not NoneType]
        return _choices(kinds[0]) if len(kinds) == 1 else []
    return [*typing.get_args(annotation)] if typing.get_origin(annotation) is typing.Literal else []
