"""Puts the library, the command, the QEMU plugins and the default model into the wheel.

They come from the source tree around this folder, or, in an sdist, from its folder tree/.
"""

import os
import platform
import re
import shutil
import subprocess
from pathlib import Path

from cffi import FFI
from setuptools import Distribution, setup
from setuptools.command.bdist_wheel import bdist_wheel
from setuptools.command.build_py import build_py
from setuptools.command.sdist import sdist

HERE = Path(__file__).resolve().parent
TREE = HERE / "tree" if (HERE / "tree").is_dir() else HERE.parent
TARGET = Path(os.environ.get("CARGO_TARGET_DIR", TREE / "target")).resolve()
MADE = TARGET / "python"
# What a build needs of the source tree: the manifest names the benchmarks and tests/support.
SOURCES = [
    "Cargo.toml", "Cargo.lock", "README.md", "LICENSE-MIT", "LICENSE-APACHE", "build.rs", "benches",
    "include", "onnx/perfvec-riscv64-1.onnx", "onnx/perfvec-riscv64-1.safetensors",
    "examples/lua.pvt", "packaging", "qemu-glue", "src", "tests/support",
]


def version():
    """That of Cargo.toml."""
    found = re.search(r'^version = "(.+)"$', (TREE / "Cargo.toml").read_text(), re.MULTILINE)
    if found is None:
        raise SystemExit(f"{TREE / 'Cargo.toml'}: no version")
    return found[1]


def declarations(header):
    """The header as cffi reads it: without the preprocessor's lines, shifts as numbers."""
    header = re.sub(r"#ifdef __cplusplus\n.*?\n#endif.*?\n", "", header, flags=re.DOTALL)
    header = re.sub(r"\(1 << (\d+)\)", lambda m: str(1 << int(m[1])), header)
    return re.sub(r"^#(ifndef|include|endif|define PERFVEC_H$).*$", "", header, flags=re.MULTILINE)


class BuildPy(build_py):
    """Adds what is compiled, and the declarations of the C ABI."""

    def run(self):
        if self.editable_mode:
            raise SystemExit("perfvec has no editable install: run `make wheel`, and install that")
        # Nothing of a build before this one.
        shutil.rmtree(self.build_lib, ignore_errors=True)
        super().run()
        package = Path(self.build_lib) / "perfvec"
        ffi = FFI()
        ffi.set_source("perfvec._abi", None)
        ffi.cdef(declarations((TREE / "include/perfvec.h").read_text()))
        ffi.emit_python_code(str(package / "_abi.py"))
        self.make_binaries()
        self.gather(package / "native")

    def make_binaries(self):
        """A release build; nothing to do where there is one."""
        subprocess.run(["cargo", "build", "--release", "--locked"], cwd=TREE, check=True)
        out = f"OUT={TARGET / 'release'}"
        subprocess.run(["make", "--no-print-directory", "-C", TREE / "qemu-glue", out], check=True)

    def gather(self, native):
        """The layout of an installed perfvec, by which the library and the command find the rest."""
        release = TARGET / "release"
        for folder, files in {
            "bin": [release / "perfvec"],
            "lib": [release / "libperfvec.so"],
            "lib/perfvec": sorted(release.glob("libperfvec_qemu?.so")),
            "share/perfvec": [*TREE.glob("onnx/perfvec-riscv64-1.*"), TREE / "examples/lua.pvt"],
            "share/doc/perfvec": TREE.glob("LICENSE-*"),
        }.items():
            (native / folder).mkdir(parents=True, exist_ok=True)
            for file in files:
                shutil.copy(file, native / folder)
                if folder in ("bin", "lib"):
                    subprocess.run(["strip", native / folder / file.name], check=True)
        licences = subprocess.run([TREE / "packaging/licences.py"], cwd=TREE, check=True,
                                  capture_output=True, text=True).stdout
        (native / "share/doc/perfvec/THIRD-PARTY.txt").write_text(licences)


class BdistWheel(bdist_wheel):
    """A wheel for any Python, and for the glibc that its files ask for."""

    def get_tag(self):
        native = Path(self.get_finalized_command("build").build_lib) / "perfvec/native"
        files = [native / "bin/perfvec", *native.glob("lib/**/*.so")]
        glibc = subprocess.run(["sh", TREE / "packaging/oldest-glibc.sh", *files], check=True,
                               capture_output=True, text=True).stdout.strip()
        return "py3", "none", f"manylinux_{glibc.replace('.', '_')}_{platform.machine()}"


class Binary(Distribution):
    """What belongs to one platform."""

    def has_ext_modules(self):
        return True


class Sdist(sdist):
    """Adds the source tree that this folder is a part of."""

    def make_release_tree(self, base_dir, files):
        super().make_release_tree(base_dir, files)
        for name in SOURCES:
            source, to = TREE / name, Path(base_dir) / "tree" / name
            to.parent.mkdir(parents=True, exist_ok=True)
            if source.is_dir():
                shutil.copytree(source, to, ignore=shutil.ignore_patterns("target", "__pycache__"))
            else:
                shutil.copy(source, to)


MADE.mkdir(parents=True, exist_ok=True)
setup(
    version=version(),
    distclass=Binary,
    cmdclass={"build_py": BuildPy, "bdist_wheel": BdistWheel, "sdist": Sdist},
    options={"build": {"build_base": str(MADE)}, "egg_info": {"egg_base": str(MADE)}},
)
