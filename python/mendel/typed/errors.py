"""What can be wrong with a declaration or a configuration, as types a script can catch."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Iterable

    from mendel.typed.place import Place


class DeclarationError(TypeError):
    """A class declares something that cannot be; raised when the class is made."""


class Fault:
    """One thing that is wrong: with which field, and where it was written.

    Args:
        kind: The exception that tells it.
        text: What is wrong, in words.
        place: File and line of the mistake.
    """

    def __init__(self, kind: type[ConfigurationError], text: str, place: Place | None) -> None:
        self.kind = kind
        self.text = text
        self.place = place

    def __str__(self) -> str:
        return f"{self.text} ({self.place})" if self.place else self.text


class ConfigurationError(Exception):
    """Something is wrong with a configuration; ``faults`` lists everything that is."""

    def __init__(self, text: str, faults: Iterable[Fault] = ()) -> None:
        super().__init__(text)
        self.faults = list(faults)


class InvalidValue(ConfigurationError, TypeError, ValueError):
    """A value is not of the declared type."""


class UnknownField(ConfigurationError, AttributeError, TypeError):
    """There is no field of that name."""


class MissingValue(ConfigurationError, AttributeError, ValueError):
    """Required values were not given."""


class ReadOnlyParameter(ConfigurationError, AttributeError):
    """The value is given by the class, or generated; it cannot be set."""


class SealedConfiguration(ConfigurationError, AttributeError):
    """The configuration was sealed and cannot be changed any more."""


class NotUsable(ConfigurationError, ValueError):
    """A configuration cannot stand where it was put, such as one whose files are another's."""


def raise_faults(faults: list[Fault]) -> None:
    """Raises everything that is wrong as one error; nothing when nothing is.

    Raises:
        ConfigurationError: Of the kind of the first fault.
    """
    if not faults:
        return
    if len(faults) == 1:
        raise faults[0].kind(str(faults[0]), faults)
    lines = "".join(f"\n  {fault}" for fault in faults)
    raise faults[0].kind(f"{len(faults)} things are wrong:{lines}", faults)
