"""The native module: journal, client and facts of processes. Texts named ``*_json`` are
JSON documents in the shapes of ``/api/v1``."""

import os
from typing import Any, Callable, List, Optional, Tuple, TypedDict, Union

Path = Union[str, "os.PathLike[str]"]

__version__: str

class MendelError(Exception):
    """Anything Mendel could not do."""

class Unreachable(MendelError):
    """No server or companion answers."""

class Refused(MendelError):
    """The server understood and refused."""

    status: int
    code: str
    message: str
    hint: str

class Counts(TypedDict):
    """What became of everything this writer was given since it was opened."""

    reported: int
    """Points and records that were taken."""
    delivered: int
    """Points and records that the server acknowledged."""
    pending: int
    """Points and records not yet acknowledged."""
    dropped: int
    """Points lost because the disk stalled, the journal was full, or a run had too many series."""
    refused: int
    """Points and records that the server will never take."""
    synced: bool
    """Whether everything taken so far is on stable storage here."""
    acknowledged: bool
    """Whether everything taken so far is acknowledged by the server."""

class RunWriter:
    """Reports into one run: buffer, journal, background delivery.

    No method waits for a network, except :meth:`flush` with ``wait`` and :meth:`close`.
    Threads may share a writer. After a fork the child goes on as a writer of its own;
    files and threads are made with the first report.
    """

    def __init__(self, workspace: Path, run: str, attempt: int = 1, api: Optional[str] = None) -> None:
        """``workspace`` is the ``.mendel`` folder.

        ``api`` is an address such as ``unix:/path.sock``, ``"off"`` to keep everything in
        the journal until :meth:`deliver_to` is called, or None: ``MENDEL_API``, else the
        companion, started in the background when it does not run.
        """
    @property
    def run(self) -> str: ...
    @property
    def attempt(self) -> int: ...
    @property
    def writer(self) -> str: ...
    @property
    def journal(self) -> str:
        """The folder of this writer's journal."""
    def report(self, title: str, series: str, value: float, iteration: int, /) -> None:
        """Records a point. Never raises: what is no number counts as NaN, an iteration
        beyond 64 bits is clamped, one that is no number is 0."""
    def report_console(self, stream: str, text: str, /) -> None:
        """Records console output; ``stream`` is ``out`` or ``err``. Each line becomes one."""
    def report_event(self, event_json: str, content: Union[bytes, Path, None] = None, /) -> Optional[str]:
        """Records a plot, table, text, image, medium or value; ``content`` is kept as its
        blob. ``time`` is filled in when absent. Returns the digest of the content."""
    def update(self, update_json: str, /) -> None:
        """Records a change of what the run says about itself (``RunUpdate``)."""
    def artifact(self, artifact_json: str, content: Union[bytes, Path, None] = None, /) -> Optional[str]:
        """Records an artifact; ``digest``, ``size``, ``file`` and ``time`` are filled in.
        Raises OSError when the content cannot be read or kept."""
    def model(self, model_json: str, content: Union[bytes, Path, None] = None, /) -> Optional[str]:
        """Records a model, as :meth:`artifact`; ``id`` is filled in too."""
    def move(self, change_json: str, /) -> None:
        """Records a change of status (``StatusRecord``); ``time`` is filled in. A start
        without ``owner`` names this process."""
    def create(self, run_json: str, /) -> None:
        """Records the making of the run (``NewRun``); must come first. ``id`` and
        ``created`` are filled in."""
    def stage(self, content: Union[bytes, Path], /) -> str:
        """Keeps bytes for a later record that names their digest (a snapshot, a diff)."""
    def deliver_to(self, api: str, /) -> None:
        """Delivers to ``api`` from now on; ``"off"`` stops delivering."""
    def flush(self, wait: bool = False, timeout: float = 30.0) -> Counts:
        """Puts everything reported so far on stable storage here; with ``wait`` also waits
        until the server acknowledged it. Never raises: read the counts."""
    def close(self, timeout: float = 0.2) -> Counts:
        """Flushes, tries to deliver for ``timeout`` seconds, and ends the threads. What is
        left is delivered by whoever opens the workspace next. Safe to call twice."""
    def pending(self) -> int: ...
    def counts(self) -> Counts: ...
    def last_error(self) -> Optional[str]:
        """The latest trouble with disk or delivery; None while all is well."""

