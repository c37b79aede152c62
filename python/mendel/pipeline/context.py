"""Runs one task of a batch in a process of its own: `python -m mendel.pipeline.context`.

The task comes pickled on standard input; the exit code goes out as text, since user code
may print.
"""

from __future__ import annotations

import os
import sys
import traceback


def main() -> int:
    """Runs the task."""
    from mendel.compat.shim import provide_repype
    from mendel.pipeline.batch import _pickler
    from mendel.pipeline.errors import user_traceback
    from mendel.pipeline.status import update

    provide_repype()
    out = os.dup(1)
    os.dup2(2, 1)
    context, status = _pickler().loads(sys.stdin.buffer.read())
    try:
        context.run(status=status)
        code = 0
    except Exception as error:
        about = {"stage": error.stage.id} if hasattr(error, "stage") else {}
        task = str(context.task.path.resolve())
        shown = user_traceback(error) or "".join(traceback.format_exception(type(error), error, error.__traceback__))
        update(status, info="error", task=task, traceback=shown, **about)
        code = 1
    os.write(out, str(code).encode())
    return code


if __name__ == "__main__":
    sys.exit(main())
