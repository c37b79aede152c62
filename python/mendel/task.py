"""``Task``: the door to tracking, and the base of tasks written as classes.

What begins, finds and copies tracked tasks is a member of the *class* ``Task``; everything
a tracked task can do is on :class:`mendel.tracked_task.TrackedTask`. So the objects of
classes derived from ``Task`` keep names such as ``name``, ``data`` or ``tags`` for fields
of their own.
"""

from __future__ import annotations

import os

from mendel.errors import NeedsServer, TaskNotFound
from mendel.task_type import TaskStatusEnum, TaskTypes, task_type
from mendel.typed.config import Config, ConfigType

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Mapping, Sequence

    from mendel.tracked_task import TrackedTask
    from mendel.typed.jobs import TransientMode


class Tracking:
    """Begins, finds and copies tracked tasks."""

    TaskTypes = TaskTypes
    TaskStatusEnum = TaskStatusEnum

    def current_task(self) -> TrackedTask | None:
        """The main task of this process, or ``None``; inside of ``mendel run`` that run."""
        from mendel import main_task

        return main_task.current()

    def init(
        self,
        project_name: str | None = None,
        task_name: str | None = None,
        task_type: str = TaskTypes.training,
        reuse_last_task_id: bool | str = True,
        output_uri: str | os.PathLike[str] | bool | None = None,
        auto_connect_arg_parser: bool | Mapping[str, bool] = True,
        auto_connect_frameworks: bool | Mapping[str, bool] = True,
        auto_resource_monitoring: bool = True,
        auto_connect_streams: bool | Mapping[str, bool] = True,
        tags: Sequence[str] | None = None,
        **_: Any,
    ) -> TrackedTask:
        """Begins the main task of this process.

        The last task of the same project, name and type is reset and used again, unless it
        holds artifacts or models, or is published, archived or still running.

        Args:
            project_name: Project, made when missing; the repository's name by default.
            task_name: Name; that of the script by default.
            task_type: One of :class:`TaskTypes`.
            reuse_last_task_id: ``False`` for a new task always; a text for the id to use.
            output_uri: Folder, or `s3://bucket/path`, where files of the task go as well.
            auto_connect_arg_parser: Record the arguments of argparse: all, none, or
                ``{name: bool}``, where unlisted ones are recorded and an empty mapping is none.
            auto_connect_frameworks: Capture frameworks: all, none, or ``{name: bool}`` with
                matplotlib, keras, tensorflow, pytorch, scikit, xgboost, tensorboard, joblib.
            auto_resource_monitoring: Record use of processor, memory, disk, network and GPU.
            auto_connect_streams: Record the console: all, none, or
                ``{"stdout": bool, "stderr": bool}``.
            tags: Tags to add.

        Returns:
            The task. A second call returns the same.

        Raises:
            UsageError: A main task of another project, name or type is there already.
            ValueError: There is no such type.
        """
        from mendel import main_task

        wanted = main_task.Wanted(project_name, task_name, _type(task_type), reuse_last_task_id, tuple(tags or ()))
        capture = main_task.CaptureChoice(
            auto_connect_arg_parser, auto_connect_frameworks, auto_resource_monitoring, auto_connect_streams
        )
        return main_task.begin(wanted, capture, output_uri)

    def create(
        self,
        project_name: str | None = None,
        task_name: str | None = None,
        task_type: str = TaskTypes.training,
    ) -> TrackedTask:
        """Makes a new task that has no code of its own; its status is ``created``.

        The project is that of the main task by default.
        """
        from mendel import main_task
        from mendel.tracked_task import TrackedTask

        store = main_task.store()
        main = main_task.current()
        facts = main_task.new_facts(project_name or (main.project if main else None), task_name, _type(task_type))
        facts.update(kind="manual", parent=main.id if main else None)
        if main is not None:
            main._settle()
        return TrackedTask(store, store.create(facts))

    def get_task(
        self, task_id: str | None = None, project_name: str | None = None, task_name: str | None = None, **_: Any
    ) -> TrackedTask:
        """A task by id, or by project and exact name; the id wins.

        Of several the one updated last is returned, with a warning.

        Raises:
            TaskNotFound: There is none.
            ValueError: Neither an id nor a name is given.
        """
        from mendel import main_task, query

        main = main_task.current()
        if main is not None and not main._closed:
            if task_id == main.id:
                return main
            main._settle()
        if task_id:
            return main_task.tracked(main_task.existing(task_id))
        if not task_name:
            raise ValueError("an id, or a project and a name, is needed")
        found = query.by_name(main_task.store(), project_name, task_name)
        if not found:
            where = f" in project `{project_name}`" if project_name else ""
            raise TaskNotFound(f"there is no task `{task_name}`{where}")
        return main_task.tracked(found[0])

    def get_tasks(
        self,
        task_ids: Sequence[str] | None = None,
        project_name: str | Sequence[str] | None = None,
        task_name: str | None = None,
        task_filter: Mapping[str, Any] | None = None,
        tags: Sequence[str] | None = None,
        **_: Any,
    ) -> list[TrackedTask]:
        """Tasks by ids, or those whose name matches in one project or all.

        Args:
            task_ids: Ids; the other arguments are then ignored.
            project_name: A project, or several.
            task_name: Part of the name, or a regular expression.
            task_filter: Further conditions and order: fields such as ``status``, ``tags``,
                ``type``, ``id``, ``parent``, ``search_text``, ``order_by``, ``page``.
            tags: Tags of which one is needed.

        Raises:
            ValueError: The regular expression or the filter cannot be read.
        """
        from mendel import main_task, query

        main = main_task.current()
        if main is not None:
            main._settle()
        if task_ids:
            return [main_task.tracked(main_task.existing(one)) for one in task_ids]
        conditions = dict(task_filter or {})
        if task_name is not None:
            conditions["name"] = task_name
        if tags:
            conditions["tags"] = list(tags)
        runs = query.select(main_task.store(), project_name, conditions)
        return [main_task.tracked(run) for run in runs]

    query_tasks = get_tasks

    def get_all(self, session: Any = None, log: Any = None, **kwargs: Any) -> Any:
        """A raw query: any field of ``tasks.get_all``; the answer has ``tasks``.

        Raises:
            ValueError: A condition cannot be read.
        """
        from mendel import main_task, query

        main = main_task.current()
        if main is not None:
            main._settle()
        return query.Answer(query.rows(main_task.store(), kwargs))

    def clone(
        self,
        source_task: Any = None,
        name: str | None = None,
        comment: str | None = None,
        parent: str | None = None,
        project: str | None = None,
    ) -> TrackedTask:
        """A draft with the code, parameters and environment of another task.

        Args:
            source_task: The task or its id; the main task by default.
            name: Name; ``Clone of …`` by default.
            comment: Comment; that of the source by default.
            parent: Id of the parent; by default the source's parent, else the source.
            project: Project; that of the source by default.

        Raises:
            ValueError: No source is given and there is no main task.
            TaskNotFound: There is no such task.
        """
        from mendel import main_task

        source: Any = source_task if source_task is not None else main_task.current()
        if source is None:
            raise ValueError("there is no task to clone; give one")
        if hasattr(source, "_settle"):
            source._settle()
        facts = main_task.existing(str(getattr(source, "id", source)))
        return main_task.clone(facts, name, comment, parent, project)

    def enqueue(self, task: Any, queue_name: str | None = None, queue_id: str | None = None) -> Any:
        """Puts a task on a queue of a server.

        Raises:
            ValueError: No queue is named.
            NeedsServer: The workspace has no queues.
        """
        if not queue_name and not queue_id:
            raise ValueError("`queue_name` or `queue_id` is needed")
        raise NeedsServer(f"putting a task on queue `{queue_name or queue_id}`")

    def dequeue(self, task: Any) -> Any:
        """Takes a task off its queue.

        Raises:
            NeedsServer: The workspace has no queues.
        """
        raise NeedsServer("taking a task off a queue")

    def set_credentials(
        self,
        api_host: str | None = None,
        web_host: str | None = None,
        files_host: str | None = None,
        key: str | None = None,
        secret: str | None = None,
        host: str | None = None,
    ) -> None:
        """Sets hosts and keys for servers; the environment and files win over them."""
        from mendel import main_task

        main_task.set_credentials(
            api_host=host or api_host, web_host=web_host, files_host=files_host, key=key, secret=secret
        )

    def add_requirements(self, package_name: str, package_version: str | None = None) -> None:
        """Lists a package in the recorded requirements even where it is not imported.

        Args:
            package_name: The package.
            package_version: Its version; the installed one by default.
        """
        from mendel import script

        script.force_requirement(package_name, package_version)

    def running_locally(self) -> bool:
        """Whether no agent started this process."""
        return not os.environ.get("MENDEL_RUN_ID")