class Client:
    """Asks the server or companion, blocking, while other threads go on."""

    def __init__(self, api: str) -> None: ...
    @property
    def api(self) -> str: ...
    def hello(self) -> str: ...
    def create_runs(self, request_json: str, /) -> str: ...
    def run(self, reference: str, /) -> Optional[str]: ...
    def runs(self, query_json: str = "{}", /) -> str:
        """A page of runs: filter, sort, project, ids, identity, status, archived, limit, cursor."""
    def update_run(self, run: str, update_json: str, attempt: Optional[int] = None, /) -> str: ...
    def move_run(self, run: str, change_json: str, attempt: Optional[int] = None, /) -> str: ...
    def delete_run(self, run: str, /) -> None: ...
    def series(self, run: str, /) -> str: ...
    def points(self, run: str, metric: str, variant: str, max: int = 0, /) -> Tuple[bytes, bytes, bytes]:
        """Steps (i64), times (i64 milliseconds) and values (f64) in native byte order, for
        ``array.array('q' or 'd').frombytes``; ``max`` 0 gives every point."""
    def console(self, run: str, after: int = 0, limit: int = 1000, /) -> str: ...
    def console_tail(self, run: str, lines: int = 100, /) -> str: ...
    def events(self, run: str, query_json: str = "{}", /) -> str: ...
    def artifacts(self, run: str, /) -> str: ...
    def models(self, run: Optional[str] = None, /) -> str: ...
    def put_blob(self, content: Union[bytes, Path], /) -> Tuple[str, int]:
        """Stores bytes or a file; returns digest and size."""
    def put_blobs(self, blobs: List[Tuple[str, bytes]], /) -> None:
        """Stores bytes under their digests, all of them durable when it returns."""
    def adopt_blobs(self, files: List[Tuple[str, str]], /) -> List[bool]:
        """Offers files beside the blobs, by name and digest; tells which of them are stored now."""
    def blob(self, digest: str, /) -> bytes: ...
    def blob_to_file(self, digest: str, path: Path, /) -> None: ...
    def create_project(self, project_json: str, /) -> str: ...
    def projects(self) -> str: ...
    def project(self, name: str, /) -> Optional[str]: ...
    def batch(self, batch: str, /) -> Optional[str]: ...
    def batches_of(self, run: str, /) -> str: ...
    def put_result(self, result_json: str, /) -> None: ...
    def results(self, identity: str, /) -> str: ...
    def find_results(self, identities_json: str, /) -> str:
        """A list of results for each identity, newest first."""
    def learn(self, known: Marks, most: int, /) -> bool:
        """Adds the marks of identities that got results since the last time; False, and none,
        where there are more than ``most``."""
    def put_results(self, results_json: str, /) -> None: ...
    def result_of(self, run: str, /) -> Optional[str]: ...
    def put_note(self, key: str, value_json: str, /) -> None: ...
    def note(self, key: str, /) -> Optional[str]: ...
    def deliver(self, journal: Path, /) -> str:
        """Delivers one journal folder now; returns counts and damage."""

class Hasher:
    """BLAKE3 of bytes that come piece by piece."""

    def __init__(self) -> None: ...
    def update(self, content: bytes, /) -> None: ...
    def digest(self) -> str: ...

class Marks:
    """Which identities have results, as far as was heard; a few more may seem to."""

    def __init__(self) -> None: ...
    def __contains__(self, identity: str, /) -> bool: ...
    def __len__(self) -> int: ...

