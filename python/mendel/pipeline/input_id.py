"""Input ids: how `input_ids` of a task is read, and in which order inputs go."""

from __future__ import annotations

import json
import re
import warnings
from typing import Any, Iterable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from mendel.pipeline.types import InputID

_NUMBER = re.compile(r"\d+")
_RANGE = re.compile(r"(\d*)\s*-\s*(\d*)")


def decode_input_ids(spec: Any) -> list[InputID]:
    """The ids that `spec` names, sorted and without duplicates.

    Example:
        >>> decode_input_ids("1, 3-4, 3")
        [1, 3, 4]

    Raises:
        ValueError: A range is open or does not rise.
    """
    if isinstance(spec, str):
        return sort_input_ids(found for token in spec.split(",") for found in _of_token(token.strip()))
    if isinstance(spec, (list, tuple, set, frozenset)):
        for item in spec:
            _check(item)
        return sort_input_ids(spec)
    if spec is None:
        return []
    _check(spec)
    return [spec]


def sort_input_ids(ids: Iterable[InputID]) -> list[InputID]:
    """Numbers by value, then names; a mix is warned of."""
    distinct = list(dict.fromkeys(ids))
    numbers = sorted(found for found in distinct if not isinstance(found, str))
    names = sorted(found for found in distinct if isinstance(found, str))
    if numbers and names:
        warnings.warn(f"input ids mix numbers and names: `{numbers[0]}` and `{names[0]}`", stacklevel=3)
    return [*numbers, *names]


def written(input_id: InputID | None) -> str:
    """The id as JSON: what keeps `1` apart from `"1"`."""
    return json.dumps(input_id, ensure_ascii=False)


def _check(item: Any) -> None:
    if isinstance(item, bool) or not isinstance(item, (int, str)):
        raise ValueError(f"`{item!r}` is no input id; ids are whole numbers and texts")


def _of_token(token: str) -> list[InputID]:
    if not token:
        return []
    if _NUMBER.fullmatch(token):
        return [int(token)]
    span = _RANGE.fullmatch(token)
    if span is None:
        return [token]
    first, last = span.groups()
    if not first or not last or int(first) >= int(last):
        raise ValueError(f"`{token}` is no range of input ids: its first must be below its last, as in `1-3`")
    return list(range(int(first), int(last) + 1))
