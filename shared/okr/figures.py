"""Figures: how exact numbers leave a level, are read from the outside and are written down.

Inside one measure everything is a `Fraction`. What leaves it (a progress, an expectation, a mean)
is rounded once, to 12 decimal places, half to even, so that equal histories give equal digits.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Context, Decimal, DivisionByZero, Inexact, InvalidOperation
from fractions import Fraction
from typing import Annotated, Final

from pydantic import PlainSerializer, PlainValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

PLACES: Final = 12
ZERO: Final = Decimal(0)
ONE: Final = Decimal(1)
HUNDRED: Final = Decimal(100)
TRUE_MINUS: Final = "\N{MINUS SIGN}"

# Far more digits than any sum of quantities needs: what cannot be exact raises instead of rounding.
EXACT: Final = Context(
    prec=400, rounding=ROUND_HALF_EVEN, traps=[InvalidOperation, DivisionByZero, Inexact]
)

_SCALE: Final = 10**PLACES
_LARGEST_EXPONENT: Final = 20
_LONGEST_TEXT: Final = 64
_QUANTITY_PATTERN: Final = r"^-?[0-9]+(\.[0-9]+)?$"
_PLAIN_DECIMAL: Final = re.compile(r"-?[0-9]+(\.[0-9]+)?", re.ASCII)
# As `quantity_text` writes it, with no more digits than any quantity may have.
_WRITTEN: Final = re.compile(
    r"0|-?[1-9][0-9]{0,19}|-?(0|[1-9][0-9]{0,19})\.[0-9]{0,19}[1-9]", re.ASCII
)


def ratio(numerator: int, denominator: int) -> Decimal:
    """Return numerator / denominator (> 0) with 12 places, half to even, without normalising."""
    whole, rest = divmod(numerator * _SCALE, denominator)
    twice = rest + rest
    if twice > denominator or (twice == denominator and whole & 1):
        whole += 1
    return EXACT.scaleb(Decimal(whole), -PLACES)


def rounded(value: Fraction) -> Decimal:
    """Return `value` as it leaves a level: 12 decimal places, half to even."""
    return ratio(value.numerator, value.denominator)


def clamped(value: Fraction) -> Fraction:
    """Return `value` cut to the range 0 to 1."""
    if value < 0:
        return Fraction(0)
    return Fraction(1) if value > 1 else value


def quantity_text(value: Decimal) -> str:
    """Return `value` as a plain decimal string: no exponent, no trailing zeros, no -0."""
    text = format(value, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def percent_text(share: Decimal) -> str:
    """Return a share of 1 as shown to people: `0.0625` is `6.3 %`.

    One decimal, half away from zero, and a true minus sign below zero.
    """
    tenths, rest = divmod(abs(Fraction(share)) * 1000, 1)
    if rest * 2 >= 1:
        tenths += 1
    whole, tenth = divmod(int(tenths), 10)
    sign = TRUE_MINUS if share < 0 and tenths else ""
    return f"{sign}{whole}.{tenth} %"


@dataclass(frozen=True, slots=True)
class Progress:
    """A progress as a share of 1: what the formula gave, and the same cut to 0 … 1 for showing."""

    raw: Decimal
    shown: Decimal

    @classmethod
    def of(cls, value: Fraction) -> "Progress":
        """Round the exact `value` and clamp what is shown."""
        raw = rounded(value)
        return cls(raw, ZERO if raw < ZERO else min(raw, ONE))

    def texts(self) -> dict[str, str]:
        """Return the two figures as decimal strings, the shape that answers use."""
        return {"raw": quantity_text(self.raw), "shown": quantity_text(self.shown)}


@dataclass(frozen=True, slots=True)
class Pair:
    """A sum of figures and how many they are: what a mean is proved by, and added up from."""

    sum: Decimal
    n: int

    @classmethod
    def of(cls, figures: Iterable[Decimal | None]) -> "Pair":
        """Sum the figures that are known."""
        total, n = ZERO, 0
        for figure in figures:
            if figure is not None:
                total, n = EXACT.add(total, figure), n + 1
        return cls(total, n)

    def __add__(self, other: "Pair") -> "Pair":
        return Pair(EXACT.add(self.sum, other.sum), self.n + other.n)

    def __sub__(self, other: "Pair") -> "Pair":
        return Pair(EXACT.subtract(self.sum, other.sum), self.n - other.n)

    @property
    def mean(self) -> Decimal | None:
        """The sum / n, rounded like any figure; None for no figure."""
        return rounded(Fraction(self.sum) / self.n) if self.n else None


@dataclass(frozen=True, slots=True)
class Coverage:
    """How many of the parts behind a figure have a value: "3 of 4 measured"."""

    measured: int
    total: int


def read_quantity(given: object) -> Decimal:
    """Read a quantity exactly from a plain decimal string, an int or a Decimal.

    Refuses, with codes: `binary_float`, `quantity_expected`, `quantity_not_finite`,
    `quantity_too_large` (10^21 and more), `quantity_too_fine` (more than 20 places).
    """
    if isinstance(given, str) and _WRITTEN.fullmatch(given):
        # What events and answers hold is in this form, and read thousands of times a second.
        return Decimal(given)
    if isinstance(given, Decimal):
        number = given
    elif isinstance(given, str):
        if len(given) > _LONGEST_TEXT or not _PLAIN_DECIMAL.fullmatch(given):
            raise PydanticCustomError("quantity_expected", "a plain decimal string is expected")
        number = Decimal(given)
    elif isinstance(given, int) and not isinstance(given, bool):
        # Comparing first keeps an absurdly long integer from being turned into digits.
        number = Decimal(given) if abs(given) < 10 ** (_LARGEST_EXPONENT + 1) else Decimal("1E+99")
    elif isinstance(given, float):
        raise PydanticCustomError(
            "binary_float", "a binary float is not exact; send a decimal string"
        )
    else:
        raise PydanticCustomError("quantity_expected", "a decimal string or a number is expected")
    return _sane(number)


def _sane(number: Decimal) -> Decimal:
    if not number.is_finite():
        raise PydanticCustomError("quantity_not_finite", "a finite number is expected")
    if not number:
        return ZERO
    if number.adjusted() > _LARGEST_EXPONENT:
        raise PydanticCustomError("quantity_too_large", "the number is too large")
    if number.adjusted() < -_LARGEST_EXPONENT:
        raise PydanticCustomError("quantity_too_fine", "the number has too many decimal places")
    try:
        number = EXACT.normalize(number)
    except Inexact:
        raise PydanticCustomError(
            "quantity_too_fine", "the number has too many decimal places"
        ) from None
    exponent = int(number.as_tuple().exponent)
    if exponent < -_LARGEST_EXPONENT:
        raise PydanticCustomError("quantity_too_fine", "the number has too many decimal places")
    return EXACT.quantize(number, ONE) if exponent > 0 else number


_TEXT_SCHEMA: Final = {"type": "string", "pattern": _QUANTITY_PATTERN}

Quantity = Annotated[
    Decimal,
    PlainValidator(read_quantity),
    PlainSerializer(quantity_text, return_type=str, when_used="json"),
    WithJsonSchema({"anyOf": [_TEXT_SCHEMA, {"type": "number"}]}, mode="validation"),
    WithJsonSchema(_TEXT_SCHEMA, mode="serialization"),
]
"""An exact number of a body or an event: read from text or number, written as a decimal string."""
