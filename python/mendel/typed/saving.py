"""Saving configurations, with the files that travel with them."""

from __future__ import annotations

import json
import os
import shutil
import sys
from pathlib import Path

from mendel.typed.document import FILE, VERSION, written
from mendel.typed.errors import MissingValue, NotUsable
from mendel.typed.identity import as_configuration, identity, left_out
from mendel.typed.kinds import DATA
from mendel.typed.paths import steps
from mendel.typed.type_id import module_name
from mendel.typed.walking import everything, within

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Sequence


def state_dict(value: Any) -> dict[str, Any]:
    """Configurations in any nesting of lists, tuples and dicts, as one JSON document; without files."""
    return Saver().document(value)


def save(value: Any, folder: str | os.PathLike[str]) -> Path:
    """Saves configurations in any nesting into a folder, with the content of their data paths.

    Raises:
        NotUsable: A data path names nothing that exists.
    """
    return _save(value, folder, ())


def serialize(configuration: Any, folder: str | os.PathLike[str], init_tasks: Sequence[Any] = ()) -> Path:
    """Saves a configuration together with what has to run on it once it is loaded.

    Raises:
        NotUsable: A data path names nothing that exists.
    """
    return _save(configuration, folder, init_tasks)


def _save(value: Any, folder: str | os.PathLike[str], init_tasks: Sequence[Any]) -> Path:
    target = Path(folder).absolute()
    target.mkdir(parents=True, exist_ok=True)
    saver = Saver(folder=target)
    document = saver.document(value, init_tasks)
    text = json.dumps(document, indent=1, ensure_ascii=False, allow_nan=False)
    part = target / f".{FILE}.{os.getpid()}"
    part.write_text(text, encoding="utf-8", errors="surrogatepass")
    os.replace(part, target / FILE)
    return target


class SerializationContext:
    """What a class's ``__mendel_serialize__`` may change about the files that travel.

    Args:
        folder: Where everything is saved.
        names: The names of data files below it, by field.
    """

    def __init__(self, folder: Path, names: dict[str, str]) -> None:
        self.folder = folder
        self.names = names

    def add(self, source: str | os.PathLike[str], name: str) -> None:
        """Saves another file or folder under a name below the folder."""
        _bring(Path(source), self._below(name))

    def _below(self, name: str) -> Path:
        return below(self.folder, name)


def below(folder: Path, name: str) -> Path:
    """The place of ``name`` in ``folder``.

    Raises:
        NotUsable: It lies outside.
    """
    place = Path(os.path.normpath(folder / name))
    if folder not in place.parents:
        raise NotUsable(f"`{name}` is outside of the folder that is saved into")
    return place


