# The front door. Everything made is in target/.
#
#   make run     build, then price a real program on every microarchitecture
#   make test    build, then run every test
#
# Both install what is missing on Debian or Ubuntu (as root, or with sudo; APT=no never does).

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c

PERFVEC := target/release/perfvec
PYTHON  := target/venv/bin/python
# What `make run` prices: any RISC-V 64 Linux program with its arguments.
DEMO    := target/workloads/bin/lua_scripts.O2 0 6
PROGRAM ?= $(DEMO)
# Options of `perfvec run`: a time series in the JSON.
FLAGS   ?= --interval 100000

.DEFAULT_GOAL := help
include packaging/install.mk

help:
	@sed -n '2,6s/^# \{0,1\}//p' Makefile

run: tools build
	@if [ "$(PROGRAM)" = "$(DEMO)" ]; then \
	    python3 onnx/workloads/build.py --only '^lua_scripts-a$$'; fi
	$(PERFVEC) run $(FLAGS) --json target/run.json --vector target/run.safetensors -- $(PROGRAM)
	@echo; \
	echo "estimates (JSON)  target/run.json"; \
	echo "program vector    target/run.safetensors"; \
	echo "your program      make run PROGRAM='./a.out its arguments'"

build:
	cargo build --release
	@ln -sfn libperfvec.so target/release/libperfvec.so.0   # what programs that link to it load
	$(MAKE) --no-print-directory plugin

# The QEMU plugin, for each generation of its interface.
plugin:
	$(MAKE) --no-print-directory -C qemu-glue OUT=../target/release

test: test-rust test-python test-wheel

test-rust: tools build target/venv/.made
	cargo test --release
	PERFVEC_ORT_LIB="$$(echo "$$PWD"/target/venv/lib/python3*/site-packages/onnxruntime/capi/libonnxruntime.so.*)" \
	    cargo test --release --test engine -- --include-ignored

test-python: tools build target/venv/.made
	cd onnx/training && ../../$(PYTHON) -m pytest -q

# The Python package: target/wheel/perfvec-*.whl.
wheel: build
	rm -rf target/wheel target/wheel-venv
	python3 -m venv target/wheel-venv
	target/wheel-venv/bin/pip wheel --quiet --disable-pip-version-check --no-deps \
	    -w target/wheel ./python

# Its tests, against the wheel in an environment that has nothing else of perfvec.
test-wheel: tools wheel
	target/wheel-venv/bin/pip install --quiet --disable-pip-version-check \
	    -r python/tests/requirements.txt target/wheel/*.whl
	cd python && PERFVEC_WHEEL="$$(echo ../target/wheel/*.whl)" ../target/wheel-venv/bin/pytest -q

# What takes long or needs other tools, all of it or LANE="tsan miri"; tests/slow.sh lists the lanes.
slow: tools
	tests/slow.sh $(or $(LANE),all)

# Every benchmark, each against what it competes with: about ten minutes, on a quiet machine.
bench: tools build target/venv/.made
	python3 onnx/workloads/build.py --long --only '^(sqlite_bank|lua_scripts)-'
	cargo bench -q --features oracles --no-run
	benches/all.sh

# include/perfvec.h, from src/capi.
header:
	PERFVEC_WRITE_HEADER=1 cargo test --release --test abi header

target/venv/.made: onnx/training/requirements.txt onnx/training/pyproject.toml
	python3 -m venv target/venv
	$(PYTHON) -m pip install --quiet --disable-pip-version-check -r $< -e onnx/training
	touch $@

# Pairs of a file or command that must be there, and the package that has it.
NEEDS := cc:build-essential make:build-essential python3:python3 qemu-riscv64:qemu-user \
    riscv64-linux-gnu-gcc:gcc-riscv64-linux-gnu riscv64-linux-gnu-g++:g++-riscv64-linux-gnu \
    /usr/riscv64-linux-gnu/lib/libc.so.6:libc6-riscv64-cross \
    /usr/riscv64-linux-gnu/include/stdio.h:libc6-dev-riscv64-cross script:bsdutils \
    callgrind_annotate:valgrind

# What README.md shows: the page of a real run, in headless Chromium.
picture: build
	$(PERFVEC) replay $(addprefix --only ,rocket u74 a72 skylake firestorm) --report target/picture.html
	PYTHONPATH=tests python3 examples/picture.py target/picture.html examples/report

tools:
	@missing=; \
	for pair in $(NEEDS); do \
	    need=$${pair%:*}; \
	    [ -e "$$need" ] || command -v "$$need" >/dev/null || missing+=" $${pair#*:}"; \
	done; \
	python3 -c 'import ensurepip' 2>/dev/null || missing+=" python3-venv"; \
	if [ -n "$$missing" ]; then \
	    echo "missing:$$missing"; \
	    [ "$(APT)" != no ] || { echo "install these packages" >&2; exit 1; }; \
	    sudo=; [ "$$(id -u)" = 0 ] || sudo=sudo; \
	    $$sudo apt-get update; \
	    $$sudo apt-get install -y --no-install-recommends $$missing; \
	fi; \
	command -v cargo >/dev/null || { echo "install Rust first: https://rustup.rs" >&2; exit 1; }

clean:
	cargo clean

.PHONY: help run build plugin test test-rust test-python wheel test-wheel slow bench header picture tools clean
