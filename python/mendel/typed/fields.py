"""What a class says about one of its fields beside the type."""

from __future__ import annotations

from mendel.typed.errors import DeclarationError
from mendel.typed.kinds import PathGenerator

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Sequence

    from mendel.typed.kinds import Kind
    from mendel.typed.spec import Spec


class _Missing:
    def __repr__(self) -> str:
        return "<not given>"

    def __bool__(self) -> bool:
        return False


MISSING: Any = _Missing()
_IDENTITIES = (None, "content", "value")


class FieldOptions:
    """What :func:`field` was told."""

    def __init__(
        self,
        default: Any = MISSING,
        factory: Callable[[], Any] | None = None,
        ignore_default: bool = False,
        groups: Sequence[Any] = (),
        overrides: bool = False,
        ignore_generated: bool = False,
        identity: str | None = None,
    ) -> None:
        self.default = default
        self.factory = factory
        self.ignore_default = ignore_default
        self.groups = tuple(groups)
        self.overrides = overrides
        self.ignore_generated = ignore_generated
        self.identity = identity


def field(
    *,
    default: Any = MISSING,
    default_factory: Any = None,
    ignore_default: Any = False,
    groups: Sequence[Any] = (),
    overrides: bool = False,
    ignore_generated: bool = False,
    identity: str | None = None,
) -> Any:
    """Says more about a field than its type.

    Args:
        default: The value where none is given. It is part of the identity.
        default_factory: Makes that value, once for each configuration; or a
            :class:`PathGenerator`.
        ignore_default: A value equal to the default is no part of the identity. Given
            without a default, it is the default itself: an older spelling.
        groups: Groups made by :func:`param_group`, for partial identities.
        overrides: The field of a base class is redefined on purpose.
        ignore_generated: A generated path may be used by tasks that do not own it.
        identity: For a path, what of it counts: its ``"content"``, or its ``"value"``.

    Raises:
        DeclarationError: The arguments contradict each other.
    """
    if default is not MISSING and default_factory is not None:
        raise DeclarationError("a field has `default` or `default_factory`, not both")
    if default_factory is not None and not (callable(default_factory) or isinstance(default_factory, PathGenerator)):
        raise DeclarationError("`default_factory` is a function without arguments, or a path generator")
    if identity not in _IDENTITIES:
        raise DeclarationError(f'`identity` is "content" or "value", not {identity!r}')
    ignored = bool(ignore_default) if isinstance(ignore_default, bool) else True
    if ignore_default is not False and default is MISSING and default_factory is None:
        default = ignore_default
    return FieldOptions(default, default_factory, ignored, groups, overrides, ignore_generated, identity)


class Field:
    """A field as it was declared: its type, its kind, and where its value comes from."""

    __slots__ = (
        "convert",
        "default",
        "doc",
        "factory",
        "generator",
        "groups",
        "home",
        "identity",
        "ignored",
        "keeps_generated",
        "kind",
        "name",
        "overrides",
        "spec",
    )

    def __init__(self, home: type, name: str, kind: Kind, spec: Spec) -> None:
        self.home = home
        self.name = name
        self.kind = kind
        self.spec = spec
        self.convert = spec.convert
        self.default: Any = MISSING
        self.factory: Callable[[], Any] | None = None
        self.generator: PathGenerator | None = None
        self.ignored = False
        self.groups: tuple[Any, ...] = ()
        self.overrides = False
        self.keeps_generated = True
        self.identity: str | None = None
        self.doc = ""

    @property
    def required(self) -> bool:
        """Whether a value has to be given."""
        return self.default is MISSING and self.factory is None and self.generator is None


class RenamedParameter:
    """A function in a class body that takes the value of a parameter's old name."""

    def __init__(self, function: Callable[[Any, Any], None]) -> None:
        self.function = function
