"""The code that a job ran: which files of the project it imported, and whether they changed since.

What a task means does not contain its code, so that an edited comment costs no training.
A result that older code made is used, and said to be so, unless it is to be made again.
"""

from __future__ import annotations

import json
import os
import site
import sys
import sysconfig

from mendel.typed.content import digest
from mendel.typed.errors import NotUsable
from mendel.typed.job_folder import OURS, write

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any

    from mendel.typed.jobs import Job

FILE = "sources.json"
POLICY = "__mendel_stale__"
POLICIES = ("reuse", "warn", "rerun")


def record(folder: Path) -> None:
    """Writes down the files of the project that this process imported."""
    found = {}
    for module in list(sys.modules.values()):
        file = getattr(module, "__file__", None)
        if isinstance(file, str) and file.endswith(".py") and not _is_installed(file):
            try:
                found[os.path.abspath(file)] = digest(file).hex()
            except OSError:
                continue
    write(folder / OURS / FILE, {name: found[name] for name in sorted(found)})


def _is_installed(file: str) -> bool:
    """Whether a file belongs to Python or to an installed package, which are no code of the project."""
    places = [*sysconfig.get_paths().values(), *site.getsitepackages(), os.path.dirname(os.path.dirname(__file__))]
    path = os.path.abspath(file)
    return any(path.startswith(os.path.abspath(place) + os.sep) for place in places)


def changed(folder: Path, task: Any) -> list[str]:
    """The files that a finished job imported and that are not what they were; and the file of
    the task's class, where the job ran another one.
    """
    try:
        known = json.loads((folder / OURS / FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return []
    files = [file for file, before in known.items() if _now(file) != before]
    own = getattr(sys.modules.get(task.__mendel__.schema.cls.__module__), "__file__", None)
    if own is not None and not _is_installed(own) and _now(own) not in known.values():
        files.append(os.path.abspath(own))
    return list(dict.fromkeys(files))


def _now(file: str) -> str:
    try:
        return digest(file).hex()
    except OSError:
        return ""


def answers(job: Job, rerun: bool) -> bool:
    """Whether the folder of a job holds a result that is to be used.

    Args:
        job: The job.
        rerun: Make results again whose code has changed, whatever the class says.

    Raises:
        NotUsable: The class names a policy that there is none of.
    """
    if not job.folder.is_done():
        return False
    policy = policy_of(job.task)
    if policy == "reuse" and not rerun:
        return True
    files = changed(job.path, job.task)
    if not files:
        return True
    if rerun or policy == "rerun":
        return False
    if not job.older_code:
        job.older_code = files
        print(
            f"note: {job.told_short()} was made by older code: {', '.join(files[:3])} changed since; "
            "it is used (`rerun_stale=True` makes it again)",
            file=sys.stderr,
        )
    return True


def policy_of(task: Any) -> str:
    """What the class of a task says about results of older code.

    Raises:
        NotUsable: There is no such policy.
    """
    policy = getattr(type(task), POLICY, "warn")
    if policy not in POLICIES:
        raise NotUsable(f"`{POLICY}` of `{type(task).__qualname__}` is one of {', '.join(POLICIES)}, not {policy!r}")
    return str(policy)
