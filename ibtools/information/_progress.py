"""Progress of long work over tiles, for whoever wants to see it."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from threading import Lock
from typing import Any, Self, TypeVar, overload

_Item = TypeVar("_Item")
_Moves = tuple[Callable[[], None], Callable[[float], None]]


@dataclass(frozen=True)
class Progress:
    """Whether work is shown, and under which name.

    Attributes
    ----------
    shown : bool
        Whether there is a bar, with the time that is left.
    name : str
        What is worked on.
    """

    shown: bool = False
    name: str = ""

    def named(self, name: str) -> Self:
        """The same under another name.

        Parameters
        ----------
        name : str
            What is worked on.

        Returns
        -------
        Progress
            A copy.
        """
        return replace(self, name=name)

    def over(self, items: Sequence[_Item]) -> Sequence[_Item]:
        """Items that move a bar on as they are gone through, in one thread or in several.

        Parameters
        ----------
        items : sequence
            What there is to do.

        Returns
        -------
        items : sequence
            The same, whose slices share the bar; if nothing is shown, `items` itself.
        """
        if not self.shown:
            return items
        from tqdm import tqdm

        return _Watched(items, tqdm(total=len(items), desc=self.name, unit="tile"), Lock())

    @contextmanager
    def open_ended(self, total: float, unit: str) -> Iterator[_Moves]:
        """Open a bar for work of which it is not known at the start how much there is.

        Parameters
        ----------
        total : float
            A first guess.
        unit : str
            Of what.

        Yields
        ------
        advance : callable
            Called when a unit is done.
        expect : callable
            Called with how many times as much as is done there is likely to be in all.
        """
        if not self.shown:
            yield lambda: None, lambda times: None
            return
        from tqdm import tqdm

        with tqdm(total=total, desc=self.name, unit=unit) as bar:

            def advance() -> None:
                bar.total = max(bar.total, bar.n + 1)
                bar.update()

            def expect(times: float) -> None:
                bar.total = max(bar.n + 1, round(bar.n * times))
                bar.refresh()

            yield advance, expect


SILENT = Progress()


class _Watched(Sequence[_Item]):
    """Items that tell a bar when each is done."""

    def __init__(self, items: Sequence[_Item], bar: Any, lock: Any) -> None:
        self.items = items
        self.bar = bar
        self.lock = lock

    def __len__(self) -> int:
        return len(self.items)

    @overload
    def __getitem__(self, index: int) -> _Item: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[_Item]: ...
    def __getitem__(self, index: int | slice) -> _Item | Sequence[_Item]:
        if isinstance(index, slice):
            return _Watched(self.items[index], self.bar, self.lock)
        return self.items[index]

    def __iter__(self) -> Iterator[_Item]:
        for item in self.items:
            yield item
            with self.lock:
                self.bar.update()
                if self.bar.n == self.bar.total:
                    self.bar.close()
