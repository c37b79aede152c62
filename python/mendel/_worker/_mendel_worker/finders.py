"""Finds the modules that belong to the running command, and meets argparse on its way in."""

import sys

_HINT = (
    "this environment has no package `mendel`, and the running command carries none: "
    "install it with `pip install mendel`"
)


def install(settings, observer):
    """Put the finders where they belong: ``coretex`` first, ``mendel`` last."""
    package = (settings.get("package") or [None])[0]
    if observer.main:
        if "argparse" in sys.modules:
            _capture(sys.modules["argparse"], observer)
        else:
            sys.meta_path.insert(0, ArgparseFinder(observer))
    if "coretex" in settings and package:
        sys.meta_path.insert(0, PackageFinder("coretex", package + "/compat/coretex"))
    sys.meta_path.append(PackageFinder("mendel", package))


def _capture(argparse, observer):
    # As in `sitecustomize`: our own files may always be kept compiled.
    writes_none, sys.dont_write_bytecode = sys.dont_write_bytecode, False
    try:
        from . import arguments

        arguments.install(argparse, observer)
    except Exception:
        observer.unsure("argparse could not be followed")
    finally:
        sys.dont_write_bytecode = writes_none


class PackageFinder:
    """Finds one package in a folder of its own."""

    def __init__(self, name, folder):
        self._name = name
        self._folder = folder

    def find_spec(self, name, path=None, target=None):
        if name != self._name:
            return None
        if self._folder is None:
            raise ModuleNotFoundError(_HINT, name=name)
        from importlib.machinery import ModuleSpec, SourceFileLoader

        file = self._folder + "/__init__.py"
        spec = ModuleSpec(name, SourceFileLoader(name, file), origin=file, is_package=True)
        spec.submodule_search_locations = [self._folder]
        spec.has_location = True
        return spec


class ArgparseFinder:
    """Lets argparse be found as ever, and follows its parsers once it is loaded."""

    def __init__(self, observer):
        self._observer = observer

    def find_spec(self, name, path=None, target=None):
        if name != "argparse":
            return None
        if self in sys.meta_path:
            sys.meta_path.remove(self)
        for finder in sys.meta_path:
            find = getattr(finder, "find_spec", None)
            spec = find(name, path, target) if find else None
            if spec is not None:
                if hasattr(spec.loader, "exec_module"):
                    spec.loader = FollowedLoader(spec.loader, self._observer)
                return spec
        return None


class FollowedLoader:
    """Loads a module as its own loader does, then tells that it is there."""

    def __init__(self, loader, observer):
        self._loader = loader
        self._observer = observer

    def create_module(self, spec):
        return self._loader.create_module(spec)

    def exec_module(self, module):
        module.__spec__.loader = module.__loader__ = self._loader
        self._loader.exec_module(module)
        _capture(module, self._observer)

    def __getattr__(self, name):
        return getattr(self._loader, name)
