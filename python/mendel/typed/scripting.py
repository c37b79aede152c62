"""Tasks submitted by a plain script, outside of any ``with experiment(…)`` block.

They belong to an experiment that is named after the script, in the workspace around it. It
is waited for when the script has come to its end.
"""

from __future__ import annotations

import atexit
import os
import sys
from pathlib import Path

from mendel import _native
from mendel.typed.errors import NotUsable
from mendel.typed.experiments import FailedExperiment, experiment
from mendel.typed.job_folder import OURS

_opened: list[experiment] = []


def of_script() -> experiment:
    """The experiment of this script; begun with the first task that is submitted.

    Raises:
        NotUsable: There is no script, or no workspace around it.
    """
    from mendel import script

    if _opened:
        return _opened[0]
    entry = script.entry()
    hint = 'use `with experiment("folder", "name"): …`'
    if not entry.file:
        raise NotUsable(f"a task is submitted within an experiment, and there is no script to name one after; {hint}")
    store = Path(os.fsdecode(_native.workspace_find()))
    if store.name != OURS:
        raise NotUsable(
            f"no workspace is around `{os.getcwd()}`, so that the jobs of this script have no place; {hint}, "
            "or make one with `mendel init`"
        )
    opened = experiment(store.parent, entry.name)
    opened.__enter__()
    _opened.append(opened)
    atexit.register(_finish, opened)
    return opened


def _finish(opened: experiment) -> None:
    """Waits at the end of the script. One that failed itself waits for nothing; its jobs go on."""
    crashed = getattr(sys, "last_value", None)
    try:
        opened.__exit__(type(crashed) if crashed is not None else None, crashed, None)
    except FailedExperiment as failure:
        print(f"FailedExperiment: {failure}", file=sys.stderr)
        sys.stdout.flush()
        sys.stderr.flush()
        # Nothing else lets a script that has ended say that it failed.
        os._exit(1)
