#!/usr/bin/env python3
# %% [markdown]
# # Which tile suits which cache?
#
# A product of matrices, with its loops cut into tiles of several sizes, on cores that differ in their level 1
# data cache. Each program is recorded once and priced on all cores. Runs as a notebook (Jupytext, VS Code) or as
# a script; it needs riscv64-linux-gnu-gcc and qemu-riscv64:
#
#     examples/python/loop_tiling.py        # matrices of 96 times 96
#     examples/python/loop_tiling.py 24

# %%
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import pandas as pd
import perfvec

size = next((int(word) for word in sys.argv[1:] if word.isdigit()), 96)
tiles = [tile for tile in (2, 4, 8, 16, 32) if tile < size] + [size]  # the last is no tiling
cores: list[dict[str, Any]] = [
    {"name": f"{kib} KiB", "like": "cortex-a53-like", "l1d_kib": kib} for kib in (4, 16, 64)]

# %%
SOURCE = r"""
static double a[N][N], b[N][N], c[N][N];
static int least(int x, int y) { return x < y ? x : y; }
__attribute__((noinline)) static void multiply(void) {
    for (int ii = 0; ii < N; ii += T)
        for (int jj = 0; jj < N; jj += T)
            for (int kk = 0; kk < N; kk += T)
                for (int i = ii; i < least(ii + T, N); i++)
                    for (int j = jj; j < least(jj + T, N); j++) {
                        double sum = c[i][j];
                        for (int k = kk; k < least(kk + T, N); k++) sum += a[i][k] * b[k][j];
                        c[i][j] = sum;
                    }
}
int main(void) {
    for (int i = 0; i < N; i++)
        for (int j = 0; j < N; j++) a[i][j] = i + j, b[i][j] = i - j;
    multiply();
    return c[N / 2][N / 3] == 0;
}
"""


def price(folder: Path, tile: int) -> dict[str, float]:
    """Cycles for each multiplication of the tiled product, by core."""
    program, trace = folder / f"tile{tile}", folder / f"tile{tile}.pvt"
    program.with_suffix(".c").write_text(SOURCE)
    subprocess.run(["riscv64-linux-gnu-gcc", "-O2", "-static", f"-DN={size}", f"-DT={tile}",
                    program.with_suffix(".c"), "-o", program], check=True)
    subprocess.run([perfvec.command(), "record", "--no-progress", "--from", "multiply",
                    "-o", trace, "--", program], check=True, capture_output=True)
    result = perfvec.replay(trace, cores=cores)
    cycles = {core["name"]: core["cycles"] / size**3 for core in result["microarchs"]}
    return {core["name"]: cycles[core["name"]] for core in cores}


with tempfile.TemporaryDirectory() as name:
    table = pd.DataFrame({tile: price(Path(name), tile) for tile in tiles}).T.rename_axis("tile")

# %% [markdown]
# Cycles for each multiplication:

# %%
print(table.round(3).to_string())

# %%
for core, best in table.idxmin().items():
    gain = table.loc[size, core] / table.loc[best, core]
    print(f"{core}: tiles of {best}, {gain:.2f} times as fast as without")
