"""Loading saved configurations.

Only the classes of what is reached without going through the tasks it came from are needed.
Nothing that was saved is executed.
"""

from __future__ import annotations

import json
import os
import warnings
from pathlib import Path

from mendel.typed import building
from mendel.typed.document import FILE, VERSION, read
from mendel.typed.finding import ClassNotFound, find, find_loaded
from mendel.typed.frozen import frozen
from mendel.typed.identity import identity
from mendel.typed.jobs import PastJob
from mendel.typed.place import Place
from mendel.typed.schema import schema_of
from mendel.typed.state import State
from mendel.typed.tags import Tag

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from mendel.typed.instances import DirectoryContext

JOB_FILE = "params.json"


class Stub:
    """Stands for a task whose class is not needed: only what it means is known."""

    __mendel_stub__ = True

    def __init__(self, entry: dict[str, Any]) -> None:
        kept = ("type_id", "module", "name", "script", "identity", "tags")
        self.entry = {name: entry[name] for name in kept if name in entry}
        self.__mendel__ = State(_StubSchema(entry["type_id"]), (entry["module"], 0))  # type: ignore[arg-type]
        self.__mendel__.digest = bytes.fromhex(entry["identity"].partition(":")[2])
        self.__mendel__.fixed = True
        self.__mendel__.loaded = entry["identity"]
        self.__mendel__.tags = _tags(entry)


class _StubSchema:
    """What is known of a class that is not needed."""

    def __init__(self, type_id: str) -> None:
        self.type_id = type_id
        self.fields: dict[str, Any] = {}


def load(folder: str | os.PathLike[str], *, as_instance: bool = False, discard_id: bool = False) -> Any:
    """What :func:`save` saved.

    Args:
        folder: The folder.
        as_instance: Build instances.
        discard_id: Forget the recorded identities; they are computed anew.

    Raises:
        ClassNotFound: A class is not there.
        ValueError: The file was written by a newer version, or is none.
    """
    document, bases = _read(Path(folder).absolute() / FILE)
    return Loader(document, bases, discard_id).value(as_instance)


def from_state_dict(document: dict[str, Any], *, as_instance: bool = False, discard_id: bool = False) -> Any:
    """What :func:`state_dict` wrote.

    Raises:
        ClassNotFound: A class is not there.
        ValueError: It was written by a newer version, or is no such document.
    """
    return Loader(document, {}, discard_id).value(as_instance)


def deserialize(folder: str | os.PathLike[str], *, as_instance: bool = False) -> Any:
    """What :func:`serialize` saved: the configuration and its init tasks; or the instance, on
    which these were run.

    Raises:
        ClassNotFound: A class is not there.
        ValueError: The file was written by a newer version, or is none.
    """
    document, bases = _read(Path(folder).absolute() / FILE)
    loader = Loader(document, bases, discard_id=False)
    tasks = [loader.object(number) for number in document.get("init_tasks", ())]
    configuration = loader.value(as_instance=False)
    if not as_instance:
        return configuration, tasks
    from mendel.typed.instances import build_together

    instance, *ready = build_together([configuration, *tasks], None)
    for task in ready:
        task.execute()
    return instance


def from_task_dir(folder: str | os.PathLike[str], *, as_instance: bool = False, discard_id: bool = False) -> Any:
    """The task of a job, by the job's folder; its paths are those of its files now.

    Raises:
        ClassNotFound: A class is not there.
        ValueError: The file was written by a newer version, or is none.
    """
    task = Path(folder).absolute()
    document, bases = _read(task / JOB_FILE)
    bases.update(task=task, workspace=workspace_of(task))
    return Loader(document, bases, discard_id).value(as_instance)


def workspace_of(task: Path) -> Path:
    """The folder that holds ``jobs/``, for the folder of a job."""
    return task.parents[2] if len(task.parents) > 2 else task.parent


def _read(file: Path) -> tuple[dict[str, Any], dict[str, Path]]:
    try:
        document = json.loads(file.read_text(encoding="utf-8", errors="surrogatepass"))
    except json.JSONDecodeError as error:
        raise ValueError(f"`{file}` is no saved configuration: {error}") from error
    return document, {"saved": file.parent}


