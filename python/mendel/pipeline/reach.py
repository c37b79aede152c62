"""Which modules of the project the code of a stage may use, of those that are loaded."""

from __future__ import annotations

from types import CodeType, ModuleType
from typing import Any, Dict, Set

from mendel.pipeline.state import Project

_TEXT_MAX = 200
_DYNAMIC = frozenset(("import_module", "__import__", "modules", "eval", "exec", "run_path", "run_module"))


class Reach:
    """Follows the names in the code of modules: more may be told than is used, never less.

    Args:
        project: The loaded modules.
    """

    def __init__(self, project: Project) -> None:
        self._project = project
        self._texts: Dict[str, Set[str]] = {}
        self._known: Dict[tuple[type, int], Set[str]] = {}

    def files(self, stage: Any) -> Set[str]:
        """The sources of the modules that a stage may use."""
        modules = {module.__name__: (file, module) for file, module in self._project.modules()}
        key = (type(stage), len(modules))
        if key not in self._known:
            self._known[key] = self._files(type(stage), modules)
        return self._known[key]

    def _files(self, cls: type, modules: Dict[str, tuple[str, ModuleType]]) -> Set[str]:
        waiting = {base.__module__ for base in cls.__mro__ if base.__module__ in modules}
        if cls.__module__ not in modules:
            waiting = set(modules)
        reached: Set[str] = set()
        while waiting:
            name = waiting.pop()
            if name in reached or name not in modules:
                continue
            reached.add(name)
            texts = self._of(*modules[name])
            if not _DYNAMIC.isdisjoint(texts):
                waiting |= set(modules)
                continue
            waiting |= {other for other in modules if other in texts or other.rpartition(".")[2] in texts}
            waiting.add(name.rpartition(".")[0])
        return {modules[name][0] for name in reached}

    def _of(self, file: str, module: ModuleType) -> Set[str]:
        """The names and short texts in the code of a module."""
        if file not in self._texts:
            texts: Set[str] = set()
            loader = getattr(getattr(module, "__spec__", None), "loader", None)
            get_code = getattr(loader, "get_code", None)
            try:
                code = get_code(module.__name__) if get_code is not None else None
            except (ImportError, SyntaxError, OSError):
                code = None
            if code is None:
                # Of what cannot be read everything may be used.
                texts |= _DYNAMIC
            else:
                _gather(code, texts)
            self._texts[file] = texts
        return self._texts[file]


def _gather(code: CodeType, texts: Set[str]) -> None:
    texts.update(code.co_names)
    for constant in code.co_consts:
        if isinstance(constant, str) and len(constant) <= _TEXT_MAX:
            texts.add(constant)
        elif isinstance(constant, CodeType):
            _gather(constant, texts)
        elif isinstance(constant, (tuple, frozenset)):
            texts.update(text for text in constant if isinstance(text, str))
