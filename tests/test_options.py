"""Typed options: read from plain values, with every mistake reported at once."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Literal

import pytest
from attrs import field, frozen, make_class, validators

from nasframe.errors import ConfigurationError, DataError
from nasframe.options import argument_problems, collect, option, options_of, structure, unstructure


@frozen
class Inner:
    depth: int = 2


@frozen
class Oven:
    """Bakes."""

    degrees: float
    minutes: int = option(10, help="how long", ge=1)
    fan: bool = False
    mode: Literal["top", "bottom"] = "top"
    tray: Path | None = None
    count: int | Literal["many"] = 1
    sizes: tuple[int, ...] = (1, 2)
    inner: Inner = field(factory=Inner)


def problems_of(values: dict[str, Any], target: type = Oven) -> tuple[str, ...]:
    with pytest.raises(ConfigurationError) as caught:
        structure(target, values, "oven.toml", "oven")
    return caught.value.problems


def test_values_are_read_into_their_types() -> None:
    oven = structure(
        Oven,
        {"degrees": 200, "tray": "a/b", "count": "many", "sizes": [3], "inner": {"depth": 5}},
        "oven.toml",
    )
    assert oven == Oven(200.0, tray=Path("a/b"), count="many", sizes=(3,), inner=Inner(5))
    assert type(oven.degrees) is float


def test_all_mistakes_are_reported_at_once() -> None:
    found = problems_of({"minuts": 3, "minutes": 0, "fan": 1, "mode": "topp"})
    assert len(found) == 5
    text = "\n".join(found)
    assert "oven.minuts: unknown key; did you mean 'minutes'?" in text
    assert "oven.degrees: is missing (float)" in text
    assert "oven.minutes: must be >= 1, found 0" in text
    assert "oven.fan: expected bool, found 1" in text
    assert "oven.mode: 'topp' is none of top, bottom; did you mean 'top'" in text


def test_the_message_names_the_source_and_counts() -> None:
    with pytest.raises(ConfigurationError, match=r"^oven.toml: 1 problem\n  oven.degrees: is missing"):
        structure(Oven, {}, "oven.toml", "oven")


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        ("minutes", 1.5, "expected int, found 1.5"),
        ("minutes", True, "expected int, found True"),
        ("minutes", 2**63, "expected int of at most 64 bits, found one of 65"),
        ("minutes", -(10**400), "expected int of at most 64 bits, found one of 1330"),
        ("minutes", "3", "expected int, found '3'"),
        ("degrees", "hot", "expected float, found 'hot'"),
        ("tray", 3, "expected path | none, found 3"),
        ("count", "few", "expected int | 'many', found 'few'"),
        ("inner", 3, "expected a table, found 3"),
    ],
)
def test_a_value_of_the_wrong_type_says_what_was_expected(key: str, value: Any, expected: str) -> None:
    assert problems_of({"degrees": 1.0, key: value}) == (f"oven.{key}: {expected}",)


@pytest.mark.parametrize(
    ("kind", "value", "found"),
    [
        (tuple[str, ...], "each", "each"),
        (list[str], "each", "each"),
        (list[str] | None, "each", "each"),
        (tuple[tuple[str, str], ...], [["a", "b"], "ab"], "ab"),
    ],
)
def test_a_text_is_not_taken_for_a_list_of_its_letters(kind: Any, value: Any, found: str) -> None:
    listed = make_class("Listed", {"names": field(type=kind)})
    assert problems_of({"names": value}, listed) == (f"oven.names: expected a list, found {found!r}",)


def test_a_text_is_passed_on_where_not_only_a_list_is_expected() -> None:
    def bake(dough: str, *, sizes: str | list[str], trays: list[str]) -> None: ...

    assert argument_problems(bake, {"sizes": "all", "trays": ["top"]}) == []
    assert argument_problems(bake, {"sizes": "all", "trays": "top"}) == [
        "option 'trays' must be list of str, found 'top'"
    ]


def test_keys_of_nested_tables_are_checked() -> None:
    assert problems_of({"degrees": 1.0, "inner": {"dept": 1}}) == (
        "oven.inner.dept: unknown key; did you mean 'depth'?",
    )


def test_a_validator_may_look_at_other_options() -> None:
    @frozen
    class Range:
        low: int = 0
        high: int = field(default=1)

        @high.validator
        def _above(self, _: Any, value: int) -> None:
            if value <= self.low:
                raise ValueError(f"must be above low ({self.low})")

    assert problems_of({"low": 5, "high": 3}, Range) == ("oven.high: must be above low (5)",)


def test_a_constructor_that_refuses_is_a_mistake_like_the_others() -> None:
    @frozen
    class Picky:
        size: int = 0

        def __attrs_post_init__(self) -> None:
            raise DataError("nothing to bake")

    assert problems_of({"size": 3}, Picky) == ("oven: nothing to bake",)


def test_what_is_written_is_read_back() -> None:
    oven = Oven(180.0, minutes=3, tray=Path("t"), sizes=(4, 5), inner=Inner(7))
    assert structure(Oven, unstructure(oven), "oven.toml") == oven


def test_the_options_of_a_record_are_its_fields() -> None:
    options = {option.name: option for option in options_of(Oven)}
    assert list(options) == ["degrees", "minutes", "fan", "mode", "tray", "count", "sizes", "inner"]
    assert options["degrees"].required
    assert not options["minutes"].required
    assert options["minutes"].default == 10
    assert options["minutes"].description == "how long"
    assert options["mode"].type == "'top' | 'bottom'"
    assert options["tray"].type == "path | none"
    assert options["sizes"].type == "list of int"
    assert options["inner"].default == Inner()


def test_the_options_of_an_operation_are_its_keyword_only_arguments() -> None:
    class Operation:
        def __init__(self, shapes: list[int], *, heads: int = 4, bias: bool) -> None: ...

    heads, bias = options_of(Operation)
    assert (heads.name, heads.type, heads.default, heads.required) == ("heads", "int", 4, False)
    assert (bias.name, bias.type, bias.required) == ("bias", "bool", True)


def test_a_default_computed_from_other_options_is_shown_as_none() -> None:
    @frozen
    class Pair:
        one: int = 1
        two: int = field()

        @two.default
        def _double(self) -> int:
            return 2 * self.one

    assert [option.default for option in options_of(Pair)] == [1, None]
    assert structure(Pair, {"one": 4}, "pair.toml").two == 8


@pytest.mark.parametrize(
    ("bounds", "value", "message"),
    [
        ({"ge": 1}, 0, "'size' must be >= 1: 0"),
        ({"gt": 0.0}, 0, "'size' must be > 0.0: 0"),
        ({"le": 3}, 4, "'size' must be <= 3: 4"),
        ({"lt": 1.0}, 1, "'size' must be < 1.0: 1"),
        ({"ge": 0, "le": 1}, 2, "'size' must be <= 1: 2"),
        ({"choices": (1, 2)}, 3, "'size' must be in (1, 2) (got 3)"),
    ],
)
def test_an_option_refuses_a_value_beyond_its_bounds(bounds: Any, value: int, message: str) -> None:
    @frozen
    class Box:
        size: int = option(help="how large", **bounds)

    with pytest.raises(ValueError, match=re.escape(message)):
        Box(size=value)
    must = message.removeprefix("'size' ").split(": ")[0].removesuffix(f" (got {value})")
    assert problems_of({"size": value}, Box) == (f"oven.size: {must}, found {value}",)


def test_an_option_has_a_default_a_factory_or_is_required() -> None:
    @frozen
    class Box:
        width: int = option(help="across")
        height: int = option(2, help="upwards")
        sides: list[str] = option(factory=list, help="their names")

    listed = [(item.name, item.required, item.default, item.description) for item in options_of(Box)]
    assert listed == [
        ("width", True, None, "across"),
        ("height", False, 2, "upwards"),
        ("sides", False, [], "their names"),
    ]
    assert Box(1).sides is not Box(1).sides
    with pytest.raises(ValueError, match="mutually exclusive"):
        option(2, factory=int, help="both")  # type: ignore[call-overload]


@pytest.mark.parametrize("texts", [{"help": None}, {"help": 3}, {"help": "across", "rule": None}])
def test_a_help_or_rule_that_is_no_text_is_refused_where_the_option_is_made(texts: Any) -> None:
    with pytest.raises(TypeError, match=r"option\(\): (help|rule) must be a text, found (None|3)"):
        option(1, **texts)


def test_none_passes_the_bounds_only_where_it_is_the_default() -> None:
    @frozen
    class Box:
        people: int | None = option(None, help="by default nobody says", ge=1)
        size: int | None = option(1, help="how large", ge=1)

    assert Box().people is None
    assert problems_of({"people": 0}, Box) == ("oven.people: must be >= 1, found 0",)
    with pytest.raises(TypeError):
        Box(size=None)


def test_an_options_own_validator_comes_after_its_bounds() -> None:
    def even(_: Any, field: Any, value: int) -> None:
        if value % 2:
            raise ValueError(f"{field.name} must be even")

    @frozen
    class Box:
        size: int = option(2, help="how large", ge=1, validator=even)

    assert problems_of({"size": -1}, Box) == ("oven.size: must be >= 1, found -1",)
    assert problems_of({"size": 3}, Box) == ("oven.size: must be even",)


def test_a_field_of_attrs_with_a_help_text_is_an_option_like_any_other() -> None:
    @frozen
    class Old:
        minutes: int = field(default=10, validator=validators.ge(1), metadata={"help": "how long"})

    @frozen
    class New:
        minutes: int = option(10, help="how long", ge=1)

    assert options_of(Old) == options_of(New)
    assert problems_of({"minutes": 0}, Old) == problems_of({"minutes": 0}, New)


def test_the_help_of_a_field_of_attrs_is_shown_as_text() -> None:
    @frozen
    class Old:
        minutes: int = field(default=10, metadata={"help": None})
        degrees: int = field(default=200, metadata={"help": 3, "rule": None})

    assert [(item.description, item.rule) for item in options_of(Old)] == [("", ""), ("3", "")]


def bake(
    dough: str,
    *,
    minutes: int,
    degrees: float = 200.0,
    mode: Literal["top", "bottom"] = "top",
    helper: object = None,
) -> None:
    """Bakes."""


@pytest.mark.parametrize(
    ("values", "problems"),
    [
        ({"minutes": 1, "degrees": 200, "mode": "bottom", "helper": "anybody"}, []),
        ({}, ["option 'minutes' is missing"]),
        ({"minutes": 1, "degres": 2}, ["unknown option 'degres'; did you mean 'degrees'?"]),
        ({"minutes": 1.5}, ["option 'minutes' must be int, found 1.5"]),
        ({"minutes": 1, "mode": "left"}, ["option 'mode' must be 'top' | 'bottom', found 'left'"]),
        ({"minutes": 1, "dough": "rye"}, ["unknown option 'dough'; valid: degrees, helper, minutes, mode"]),
    ],
)
def test_values_for_a_function_are_checked_against_its_arguments(
    values: dict[str, Any], problems: list[str]
) -> None:
    assert argument_problems(bake, values) == problems


def test_a_function_that_takes_any_option_refuses_none_by_name() -> None:
    def takes_any(shapes: object, *, rate: float = 1.0, **others: object) -> None: ...

    assert argument_problems(takes_any, {"anything": 3}) == []
    assert argument_problems(takes_any, {"rate": "no"}) == ["option 'rate' must be float, found 'no'"]


class Flour:
    """A value that says itself how TOML writes it."""

    plain_name = "{grain = …}"

    def __init__(self, grain: str) -> None:
        self.grain = grain

    @classmethod
    def from_plain(cls, value: Any) -> Flour:
        if not isinstance(value, dict):
            raise ValueError(f"expected flour, found {value!r}")
        return cls(value["grain"])

    def to_plain(self) -> dict[str, str]:
        return {"grain": self.grain}


@frozen
class Bread:
    """Made of flours."""

    flours: tuple[str | Flour, ...] = ()


def test_a_value_may_say_itself_how_it_is_written() -> None:
    bread = structure(Bread, {"flours": ["rye", {"grain": "oat"}]}, "bread.toml")
    assert [getattr(item, "grain", item) for item in bread.flours] == ["rye", "oat"]
    assert list(unstructure(bread)["flours"]) == ["rye", {"grain": "oat"}]
    assert [item.type for item in options_of(Bread)] == ["list of str | {grain = …}"]
    assert problems_of({"flours": [3]}, Bread) == ("oven.flours: expected flour, found 3",)


def test_types_that_cannot_be_read_are_a_problem_in_words() -> None:
    @frozen
    class Oven:
        heat: "Unknown" = 3  # type: ignore[name-defined]  # noqa: F821, UP037

    found, problems = collect(Oven, {}, "task")
    assert found is None
    assert [problem.partition(" cannot")[0] for problem in problems] == [
        f"task: the types of the options of {Oven.__qualname__}"
    ]


def test_a_validator_of_its_own_says_its_limits_in_words() -> None:
    @frozen
    class Oven:
        heat: float = option(1.0, help="of the oven", validator=lambda *_: None, rule="more than 0")

    assert options_of(Oven)[0].limits_in_words == "more than 0"


@pytest.mark.parametrize("value", [[1], [], [1, 2, 3], 3])
def test_a_list_of_another_length_is_told_with_both(value: object) -> None:
    @frozen
    class Oven:
        sizes: tuple[int, int] = option((1, 2), help="of the two racks")

    _, problems = collect(Oven, {"sizes": value}, "oven")
    assert problems == [f"oven.sizes: expected a list of 2 values, found {value!r}"]
