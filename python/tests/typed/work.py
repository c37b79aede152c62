"""Tasks that the tests of experiments submit; importable by the processes of jobs."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import Any, List

from mendel import (
    Annotated,
    Config,
    LightweightTask,
    Meta,
    Param,
    PathGenerator,
    Prepare,
    ResumableTask,
    SubmitHook,
    Task,
    field,
    param_group,
    partial,
    pathgenerator,
)

loop = param_group("loop")


def note(log: Path, text: str) -> None:
    """One line in a log that several processes share."""
    handle = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    try:
        os.write(handle, f"{text}\n".encode())
    finally:
        os.close(handle)


class Documents(Config):
    """Something that no task makes."""

    name: Param[str]


class Topics(Config):
    """Something that lies in a file."""

    path: Param[Path]


class Dataset(Config):
    """Both together."""

    topics: Param[Topics]
    documents: Param[Documents]


class Fold(Task):
    """Makes topics and leaves the documents as they are."""

    dataset: Param[Dataset]
    seed: Param[int]
    log: Meta[Path]
    pause: Meta[float] = 0.0
    topics: Annotated[Path, pathgenerator("topics.tsv")]

    def task_outputs(self, dep: Any) -> Any:
        return dep(Dataset(topics=dep(Topics(path=self.topics)), documents=self.dataset.documents))

    def execute(self) -> None:
        note(self.log, f"start fold{self.seed}")
        time.sleep(self.pause)
        self.topics.write_text(f"topics {self.seed}")
        note(self.log, f"end fold{self.seed}")


class UseTopics(Task):
    """Reads what a fold made."""

    topics: Param[Topics]
    others: Param[List[Topics]] = []
    log: Meta[Path]

    def execute(self) -> None:
        note(self.log, f"use {self.topics.path.read_text()}")


class UseDocuments(Task):
    """Needs no fold."""

    documents: Param[Documents]
    log: Meta[Path]

    def execute(self) -> None:
        note(self.log, f"use {self.documents.name}")


class Sleep(Task):
    """Takes its time."""

    n: Param[int]
    seconds: Meta[float] = 0.0
    log: Meta[Path]

    def execute(self) -> None:
        note(self.log, f"start {self.n} {os.getpid()}")
        time.sleep(self.seconds)
        note(self.log, f"end {self.n}")


class After(Task):
    """Comes after another."""

    before: Param[Task]
    log: Meta[Path]

    def execute(self) -> None:
        note(self.log, "after")


class Boom(Task):
    """Fails until a file is there."""

    n: Param[int]
    log: Meta[Path]
    fixed: Meta[Path]

    def execute(self) -> None:
        Path("half").write_text("half")
        note(self.log, "boom")
        if not self.fixed.exists():
            raise RuntimeError("on purpose")


class Leave(Task):
    """Ends as it is told to."""

    code: Param[int]

    def execute(self) -> None:
        sys.exit(self.code)


class needs_java(SubmitHook):
    """Sets a variable, and counts how often."""

    def __init__(self, version: int) -> None:
        self.version = version

    def spec(self) -> int:
        return self.version

    def process(self, job: Any, launcher: Any) -> None:
        job.environ["COUNT"] = str(int(job.environ.get("COUNT", "0")) + 1)
        job.environ["KIND"] = launcher.kind


@needs_java(11)
class Index(Config):
    """Asks for Java."""

    size: Param[int]


@needs_java(11)
class Inspect(Task):
    """Tells what it sees, and is named like a module of the standard library."""

    index: Param[Index]
    before: Param[Sleep]
    step: Param[int] = field(default=1, groups=[loop])
    shared = partial(exclude_groups=[loop])
    out: Meta[Path] = field(default_factory=PathGenerator("out.txt"))
    kept: Meta[Path] = field(default_factory=PathGenerator("kept", partial=shared))

    def execute(self) -> None:
        import inspect
        import json

        told = {
            "cwd": os.getcwd(),
            "taskdir": str(self.__taskdir__),
            "maintaskdir": str(self.__maintaskdir__),
            "nested": str(self.index.__taskdir__),
            "tags": self.__tags__,
            "variables": [os.environ[f"MENDEL_{name}"] for name in ("TASK_DIR", "MAIN_TASK_DIR", "TAGS")],
            "count": os.environ["COUNT"],
            "kind": os.environ["KIND"],
            "home": os.environ.get("HOME"),
            "kept": str(self.kept),
            "before": Path(self.before.stdout).read_text(),
            "module": inspect.__file__,
        }
        print("to stdout")
        print("to stderr", file=sys.stderr)
        self.out.write_text(json.dumps(told))
        Path("relative.txt").write_text("x")


class Print(Sleep):
    """Prints."""

    def execute(self) -> None:
        print("printed before")


class Loader(LightweightTask):
    """Fills a model."""

    model: Param[Documents]

    def execute(self) -> None:
        self.model.name = "loaded"


class Evaluate(Task):
    """Uses a model that was filled."""

    model: Param[Documents]
    log: Meta[Path]

    def execute(self) -> None:
        note(self.log, self.model.name)


class Resume(ResumableTask):
    """Needs three attempts."""

    log: Meta[Path]

    def execute(self) -> None:
        from mendel import GracefulTimeout

        count = Path("count")
        done = int(count.read_text()) if count.exists() else 0
        count.write_text(str(done + 1))
        note(self.log, f"attempt {done + 1}")
        if done < 2:
            raise GracefulTimeout("no time")


class Sharing(Task):
    """Works in a folder that it shares with tasks of other steps."""

    n: Param[int] = field(groups=[loop])
    shared = partial(exclude_groups=[loop])
    kept: Meta[Path] = field(default_factory=PathGenerator("kept", partial=shared))

    def execute(self) -> None:
        busy = self.kept.with_name("busy")
        busy.mkdir()
        time.sleep(0.3)
        busy.rmdir()


class Download(Prepare):
    """Is made ready before tasks that use it."""

    name: Param[str]
    log: Meta[Path]
    fails: Meta[bool] = False

    def prepare(self) -> None:
        time.sleep(0.5)
        if self.fails:
            raise OSError("no network")
        note(self.log, f"prepared {self.name}")


class UseDownload(Task):
    """Needs what was made ready."""

    data: Param[Download]
    n: Param[int]
    log: Meta[Path]

    def execute(self) -> None:
        note(self.log, f"used {self.data.name}")
