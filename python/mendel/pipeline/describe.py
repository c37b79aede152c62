"""Tells what the stages of a pipeline declare: `python -m mendel.pipeline.describe`."""

from __future__ import annotations

import json
import sys
from typing import Any, Dict, List

from mendel.pipeline.document import JobTask, read_document
from mendel.pipeline.fingerprint import class_path


def describe(pipeline: Any) -> Dict[str, List[Dict[str, Any]]]:
    """The declarations, in the order of the pipeline."""
    stages = [
        {
            "class": class_path(type(stage)),
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
        answer = describe(JobTask(read_document()).create_pipeline())
    except (ImportError, AttributeError, ValueError, AssertionError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    print(json.dumps(answer))
    return 0


if __name__ == "__main__":
    sys.exit(main())
