"""The capture of one main task, from ``Task.init`` to its end.

Inside of ``mendel run`` console and resources are left to the supervisor, and the end of
the run as well.
"""

from __future__ import annotations

import atexit
import functools
import importlib
import json
import threading

from mendel import capture, script
from mendel.capture.exit import ExitWatch
from mendel.capture.imports import when_imported
from mendel.notes import warn

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType

    from mendel.capture.console import Console
    from mendel.capture.resources import Monitor
    from mendel.main_task import CaptureChoice
    from mendel.tracked_task import TrackedTask

HOOKS = (
    ("matplotlib.pyplot", "matplotlib", "hook_pyplot"),
    ("matplotlib.figure", "matplotlib", "hook_figure"),
    ("keras", "keras", "hook"),
    ("torch", "pytorch", "hook"),
    ("joblib", "joblib", "hook"),
    ("xgboost", "xgboost", "hook"),
    ("tensorboardX", "tensorboard", "hook_writer"),
    ("torch.utils.tensorboard", "tensorboard", "hook_writer"),
    ("tensorflow", "tensorboard", "hook_tensorflow"),
    ("tensorboard.plugins.scalar.summary_v2", "tensorboard", "hook_plugin"),
    ("tensorboard.plugins.histogram.summary_v2", "tensorboard", "hook_plugin"),
    ("tensorboard.plugins.image.summary_v2", "tensorboard", "hook_plugin"),
    ("tensorboard.plugins.text.summary_v2", "tensorboard", "hook_plugin"),
)
FACTS_DELAY = 0.02
_installed = False


class Session:
    """Begins and ends the capture of a task.

    Args:
        task: The main task.
        choice: What is to be captured.
    """

    def __init__(self, task: TrackedTask, choice: CaptureChoice) -> None:
        self._task = task
        self._choice = choice
        self._exit = ExitWatch()
        # Python forgets the name of the script when it ends, before the exit handlers run.
        self._entry = script.entry()
        self._console: Console | None = None
        self._monitor: Monitor | None = None
        self._facts: threading.Thread | None = None
        self._hurry = threading.Event()
        self._packages: list[dict[str, str]] = []

    def begin(self) -> None:
        """Puts the hooks in place and gathers code facts in the background."""
        task = self._task
        if not task._attached:
            self._begin_console()
        self._exit.begin()
        atexit.register(self._at_exit)
        capture.choose(task, self._choice.frameworks)
        self._guard("argparse", self._begin_arguments)
        self._guard("frameworks", _install_frameworks)
        if not task._attached:
            if self._choice.resources:
                self._guard("resources", self._begin_monitor)
            self._facts = threading.Thread(target=self._gather, name="mendel-facts", daemon=True)
            self._facts.start()

    def end(self) -> None:
        """Takes the hooks back; waits for the code facts."""
        atexit.unregister(self._at_exit)
        capture.choose(None, False)
        from mendel.capture import argparse as arguments

        arguments.end(self._task)
        if self._monitor is not None:
            self._monitor.end()
        if self._facts is not None:
            self._hurry.set()
            self._facts.join(30.0)
            self._guard("packages", self._record_packages)
        if self._console is not None:
            self._console.end()
        self._exit.end()

    def _begin_console(self) -> None:
        streams = self._choice.streams
        wanted = (
            {"stdout": streams, "stderr": streams}
            if isinstance(streams, bool)
            else {"stdout": True, "stderr": True, **streams}
        )
        if not isinstance(streams, bool) and not streams:
            wanted = {}
        if any(wanted.values()):
            from mendel.capture.console import Console

            self._console = Console(self._task, out=bool(wanted.get("stdout")), err=bool(wanted.get("stderr")))
            self._guard("console", self._console.begin)

    def _begin_arguments(self) -> None:
        from mendel.capture import argparse as arguments

        arguments.begin(self._task, self._choice.arguments)

    def _begin_monitor(self) -> None:
        from mendel.capture.resources import Monitor

        self._monitor = Monitor(self._task)
        self._monitor.begin()

    def _guard(self, what: str, step: object) -> None:
        """Runs a step of the capture; a failure costs only this step."""
        try:
            step()  # type: ignore[operator]
        except Exception as error:
            warn("capturing %s failed: %s: %s", what, type(error).__name__, error)

    def _gather(self) -> None:
        self._hurry.wait(FACTS_DELAY)

        def gather() -> None:
            facts, patch = script.facts(self._entry)
            if patch:
                facts["diff"] = self._task._open().stage(patch)
            self._task._change(script=facts)
            self._record_packages()

        self._guard("code facts", gather)

    def _record_packages(self) -> None:
        """Records interpreter and packages, unless they are as recorded before."""
        lock = script.environment()
        if lock["packages"] != self._packages or "environment" not in self._task._facts:
            self._packages = lock["packages"]
            self._task._change(environment=json.loads(json.dumps(lock)))

    def _at_exit(self) -> None:
        if not self._exit.is_own_process():
            return
        from mendel import main_task

        to, reason, message = self._exit.outcome()
        try:
            main_task.close(self._task, to, reason, message, leaving=True)
        except Exception as error:
            warn("closing task `%s` failed: %s", self._task.id, error)


def _install_frameworks() -> None:
    """Registers the hooks of every framework once per process; none is imported."""
    global _installed
    if _installed:
        return
    _installed = True
    for module, framework, hook in HOOKS:
        when_imported(module, functools.partial(_hook, framework, hook))


def _hook(framework: str, hook: str, module: ModuleType) -> None:
    """Loads what hooks a framework only once that framework is there."""
    getattr(importlib.import_module(f"mendel.capture.{framework}"), hook)(module)
