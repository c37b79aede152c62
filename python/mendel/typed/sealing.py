"""Checking a configuration as a whole, and freezing it."""

from __future__ import annotations

from mendel.typed.building import built_at, shown
from mendel.typed.errors import Fault, InvalidValue, MissingValue, NotUsable, raise_faults
from mendel.typed.frozen import frozen
from mendel.typed.place import here
from mendel.typed.spec import Mismatch
from mendel.typed.walking import children_first, everything, is_history, shown_path

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from mendel.typed.instances import DirectoryContext


def validate(root: Any) -> None:
    """Checks everything below: values that are missing or were changed in place, and the classes' own checks.

    Raises:
        ConfigurationError: All that is missing or wrong, each with its path.
        Exception: What a ``__validate__`` raised.
    """
    name = type(root).__name__
    faults: list[Fault] = []
    parts = children_first(root, _is_done)
    for path, one in parts:
        if not _is_done(one) or one is root:
            faults.extend(_faults(shown_path(path, name), one))
    raise_faults(faults)
    for _, one in parts:
        state = one.__mendel__
        if not state.validated and not is_history(one):
            check = getattr(type(one), "__validate__", None)
            if check is not None:
                check(one)
            state.validated = True


def _is_done(configuration: Any) -> bool:
    return configuration.__mendel__.sealed is not None or is_history(configuration)


def _faults(path: str, configuration: Any) -> list[Fault]:
    values = configuration.__dict__
    state = configuration.__mendel__
    faults = []
    for name, field in state.schema.fields.items():
        if field.generator is not None:
            continue
        if name not in values:
            text = f"`{path}.{name}` of `{shown(configuration)}` has no value, expected `{field.spec.text}`"
            faults.append(Fault(MissingValue, text, built_at(configuration)))
        elif state.sealed is None and isinstance(values[name], (list, dict, set)):
            try:
                values[name] = field.convert(values[name])
            except Mismatch as mismatch:
                text = (
                    f"`{path}.{name}{mismatch.where}` of `{shown(configuration)}`: "
                    f"{mismatch.value!r} is not `{mismatch.expected}`"
                )
                faults.append(Fault(InvalidValue, text, built_at(configuration)))
    return faults


def seal(root: Any, context: DirectoryContext | None = None) -> None:
    """Checks and freezes a configuration and everything below it; fills generated paths where
    ``context`` says where they lie. What is sealed already stays as it is.

    Raises:
        ConfigurationError: Something is missing, wrong, or belongs to another task.
    """
    validate(root)
    parts = list(everything(root, is_history))
    raise_faults([fault for path, one in parts for fault in _foreign(root, path, one)])
    place = here()
    if context is not None:
        from mendel.typed.paths import fill

        fill(root, context)
    for _, one in parts:
        state = one.__mendel__
        if state.sealed is None and one is not root and is_history(one):
            # What is below it is not among the parts, and has to stay as it is as well.
            seal(one)
        elif state.sealed is None:
            state.sealed = place
            state.sealed_by = root
            values = one.__dict__
            for name in state.schema.fields:
                if isinstance(values.get(name), (list, dict, set, tuple)):
                    values[name] = frozen(values[name])


def _foreign(root: Any, path: Any, one: Any) -> list[Fault]:
    """Generated files of ``one`` that belong to another task than ``root``."""
    state = one.__mendel__
    owner = state.sealed_by
    if one is root or is_history(one) or owner is None or not state.generated or _is_same(owner, root):
        return []
    names = [name for name in state.schema.fields if name in state.generated]
    kept = [name for name in names if state.schema.fields[name].keeps_generated]
    if not kept:
        return []
    listed = ", ".join(f"`{shown_path((*path, name))}`" for name in kept)
    return [
        Fault(
            NotUsable,
            f"{listed} of `{shown(root)}`: these files belong to `{shown(owner)}`, which was sealed with "
            f"`{shown(one)}`; use what that task returns when it is submitted, or a copy made by `copyconfig(…)`",
            built_at(root),
        )
    ]


def _is_same(owner: Any, root: Any) -> bool:
    """Whether files of ``owner`` are those of ``root``: it is the same task, or made ``root``."""
    if owner is root or owner is root.__mendel__.owner:
        return True
    from mendel.typed.identity import identity

    return bool(owner.__mendel__.fixed) and identity(owner) == identity(root)
