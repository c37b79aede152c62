"""Secrets: credentials named in a task, found in the environment or a file of the user.

Their values are read when a script asks for them and never recorded: a run keeps the name.
"""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TypeVar

    SecretT = TypeVar("SecretT", bound="Secret")

PREFIX = "MENDEL_SECRET_"


class Secret:
    """A named credential.

    The secret ``my-bucket`` is read from the variables ``MENDEL_SECRET_MY_BUCKET_KEY``,
    ``…_VALUE`` and so on, one for each field, or from ``MENDEL_SECRET_MY_BUCKET`` as a
    JSON object; else from the JSON file that ``MENDEL_SECRETS`` names, by default
    ``~/.config/mendel/secrets.json``.
    """

    _fields: tuple[str, ...] = ()

    def __init__(self, name: str, **fields: str) -> None:
        self.name = name
        for field in self._fields:
            setattr(self, field, fields[field])

    @classmethod
    def fetchByName(cls: type[SecretT], name: str) -> SecretT:
        """The secret of that name.

        Raises:
            LookupError: It is not there, or lacks a field.
        """
        found = _fromVariables(name, cls._fields) or _fromFile(name)
        if found is None:
            raise LookupError(f"there is no secret `{name}`; looked in `{PREFIX}{_upper(name)}` and in `{_file()}`")
        missing = [field for field in cls._fields if field not in found]
        if missing:
            raise LookupError(f"secret `{name}` has no `{'`, `'.join(missing)}`")
        return cls(name, **{field: str(found[field]) for field in cls._fields})

    def __repr__(self) -> str:
        return f"<{type(self).__name__} `{self.name}`>"


class AWSSecret(Secret):
    """A key and its value."""

    _fields = ("key", "value")
    key: str
    value: str


class GitSecret(Secret):
    """An access token."""

    _fields = ("token",)
    token: str


class CredentialsSecret(Secret):
    """A user and a password."""

    _fields = ("username", "password")
    username: str
    password: str


KINDS = {"aws_secret": AWSSecret, "git_secret": GitSecret, "credentials_secret": CredentialsSecret}


def _upper(name: str) -> str:
    return re.sub(r"\W", "_", name).upper()


def _fromVariables(name: str, fields: tuple[str, ...]) -> dict[str, str] | None:
    base = PREFIX + _upper(name)
    whole = os.environ.get(base)
    if whole is not None:
        return _object(whole, f"the variable `{base}`")
    each = {field: os.environ.get(f"{base}_{field.upper()}") for field in fields}
    return {field: value for field, value in each.items() if value is not None} or None


def _file() -> Path:
    named = os.environ.get("MENDEL_SECRETS")
    if named:
        return Path(named)
    return Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config") / "mendel" / "secrets.json"


def _fromFile(name: str) -> dict[str, str] | None:
    path = _file()
    try:
        text = path.read_text("utf-8")
    except FileNotFoundError:
        return None
    found = _object(text, f"the file `{path}`").get(name)
    if found is not None and not isinstance(found, dict):
        raise LookupError(f"secret `{name}` in `{path}` must be an object of its fields")
    return found


def _object(text: str, where: str) -> dict[str, str]:
    # The text stays out of the message, and out of the chain of exceptions.
    try:
        found = json.loads(text)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise LookupError(f"{where} must hold a JSON object")
    return found
