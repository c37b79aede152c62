"""Submit hooks: what classes ask for in the environment of the tasks that use them."""

from __future__ import annotations

from mendel.typed.errors import DeclarationError
from mendel.typed.walking import children

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, TypeVar

    C = TypeVar("C", bound=type)

_HELD = "__mendel_hooks__"


class SubmitHook:
    """Changes the job or the launcher of every task that uses the class it decorates.

    Example:
        >>> class needs_jdk(SubmitHook):
        ...     def __init__(self, version): self.version = version
        ...     def spec(self): return self.version
        ...     def process(self, job, launcher): job.environ["JAVA_HOME"] = f"/opt/jdk{self.version}"
    """

    def spec(self) -> Any:
        """What tells this hook from others of its class; hashable."""
        return None

    def process(self, job: Any, launcher: Any) -> None:
        """Changes the job, such as ``job.environ``, or the launcher.

        Raises:
            NotImplementedError: The class does not say how.
        """
        raise NotImplementedError(f"submit hook `{type(self).__qualname__}` has no method `process`")

    def __call__(self, cls: C) -> C:
        """Decorates a class.

        Raises:
            DeclarationError: What is decorated is no class of configurations, or ``spec()``
                cannot be hashed.
        """
        from mendel.typed.config import ConfigType

        if not isinstance(cls, ConfigType):
            raise DeclarationError(f"submit hook `{type(self).__qualname__}` decorates classes of configurations")
        try:
            hash(self.spec())
        except TypeError as error:
            raise DeclarationError(f"`spec()` of submit hook `{type(self).__qualname__}`: {error}") from None
        setattr(cls, _HELD, (*cls.__dict__.get(_HELD, ()), self))
        return cls


def submit_hook_decorator(hook: Any) -> Callable[..., Any]:
    """A decorator for classes from a hook, or from a class of hooks.

    Raises:
        DeclarationError: It is neither.
    """
    if isinstance(hook, SubmitHook):
        return hook
    if isinstance(hook, type) and issubclass(hook, SubmitHook):
        return lambda *positional, **named: hook(*positional, **named)
    raise DeclarationError("`submit_hook_decorator` is given a submit hook, or a class of them")


def hooks_of(task: Any) -> list[tuple[SubmitHook, type]]:
    """The hooks for a task, each once, with the class that asked for it.

    The class of the task comes first, then its fields by name and what is below them; the
    hooks of one class from the bottom decorator to the top, those of its bases before. What
    came out of other tasks asks for nothing.
    """
    found: list[tuple[SubmitHook, type]] = []
    known: set[Any] = set()
    seen: set[int] = set()
    todo = [task]
    while todo:
        one = todo.pop()
        state = one.__mendel__
        if id(one) in seen or (one is not task and (state.owner is not None or state.fixed)):
            continue
        seen.add(id(one))
        for cls in reversed(state.schema.cls.__mro__):
            for hook in cls.__dict__.get(_HELD, ()):
                key = (type(hook), hook.spec())
                if key not in known:
                    known.add(key)
                    found.append((hook, cls))
        below = sorted(children(one), key=lambda child: (child[0][0] == "init_tasks", str(child[0][0])))
        todo.extend(child for _, child in reversed(below))
    return found
