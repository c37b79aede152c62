"""One input on its way through the stages."""

from __future__ import annotations

import json
from typing import Any, Dict, Iterator, List

from mendel import _native
from mendel.notes import warn
from mendel.pipeline.cells import NOTHING, Cell, Fields, Made
from mendel.pipeline.config import Config
from mendel.pipeline.formats import MAPPED_MIN, Encoded, encode, is_mutable
from mendel.pipeline.input_id import written
from mendel.pipeline.judge import Found
from mendel.pipeline.pipeline import StageError, scope_path, section
from mendel.pipeline.plain import plain
from mendel.pipeline.scope_files import ScopeFiles, at
from mendel.pipeline.status import update
from mendel.pipeline.steps import Outcome, Steps
from mendel.pipeline.types import Document
from mendel.pipeline.vault import Damaged

LISTED_MAX = 10_000
"""A longer list of values is not searched for names of files."""


class AbsentField(ValueError):
    """A stage needs a field that a disabled stage did not make."""


class Walk:
    """Takes one input through all stages.

    Args:
        steps: The task.
        input_id: The input.
        config: Its hyperparameters, after auto-configuration; defaults are recorded there.
        status: Where to report, or None.
        extra: Handed on to the stages.
    """

    def __init__(self, steps: Steps, input_id: Any, config: Config, status: Any, extra: Dict[str, Any]) -> None:
        self._steps = steps
        self._status = status
        self._extra = extra
        self._input = input_id
        self.config = config
        self.disabled: Dict[str, float] = {}
        self._own = Cell("input_id", input_id, _native.value_digest(json.dumps(input_id)))
        self.data = Fields(self._value, {"input_id": self._own})
        self.outcome = Outcome(input_id, {})

    def go(self) -> None:
        """Takes the input through all stages.

        Raises:
            StageError: A stage failed.
            AbsentField: A stage needs what a disabled one did not make; nothing was run.
        """
        enabled = self._enabled()
        for stage in self._steps.pipeline.stages:
            if enabled[stage.id]:
                self._step(stage)
            else:
                self.outcome.absent += sorted(stage.outputs)
                self.outcome.seconds[stage.id] = self.disabled[stage.id] = 0.0
                section(self.config, stage.id).set_default("enabled", stage.enabled_by_default)
                self._skip(stage, "disabled")
        left = [cell for name, cell in sorted(self.data.cells.items()) if name != "input_id"]
        self.outcome.fields = [cell.record() for cell in left if not self._is_marginal(cell)]
        for cell in left:
            if self._is_marginal(cell):
                del self.data[cell.name]
        self.outcome.config = plain(self.config.entries)
        self._forget_values({cell.name for cell in left})

    def _forget_values(self, left: set[str]) -> None:
        """Frees what is stored and large, and what is not part of the result."""
        kept = [cell for cell in self.data.cells.values() if cell.name in left and cell.size < MAPPED_MIN]
        seen = {id(self._own), *map(id, kept)}
        waiting = [cell for cell in self.data.cells.values() if id(cell) not in seen]
        waiting += [given for cell in kept if cell.maker for given in cell.maker.inputs.values()]
        while waiting:
            cell = waiting.pop()
            if id(cell) not in seen:
                seen.add(id(cell))
                cell.value = NOTHING
                waiting += cell.maker.inputs.values() if cell.maker else ()

    def _enabled(self) -> Dict[str, bool]:
        """Which stages run; refuses what can only fail, before anything runs."""
        enabled, absent = {}, {}
        for stage in self._steps.pipeline.stages:
            held = self.config.entries.get(stage.id)
            given = held.get("enabled") if isinstance(held, dict) else None
            enabled[stage.id] = bool(stage.enabled_by_default if given is None else given)
            if not enabled[stage.id]:
                by = f"`{stage.id}/enabled`" if given is not None else "`enabled_by_default`"
                absent.update(dict.fromkeys(stage.outputs, (stage.id, by)))
                continue
            for name in sorted({*stage.inputs, *stage.consumes} & set(absent)):
                maker, by = absent[name]
                raise AbsentField(f"stage `{stage.id}` needs `{name}`, but stage `{maker}` is disabled by {by}")
        return enabled

    def _step(self, stage: Any) -> None:
        """One stage: reused where a result answers, else computed."""
        # What the user wrote; the stage records its defaults later.
        meant = plain(section(self.config, stage.id).entries)
        inputs = self._inputs(stage)
        identity = self._identity(stage, meant, inputs)
        decision = self._decide(stage, identity, inputs)
        if decision["reuse"] is None:
            for cell in inputs.values():
                self._value(cell)
            # A value that had to be made again may differ: then another step is meant.
            again = self._identity(stage, meant, inputs)
            if again != identity:
                identity = again
                decision = self._decide(stage, identity, inputs)
        step = f"{identity} {self._steps.code(stage)}"
        has_waited = False
        if decision["reuse"] is None:
            has_waited = self._steps.claim(step)
            # Somebody may have put it between the question and the claim.
            decision = self._decide(stage, identity, inputs)
        try:
            self.outcome.reasons[stage.id] = decision["reasons"]
            if decision["reuse"] is None or not self._reuse(
                stage, decision["reuse"], inputs, "waited" if has_waited else "reused"
            ):
                self._compute(stage, step, identity, inputs)
        finally:
            self._steps.release(step)

    def _inputs(self, stage: Any) -> Dict[str, Cell]:
        needed = sorted({*stage.inputs, *stage.consumes})
        missing = [name for name in needed if name not in self.data]
        if missing:
            raise StageError(stage, self._input, KeyError(f"no stage made `{missing[0]}`"))
        return {name: self.data.cells[name] for name in needed}

    def _identity(self, stage: Any, meant: Document, inputs: Dict[str, Cell]) -> str:
        digests = {name: cell.digest for name, cell in inputs.items()}
        meaning = {"stage": stage.id, "config": meant, "params": self._steps.job.params, "inputs": digests}
        return _native.stage_identity(json.dumps(meaning))

    def _decide(self, stage: Any, identity: str, inputs: Dict[str, Cell]) -> Document:
        job = self._steps.job
        forced = job.force or not job.pickup or (not job.cutoff and any(cell.fresh for cell in inputs.values()))
        keeps = set() if stage.id in job.marginal else set(stage.outputs)
        return self._steps.find(stage.id, identity, forced, keeps, self._input)

    def _reuse(self, stage: Any, result: Document, inputs: Dict[str, Cell], how: str) -> bool:
        """Takes over a stored result; False where one of its files is no longer there."""
        record = result["stage"]
        try:
            for file in record["files"]:
                pattern = self._steps.pipeline.scopes.get(file["scope"])
                if pattern is not None:
                    path = scope_path(file["scope"], pattern, self._input)
                    self._steps.vault.restore(file, at(path, file["path_suffix"]))
                    self._steps.wrote(stage.id, self._input, [str(at(path, file["path_suffix"]))])
        except Damaged as damage:
            warn("stage `%s`, input %s: %s; it is computed again", stage.id, written(self._input), damage)
            return False
        made = Made(stage, self.config.entries.get(stage.id), inputs)
        for field in record["fields"]:
            cell = Cell(field["name"], maker=made)
            cell.take(field)
            made.outputs[cell.name] = self.data.cells[cell.name] = cell
        for name in stage.consumes:
            self.data.cells.pop(name, None)
        if isinstance(record.get("config"), dict):
            section(self.config, stage.id).entries.update(_restored(record["config"]))
        self.outcome.reused.append(stage.id)
        self._note(stage, result)
        self._skip(stage, how)
        return True

    def _compute(self, stage: Any, step: str, identity: str, inputs: Dict[str, Cell]) -> None:
        """Runs the stage, and keeps what it made."""
        made = Made(stage, self.config.entries.get(stage.id), inputs)
        seconds, found = self._run(stage, made, self.data, section(self.config, stage.id))
        for cell in made.outputs.values():
            cell.fresh = True
        record = {
            "task": self._steps.job.task,
            "fields": [cell.record() for _, cell in sorted(made.outputs.items())],
            "files": made.files,
            "absent": [],
            "config": plain(section(self.config, stage.id).entries),
            "seconds": seconds,
        }
        result = self._steps.result(stage, self._input, identity, found, record)
        self._steps.put(step, result)
        self.outcome.computed.append(stage.id)
        self._note(stage, result)

    def _note(self, stage: Any, result: Document) -> None:
        self.outcome.seconds[stage.id] = result["stage"].get("seconds", result["duration"] / 1000)
        self.outcome.steps[stage.id] = {"identity": result["identity"], "key": result["key"], "run": result["run"]}
        found = self._steps.read(result, stage.id, self._input)
        self.outcome.read.update(found)
        for kind, name, _, _ in found:
            if kind in ("input", "listing", "lookup"):
                self.outcome.readers.setdefault(name, stage.id)
        self.outcome.doubts += result["stage"].get("doubts") or ()
        self.outcome.files += result["stage"]["files"]

    def _run(self, stage: Any, made: Made, data: Fields, config: Config) -> tuple[float, Found]:
        """Runs a stage on `data`; answers its seconds and what it depends on."""
        with self._steps.having(stage):
            return self._run_having(stage, made, data, config)

    def _run_having(self, stage: Any, made: Made, data: Fields, config: Config) -> tuple[float, Found]:
        update(self._status, info="start-stage", stage=stage.id, intermediate=True)
        before, files = dict(data.cells), ScopeFiles()
        self._steps.files = files
        try:
            with self._steps.observed(stage, files, self._names(made, config)) as step:
                seconds = stage.run(**self._about(data, config))
        except (Exception, SystemExit) as error:
            raise StageError(stage, self._input, error) from error
        finally:
            self._steps.files = None
        for name, cell in list(data.cells.items()):
            if cell.digest is None:
                self._keep(stage, cell, self._encoded(stage, cell))
                cell.maker, made.outputs[name] = made, cell
        self._find_changed_inputs(stage, made, data, before)
        made.files = files.written(self._steps.vault)
        step.found.things.update((("input", name), digest) for name, digest in files.read(self._steps.vault))
        self._steps.wrote(stage.id, self._input, [*step.written, *files.new()])
        update(self._status, info="end-stage", stage=stage.id, seconds=seconds, intermediate=True)
        return seconds, step.found

    def _names(self, made: Made, config: Config) -> Iterator[str]:
        """The texts that a stage is given, which may be names of files."""
        waiting: List[Any] = [plain(config.entries), plain(self._steps.job.params), self._input]
        waiting += [cell.value for cell in made.inputs.values()]
        while waiting:
            one = waiting.pop()
            if isinstance(one, str):
                yield one
            elif isinstance(one, dict):
                waiting += one.values()
            elif isinstance(one, (list, tuple)) and len(one) < LISTED_MAX:
                waiting += one

    def _find_changed_inputs(self, stage: Any, made: Made, data: Fields, before: Dict[str, Cell]) -> None:
        """An input changed in place is one more thing that the stage made."""
        for name, cell in made.inputs.items():
            if cell.value is NOTHING or not is_mutable(cell.value):
                continue
            if data.cells.get(name) is not before.get(name):
                # Consumed or replaced: whoever needs it again gets what it was.
                cell.value = NOTHING
                continue
            encoded = self._encoded(stage, cell)
            if encoded.digest() != cell.digest:
                changed = Cell(name, cell.value, maker=made)
                self._keep(stage, changed, encoded)
                cell.value = NOTHING
                made.outputs[name] = data.cells[name] = changed

    def _encoded(self, stage: Any, cell: Cell) -> Encoded:
        what = f"field `{cell.name}` of stage `{stage.id}`"
        allowed = self._steps.job.pickle or bool(getattr(stage, "pickle", False)) or _is_compatible(type(stage))
        try:
            return encode(cell.value, what, allowed)
        except Exception as error:
            raise StageError(stage, self._input, error) from error

    def _keep(self, stage: Any, cell: Cell, encoded: Encoded) -> None:
        self._steps.vault.keep(cell, encoded, stage.id not in self._steps.job.marginal)

    def _value(self, cell: Cell) -> Any:
        """The value of a field: from memory, from the store, or made again."""
        if cell.value is not NOTHING:
            return cell.value
        if cell.kept:
            try:
                cell.value = self._steps.vault.bring(cell)
                return cell.value
            except Damaged as damage:
                where = f"stage `{cell.maker.stage.id}`" if cell.maker else "the task"
                warn("%s, input %s: stored value %s; it is computed again", where, written(self._input), damage)
        self._make_again(cell)
        return cell.value

    def _make_again(self, cell: Cell) -> None:
        """Runs the stage that made a field once more, because its value was not stored."""
        made = cell.maker
        if made is None:
            raise LookupError(f"the value of `{cell.name}` is not stored, and no stage of this run made it")
        for given in made.inputs.values():
            self._value(given)
        data = Fields(self._value, {"input_id": self._own, **made.inputs})
        again = Made(made.stage, made.config, made.inputs)
        self._run(made.stage, again, data, Config(made.config).copy() if isinstance(made.config, dict) else Config())
        self.outcome.computed.append(made.stage.id)
        for name, output in made.outputs.items():
            fresh = again.outputs.get(name)
            if fresh is None:
                continue
            if fresh.digest != output.digest:
                warn("stage `%s` is not deterministic: `%s` differs when made again", made.stage.id, name)
                output.take(fresh.record())
                output.fresh = True
            output.value, output.kept = fresh.value, fresh.kept

    def _is_marginal(self, cell: Cell) -> bool:
        return cell.maker is not None and cell.maker.stage.id in self._steps.job.marginal

    def _skip(self, stage: Any, why: str) -> None:
        update(self._status, info="skip-stage", stage=stage.id, why=why, intermediate=True)
        stage.skip(**self._about(self.data, section(self.config, stage.id)))

    def _about(self, data: Fields, config: Config) -> Dict[str, Any]:
        host = getattr(self._steps.pipeline, "host", self._steps.pipeline)
        return {
            "pipeline": host,
            "input_id": self._input,
            "data": data,
            "config": config,
            "status": self._status,
            **self._extra,
        }


def _is_compatible(cls: type) -> bool:
    """Whether a stage was written for the tool whose results were always pickles."""
    return any(base.__module__.partition(".")[0] == "repype" for base in cls.__mro__)


def _restored(config: Document) -> Document:
    """Hyperparameters as they were before they were written as plain values."""
    from mendel.pipeline.plain import restored

    found: Document = restored(config)
    return found
