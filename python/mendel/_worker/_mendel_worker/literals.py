"""Tells whether a parser says the same at every start: whether its defaults are literals.

A default that is taken from the machine, the clock or another library may be another the
next time, so that the parser is known only once it has run.
"""

import ast
import builtins

_CALLS = frozenset("dict enumerate float frozenset int len list max min range set sorted str sum tuple zip".split())
_METHODS = frozenset("format items join keys lower replace split strip upper values".split())
_FREE = ("help", "metavar", "dest")
# What no dependency of a run holds: another moment, another chance, what merely exists.
_PASSING = frozenset(
    "time datetime random uuid secrets socket tempfile platform getpid getppid gethostname urandom getrandbits "
    "exists isfile isdir is_file is_dir lexists getmtime getsize stat input id hash".split()
)
# Libraries whose answers follow from their arguments, from files and from variables.
_STEADY = frozenset(
    "argparse collections configparser copy csv dataclasses enum functools itertools json math multiprocessing "
    "numpy operator os pathlib re string sys toml tomllib typing yaml".split()
)


def declared(files):
    """Whether every argument that the code in ``files`` declares is made of literals, and
    whether each follows from files and variables alone, which a run depends on."""
    project = Project(files)
    declaring = [file for file in files if project.declares(file)]
    # The cells of a notebook are no source that could be read here.
    if any(file.endswith(".ipynb") for file in declaring):
        return False, False
    sources = [project.source(file) for file in declaring]
    literal = all(source.is_steady() for source in sources)
    return literal, literal or not any(source.is_passing() for source in sources)


class Project:
    """The files whose code was executed."""

    def __init__(self, files):
        self._files = list(files)
        self._sources = {}

    def declares(self, file):
        """Whether anything in ``file`` may belong to a parser."""
        with open(file, "rb") as source:
            text = source.read()
        return b"add_argument" in text or b"set_defaults" in text

    def source(self, file):
        """The source in ``file``."""
        if file not in self._sources:
            with open(file, "rb") as source:
                self._sources[file] = Source(ast.parse(source.read()), self)
        return self._sources[file]

    def module(self, name):
        """The source of the module ``name``, if it is one of the project."""
        if not name:
            return None
        ends = ("/%s.py" % name.replace(".", "/"), "/%s/__init__.py" % name.replace(".", "/"))
        found = [file for file in self._files if file.endswith(ends)]
        return self.source(found[0]) if len(found) == 1 else None


class Source:
    """The text of one file, with what each of its names is bound to."""

    def __init__(self, tree, project):
        self._tree = tree
        self._project = project
        self._values = {}
        self._modules = {}
        self._members = {}
        self._open = set()
        self._bodies = {}
        for node in ast.walk(tree):
            self._bind(node)

    def _bind(self, node):
        if isinstance(node, ast.Assign):
            for target in node.targets:
                self._bind_target(target, node.value)
        elif isinstance(node, ast.Import):
            self._modules.update((alias.asname or alias.name, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            module = node.module or ""
            self._members.update((alias.asname or alias.name, (module, alias.name)) for alias in node.names)
            self._modules.update(
                (alias.asname or alias.name, (module + "." + alias.name).strip(".")) for alias in node.names
            )
        elif isinstance(node, (ast.AnnAssign, ast.NamedExpr)) and node.value is not None:
            self._bind_target(node.target, node.value)
        elif isinstance(node, ast.AugAssign):
            self._bind_target(node.target, node.value)
        elif isinstance(node, (ast.For, ast.AsyncFor, ast.comprehension)):
            self._bind_target(node.target, node.iter)
        elif isinstance(node, ast.withitem) and node.optional_vars is not None:
            self._bind_target(node.optional_vars, node.context_expr)
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            self._bodies.setdefault(node.name, []).append(node)

    def _bind_target(self, target, value):
        for node in ast.walk(target):
            if isinstance(node, ast.Name):
                self._values.setdefault(node.id, []).append(value)

    def is_steady(self):
        """Whether all that is declared is made of literals."""
        return all(map(self._is_closed, self._declarations()))

    def is_passing(self):
        """Whether anything that is declared may be another at the next start."""
        return any(self._passes(node, set()) for node in self._declarations())

    def _declarations(self):
        for node in ast.walk(self._tree):
            name = getattr(getattr(node, "func", None), "attr", "")
            if name == "add_argument":
                yield from node.args
            if name in ("add_argument", "set_defaults"):
                free = (*_FREE, "type", "action")
                yield from (keyword.value for keyword in node.keywords if keyword.arg not in free)

    def _passes(self, node, seen):
        given = {part.arg for part in ast.walk(node) if isinstance(part, ast.arg)}
        for part in ast.walk(node):
            if isinstance(part, ast.Attribute):
                if part.attr in _PASSING:
                    return True
                if isinstance(part.value, ast.Name):
                    source = self._project.module(self._modules.get(part.value.id, ""))
                    if source is not None and source._passes_name(part.attr, seen):
                        return True
            elif isinstance(part, ast.Name) and part.id not in given and self._passes_name(part.id, seen):
                return True
        return False

    def _passes_name(self, name, seen):
        if name in _PASSING:
            return True
        if (id(self), name) in seen:
            return False
        seen.add((id(self), name))
        nodes = [*self._values.get(name, ()), *self._bodies.get(name, ())]
        if nodes:
            return any(self._passes(node, seen) for node in nodes)
        if name in self._members and self._project.module(self._members[name][0]) is not None:
            module, member = self._members[name]
            return self._project.module(module)._passes_name(member, seen)
        if name in self._modules:
            module = self._modules[name]
            return self._project.module(module) is None and module.split(".")[0] not in _STEADY
        # A name that nothing here gives a value is a parameter of a function.
        return name != "__file__" and name not in dir(builtins)

    def _is_closed(self, node):
        if isinstance(node, ast.Name):
            return self._is_closed_name(node.id)
        if isinstance(node, ast.Attribute):
            if not isinstance(node.value, ast.Name):
                return False
            return node.value.id == "argparse" or self._is_closed_member(self._modules.get(node.value.id), node.attr)
        if isinstance(node, ast.Call):
            called = node.func
            if isinstance(called, ast.Name):
                plain = called.id in _CALLS
            else:
                plain = (
                    isinstance(called, ast.Attribute) and called.attr in _METHODS and self._is_closed(called.value)
                )
            given = [*node.args, *(keyword.value for keyword in node.keywords)]
            return plain and all(map(self._is_closed, given))
        if isinstance(node, (ast.Await, ast.Yield, ast.YieldFrom, ast.Lambda)):
            return False
        parts = (part for part in ast.iter_child_nodes(node) if isinstance(part, (ast.expr, ast.comprehension)))
        return all(map(self._is_closed, parts))

    def _is_closed_member(self, module, name):
        source = self._project.module(module) if module else None
        return source is not None and source._is_closed_name(name)

    def _is_closed_name(self, name):
        values = self._values.get(name)
        if values is None:
            if name in self._members:
                return self._is_closed_member(*self._members[name])
            # A name that nothing here gives a value is a parameter of a function.
            return name in dir(builtins)
        if name in self._open:
            return True
        self._open.add(name)
        try:
            return all(map(self._is_closed, values))
        finally:
            self._open.discard(name)
