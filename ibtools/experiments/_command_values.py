"""Values of options, and what is wrong with them in a few words."""

import argparse
import math
from collections.abc import Callable
from typing import NoReturn, TypeVar

T = TypeVar("T")


class Parser(argparse.ArgumentParser):
    """Says what is wrong in one line."""

    def error(self, message: str) -> NoReturn:
        """Print the message and exit with 2."""
        self.exit(2, f"{self.prog}: error: {message}\n")


def whole(least: int, most: float = math.inf) -> Callable[[str], int]:
    """Read a whole number within limits."""

    def parse(text: str) -> int:
        try:
            value = int(text)
        except ValueError:
            value = least - 1
        if not least <= value <= most:
            limit = "" if most == math.inf else f" and at most {most}"
            raise argparse.ArgumentTypeError(
                f"{text!r} is not a whole number of {least} or more{limit}"
            )
        return value

    return parse


def real(above: float, most: float) -> Callable[[str], float]:
    """Read a finite number within limits, the lower one excluded."""

    def parse(text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if not (above < value <= most and math.isfinite(value)):
            limit = "" if most == math.inf else f" and at most {most:g}"
            raise argparse.ArgumentTypeError(f"{text!r} is not a number above {above:g}{limit}")
        return value

    return parse


def comma_separated(parse: Callable[[str], T]) -> Callable[[str], tuple[T, ...]]:
    """Read values that commas separate."""
    return lambda text: tuple(parse(part.strip()) for part in text.split(","))
