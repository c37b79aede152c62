"""Tells what the stages of a pipeline declare: `python -m mendel.pipeline.describe`."""

from __future__ import annotations

import json
import sys
from typing import Any, Dict, List, Mapping

from mendel.pipeline.document import JobTask, read_document
from mendel.pipeline.fingerprint import subject


def describe(pipeline: Any, named: Mapping[int, str]) -> Dict[str, List[Dict[str, Any]]]:
    """The declarations, in the order of the pipeline; `source` is the path that a stage was named by."""
    stages = [
        {
            "class": subject(stage),
            "source": named.get(id(stage)),
            "id": stage.id,
            "inputs": sorted(set(stage.inputs) - set(stage.consumes)),
            "consumes": sorted(stage.consumes),
            "outputs": sorted(stage.outputs),
            "enabled_by_default": bool(stage.enabled_by_default),
        }
        for stage in pipeline.stages
    ]
    return {"stages": stages}


def main() -> int:
    """Prints the declarations of the pipeline of the job document."""
    try:
        task = JobTask(read_document())
        answer = describe(task.create_pipeline(), task.named)
    except (ImportError, AttributeError, ValueError, AssertionError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    print(json.dumps(answer))
    return 0


if __name__ == "__main__":
    sys.exit(main())
