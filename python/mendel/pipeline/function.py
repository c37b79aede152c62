"""Stages from plain functions: what a function takes and returns says what the stage declares."""

from __future__ import annotations

import inspect
from typing import Any, Callable, Collection, Dict, overload

from mendel.pipeline.stage_class import Stage

_GIVEN = ("pipeline", "config", "status")


class FunctionStage(Stage):
    """A stage whose work is a function.

    Called without arguments it answers itself, as a class of stages would; called with
    arguments it calls the function.
    """

    function: Callable[..., Any]
    defaults: Dict[str, Any] = {}
    given: Collection[str] = ()
    single: bool = True

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Calls the function; without arguments, the stage itself."""
        return type(self).function(*args, **kwargs) if args or kwargs else self

    def process(self, pipeline: Any, config: Any, status: Any = None, **inputs: Any) -> Dict[str, Any]:
        """Calls the function with its inputs and hyperparameters."""
        about = {"pipeline": pipeline, "config": config, "status": status}
        chosen = {name: about[name] for name in self.given}
        tuned = {name: config.get(name, default) for name, default in self.defaults.items()}
        wanted = {name: value for name, value in inputs.items() if name in self.arguments}
        made = type(self).function(**wanted, **tuned, **chosen)
        outputs = list(type(self).outputs)
        if self.single:
            return {outputs[0]: made}
        if isinstance(made, tuple) and len(made) == len(outputs):
            return dict(zip(outputs, made))
        return {} if made is None and not outputs else made

    arguments: Collection[str] = ()


@overload
def stage(function: Callable[..., Any]) -> FunctionStage: ...
@overload
def stage(
    *,
    outputs: str | Collection[str] | None = None,
    consumes: Collection[str] = (),
    id: str | None = None,
    enabled_by_default: bool = True,
    pickle: bool = False,
) -> Callable[[Callable[..., Any]], FunctionStage]: ...


def stage(
    function: Callable[..., Any] | None = None,
    *,
    outputs: str | Collection[str] | None = None,
    consumes: Collection[str] = (),
    id: str | None = None,
    enabled_by_default: bool = True,
    pickle: bool = False,
) -> Any:
    """Makes a stage of a function.

    Arguments without default are the fields it reads; arguments with one are its
    hyperparameters. `pipeline`, `config` and `status` are given where they are asked for.

    Args:
        function: The function.
        outputs: The name of the one value that it returns, or the names of several, returned
            as a mapping or as a tuple in that order. The name of the function, by default.
        consumes: Those arguments that are gone afterwards.
        id: The id of the stage; the name of the function with `-` for `_`, by default.
        enabled_by_default: Whether it runs where its hyperparameter `enabled` says nothing.
        pickle: Whether values without a format of their own are stored as pickles.

    Example:
        >>> @stage(outputs="area")
        ... def measure(mask, scale=1.0):
        ...     return mask * scale
        >>> measure.id, sorted(measure.inputs), sorted(measure.outputs), measure(2)
        ('measure', ['mask'], ['area'], 2.0)
    """
    if function is None:
        return lambda one: _made(one, outputs, consumes, id, enabled_by_default, pickle)
    return _made(function, outputs, consumes, id, enabled_by_default, pickle)


def _made(
    function: Callable[..., Any],
    outputs: str | Collection[str] | None,
    consumes: Collection[str],
    id: str | None,
    enabled_by_default: bool,
    pickle: bool,
) -> FunctionStage:
    named = inspect.signature(function).parameters
    for parameter in named.values():
        if parameter.kind not in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY):
            raise TypeError(
                f"`{function.__qualname__}` takes `{parameter}`: a stage needs a name for each field it reads"
            )
    tuned = {name: one.default for name, one in named.items() if one.default is not one.empty and name not in _GIVEN}
    arguments = [name for name in named if name not in tuned and name not in _GIVEN]
    single = outputs is None or isinstance(outputs, str)
    made = [function.__name__ if outputs is None else outputs] if single else list(outputs or ())
    cls = type(
        function.__name__,
        (FunctionStage,),
        {
            "__doc__": function.__doc__,
            "__module__": function.__module__,
            "__qualname__": function.__qualname__,
            "id": function.__name__.replace("_", "-") if id is None else id,
            "inputs": arguments,
            "outputs": made,
            "consumes": list(consumes),
            "enabled_by_default": enabled_by_default,
            "pickle": pickle,
            "function": staticmethod(function),
            "defaults": tuned,
            "given": [name for name in named if name in _GIVEN],
            "arguments": arguments,
            "single": single,
        },
    )
    made_stage: FunctionStage = cls()
    return made_stage
