"""Lists of tasks in the query language of the Trains API, over the runs of the store.

Which field takes which kind of condition is decided here; conditions are joined by AND.
"""

from __future__ import annotations

import re
from types import SimpleNamespace
from typing import Any, Callable, Iterable, Mapping, Sequence

from mendel.task_type import shown_status, stored_status

TYPE_CHECKING = False
if TYPE_CHECKING:
    from mendel.store import Document, Store

PAGE = 500
_PATTERNS = ("name", "comment")
_LISTS = ("id", "user", "tags", "system_tags", "type", "status", "project", "parent")
_RANGES = ("created", "started", "active_duration", "last_iteration")
_DATES = ("status_changed", "last_update", "last_change")
_CONTROL = {
    "search_text", "order_by", "page", "page_size", "only_fields", "projection", "search_hidden", "allow_public",
    "_any_", "_or_", "_all_", "_and_", "size", "scroll_id",
}  # fmt: skip
_TIMES = {"created", "started", "completed", "status_changed", "last_update", "last_change"}

Row = dict[str, Any]


class Answer(SimpleNamespace):
    """The answer to a raw query: ``tasks``, each with the fields of the Trains API.

    Example:
        >>> Answer([{"id": "7", "name": "fit"}]).tasks[0].name
        'fit'
    """

    def __init__(self, rows: Iterable[Row]) -> None:
        super().__init__(tasks=[SimpleNamespace(**row) for row in rows])

    @property
    def response(self) -> Answer:
        """Itself: the envelope has no other content."""
        return self


def by_name(store: Store, project: str | None, name: str) -> list[Document]:
    """Runs of exactly that name, those updated last first; those put away only as a last resort."""
    asked = {"project": project} if project else {}
    found = [run for run in store.runs(filter=f"name = {_quoted(name)}", **asked) if run["name"] == name]
    from mendel.notes import warn

    shown = [run for run in found if not run.get("archived")] or found
    shown.sort(key=lambda run: (run.get("updated", 0), run.get("number", 0)), reverse=True)
    if len(shown) > 1:
        warn("%d tasks are called `%s`; the one updated last is taken", len(shown), name)
    return shown


def select(store: Store, project: str | Sequence[str] | None, conditions: Mapping[str, Any]) -> list[Document]:
    """The runs that ``conditions`` ask for, in their order.

    Raises:
        ValueError: A condition cannot be read.
    """
    wanted = dict(conditions)
    if project is not None:
        wanted["project"] = [project] if isinstance(project, str) else list(project)
    accept = condition(wanted)
    runs = [(run, row(run)) for run in store.runs(**_narrowed(wanted))]
    kept = [(run, shown) for run, shown in runs if accept(shown)]
    ordered = _ordered(kept, wanted.get("order_by"))
    return [run for run, _ in _paged(ordered, wanted)]


def rows(store: Store, conditions: Mapping[str, Any]) -> list[Row]:
    """The same as rows of the Trains API, with the fields asked for."""
    project = conditions.get("project_name")
    wanted = {name: value for name, value in conditions.items() if name != "project_name"}
    fields = wanted.get("only_fields") or wanted.get("projection")
    shown = (row(run) for run in select(store, project, wanted))
    return [_projected(one, fields) for one in shown]


def _narrowed(wanted: Mapping[str, Any]) -> Row:
    """What the store itself can leave out."""
    narrowed: Row = {}
    project = wanted.get("project")
    if isinstance(project, str):
        narrowed["project"] = project
    elif isinstance(project, list) and len(project) == 1 and not str(project[0]).startswith(("-", "__$")):
        narrowed["project"] = project[0]
    ids = wanted.get("id")
    if isinstance(ids, list) and all(re.fullmatch("[0-9a-f]{32}", str(one)) for one in ids):
        narrowed["ids"] = ids
    return narrowed


def row(run: Document) -> Row:
    """A run in the fields of the Trains API."""
    hyperparams: dict[str, Row] = {}
    for param in run.get("params", []):
        section = hyperparams.setdefault(param.get("section", ""), {})
        section[param["name"]] = {
            "section": param.get("section", ""),
            "name": param["name"],
            "value": str(param["value"]),
        }
    started, ended = run.get("started"), run.get("ended")
    return {
        "id": run["id"],
        "name": run["name"],
        "type": run.get("type", "training"),
        "status": str(shown_status(run["status"])),
        "status_reason": run.get("status_reason", ""),
        "status_message": run.get("status_message", ""),
        "status_changed": run.get("status_changed", 0),
        "project": run["project"],
        "user": run.get("user", ""),
        "parent": run.get("parent"),
        "comment": run.get("comment", ""),
        "tags": sorted(run.get("tags", [])),
        "system_tags": ["archived"] if run.get("archived") else [],
        "created": run.get("created", 0),
        "started": started,
        "completed": ended,
        "active_duration": int(((ended or run.get("updated", started)) - started) / 1000) if started else 0,
        "last_update": run.get("updated", 0),
        "last_change": run.get("updated", 0),
        "last_iteration": run.get("last_iteration", 0),
        "last_metrics": run.get("metrics", {}),
        "hyperparams": hyperparams,
        "script": run.get("script", {}),
    }


