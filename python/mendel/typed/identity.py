"""The identity of a configuration, and the reasons for it.

It is computed by the native core from class and values alone; see the concept page
"Identity" for what counts.
"""

from __future__ import annotations

from mendel import _native
from mendel.typed import state as states
from mendel.typed.config import Config
from mendel.typed.state import is_configuration

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

REASONS = {
    "meta": "declared as Meta, Option or DataPath",
    "path": "a path: where something lies is not what it means",
    "generated": "generated when the task is sealed",
    "default": "equal to a default that is ignored",
    "none": "optional and without a value",
    "marked": "the value was marked with setmeta",
}


class Identifier(str):
    """An identity: ``m1:`` and 64 hexadecimal digits.

    Example:
        >>> Identifier("m1:" + 64 * "0").hex[:8]
        '00000000'
    """

    __slots__ = ()

    @property
    def hex(self) -> str:
        """The digits alone, as they name folders."""
        return self.partition(":")[2]


def identity(configuration: Any) -> Identifier:
    """What a configuration means: equal for equal values of the same class, on every machine.

    Raises:
        MissingValue: Values are missing; all are told.
        TypeError: It is no configuration.

    Example:
        >>> from mendel import Config, Param, identity
        >>> class Encoder(Config):
        ...     __mendel_id__ = "example.encoder"
        ...     width: Param[int]
        >>> identity(Encoder(width=3)) == identity(Encoder(width="3"))
        True
    """
    configuration = as_configuration(configuration)
    try:
        return Identifier(_native.configuration_identity(configuration, states.epoch()))
    except LookupError:
        from mendel.typed.sealing import validate

        validate(configuration)
        raise


def as_configuration(value: Any) -> Any:
    """``value``, or the configuration that it was built from.

    Raises:
        TypeError: It is neither a configuration nor an instance.
    """
    if is_configuration(value):
        return value
    if isinstance(value, Config):
        return value.mendel_config
    raise TypeError(f"{value!r} is no configuration")


def left_out(configuration: Any) -> dict[str, str | None]:
    """For each field why it is no part of the identity; ``None`` where it is one."""
    return dict(_native.configuration_fields(as_configuration(configuration), states.epoch()))


def explain(configuration: Any) -> list[dict[str, Any]]:
    """Every field of a configuration and of those below it: its path, its value, whether it
    counts, and why not.
    """
    from mendel.typed.building import short
    from mendel.typed.walking import everything, shown_path

    rows = []
    for path, one in everything(as_configuration(configuration)):
        for name, reason in left_out(one).items():
            rows.append(
                {
                    "path": shown_path((*path, name)),
                    "value": short(one.__dict__[name]) if name in one.__dict__ else None,
                    "counts": reason is None,
                    "why": REASONS[reason] if reason else "",
                }
            )
    return rows
