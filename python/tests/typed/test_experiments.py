"""Experiments: what is executed, when, how often, and what is found afterwards."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Callable, List

import pytest
from mendel import (
    FailedExperiment,
    GracefulExperimentExit,
    JobState,
    NotUsable,
    RunMode,
    TransientMode,
    experiment,
    from_task_dir,
    identity,
    tag,
)
from shapes import Leaf
from work import (
    After,
    Boom,
    Dataset,
    Documents,
    Download,
    Evaluate,
    Fold,
    Index,
    Inspect,
    Leave,
    Loader,
    Print,
    Resume,
    Sharing,
    Sleep,
    Topics,
    UseDocuments,
    UseDownload,
    UseTopics,
)

HERE = Path(__file__).parent


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "log"


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "workspace"


def lines(log: Path) -> List[str]:
    return log.read_text().splitlines() if log.exists() else []


def until(condition: Callable[[], Any], seconds: float = 30) -> Any:
    end = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.05)
    return found


def dataset() -> Dataset:
    return Dataset(topics=Topics(path="/original"), documents=Documents(name="documents"))


def script(tmp_path: Path, text: str) -> subprocess.Popen[bytes]:
    """A process that prepares an experiment."""
    file = tmp_path / f"study{len(list(tmp_path.iterdir()))}.py"
    file.write_text("import sys\nfrom pathlib import Path\nfrom mendel import *\nfrom work import *\n" + text)
    env = {**os.environ, "PYTHONPATH": str(HERE)}
    return subprocess.Popen([sys.executable, str(file)], env=env, start_new_session=True)


def test_xm_06_xm_07_xm_28_xm_30_a_task_runs_once_and_is_found_again(place: Path, log: Path) -> None:
    with experiment(place, "first") as xp:
        task = Sleep(n=1, log=log)
        begun = time.monotonic()
        assert task.submit() is task and time.monotonic() - begun < 1
        assert Sleep(n=1, log=log, seconds=9).submit().job is task.job
        xp.wait()
        assert lines(log)[-1] == "end 1" and task.job.state is JobState.DONE
    folder = place / "jobs" / "work.sleep" / identity(task).hex
    assert task.jobpath == folder and (folder / "sleep.done").is_file()
    assert sorted(path.name for path in folder.iterdir()) == [
        ".mendel",
        "params.json",
        "sleep.done",
        "sleep.err",
        "sleep.out",
    ]
    with experiment(place, "second"):
        again = Sleep(n=1, log=log)
        again.submit()
    assert again.job.state is JobState.DONE and len(lines(log)) == 2
    assert from_task_dir(folder).n == 1 and identity(from_task_dir(folder)) == identity(task)


def test_tt_220_tt_291_an_experiment_leaves_a_record(place: Path, log: Path) -> None:
    with experiment(place, "record") as xp:
        Sleep(n=tag(1), log=log).submit()
        (xp.resultspath / "table").write_text("x")
        xp.save({"leaf": Leaf(v=3)}, "found")
        assert experiment.current() is xp
    run = place / "experiments" / "record" / "current"
    row = json.loads((run / "jobs.jsonl").read_text())
    assert row["tags"] == {"n": 1} and (place / row["path"] / "params.json").is_file()
    assert [link.resolve() for link in (run / "jobs").iterdir()] == [(place / row["path"]).resolve()]
    assert json.loads((run / "status.json").read_text())["status"] == "done"
    assert "python" in json.loads((run / "environment.json").read_text())
    with experiment(place, "other") as xp:
        assert xp.load("found", "record")["leaf"].v == 3
        with pytest.raises(NotUsable, match="nothing"):
            xp.load("nothing", "record")


def test_xm_12_xm_13_xm_15_xm_16_xm_17_xm_18_tt_156_outputs_carry_the_dependencies(place: Path, log: Path) -> None:
    with experiment(place, "folds", jobs=3):
        sampled = Fold(dataset=dataset(), seed=1, pause=1.5, log=log).submit()
        whole = After(before=Sleep(n=1, log=log).submit(), log=log)
        whole.submit()
        topics = UseTopics(topics=sampled.topics, others=[sampled.topics, sampled.topics], log=log)
        documents = UseDocuments(documents=sampled.documents, log=log)
        topics.submit()
        documents.submit()
        assert len(topics.job.dependencies) == 1 and documents.job.dependencies == []
        fresh = Dataset(topics=Topics(path="/x"), documents=sampled.documents)
        assert identity(fresh) == identity(Dataset(topics=Topics(path="/y"), documents=Documents(name="documents")))
    told = lines(log)
    assert told.index("use documents") < told.index("end fold1") < told.index("use topics 1")
    assert told.index("end 1") < told.index("after")
    with experiment(place, "folds"):
        again = Fold(dataset=dataset(), seed=1, log=log).submit()
        other = Fold(dataset=dataset(), seed=2, log=log).submit()
        assert identity(again.topics) == identity(sampled.topics) != identity(other.topics)


def test_tt_159_a_task_that_was_not_submitted_is_named(place: Path, log: Path) -> None:
    with experiment(place, "x"):
        with pytest.raises(NotUsable, match="`before`.*submit it first"):
            After(before=Sleep(n=1, log=log), log=log).submit()
        with pytest.raises(AttributeError):
            Leaf(v=1).submit()


def test_tt_236_tt_237_tt_238_a_failure_blocks_what_depends_on_it_and_is_raised(
    place: Path, log: Path, tmp_path: Path
) -> None:
    def go() -> Any:
        with experiment(place, "boom"):
            boom = Boom(n=1, log=log, fixed=tmp_path / "fixed").submit()
            after = After(before=boom, log=log).submit()
            last = After(before=after, log=log).submit()
            other = Sleep(n=1, log=log).submit()
            go.jobs = [boom.job, after.job, last.job, other.job]  # type: ignore[attr-defined]

    with pytest.raises(FailedExperiment, match="on purpose") as caught:
        go()
    boom, after, last, other = go.jobs  # type: ignore[attr-defined]
    assert [job.state for job in (boom, after, last, other)] == [JobState.ERROR] * 3 + [JobState.DONE]
    assert (boom.reason, after.reason, last.reason) == ("failed", "dependency", "dependency")
    assert after.blocked_by is last.blocked_by is boom and "boom" in str(caught.value) and len(caught.value.jobs) == 3
    assert not after.stdout.exists() and "on purpose" in boom.stderr.read_text()
    assert "RuntimeError" in json.loads(boom.folder.failed.read_text())["traceback"]
    (tmp_path / "fixed").touch()
    go()
    assert [job.state for job in go.jobs] == [JobState.DONE] * 4  # type: ignore[attr-defined]
    assert lines(log).count("boom") == 2 and lines(log).count("after") == 2
    aside = boom.path / ".mendel" / "attempt-1"
    assert (aside / "half").is_file() and "on purpose" in (aside / "boom.err").read_text()


def test_tt_126_the_exit_status_of_a_task_counts(place: Path) -> None:
    with experiment(place, "leave", on_failure="report"):
        good, bad = Leave(code=0).submit(), Leave(code=3).submit()
    assert good.job.state is JobState.DONE and bad.job.state is JobState.ERROR


def test_tt_238_trap_7_a_failed_experiment_exits_with_a_failure(place: Path, tmp_path: Path) -> None:
    process = script(tmp_path, f"with experiment({str(place)!r}, 'x'):\n    Leave(code=1).submit()\n")
    assert process.wait(60) == 1


def test_xm_08_xm_09_xm_10_xm_11_xm_19_tt_115_tt_123_tt_124_tt_125_what_a_task_sees(place: Path, log: Path) -> None:
    with experiment(place, "see"):
        before = Print(n=5, log=log).submit()
        one = Inspect(index=Index(size=tag(3)), before=before).tag("k", "x")
        one.submit()
        other = Inspect(index=Index(size=3), before=before, step=2).submit()
    told = json.loads((one.jobpath / "out.txt").read_text())
    assert told["cwd"] == told["taskdir"] == told["nested"] == str(one.jobpath)
    assert told["tags"] == {"size": 3, "k": "x"} and json.loads(told["variables"][2]) == told["tags"]
    assert told["maintaskdir"] == told["variables"][1] == str(Path(told["kept"]).parent)
    assert told["maintaskdir"].startswith(str(place / "partials" / "work.inspect" / "shared"))
    assert told["kept"] == json.loads((other.jobpath / "out.txt").read_text())["kept"]
    assert (told["count"], told["kind"], told["home"]) == ("1", "local", os.environ.get("HOME"))
    assert told["before"] == "printed before\n" and not told["module"].startswith(str(place))
    assert (one.jobpath / "relative.txt").is_file()
    assert Path(one.stdout).read_text() == "to stdout\n" and Path(one.stderr).read_text() == "to stderr\n"


def test_tt_181_tt_182_init_tasks_run_before_on_the_same_instances(place: Path, log: Path) -> None:
    with experiment(place, "init"):
        model = Documents(name="raw")
        plain = Evaluate(model=model, log=log).submit()
        loaded = Evaluate(model=model, log=log)
        loaded.submit(init_tasks=[Loader(model=model)])
        assert identity(plain) != identity(loaded)
    assert sorted(lines(log)) == ["loaded", "raw"]


def test_tt_250_tt_251_a_resumable_task_goes_on_when_it_ran_out_of_time(place: Path, log: Path) -> None:
    with experiment(place, "resume"):
        one = Resume(log=log).submit()
    assert lines(log) == ["attempt 1", "attempt 2", "attempt 3"] and one.job.attempt == 3


def test_tt_230_tt_231_tt_232_jobs_outlive_the_process_that_prepared_them(
    place: Path, log: Path, tmp_path: Path
) -> None:
    text = (
        f"with experiment({str(place)!r}, 'long'):\n"
        f"    one = Sleep(n=1, seconds=4, log=Path({str(log)!r})).submit()\n"
        f"    After(before=one, log=Path({str(log)!r})).submit()\n"
    )
    process = script(tmp_path, text)
    until(lambda: lines(log))
    os.killpg(process.pid, signal.SIGKILL)
    process.wait(10)
    assert script(tmp_path, text).wait(60) == 0
    assert [line.split()[0] for line in lines(log)] == ["start", "end", "after"]


def test_tt_231_ctrl_c_returns_promptly_and_leaves_jobs_running(place: Path, log: Path, tmp_path: Path) -> None:
    text = f"with experiment({str(place)!r}, 'long'):\n    Sleep(n=1, seconds=3, log=Path({str(log)!r})).submit()\n"
    process = script(tmp_path, text)
    until(lambda: lines(log))
    os.killpg(process.pid, signal.SIGINT)
    assert process.wait(2) != 0 and len(lines(log)) == 1
    until(lambda: len(lines(log)) == 2)


def test_tt_234_trap_25_a_job_that_was_killed_is_run_again(place: Path, log: Path) -> None:
    with experiment(place, "killed", on_failure="report"):
        one = Sleep(n=1, seconds=30, log=log).submit()
        pid = int(until(lambda: lines(log))[0].split()[2])
        os.kill(pid, signal.SIGKILL)
    assert one.job.state is JobState.ERROR and one.job.reason == "failed"
    with experiment(place, "killed"):
        Sleep(n=1, log=log).submit()
    assert [line.split()[0] for line in lines(log)] == ["start", "start", "end"]


def test_tt_242_tt_128_a_job_that_is_told_to_stop_is_cancelled(place: Path, log: Path) -> None:
    with experiment(place, "cancel", on_failure="report"):
        one = Sleep(n=1, seconds=30, log=log).submit()
        until(lambda: lines(log))
        os.kill(json.loads(one.job.folder.pid.read_text())["pid"], signal.SIGTERM)
    assert (one.job.state, one.job.reason) == (JobState.ERROR, "cancelled")


def test_tt_240_no_more_jobs_run_at_once_than_there_are_slots(place: Path, log: Path) -> None:
    with experiment(place, "many", jobs=2):
        for n in range(6):
            Sleep(n=n, seconds=0.3, log=log).submit()
    running = most = 0
    for line in lines(log):
        running += 1 if line.startswith("start") else -1
        most = max(most, running)
    assert most <= 2 and len(lines(log)) == 12


def test_tt_241_one_experiment_of_a_name_runs_at_once(place: Path, log: Path, tmp_path: Path) -> None:
    text = f"with experiment({str(place)!r}, 'one'):\n    Sleep(n=%d, seconds=1, log=Path({str(log)!r})).submit()\n"
    processes = [script(tmp_path, text % n) for n in (1, 2)]
    assert [process.wait(60) for process in processes] == [0, 0]
    assert [line.split()[0] for line in lines(log)] == ["start", "end", "start", "end"]


def test_tt_290_leaving_by_an_exception_leaves_jobs_running(place: Path, log: Path) -> None:
    with pytest.raises(KeyError), experiment(place, "left"):
        one = Sleep(n=1, seconds=1, log=log).submit()
        until(lambda: lines(log))
        raise KeyError("x")
    assert not one.job.folder.is_done()
    with experiment(place, "left"):
        Sleep(n=1, log=log).submit()
        raise GracefulExperimentExit
    until(one.job.folder.is_done)
    assert len(lines(log)) == 2


def test_tt_293_trap_17_a_dry_run_writes_nothing_and_generating_starts_nothing(
    place: Path, log: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with experiment(place, "dry", mode=RunMode.DRY_RUN) as xp:
        out = Fold(dataset=dataset(), seed=1, log=log).submit()
        use = UseTopics(topics=out.topics, log=log).submit()
        assert len(use.job.dependencies) == 1 and len(xp.jobs) == 2
    assert not place.exists()
    told = capsys.readouterr().out
    assert f"{use.job.told_short()}  unscheduled, after work.fold/" in told
    with experiment(place, "dry", mode="generate"):
        one = Sleep(n=1, log=log).submit()
    assert (one.jobpath / "params.json").is_file() and lines(log) == []
    with experiment(place, "dry"):
        Sleep(n=1, log=log).submit()
    with experiment(place, "dry", mode=RunMode.DRY_RUN):
        assert Sleep(n=1, log=log).submit().job.state is JobState.DONE
        assert Sleep(n=2, log=log).submit().job.state is JobState.UNSCHEDULED


def test_trap_18_a_folder_that_was_deleted_is_made_again(place: Path, log: Path) -> None:
    import shutil

    for _ in range(2):
        with experiment(place, "deleted"):
            one = Sleep(n=1, log=log).submit()
        shutil.rmtree(one.jobpath)
    assert lines(log).count("end 1") == 2


def test_trap_18_an_output_that_was_deleted_is_made_again(place: Path, log: Path) -> None:
    def go() -> Any:
        with experiment(place, "purged"):
            return Fold(dataset=dataset(), seed=1, log=log).submit()

    topics = go().topics.path
    go()
    assert lines(log).count("end fold1") == 1
    topics.unlink()
    go()
    assert lines(log).count("end fold1") == 2 and topics.is_file()


def test_tt_089_a_result_of_another_script_of_that_name_is_not_taken_silently(place: Path, tmp_path: Path) -> None:
    text = "from mendel import Param, Task, experiment\nclass Fit(Task):\n    n: Param[int]\n    def execute(self):\n"
    text += f"        print('WHO')\nif __name__ == '__main__':\n    with experiment({str(place)!r}, 'x'):\n"
    text += "        Fit(n=1).submit()\n"
    told = []
    for name in ("one", "other"):
        (tmp_path / name).mkdir()
        study = tmp_path / name / "study.py"
        study.write_text(text.replace("WHO", name))
        done = subprocess.run([sys.executable, str(study)], capture_output=True, text=True, timeout=60, check=True)
        told.append(done.stderr)
    assert "older code" not in told[0] and "older code" in told[1] and "study.py" in told[1]


def test_tt_144_a_workspace_can_be_moved(place: Path, log: Path, tmp_path: Path) -> None:
    with experiment(place, "move"):
        out = Fold(dataset=dataset(), seed=1, log=log).submit()
        use = UseTopics(topics=out.topics, log=log).submit()
    os.rename(place, tmp_path / "moved")
    moved = from_task_dir(tmp_path / "moved" / use.jobpath.relative_to(place))
    assert moved.topics.path.read_text() == "topics 1" and identity(moved) == identity(use)


def test_tt_120_tt_206_a_hook_that_fails_queues_nothing(place: Path, log: Path) -> None:
    from work import needs_java

    class breaks(needs_java):
        def process(self, job: Any, launcher: Any) -> None:
            raise ValueError("no java")

    @breaks(1)
    class Hooked(Sleep):
        pass

    with experiment(place, "hooked") as xp:
        with pytest.raises(NotUsable, match="breaks.*Hooked.*no java"):
            Hooked(n=1, log=log).submit()
        assert xp.jobs == {}
    assert lines(log) == [] and not (place / "jobs").exists()


def test_tt_176_callbacks_come_after_success(place: Path, log: Path) -> None:
    found: List[int] = []
    for _ in range(2):
        with experiment(place, "callback"):
            one = Sleep(n=3, log=log).submit()
            one.on_completed(lambda task: found.append(task.n))
            one.on_completed(lambda task: UseDocuments(documents=Documents(name="called"), log=log).submit())
        assert found.pop() == 3 and not found
    assert lines(log).count("use called") == 1


def test_tt_174_a_callback_that_fails_fails_the_experiment(place: Path, log: Path) -> None:
    def go() -> None:
        with experiment(place, "callback"):
            one = Sleep(n=3, log=log).submit()
            one.on_completed(lambda task: 1 / 0)

    with pytest.raises(ZeroDivisionError):
        go()


def test_tt_096_results_of_older_code_are_used_with_a_note_or_made_again(
    place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "inner_part.py").write_text("VALUE = 1\n")
    module = "from mendel import Param, Task\nclass Fit(Task):\n    n: Param[int]\n"
    module += "    def execute(self):\n        import inner_part\n        print(inner_part.VALUE)\n"
    (tmp_path / "outer_part.py").write_text(module)
    from outer_part import Fit

    def go(**options: Any) -> Any:
        with experiment(place, "stale", **options):
            return Fit(n=1).submit()

    go()
    go()
    assert "older code" not in capsys.readouterr().err
    (tmp_path / "inner_part.py").write_text("VALUE = 22\n")
    one = go()
    told = capsys.readouterr().err
    assert "older code" in told and "inner_part.py" in told and one.stdout.read_text() == "1\n"
    Fit.__mendel_stale__ = "reuse"
    go()
    assert "older code" not in capsys.readouterr().err
    assert go(rerun_stale=True).stdout.read_text() == "22\n"
    Fit.__mendel_stale__ = "never"
    with pytest.raises(NotUsable, match="never"):
        go()


def test_a_job_whose_supervisor_was_killed_leaves_nobody_and_is_run_again(place: Path, log: Path) -> None:
    with experiment(place, "killed", on_failure="report") as xp:
        one = Sleep(n=1, seconds=30, log=log).submit()
        pid = int(until(lambda: lines(log))[0].split()[2])
        assert xp.scheduler is not None
        (process,) = xp.scheduler._processes.values()
        process.kill()
    assert one.job.state is JobState.ERROR
    until(lambda: not Path(f"/proc/{pid}").exists() or "Z" in Path(f"/proc/{pid}/stat").read_text().split()[2])
    with experiment(place, "killed"):
        Sleep(n=1, log=log).submit()
    assert [line.split()[0] for line in lines(log)] == ["start", "start", "end"]


def test_tt_230_many_jobs_are_each_done_once_when_the_preparing_process_is_killed_again_and_again(
    place: Path, log: Path, tmp_path: Path
) -> None:
    text = (
        f"with experiment({str(place)!r}, 'many', jobs=3):\n"
        f"    for n in range(24):\n"
        f"        one = Sleep(n=n, seconds=0.2, log=Path({str(log)!r})).submit()\n"
    )
    for limit in (4, 12):
        process = script(tmp_path, text)
        until(lambda limit=limit: len(lines(log)) >= limit)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(10)
    assert script(tmp_path, text).wait(120) == 0
    ended = [line for line in lines(log) if line.startswith("end")]
    assert len(ended) == len(set(ended)) == 24 and len(lines(log)) == 48


def test_runs_of_jobs_are_in_the_workspace_with_their_console(place: Path, log: Path) -> None:
    from mendel import _native

    with experiment(place, "visible"):
        one = Print(n=tag(7), log=log).submit()
    binary = os.fspath(_native.binary())
    env = {**os.environ, "MENDEL_WORKSPACE": str(place / ".mendel")}
    done = subprocess.run([binary, "runs", "--json"], env=env, capture_output=True, text=True, check=True)
    (run,) = json.loads(done.stdout)["runs"]
    assert (run["name"], run["project"], run["status"], run["tags"]) == ("print", "visible", "completed", ["n=7"])
    logs = subprocess.run([binary, "logs", run["id"]], env=env, capture_output=True, text=True, check=True)
    assert "printed before" in logs.stdout and one.stdout.read_text() == "printed before\n"


def test_tt_098_an_identity_is_explained_and_compared_from_the_folders_of_jobs(place: Path, log: Path) -> None:
    from mendel import _native

    with experiment(place, "explained"):
        one, other = Sleep(n=1, log=log).submit(), Sleep(n=2, seconds=0.1, log=log).submit()
    binary = os.fspath(_native.binary())

    def told(*words: str) -> Any:
        done = subprocess.run([binary, "--json", *words], cwd=place, capture_output=True, text=True, check=True)
        return json.loads(done.stdout)

    answer = told("explain-id", str(one.jobpath))
    rows = {row["path"]: row for row in answer["fields"]}
    assert answer["identity"] == identity(one) and rows["n"]["counts"] and "Meta" in rows["seconds"]["why"]
    assert told("explain-id", identity(one)[:12])["identity"] == identity(one)
    difference = told("diff-id", identity(one), identity(other))
    assert difference["fields"] == [{"path": "n", "before": 1, "after": 2}] and not difference["equal"]
    assert told("diff-id", identity(one), str(one.jobpath))["equal"]
    refused = subprocess.run([binary, "explain-id", "nowhere"], cwd=place, capture_output=True, text=True, check=False)
    assert refused.returncode == 2 and "nowhere" in refused.stderr


def test_tt_094_one_job_at_a_time_holds_a_shared_folder(place: Path) -> None:
    with experiment(place, "sharing", jobs=3):
        jobs = [Sharing(n=n).submit().job for n in range(3)]
    assert [job.state for job in jobs] == [JobState.DONE] * 3 and len({job.path for job in jobs}) == 3


def test_xm_06_a_plain_script_submits_into_an_experiment_of_its_own(log: Path, tmp_path: Path) -> None:
    (tmp_path / "mendel.toml").write_text("")
    study = tmp_path / "study.py"
    head = f"import sys\nsys.path.append({str(HERE)!r})\nfrom pathlib import Path\nfrom work import *\n"
    head += f"log = Path({str(log)!r})\n"

    def go(text: str) -> Any:
        study.write_text(head + text)
        command = [sys.executable, str(study)]
        env = {name: value for name, value in os.environ.items() if name != "MENDEL_WORKSPACE"}
        return subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True, timeout=60, check=False)

    done = go("one = Sleep(n=1, log=log).submit()\nAfter(before=one, log=log).submit()\n")
    assert done.returncode == 0, done.stderr
    assert lines(log)[1:] == ["end 1", "after"] and (tmp_path / "experiments" / "study" / "current").is_dir()
    failed = go("Leave(code=1).submit()\n")
    assert failed.returncode == 1 and "work.leave" in failed.stderr
    crashed = go("one = Sleep(n=2, seconds=2, log=log).submit()\none.job.state\nraise KeyError('x')\n")
    assert crashed.returncode == 1 and "KeyError" in crashed.stderr
    assert (tmp_path / "jobs" / "work.sleep").is_dir() and not log.read_text().endswith("end 2\n")


def test_tt_260_a_transient_task_runs_only_where_it_is_needed(place: Path, log: Path) -> None:
    def go(needed: bool, mode: TransientMode = TransientMode.TRANSIENT) -> Any:
        with experiment(place, "transient"):
            first = Sleep(n=1, log=log).submit(transient=mode)
            second = Sleep(n=2, log=log).submit(transient=mode)
            if needed:
                After(before=first, log=log).submit()
        return first.job, second.job

    first, second = go(needed=False)
    assert first.state is second.state is JobState.UNSCHEDULED and lines(log) == []
    first, second = go(needed=True, mode=TransientMode.REMOVE)
    assert first.state is JobState.DONE and second.state is JobState.UNSCHEDULED
    assert lines(log)[1:] == ["end 1", "after"] and not first.path.exists()
    first, second = go(needed=True)
    assert first.state is JobState.UNSCHEDULED and len(lines(log)) == 3
    with experiment(place, "transient"):
        one = Sleep(n=3, log=log).submit(transient=TransientMode.TRANSIENT)
        Sleep(n=3, log=log).submit()
    assert one.job.state is JobState.DONE


def test_tt_261_preparation_happens_once_before_the_first_task_that_needs_it(place: Path, log: Path) -> None:
    with experiment(place, "prepare", mode="prepare"):
        UseDownload(data=Download(name="a", log=log), n=0, log=log).submit()
    assert lines(log) == ["prepared a"]
    with experiment(place, "prepare", on_failure="report"):
        for n in range(2):
            UseDownload(data=Download(name="a", log=log), n=n, log=log).submit()
        bad = UseDownload(data=Download(name="b", log=log, fails=True), n=0, log=log).submit()
    assert lines(log) == ["prepared a", "prepared a", "used a", "used a"]
    assert bad.job.state is JobState.ERROR and "no network" in bad.job.message