def condition(wanted: Mapping[str, Any]) -> Callable[[Row], bool]:
    """A test for rows.

    Raises:
        ValueError: A field is unknown, or its condition cannot be read.

    Example:
        >>> test = condition({"name": "^fit", "tags": ["good", "-old"]})
        >>> test({"name": "fit 1", "tags": ["good"]}), test({"name": "fit 2", "tags": ["good", "old"]})
        (True, False)
    """
    tests: list[Callable[[Row], bool]] = []
    for field, value in wanted.items():
        if value is None or field in _CONTROL:
            continue
        tests.append(_field_test(field, value))
    text = wanted.get("search_text")
    if text:
        found = _pattern(re.escape(str(text)), re.IGNORECASE)
        tests.append(lambda shown: any(found(shown.get(field)) for field in ("name", "id", "comment")))
    for name in ("_any_", "_or_", "_all_", "_and_"):
        if wanted.get(name):
            tests.append(_several_fields(wanted[name], any if name in ("_any_", "_or_") else all))
    return lambda shown: all(test(shown) for test in tests)


def _several_fields(given: Mapping[str, Any], joined: Callable[[Iterable[bool]], bool]) -> Callable[[Row], bool]:
    if "fields" not in given or "pattern" not in given:
        raise ValueError("a condition on several fields needs `fields` and `pattern`")
    matches = _pattern(given["pattern"], re.IGNORECASE)
    return lambda shown: joined(matches(_at(shown, field)) for field in given["fields"])


def _field_test(field: str, value: Any) -> Callable[[Row], bool]:
    if field in _PATTERNS:
        matches = _pattern(value)
        return lambda shown: matches(shown.get(field))
    if field in _LISTS or field.startswith("hyperparams."):
        given = list(value) if isinstance(value, (list, tuple, set)) else [value]
        if field == "status":
            given = [_status_word(one) for one in given]
        accept = _list_test([None if one is None else str(getattr(one, "value", one)) for one in given])
        path = f"{field}.value" if field.count(".") == 2 else field
        return lambda shown: accept(_at(shown, path))
    if field in _DATES or field in _TIMES and isinstance(value, str):
        return _date_test(field, value)
    if field in _RANGES or field.startswith("last_metrics."):
        return _range_test(field, value)
    raise ValueError(f"`{field}` is not a field that tasks are filtered by")


def _status_word(given: Any) -> Any:
    word = str(given)
    return word if word.startswith(("-", "__$")) else str(shown_status(stored_status(word)))


def _pattern(text: Any, flags: int = 0) -> Callable[[Any], bool]:
    try:
        compiled = re.compile(str(text), flags)
    except re.error as error:
        raise ValueError(f"`{text}` is not a regular expression: {error}") from error
    return lambda value: compiled.search(str(value or "")) is not None


def _list_test(given: list[str | None]) -> Callable[[Any], bool]:
    """The list conditions: any of, ``-`` and ``__$not`` exclude, ``__$all`` and ``__$any`` join."""
    groups: dict[str, tuple[list[str], list[str]]] = {"any": ([], []), "all": ([], [])}
    context, dashes, negated, joined, empty = "any", True, False, "", False
    for one in given:
        if one is None:
            empty = True
        elif one in ("__$all", "__$and", "__$any", "__$or"):
            context, dashes = ("all" if one in ("__$all", "__$and") else "any"), False
            joined = joined or context
        elif one == "__$not":
            negated = True
        elif one == "__$nop":
            context, dashes = "any", True
        elif one.startswith("__$"):
            raise ValueError(f"`{one}` is not an operator of lists")
        elif negated or dashes and one.startswith("-"):
            groups[context][1].append(one if negated else one[1:])
            negated = False
        else:
            groups[context][0].append(one)
    if negated:
        raise ValueError("`__$not` needs a value after it")

    def test(value: Any) -> bool:
        held = set(map(str, value)) if isinstance(value, (list, tuple, set)) else ({str(value)} if value else set())
        if empty and not held:
            return True
        parts = []
        for name, (included, excluded) in groups.items():
            quantifier = any if name == "any" else all
            if included:
                parts.append(quantifier(one in held for one in included))
            if excluded:
                parts.append(all(one not in held for one in excluded))
        if empty and not groups["any"][0] and not groups["all"][0]:
            return False
        return any(parts) if joined == "any" else all(parts)

    return test


