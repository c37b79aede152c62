# What the scripts beside this file share: places, and a way to time a suite.
# shellcheck shell=bash
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"

# Compiled crates and virtual environments may live outside the clone (MENDEL_BUILD_CACHE);
# everything works with that folder empty or unset.
cache=${MENDEL_BUILD_CACHE:-$root/.cache}
mkdir -p "$cache"
if [ -n "${MENDEL_BUILD_CACHE:-}" ] && [ -z "${CARGO_TARGET_DIR:-}" ]; then
  export CARGO_TARGET_DIR=$cache/target
fi
target=${CARGO_TARGET_DIR:-$root/target}
export MENDEL=$target/debug/mendel
venv=$cache/venv
wheels=$cache/wheels
# The build tools are on the path, and the environment's Python is not: a test of plain Python
# must not find the package there.
export PATH=$cache/bin:$PATH

say() { printf '\n== %s\n' "$*" >&2; }

# suite NAME BUDGET_SECONDS COMMAND… : runs a suite and remembers how long it took.
suite_report=()
suite() {
  local name=$1 budget=$2 started=$SECONDS took
  shift 2
  say "$name"
  "$@"
  took=$((SECONDS - started))
  suite_report+=("$(printf '%-28s %5d s of %5d s' "$name" "$took" "$budget")")
}
suites() {
  printf '\n%-28s %s\n' suite 'time, budget' >&2
  printf '%s\n' "${suite_report[@]}" >&2
}