class Saver:
    """Writes configurations as a table of objects, numbered in the order in which they are met.

    Args:
        folder: Where data files are brought; they stay where they are by default.
        bases: Folders by name, for paths that are written relative to them.
    """

    def __init__(self, folder: Path | None = None, bases: Sequence[tuple[str, Path]] = ()) -> None:
        self.folder = folder
        self.bases = bases
        self._numbers: dict[int, int] = {}
        self._objects: list[Any] = []
        self._paths: dict[int, tuple[Any, ...]] = {}

    def document(self, value: Any, init_tasks: Sequence[Any] = ()) -> dict[str, Any]:
        """The whole as one document."""
        value = _configurations(value)
        tasks = [as_configuration(task) for task in init_tasks]
        for path, one in (*within(value), *within(tasks, ("init_tasks",))):
            for step, found in everything(one):
                self._paths.setdefault(id(found), (*path, *step))
        document: dict[str, Any] = {"mendel": {"format": VERSION}, "objects": []}
        document["value"] = self._written(value)
        if tasks:
            document["init_tasks"] = [self._number(task) for task in tasks]
        position = 0
        while position < len(self._objects):
            document["objects"].append(self._entry(position, self._objects[position]))
            position += 1
        return document

    def _number(self, configuration: Any) -> int:
        number = self._numbers.get(id(configuration))
        if number is None:
            number = self._numbers[id(configuration)] = len(self._objects)
            self._objects.append(configuration)
        return number

    def _written(self, value: Any) -> Any:
        return written(value, self._number, self.bases)

    def _entry(self, number: int, one: Any) -> dict[str, Any]:
        if hasattr(type(one), "__mendel_stub__"):
            return {"id": number, **one.entry}
        state = one.__mendel__
        cls = state.schema.cls
        values = one.__dict__
        entry: dict[str, Any] = {
            "id": number,
            "type_id": state.schema.type_id,
            "module": module_name(cls),
            "name": cls.__qualname__,
            "fields": {name: self._written(values[name]) for name in state.schema.fields if name in values},
        }
        if self.folder is not None:
            entry["fields"].update(self._bring_data(one))
        try:
            entry["identity"] = state.loaded or str(identity(one))
            entry["left_out"] = {name: reason for name, reason in left_out(one).items() if reason}
        except MissingValue:
            entry["identity"] = None
        if cls.__module__ in ("__main__", "__mp_main__"):
            entry["script"] = _script(cls)
        notes = {
            "sealed": state.sealed is not None,
            "generated": sorted(state.generated),
            "tags": {name: kept.value for name, kept in (state.tags or {}).items()},
            "stopped": sorted(state.stopped),
            "soft": state.soft,
            "init_tasks": [self._number(task) for task in state.init_tasks],
        }
        entry.update({name: note for name, note in notes.items() if note})
        if state.meta is not None:
            entry["meta"] = state.meta
        if state.owner is not None:
            entry["owner"] = self._number(state.owner)
        if state.job is not None:
            entry["job"] = self._written(state.job.path)
        return entry

    def _bring_data(self, one: Any) -> dict[str, Any]:
        """Brings the files of a configuration's data paths; what to write for those fields."""
        assert self.folder is not None
        names = {}
        for name, field in one.__mendel__.schema.fields.items():
            value = one.__dict__.get(name)
            if field.kind is DATA and value is not None:
                if not os.path.exists(value):
                    raise NotUsable(
                        f"`{name}` of `{one.__mendel__.schema.type_id}` names `{value}`, which does not exist"
                    )
                places = ".".join(steps((*self._paths.get(id(one), (f"object{self._number(one)}",)), name)))
                names[name] = f"data/{places}{Path(value).suffix}"
        custom = getattr(type(one), "__mendel_serialize__", None)
        if custom is not None:
            custom(one, SerializationContext(self.folder, names))
        for name, place in names.items():
            _bring(Path(one.__dict__[name]), below(self.folder, place))
        return {name: {"path": place, "below": "saved"} for name, place in names.items()}


def _configurations(value: Any) -> Any:
    """The value with instances replaced by what they were built from."""
    from mendel.typed.config import Config
    from mendel.typed.state import is_configuration

    if isinstance(value, Config) and not is_configuration(value):
        return value.mendel_config
    if isinstance(value, list):
        return [_configurations(item) for item in value]
    if isinstance(value, tuple):
        return tuple(_configurations(item) for item in value)
    if isinstance(value, dict):
        return {key: _configurations(item) for key, item in value.items()}
    return value


def _script(cls: type) -> str | None:
    file = getattr(sys.modules.get(cls.__module__), "__file__", None)
    return os.path.abspath(file) if file else None


def _bring(source: Path, target: Path) -> None:
    """A hard link where that is possible, else a copy."""
    target.parent.mkdir(parents=True, exist_ok=True)
    if target.exists() and not source.is_dir() and os.path.samefile(source, target):
        return
    if source.is_dir():
        shutil.copytree(source, target, copy_function=_link, dirs_exist_ok=True)
    else:
        _link(str(source), str(target))


def _link(source: str, target: str) -> None:
    part = f"{target}.{os.getpid()}.part"
    try:
        os.link(os.path.realpath(source), part)
    except OSError:
        shutil.copy2(source, part)
    os.replace(part, target)