def _range_test(field: str, value: Any) -> Callable[[Row], bool]:
    if not isinstance(value, (list, tuple)) or len(value) != 2 or value[0] is None and value[1] is None:
        raise ValueError(f"`{field}` takes a range `[smallest, largest]`, one of which may be None")
    low, high = value

    def test(shown: Row) -> bool:
        held = _at(shown, field)
        if held is None:
            return low is None
        try:
            number = float(held)
        except (TypeError, ValueError):
            return False
        return (low is None or number >= low) and (high is None or number <= high)

    return test


def _date_test(field: str, value: Any) -> Callable[[Row], bool]:
    given = [str(one) for one in (value if isinstance(value, (list, tuple)) else [value])]
    plain = [one for one in given if not one.startswith((">", "<"))]
    if len(given) == 2 and len(plain) == 2:
        given = [f">={given[0]}", f"<={given[1]}"]
    tests: list[Callable[[float], bool]] = []
    for one in given:
        sign = re.match(r">=|<=|>|<|", one)
        name = sign.group() if sign else ""
        moment = _milliseconds(one[len(name) :].strip())
        if moment is not None:
            tests.append(_comparison(name, moment))
    return lambda shown: all(test(float(shown.get(field) or 0)) for test in tests)


def _comparison(name: str, moment: float) -> Callable[[float], bool]:
    return {
        ">=": lambda held: held >= moment,
        "<=": lambda held: held <= moment,
        ">": lambda held: held > moment,
        "<": lambda held: held < moment,
    }.get(name, lambda held: held == moment)


def _milliseconds(text: str) -> float | None:
    import datetime

    try:
        moment = datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=datetime.timezone.utc)
    return moment.timestamp() * 1000


def _ordered(kept: list[tuple[Document, Row]], order: Any) -> list[tuple[Document, Row]]:
    """By the fields of ``order``, ``-`` for descending; missing values last when ascending."""
    keys = [order] if isinstance(order, str) else list(order or ["-last_update"])
    result = sorted(kept, key=lambda pair: pair[1]["id"])
    for key in reversed(keys):
        descending = key.startswith("-")
        path = key.lstrip("-")
        path = f"{path}.value" if path.startswith("hyperparams.") and path.count(".") == 2 else path
        result.sort(key=lambda pair: _sort_key(_at(pair[1], path)), reverse=descending)
    return result


def _sort_key(value: Any) -> tuple[int, float, str]:
    if value is None or value == "":
        return (2, 0.0, "")
    try:
        return (0, float(value), "")
    except (TypeError, ValueError):
        return (1, 0.0, str(value))


def _paged(ordered: list[Any], wanted: Mapping[str, Any]) -> list[Any]:
    if wanted.get("page") is None and wanted.get("page_size") is None:
        return ordered
    size = int(wanted.get("page_size") or PAGE)
    if size <= 0:
        raise ValueError("`page_size` is at least 1")
    size = min(size, PAGE)
    first = int(wanted.get("page") or 0) * size
    return ordered[first : first + size]


def _projected(shown: Row, fields: Any) -> Row:
    if not fields:
        return shown
    names = [fields] if isinstance(fields, str) else list(fields)
    left_out = {name[1:] for name in names if name.startswith("-")}
    kept = {name.partition(".")[0] for name in names if not name.startswith("-")}
    return {
        name: value
        for name, value in shown.items()
        if name == "id" or name not in left_out and (not kept or name in kept)
    }


def _at(shown: Row, path: str) -> Any:
    """The value at a dotted path; parameter and metric names may hold dots themselves."""
    value: Any = shown
    rest = path
    while rest:
        if not isinstance(value, Mapping):
            return None
        if rest in value:
            return value[rest]
        head, _, rest = rest.partition(".")
        value = value.get(head)
    return value


def _quoted(text: str) -> str:
    if "'" not in text:
        return f"'{text}'"
    if '"' not in text:
        return f'"{text}"'
    return "'" + text.partition("'")[0] + "'" if text.partition("'")[0] else '""'
