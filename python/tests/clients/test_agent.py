"""The real ``clearml-agent`` serves a queue of the server, unchanged."""

from __future__ import annotations

import os
import signal
import subprocess
import textwrap
from pathlib import Path

from .conftest import Served, interpreter

JOB = """
    import argparse
    from clearml import Task

    task = Task.init("agents", "job", auto_resource_monitoring=False, reuse_last_task_id=False)
    parser = argparse.ArgumentParser()
    parser.add_argument("--rate", type=float, default=0.5)
    rate = parser.parse_args().rate
    task.execute_remotely(queue_name=None, exit_process=True)
    task.get_logger().report_scalar("rate", "seen", value=rate, iteration=1)
    task.upload_artifact("seen", {"rate": rate}, wait_on_upload=True)
"""

EDIT = """
    from clearml import Task

    draft = Task.clone(Task.get_task(project_name="agents", task_name="job"), name="edited")
    draft.set_parameter("Args/rate", 0.25)
    Task.enqueue(draft, queue_name="default")
    print("told", draft.id)
"""

WAIT = """
    import sys
    from clearml import Task

    task = Task.get_task(task_id=sys.argv[1])
    task.wait_for_status(status=("completed",), raise_on_status=("failed", "stopped"), check_interval_sec=1)
    print("told", task.artifacts["seen"].get(), task.get_last_scalar_metrics()["rate"]["seen"]["last"])
"""


def test_tr_31_and_91_an_edited_clone_runs_on_the_real_agent(served: Served, tmp_path: Path) -> None:
    python = interpreter("clearml")
    environment = served.environment("clearml", tmp_path)
    environment["PATH"] = f"{python.parent}{os.pathsep}{environment['PATH']}"
    # The agent uses the environment that is there instead of making one for the run.
    agent_only = {
        "CLEARML_AGENT_SKIP_PIP_VENV_INSTALL": str(python),
        "CLEARML_AGENT_SKIP_PYTHON_ENV_INSTALL": "1",
        "CLEARML_AGENT_QUEUE_POLL_FREQ_SEC": "1",
    }

    def told(text: str, *arguments: str) -> str:
        script = tmp_path / "job.py"
        script.write_text(textwrap.dedent(text))
        done = subprocess.run(
            [str(python), str(script), *arguments],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            timeout=180,
            check=False,
        )
        assert done.returncode == 0, done.stderr[-2000:]
        lines = [line for line in done.stdout.splitlines() if line.startswith("told ")]
        return lines[-1].removeprefix("told ") if lines else ""

    told(JOB)
    task = told(EDIT)
    log = tmp_path / "agent.log"
    with log.open("w") as output:
        agent = subprocess.Popen(
            [str(python.parent / "clearml-agent"), "daemon", "--queue", "default", "--foreground"],
            cwd=tmp_path,
            env={**environment, **agent_only},
            stdout=output,
            stderr=output,
        )
        try:
            assert told(WAIT, task) == "{'rate': 0.25} 0.25", log.read_text()[-3000:]
        finally:
            agent.send_signal(signal.SIGINT)
            try:
                agent.wait(timeout=20)
            except subprocess.TimeoutExpired:
                agent.kill()
