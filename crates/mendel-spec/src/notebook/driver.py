# The code cells of a notebook, run one after another as a script.

import sys


def _run(notebook, cells):
    import ast
    import linecache
    import os
    import types

    path = os.path.abspath(notebook)
    sys.argv[0] = notebook
    sys.path[0] = os.path.dirname(path)
    os.environ.setdefault("MPLBACKEND", "agg")
    _leave_own_frames_out()
    # Executed under its name, so that whoever observes the process hears which code this is.
    exec(compile("", path, "exec"), {})
    main = types.ModuleType("__main__")
    names = main.__dict__
    names["display"] = lambda *values: [print(repr(value)) for value in values] and None
    names["__mendel_shell__"] = lambda command: _shell(command, names, sys.stdout)
    names["__mendel_lines__"] = lambda command: _shell(command, names, None)
    sys.modules["__main__"] = main
    for number, source in cells:
        place = "<%s, cell %d>" % (os.path.basename(notebook), number)
        linecache.cache[place] = (len(source), None, source.splitlines(True), place)
        tree = ast.parse(source, place)
        shown = None
        if tree.body and isinstance(tree.body[-1], ast.Expr) and not source.rstrip().endswith(";"):
            shown = ast.Expression(tree.body.pop().value)
        exec(compile(tree, place, "exec"), names)
        value = None if shown is None else eval(compile(shown, place, "eval"), names)
        if value is not None:
            print(repr(value))


def _shell(command, names, out):
    import re
    import subprocess

    def filled(match):
        name = match[1] or match[2]
        return str(names[name]) if name in names else match[0]

    command = re.sub(r"\{([A-Za-z_]\w*)\}|\$([A-Za-z_]\w*)", filled, command)
    sys.stdout.flush()
    if out is not None:
        subprocess.run(command, shell=True)
        return None
    done = subprocess.run(command, shell=True, stdout=subprocess.PIPE, universal_newlines=True)
    return done.stdout.splitlines()


def _leave_own_frames_out():
    def told(kind, error, trace):
        import traceback

        while trace is not None and trace.tb_frame.f_code.co_filename == __file__:
            trace = trace.tb_next
        traceback.print_exception(kind, error.with_traceback(trace), trace)

    sys.excepthook = told


