"""Rules by which stages fill in hyperparameters that nobody set."""

from __future__ import annotations

import difflib
from typing import Any, Mapping, Type

from mendel.pipeline.config import Config

_LIMITS = ("type", "min", "max")


class BadRule(ValueError):
    """A rule is not of the form that rules have, or cannot be applied to the values there are."""


def apply_rules(config: Config, stage_id: str, rules: Any) -> None:
    """Fills in the hyperparameters of a stage.

    Raises:
        BadRule: Names the hyperparameter, what was found, and what is expected.
    """
    if not isinstance(rules, Mapping):
        raise BadRule(
            f"`configure` must return a mapping of hyperparameters to rules, and returned `{type(rules).__name__}`"
        )
    for key, rule in rules.items():
        if not isinstance(key, str) or not key:
            raise BadRule(f"a rule is for a hyperparameter by its name, and `{key!r}` is none")
        factor, user_factor, limits = _parts(key, rule)
        path = f"{stage_id}/{key}"
        try:
            create_config_entry(config, path, factor, user_factor, **limits)
        except BadRule:
            raise
        except Exception as error:
            value = config.get(path, None) if path in config else None
            raise BadRule(
                f"the rule of `{key}` cannot be applied to the value `{value!r}` with factor `{factor!r}`: "
                f"{type(error).__name__}: {error}"
            ) from error


def _parts(key: str, rule: Any) -> tuple[Any, Any, Mapping[str, Any]]:
    if not isinstance(rule, (list, tuple)) or len(rule) not in (2, 3):
        raise BadRule(f"the rule of `{key}` must be [factor, default of the user's factor, limits], and is `{rule!r}`")
    factor, user_factor, *rest = rule
    limits = rest[0] if rest else {}
    if not isinstance(limits, Mapping):
        raise BadRule(f"the limits in the rule of `{key}` must be a mapping with type, min or max, not `{limits!r}`")
    for name in limits:
        if name not in _LIMITS:
            close = difflib.get_close_matches(str(name), _LIMITS, n=1)
            hint = f", did you mean `{close[0]}`?" if close else ""
            raise BadRule(f"the limits in the rule of `{key}` are type, min and max, and `{name}` is none{hint}")
    if limits.get("type") is not None and not callable(limits["type"]):
        raise BadRule(f"`type` in the rule of `{key}` must be a class such as `int`, and is `{limits['type']!r}`")
    return factor, user_factor, limits


def create_config_entry(
    config: Config,
    key: str,
    factor: Any,
    default_user_factor: Any,
    type: Type[Any] | None = None,
    min: Any = None,
    max: Any = None,
) -> None:
    """Fills in one hyperparameter by a rule.

    An unset value becomes `factor` times the value of `AF_` and its name, which itself is
    `default_user_factor` where it is unset. Then `type`, `min` and `max` are applied.
    """
    *path, name = key.split("/")
    user_factor = config.set_default("/".join([*path, f"AF_{name}"]), default_user_factor, True)
    value = config.get(key, None)
    if value is None:
        value = factor * user_factor
    if type is not None:
        value = type(value)
    if min is not None and value < min:
        value = min
    if max is not None and value > max:
        value = max
    config[key] = value if type is None else type(value)
