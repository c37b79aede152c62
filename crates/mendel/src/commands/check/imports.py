"""Tells which modules that a script imports are not found; imports none of them."""

import ast
import importlib.util
import json
import sys
from pathlib import Path

folder, entry = Path(sys.argv[1]), sys.argv[2]
script = folder / entry
sys.path[:0] = [str(script.parent), str(folder)]
found = []
try:
    tree = ast.parse(script.read_bytes(), filename=str(script))
except SyntaxError as error:
    found.append({"line": error.lineno, "column": error.offset, "module": "", "message": error.msg})
    tree = ast.Module(body=[], type_ignores=[])
optional = {id(node) for attempt in ast.walk(tree) if isinstance(attempt, ast.Try) for node in ast.walk(attempt)}
for node in ast.walk(tree):
    names = []
    if isinstance(node, ast.Import):
        names = [alias.name for alias in node.names]
    elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
        names = [node.module]
    for name in names:
        top = name.partition(".")[0]
        try:
            missing = top not in sys.builtin_module_names and importlib.util.find_spec(top) is None
        except (ImportError, ValueError):
            missing = True
        if missing and id(node) not in optional:
            found.append({"line": node.lineno, "column": node.col_offset + 1, "module": name, "message": ""})
print(json.dumps(found))
