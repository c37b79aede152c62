"""What a stage depended on, from what was seen while it ran: each thing with its digest."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Dict, Iterable, List, Set, Tuple

from mendel import _native
from mendel.pipeline.look import Stat, look
from mendel.pipeline.scope_files import ScopeFiles
from mendel.pipeline.watch import Loading, Seen, Watch

Subject = Tuple[str, str]
"""Kind and name of a thing that a result depends on."""

_TEXTS_MAX = 1 << 20


@dataclass
class Found:
    """What something depends on.

    Attributes:
        things: Each thing with its digest; None where it was absent.
        doubts: Why nobody knows for sure what was read.
        folders: Folders of the project of which every file counts, each with whether sources do not.
        whole: Why every file of the project counts, if so.
        texts: Lists of names whose digests are among the things.
    """

    things: Dict[Subject, str | None] = field(default_factory=dict)
    doubts: List[str] = field(default_factory=list)
    folders: Dict[str, bool] = field(default_factory=dict)
    whole: str | None = None
    texts: Dict[str, str] = field(default_factory=dict)

    def add(self, other: Found) -> None:
        """Takes over what `other` has; of what both have, this one knows better."""
        for thing, digest in other.things.items():
            self.things.setdefault(thing, digest)
        self.doubts += [doubt for doubt in other.doubts if doubt not in self.doubts]
        for folder, data_only in other.folders.items():
            self.folders[folder] = data_only and self.folders.get(folder, True)
        self.whole = self.whole or other.whole
        self.texts.update(other.texts)

    def is_empty(self) -> bool:
        """Whether there is nothing."""
        return not (self.things or self.doubts or self.folders)


class Judge:
    """Judges what chapters saw.

    Args:
        watch: The observation.
        project: The project root.
        looker: Looks at files.
    """

    def __init__(self, watch: Watch, project: str, looker: Any) -> None:
        self._watch = watch
        self._roots = [root.rstrip("/") + "/" for root in dict.fromkeys((project, os.path.realpath(project)))]
        self._looker = looker

    def subject(self, path: str, files: ScopeFiles | None = None) -> str:
        """The name of a path: of a scope, below the project root, or as it is."""
        named = files.subject_of(path) if files is not None else None
        if named is not None:
            return named
        for root in self._roots:
            if path.startswith(root):
                return path[len(root) :]
            if path + "/" == root:
                return "."
        return path

    def judge(self, seen: Seen, files: ScopeFiles | None = None, names: Iterable[str] = ()) -> Verdict:
        """What the code that was observed depends on.

        Args:
            seen: What was seen.
            files: The files of scopes; what lies there was looked at already.
            names: Texts that code was given, which may name files that a library opens.
        """
        with self._watch.paused():
            bench = _Bench(self, seen, files)
            for one, loading in seen.records:
                bench.hear(one, loading)
            for one in seen.reported:
                bench.hear(one, None)
            return bench.finish(names)

    def digest(self, kind: str, subject: str) -> str | None:
        """What a thing is now."""
        found: str | None = self._looker.digest(kind, subject)
        return found

    def names(self, folder: str) -> str | None:
        """The names in a folder that count, one a line."""
        found: str | None = self._looker.names(folder)
        return found

    def loaded(self, path: str) -> bool:
        """Whether the file is a module that was imported by its name, so that the code of stages tells of it."""
        for name, module in list(sys.modules.items()):
            if getattr(module, "__file__", None) == path:
                place = name.replace(".", "/")
                for ending in (f"/{place}.py", f"/{place}/__init__.py"):
                    if path.endswith(ending) and path[: -len(ending)] in map(os.path.abspath, sys.path):
                        return True
        return False

    def variable(self, name: str) -> str | None:
        """The digest of a variable of the environment, as it was given."""
        value = self._watch.variable(name)
        return None if value is None else _native.digest(value)

    def lookup(self, folder: str, names: List[str]) -> Tuple[str, str]:
        """Subject and text of a lookup of modules."""
        shown = self.subject(folder)
        found: Tuple[str, str] = self._looker.lookup(folder, "" if shown == "." else shown, names)
        return found


@dataclass
class Verdict:
    """What a chapter depends on, and what it wrote.

    Attributes:
        own: What its own code depends on.
        loading: What modules depend on that were loaded meanwhile, by file and line.
        written: Paths that were written, moved or removed.
    """

    own: Found
    loading: Dict[Tuple[str, int], Found]
    written: Set[str]


class _Bench:
    """The records of one chapter while they are judged, in their order."""

    def __init__(self, judge: Judge, seen: Seen, files: ScopeFiles | None) -> None:
        self._judge = judge
        self._files = files
        self._before = seen.before
        self._began = seen.began
        self._parents: Set[str] | None = None
        self.own = Found()
        self._loading: Dict[Tuple[str, int], Found] = {}
        self._written: Set[str] = set()
        self._asides: Dict[str, str] = {}
        self._reads: Dict[str, Tuple[Stat | None, Loading]] = {}
        self._touched: Dict[str, Stat | None] = {}
        self._later: List[Tuple[Dict[str, Any], Loading]] = []
        self._looked: Dict[str, Set[str]] = {}
        self._readers: List[str] = []
        self._children: List[str] = []

    def hear(self, one: Dict[str, Any], loading: Loading) -> None:
        """Takes a record."""
        kind, path = one.get("kind"), one.get("path", "")
        if kind in ("read", "touched") or (kind == "module" and not (loading or self._judge.loaded(path))):
            stat = None if one.get("stat") is None else tuple(one["stat"])
            if kind == "touched":
                self._touched.setdefault(path, stat)
            if path not in self._written:
                self._reads.setdefault(path, (stat, loading))
        elif kind == "write":
            self._written.add(path)
        elif kind == "aside":
            self._asides.setdefault(path, one["place"])
        elif kind in ("list", "exists"):
            self._later.append((one, loading))
        elif kind == "looked" and not loading:
            self._looked.setdefault(path, set()).update(one["names"])
        elif kind == "variable":
            self._note(("variable", one["name"]), self._judge.variable(one["name"]), loading)
        elif kind == "child":
            self._children.append(one["program"])
        elif kind == "libraries":
            self._readers += one["readers"]
        elif kind == "unsure":
            self.own.doubts.append(f"not everything was observed: {one['message']}")

    def finish(self, names: Iterable[str]) -> Verdict:
        """Judges what was taken."""
        if self._readers and self._files is not None:
            self._touched.update((path, look(path)) for path in self._named(names))
            for path, stat in self._touched.items():
                self._reads.setdefault(path, (stat, None))
        for path, (stat, loading) in self._reads.items():
            self._read(path, stat, loading)
        for one, loading in self._later:
            self._listed(one, loading) if one["kind"] == "list" else self._asked(one, loading)
        for folder, looked in self._looked.items():
            subject, text = self._judge.lookup(folder, sorted(looked))
            self._text(("lookup", subject), text, None)
        if self._children:
            program = self._children[0]
            self.own.whole = f"what `{program}` reads, which it starts, is not observed"
            self.own.folders[""] = False
        elif self._readers and not self._touched and not (self._files is not None and self._files.paths()):
            self.own.whole = f"what `{self._readers[0]}` reads is not observed"
            self.own.folders[""] = True
        return Verdict(self.own, self._loading, self._written)

    def _named(self, names: Iterable[str]) -> Iterable[str]:
        for name in names:
            path = os.path.abspath(name) if name and "\0" not in name and len(name) < 4096 else ""
            if path and os.path.exists(path) and self._judge.subject(path) != ".":
                yield path

    def _found(self, loading: Loading) -> Found:
        return self.own if loading is None else self._loading.setdefault(loading, Found())

    def _note(self, thing: Subject, digest: str | None, loading: Loading) -> None:
        self._found(loading).things.setdefault(thing, digest)

    def _text(self, thing: Subject, text: str, loading: Loading) -> None:
        digest = _native.digest(text.encode())
        self._note(thing, digest, loading)
        if len(text) < _TEXTS_MAX:
            self.own.texts[digest] = text

    def _doubt(self, why: str, loading: Loading) -> None:
        self._found(loading).doubts.append(why)

    def _read(self, path: str, stat: Stat | None, loading: Loading) -> None:
        if self._files is not None and self._files.knows(path):
            return
        subject = self._judge.subject(path, self._files)
        now = look(path)
        if self._children and self._is_new(path, stat) and os.path.isabs(subject):
            # A program that was started has made it, somewhere outside.
            return
        if path in self._written:
            if stat is not None:
                self._read_before(path, subject, loading)
        elif now is None and stat is None:
            self._note(("input", subject), None, loading)
        elif os.path.isdir(path):
            if path in self._touched:
                self._all_of(path, subject, loading)
        elif stat == now:
            self._note(("input", subject), self._judge.digest("input", path), loading)
        elif path in self._before:
            # A program that was started may have read it, and has written it.
            self._note(("input", subject), self._before[path], loading)
        elif not (self._children and self._is_new(path, stat)):
            self._doubt(f"`{subject}` changed while it ran", loading)

    def _is_new(self, path: str, stat: Stat | None) -> bool:
        """Whether a file came, or was written, since the chapter began."""
        return stat is None or stat[1] >= self._began

    def _all_of(self, path: str, subject: str, loading: Loading) -> None:
        """Everything in a folder was handed to what is not observed."""
        if os.path.isabs(subject) or subject.startswith("scope:"):
            self._note(("input", subject), self._judge.digest("input", path), loading)
        else:
            self._found(loading).folders["" if subject == "." else subject] = not self._children

    def _read_before(self, path: str, subject: str, loading: Loading) -> None:
        """A file that was read before it was written: what it held then counts."""
        place = self._asides.pop(path, None)
        if place is None or not os.path.isfile(place):
            self._doubt(f"`{subject}` was read and then written, and what was read is not known", loading)
            return
        self._note(("input", subject), _native.digest(Path(place)), loading)
        os.remove(place)

    def _is_ours(self, path: str) -> bool:
        """Whether the path, or something below it, was written."""
        if self._parents is None:
            self._parents = set()
            for one in self._written:
                while one not in self._parents and len(one) > 1:
                    self._parents.add(one)
                    one = os.path.dirname(one)
        return path in self._parents

    def _listed(self, one: Dict[str, Any], loading: Loading) -> None:
        path, text = one["path"], one.get("names")
        subject = self._judge.subject(path, self._files)
        if path in self._written:
            return
        if text is not None and self._is_ours(path):
            text = self._judge.names(path)
        if text is None:
            self._note(("listing", subject), None, loading)
        else:
            self._text(("listing", subject), text, loading)

    def _asked(self, one: Dict[str, Any], loading: Loading) -> None:
        path, text = one["path"], one.get("found")
        subject = self._judge.subject(path, self._files)
        if self._is_ours(path) or (self._files is not None and self._files.knows(path)):
            return
        if text == "file" and ("input", subject) in self.own.things:
            return
        self._note(("existence", subject), None if text is None else _native.digest(text.encode()), loading)
