"""Configuration objects, labels and the container of a task.

They are documents of the run: ``configuration/<name>`` holds a text with its format,
``labels`` the label enumeration, ``container`` the image for remote runs.
"""

from __future__ import annotations

from mendel.parameters import _is_mapping
from mendel.run_handle import RunHandle

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any, Mapping

    from mendel.store import Document

DEFAULT_NAME = "General"
PREFIX = "configuration/"
TEXT_MAX = 8 << 20


class Configuration(RunHandle):
    """The members of a task that concern configuration, labels and container."""

    def connect_configuration(self, configuration: Any, name: str | None = None, description: str | None = None) -> Any:
        """Records a configuration, and under an agent answers the stored one instead.

        Args:
            configuration: A dictionary, kept as HOCON text, or the relative path of a
                file, whose text is kept.
            name: Name of the configuration; ``General`` by default.
            description: What it is.

        Returns:
            A dictionary for a dictionary; for a path the path of a file with the text.

        Raises:
            ValueError: The path is absolute, or the file is no text or larger than 8 MiB.
            TypeError: It is neither a dictionary nor a path.
        """
        from pathlib import Path

        from mendel import hocon

        name = name or DEFAULT_NAME
        stored = self._configuration(name) if self._attached else None
        if _is_mapping(configuration):
            if stored is not None:
                return hocon.loads(stored["text"])
            self._keep(name, hocon.dumps(configuration), "hocon", description)
            self._watcher.add(f"configuration/{name}", lambda: self._follow(name, configuration, description))
            return configuration
        if not isinstance(configuration, (str, Path)):
            kind = type(configuration).__qualname__
            raise TypeError(f"a `{kind}` is no configuration; a dictionary or the path of a file is")
        path = Path(configuration)
        if path.is_absolute():
            raise ValueError(f"the configuration file `{path}` must be given by a relative path")
        if stored is not None:
            import tempfile

            target = Path(tempfile.mkdtemp(prefix="mendel-")) / path.name
            target.write_text(stored["text"], "utf-8")
            return type(configuration)(target)
        content = path.read_bytes()
        if len(content) > TEXT_MAX:
            raise ValueError(f"the configuration file `{path}` has {len(content)} bytes; at most {TEXT_MAX} are kept")
        self._keep(name, content.decode("utf-8"), path.suffix.lstrip(".") or "text", description, path.name)
        return configuration

    def _follow(self, name: str, configuration: Mapping[str, Any], description: str | None) -> None:
        """Stores a connected dictionary again when it was changed."""
        from mendel import hocon

        text = hocon.dumps(dict(configuration))
        stored = self._configuration(name)
        if stored is None or stored["text"] != text:
            self._keep(name, text, "hocon", description)

    def _configuration(self, name: str) -> Document | None:
        found: Document | None = self._facts.get("documents", {}).get(PREFIX + name)
        return found

    def _keep(self, name: str, text: str, form: str, description: str | None = None, file: str = "") -> None:
        document: Document = {"text": text, "format": form}
        if description:
            document["description"] = description
        if file:
            document["file"] = file
        self._change(documents={PREFIX + name: document})

    def get_configuration_object(self, name: str = DEFAULT_NAME) -> str | None:
        """The text of a configuration, or ``None`` where there is none."""
        found = self._configuration(name)
        return None if found is None else str(found["text"])

    def get_configuration_object_as_dict(self, name: str = DEFAULT_NAME) -> dict[str, Any] | None:
        """A configuration as a dictionary.

        Raises:
            ValueError: Its text is no HOCON.
        """
        from mendel import hocon

        text = self.get_configuration_object(name)
        return None if text is None else hocon.loads(text)

    def set_configuration_object(
        self,
        name: str,
        config_text: str | None = None,
        description: str | None = None,
        config_dict: Mapping[str, Any] | None = None,
    ) -> None:
        """Stores a configuration from a text or a dictionary."""
        from mendel import hocon

        text = hocon.dumps(dict(config_dict)) if config_dict is not None else (config_text or "")
        self._keep(name, text, "hocon" if config_dict is not None else "text", description)

    def get_configuration_objects(self) -> dict[str, str]:
        """All configurations: their texts by name."""
        documents = self._facts.get("documents", {})
        return {name[len(PREFIX) :]: body["text"] for name, body in documents.items() if name.startswith(PREFIX)}

    def connect_label_enumeration(self, enumeration: Mapping[str, int]) -> Mapping[str, int]:
        """Stores the numbers of labels; output models carry them too.

        Raises:
            ValueError: A label is no text, or a number no integer.
        """
        if self._attached:
            stored = self.get_labels_enumeration()
            if stored:
                return stored
        self.set_model_label_enumeration(enumeration)
        return enumeration

    def set_model_label_enumeration(self, enumeration: Mapping[str, int] | None = None) -> None:
        """Stores the numbers of labels, in place of those there are."""
        labels = dict(enumeration or {})
        for label, number in labels.items():
            whole = isinstance(number, int) and not isinstance(number, bool)
            if not isinstance(label, str) or not (
                whole or hasattr(number, "__index__") and not isinstance(number, bool)
            ):
                raise ValueError(f"label `{label}` has `{number}`; labels are texts with whole numbers")
        self._change(documents={"labels": {label: int(number) for label, number in labels.items()}})

    def get_labels_enumeration(self) -> dict[str, int]:
        """The numbers of labels."""
        return dict(self._facts.get("documents", {}).get("labels", {}))

    def get_label_num_description(self) -> dict[int, str]:
        """The labels by number; several of one number are joined by `` / ``."""
        reversed_map: dict[int, list[str]] = {}
        for label, number in self.get_labels_enumeration().items():
            reversed_map.setdefault(number, []).append(label)
        return {number: " / ".join(sorted(labels)) for number, labels in sorted(reversed_map.items())}

    def get_num_of_classes(self) -> int:
        """Number of classes: the largest number of a label, plus one; 0 without labels."""
        numbers = [number for number in self.get_labels_enumeration().values() if number >= 0]
        return max(numbers) + 1 if numbers else 0

    def set_base_docker(self, docker_cmd: str | None = None, docker_image: str | None = None) -> None:
        """Sets the container image and its arguments for remote runs; empty means none."""
        image, _, arguments = (docker_cmd or docker_image or "").strip().partition(" ")
        self._change(documents={"container": {"image": image, "arguments": arguments.strip()}})

    def get_base_docker(self) -> str | None:
        """The container image and its arguments, or ``None``."""
        container = self._facts.get("documents", {}).get("container") or {}
        words = [container.get("image", ""), container.get("arguments", "")]
        return " ".join(word for word in words if word) or None

    def set_model_config(self, config_text: str | None = None, config_dict: Mapping[str, Any] | None = None) -> None:
        """Deprecated: :meth:`connect_configuration` stores the configuration of models."""
        _deprecated("set_model_config", "connect_configuration")
        self.set_configuration_object(DEFAULT_NAME, config_text, config_dict=config_dict)

    def get_model_config_text(self) -> str:
        """Deprecated: the text of the configuration."""
        _deprecated("get_model_config_text", "get_configuration_object")
        return self._design()

    def get_model_config_dict(self) -> dict[str, Any]:
        """Deprecated: the configuration as a dictionary."""
        from mendel import hocon

        _deprecated("get_model_config_dict", "get_configuration_object_as_dict")
        return hocon.loads(self._design())

    def get_model_design(self) -> str:
        """The design of models: the text of the configuration."""
        return self._design()

    def update_model_desc(self, new_model_desc_file: str | Path | None = None) -> None:
        """Sets the design of models from a file."""
        from pathlib import Path

        if new_model_desc_file is not None:
            path = Path(new_model_desc_file)
            self._keep(DEFAULT_NAME, path.read_text("utf-8"), "text", file=path.name)

    def save_exec_model_design_file(self, filename: str = "model_design.txt", use_cache: bool = False) -> str:
        """Writes the design of models to a file and answers its path."""
        from pathlib import Path

        path = self._cache_folder() / filename if use_cache else Path(filename)
        path.write_text(self._design(), "utf-8")
        return str(path)

    def _design(self) -> str:
        return self.get_configuration_object() or ""

    def _cache_folder(self) -> Path:
        from mendel import downloads

        return downloads.folder("tasks", self.id)

    @property
    def cache_dir(self) -> Path:
        """A folder of the user's cache for files of this task."""
        return self._cache_folder()


def _deprecated(old: str, new: str) -> None:
    import warnings

    warnings.warn(f"`{old}` is deprecated; `{new}` takes its place", DeprecationWarning, stacklevel=3)