def connect(workspace: Path, timeout: float = 10.0) -> Client:
    """A client of ``MENDEL_API``, else of the companion of ``workspace`` (a ``.mendel``
    folder, made when absent), which is started when nobody answers."""

def new_id() -> str:
    """A fresh id of 32 hexadecimal digits."""

def digest(content: Union[bytes, Path], /) -> str:
    """BLAKE3 of bytes or of a file."""

def blob_file(workspace: Path, digest: str, /) -> Optional[str]:
    """The file in a workspace that has the bytes of that digest, if one has."""

def stage_identity(meaning_json: str, /) -> str:
    """What a stage means for one input: ``stage``, ``config``, ``params`` and ``inputs``, the
    digest of each field it reads."""

def value_digest(value_json: str, /) -> str:
    """Digest of a plain value in its canonical form."""

def result_key(identity: str, dependencies_json: str, /) -> str:
    """The key of a result: digest of its identity and what it depends on."""

def decide(question_json: str, /) -> str:
    """Whether a stored result answers a step: asks with ``step``, ``identity``, ``forced``,
    ``policy`` and ``candidates`` (``result``, the ``present`` digest of each of its
    dependencies, and whether it is ``usable``), answers ``reuse`` (the result, or null) and ``reasons``."""

class Looker:
    """Looks at what steps depended on below ``root``; digests of files are remembered."""

    def __init__(self, workspace: Path, root: Path) -> None: ...
    @property
    def written(self) -> str:
        """The list of what stages wrote below the root."""
    def digest(self, kind: str, subject: str) -> Optional[str]:
        """What a dependency is now; None where it is absent."""
    def existence(self, path: Path) -> Optional[str]:
        """What is at a path: ``file``, ``folder``, or a link and where it leads."""
    def names(self, folder: Path) -> Optional[str]:
        """The names in a folder that count, one a line, as listings have the digest of."""
    @staticmethod
    def lookup(folder: Path, shown: str, names: list[str]) -> Tuple[str, str]:
        """The subject of a lookup of modules in a folder, and those found, one a line."""
    def forget_whole(self) -> None:
        """Looks at whole folders again when they are asked for next."""

    def whole(self, folder: str, task: str, input: str, earlier: list[str], *, data_only: bool) -> str:
        """The digest of every file in a folder of the project that counts for a step."""

def workspace_find(start: Optional[Path] = None, explicit: Optional[Path] = None) -> str:
    """The ``.mendel`` folder for work in ``start`` (default: the current folder). It need
    not exist."""

def workspace_create(workspace: Path, /) -> str:
    """Makes a workspace, unless it exists; returns its identity."""

def binary() -> Optional[str]:
    """The ``mendel`` binary: ``MENDEL_BINARY``, else beside the interpreter, else on PATH."""

def die_with_parent(parent: int, /) -> None:
    """From now on this process is killed when its parent, of that id, ends; at once where it has ended."""

def owner() -> str:
    """The facts of this process as JSON: host, boot, pid, start."""

def owner_alive(owner_json: str, /) -> bool:
    """Whether that process may still live; only a certain death is False."""

def leftover(workspace: Path, /) -> str:
    """Journals whose writer is gone, as JSON: path, run, writer, attempt."""

class Plan:
    """What a class declares, as far as identity is concerned."""

    def __new__(
        cls,
        type_id: str,
        sharing_counts: bool,
        convert: Optional[Callable[[Any], Any]],
        fields: List[Tuple[str, str, bool, Optional[Callable[[], Any]], Optional[Callable[[Any], Any]]]],
        /,
    ) -> Plan:
        """Each field: its name, its rule, whether it may be absent, what makes its default, what reads its path."""

def configuration_identity(configuration: Any, epoch: int, /) -> str:
    """The identity of a configuration. Digests are kept with sealed parts while ``epoch`` stays."""

def configuration_fields(configuration: Any, epoch: int, /) -> List[Tuple[str, Optional[str]]]:
    """For each field its name, and why it is left out, if it is."""