class TaskType(Tracking, ConfigType):
    """The type of ``Task`` and of the classes derived from it."""

    def __call__(cls, *positional: Any, **values: Any) -> Any:
        """Makes a configuration; ``Task`` itself is only a door and a base."""
        if cls is Task:
            raise TypeError("a task is made by `Task.init`, `Task.create` or `Task.get_task`")
        return super().__call__(*positional, **values)

    def __instancecheck__(cls, instance: Any) -> bool:
        """Tracked tasks are tasks too."""
        return super().__instancecheck__(instance) or (cls is Task and isinstance(instance, Tracking))

    def __subclasscheck__(cls, subclass: type) -> bool:
        """Tracked tasks are tasks too."""
        return super().__subclasscheck__(subclass) or (cls is Task and Tracking in subclass.__mro__)


class Task(Config, metaclass=TaskType):
    """What can be run, and what was.

    A script is tracked by one line::

        task = Task.init("examples", "digits")

    A class that derives from it declares typed values and what is done with them::

        class Fit(Task):
            epochs: Param[int] = 10

            def execute(self):
                ...

    Example:
        >>> Task.TaskTypes.training == "training"
        True
        >>> Task()
        Traceback (most recent call last):
        TypeError: a task is made by `Task.init`, `Task.create` or `Task.get_task`
    """

    def submit(
        self,
        *,
        init_tasks: Sequence[Any] = (),
        max_retries: int | None = None,
        transient: TransientMode | None = None,
    ) -> Any:
        """Queues the task in the current experiment.

        Args:
            init_tasks: Run before ``execute()``, in order, on the same instances.
            max_retries: How often it is tried when it runs out of time.
            transient: Whether it runs only where a task that has to run needs it.

        Returns:
            Its outputs: what ``task_outputs`` answers, else the task.

        Raises:
            ConfigurationError: Something is missing, wrong, or was not submitted itself.
        """
        from mendel.typed import jobs
        from mendel.typed.submitting import submit

        return submit(self, init_tasks, max_retries, transient or jobs.TransientMode.NONE)

    def execute(self) -> None:
        """Does the work; called once for each attempt, in the folder of the task.

        Raises:
            NotImplementedError: The class does not say what it is.
        """
        raise NotImplementedError(f"`{type(self).__qualname__}` has no method `execute`")


def _type(given: str) -> str:
    return task_type(given)
