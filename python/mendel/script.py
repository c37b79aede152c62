"""Where a script comes from and what it imports: file, repository, packages.

Everything is found out without changing anything and without failing: a missing git, a
folder that is no repository or a package without metadata leave their fact empty.
"""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_DIFF_MAX = 8 << 20
_OURS = {"mendel", "__main__", "__mp_main__", "sitecustomize", "usercustomize"}
_forced: dict[str, str | None] = {}
_owners: dict[str, list[tuple[str, str]]] = {}


class Entry:
    """The script that this process executes, as far as can be told without asking git.

    Args:
        file: Absolute path of the script; empty in an interactive session.
        module: Name of the module, when started by ``python -m``.
        root: Folder of the repository, else of the script.
        repository: Whether ``root`` is a repository.
    """

    def __init__(self, file: str, module: str, root: str, repository: bool) -> None:
        self.file = file
        self.module = module
        self.root = root
        self.repository = repository

    @property
    def name(self) -> str:
        """Name for a task: that of the script, without its ending."""
        if self.module.endswith(".__main__"):
            return self.module[: -len(".__main__")]
        if self.module:
            return self.module.rpartition(".")[2]
        return os.path.splitext(os.path.basename(self.file))[0] if self.file else "interactive"

    @property
    def project(self) -> str:
        """Name for a project: that of the repository, else of the folder."""
        return os.path.basename(self.root) or "default"


def entry() -> Entry:
    """The script of this process and the root of its repository."""
    main = sys.modules.get("__main__")
    spec = getattr(main, "__spec__", None)
    file = getattr(main, "__file__", None)
    module = spec.name if spec is not None and spec.name and file else ""
    path = os.path.abspath(file) if file else ""
    start = os.path.dirname(path) if path else os.getcwd()
    folder = start
    while True:
        if os.path.exists(os.path.join(folder, ".git")):
            return Entry(path, module, folder, True)
        above = os.path.dirname(folder)
        if above == folder:
            return Entry(path, module, start, False)
        folder = above


def facts(found: Entry) -> tuple[dict[str, Any], bytes]:
    """The code facts of a run, in the store's words, and the uncommitted changes as a patch."""
    root = found.root
    script: dict[str, Any] = {
        "entry": _below(found.file, root) if found.file else "",
        "arguments": list(sys.argv[1:]),
        "root": root,
        "working_folder": _below(os.getcwd(), root),
    }
    patch = b""
    if found.repository:
        address = _git(root, "config", "--get", "remote.origin.url")
        script["repository"] = _without_password(address) or root
        script["branch"] = _git(root, "rev-parse", "--abbrev-ref", "HEAD")
        script["commit"] = _git(root, "rev-parse", "--verify", "HEAD")
        patch = _git_bytes(root, "diff", "--no-ext-diff", "--no-color", "--binary", "HEAD")[:_DIFF_MAX]
    return script, patch


def force_requirement(name: str, version: str | None) -> None:
    """Lists a package even where it is not imported."""
    _forced[name] = version


def packages() -> list[dict[str, str]]:
    """Packages whose modules this process has imported, and those forced, with versions."""
    known: frozenset[str] = getattr(sys, "stdlib_module_names", frozenset())
    imported = {name.partition(".")[0] for name in list(sys.modules)} - known - _OURS
    imported = {name for name in imported if not name.startswith("_")}
    _find_owners(imported - _owners.keys())
    found = dict(owner for name in imported for owner in _owners.get(name, ()))
    for forced, wanted in _forced.items():
        found[normal_name(forced)] = wanted or installed_version(forced)
    return [{"name": name, "version": found[name]} for name in sorted(found)]


def _find_owners(modules: set[str]) -> None:
    """Remembers which packages, with versions, brought ``modules``."""
    for name in sorted(modules):
        version = installed_version(name)
        _owners[name] = [(normal_name(name), version)] if version else []
    unknown = {name for name in modules if not _owners[name]}
    if not unknown:
        return
    from importlib import metadata

    for distribution in metadata.distributions():
        owner = (normal_name(distribution.metadata["Name"] or ""), distribution.version)
        for name in unknown & set(_top_level(distribution)):
            _owners[name].append(owner)


def environment() -> dict[str, Any]:
    """The interpreter and packages of this process, as an environment lock."""
    return {
        "manager": "system" if sys.prefix == sys.base_prefix else "venv",
        "because": "the interpreter of the script",
        "python": ".".join(str(part) for part in sys.version_info[:3]),
        "interpreter": sys.executable or "",
        "packages": packages(),
    }


def normal_name(name: str) -> str:
    """A package's name as it is compared: lower case, with ``-`` for ``_`` and ``.``.

    Example:
        >>> normal_name("Scikit_Learn")
        'scikit-learn'
    """
    return name.lower().replace("_", "-").replace(".", "-")


def installed_version(name: str) -> str:
    """Version of the installed package ``name``, or an empty text."""
    from importlib import metadata

    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return ""


def _top_level(distribution: Any) -> list[str]:
    listed = distribution.read_text("top_level.txt")
    if listed:
        return list(listed.split())
    tops = set()
    for file in distribution.files or []:
        first = file.parts[0]
        if len(file.parts) > 1:
            tops.add(first)
        elif first.endswith(".py"):
            tops.add(first[:-3])
    return [name for name in tops if "." not in name]


def _below(path: str, root: str) -> str:
    below = os.path.relpath(path, root)
    return path if below.startswith("..") else ("" if below == "." else below)


def _git(root: str, *words: str) -> str:
    return _git_bytes(root, *words).decode("utf-8", "replace").strip()


def _git_bytes(root: str, *words: str) -> bytes:
    import subprocess

    quiet = {**os.environ, "GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0"}
    try:
        done = subprocess.run(
            ["git", "-C", root, *words],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=30,
            env=quiet,
            check=False,
        )
    except (OSError, subprocess.SubprocessError):
        return b""
    return done.stdout if done.returncode == 0 else b""


def _without_password(address: str) -> str:
    head, separator, tail = address.partition("://")
    if separator and "@" in tail.partition("/")[0]:
        return f"{head}://{tail.partition('@')[2]}"
    return address