class Loader:
    """Reads a document back, object by object.

    Args:
        document: What was written.
        bases: Folders by name, for paths that are relative to them.
        discard_id: Forget recorded identities.

    Raises:
        ValueError: The document is of a newer version, or none.
    """

    def __init__(self, document: dict[str, Any], bases: dict[str, Path], discard_id: bool) -> None:
        head = document.get("mendel") if isinstance(document, dict) else None
        version = head.get("format") if isinstance(head, dict) else None
        if not isinstance(version, int) or "objects" not in document:
            raise ValueError("this is no document of saved configurations")
        if version > VERSION:
            raise ValueError(f"this was saved in format {version}, and this version of Mendel reads up to {VERSION}")
        self._document = document
        self._entries = {entry["id"]: entry for entry in document["objects"]}
        self._bases = bases
        self._discard = discard_id
        self._made: dict[int, Any] = {}

    def value(self, as_instance: bool = False, context: DirectoryContext | None = None) -> Any:
        """The whole."""
        value = read(self._document["value"], self.object, self._bases)
        self._check()
        if not as_instance:
            return value
        from mendel.typed.instances import build_within

        return build_within(value, context)

    def object(self, number: int) -> Any:
        """The configuration of that number."""
        if number not in self._made:
            self._made[number] = self._bare(self._entries[number])
            self._fill(self._made[number], self._entries[number])
        return self._made[number]

    def _bare(self, entry: dict[str, Any]) -> Any:
        schema = schema_of(find(entry["module"], entry["name"], entry.get("script")))
        kind = building.configuration_class(schema)
        configuration = kind.__new__(kind)
        object.__setattr__(configuration, "__mendel__", State(schema, (entry["module"], 0)))
        return configuration

    def _fill(self, configuration: Any, entry: dict[str, Any]) -> None:
        state = configuration.__mendel__
        values = configuration.__dict__
        sealed = bool(entry.get("sealed"))
        for name, raw in entry["fields"].items():
            value = read(raw, self.object, self._bases)
            if name in state.schema.fields:
                values[name] = frozen(value) if sealed else value
            elif name in state.schema.renamed:
                state.schema.renamed[name](configuration, value)
            else:
                warnings.warn(
                    f"`{state.schema.type_id}` has no field `{name}` any more; its saved value is left out",
                    UserWarning,
                    stacklevel=2,
                )
        for name, default in state.schema.defaults.items():
            values.setdefault(name, default)
        for name, make in state.schema.makers:
            if name not in values:
                values[name] = make()
        state.meta = entry.get("meta")
        state.tags = _tags(entry)
        state.stopped = frozenset(entry.get("stopped", ()))
        state.generated = frozenset(entry.get("generated", ()))
        state.soft = bool(entry.get("soft"))
        state.init_tasks = tuple(self.object(task) for task in entry.get("init_tasks", ()))
        if "owner" in entry:
            state.owner = self._owner(entry["owner"])
        if "job" in entry:
            state.job = PastJob(read(entry["job"], self.object, self._bases), state.schema.type_id)
        if sealed:
            state.sealed = state.sealed or Place(entry["module"], 0)
            state.validated = True

    def _owner(self, number: int) -> Any:
        """The task that something came from: as itself where its class is loaded, else as a stub."""
        if number in self._made:
            return self._made[number]
        entry = self._entries[number]
        if "fields" in entry and find_loaded(entry["module"], entry["name"]) is not None:
            try:
                return self.object(number)
            except (ClassNotFound, ImportError):
                self._made.pop(number, None)
        self._made[number] = Stub(entry)
        return self._made[number]

    def _check(self) -> None:
        """Compares recorded identities with what the values mean now; the recorded ones stand."""
        if self._discard:
            return
        from mendel.typed.tasks import is_task

        for number, one in self._made.items():
            recorded = self._entries[number].get("identity")
            if recorded is None or isinstance(one, Stub):
                continue
            state = one.__mendel__
            now = identity(one)
            if now != recorded:
                warnings.warn(
                    f"a saved configuration of `{state.schema.type_id}` was recorded as {recorded}, and its values "
                    f"mean {now} now; the recorded one stands (`discard_id=True` drops it)",
                    UserWarning,
                    stacklevel=4,
                )
            if now != recorded or is_task(one):
                state.digest = bytes.fromhex(recorded.partition(":")[2])
                state.fixed = True
                state.loaded = recorded


def _tags(entry: dict[str, Any]) -> dict[str, Any] | None:
    tags = entry.get("tags")
    return {name: Tag(value, None, -1) for name, value in tags.items()} if tags else None
