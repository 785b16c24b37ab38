#!/bin/sh
# Makes examples/lua.pvt, the trace that `perfvec replay` takes when none is named: Lua running a
# script of the test workloads. Needs what `make run` needs.
set -eu
cd "$(dirname "$0")/.."
python3 onnx/workloads/build.py --only '^lua_scripts-a$'
cd target/workloads/bin
# Environment and arguments lie on the program's stack, so both are fixed.
env -i PATH=/usr/bin:/bin ../../release/perfvec record -o ../../../examples/lua.pvt -- ./lua_scripts.O2 0 6
