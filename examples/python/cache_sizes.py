#!/usr/bin/env python3
# %% [markdown]
# # How large should the caches be?
#
# 36 pairs of sizes of the level 1 data cache and the level 2 cache, around an in-order core, priced in one
# pass over each program. Runs as a notebook (Jupytext, VS Code) or as a script:
#
#     examples/python/cache_sizes.py             # the trace that comes with perfvec
#     examples/python/cache_sizes.py a.pvt b.pvt

# %%
import sys

import pandas as pd
import perfvec

traces = [word for word in sys.argv[1:] if word.endswith(".pvt")] or None
# "quick" measures a part of the program only, with half as much before each unit.
settings = {"sample": 102_400, "warming": 51_200} if "quick" in sys.argv else {}

# %%
space = {
    "like": "cortex-a53-like",
    "axes": {
        "l1d_kib": {"from": 4, "to": 128, "times": 2},
        "l2_kib": {"from": 128, "to": 4096, "times": 2},
    },
}
result = perfvec.explore(space, traces, cost="l1d_kib + l2_kib", **settings)
designs = pd.DataFrame(
    {**design["axes"], "KiB": design["cost"], "speedup": design["speedup"],
     "front": design["pareto"], "cpi": design["programs"][0]["cpi"], **{
         part: design["programs"][0]["stack"][part] / design["programs"][0]["retired"]
         for part in ("L1", "L2", "memory")}}
    for design in result["designs"])

# %% [markdown]
# Speedup over the core as it is (32 KiB and 512 KiB), by sizes:

# %%
print(designs.pivot(index="l1d_kib", columns="l2_kib", values="speedup").round(3).to_string())

# %% [markdown]
# Nothing is both smaller and faster than these. What a program waits for is in cycles per instruction,
# of the first program:

# %%
front = designs[designs["front"]].sort_values("KiB")
print(front.drop(columns="front").round(3).to_string(index=False))

# %% [markdown]
# The smallest that is within 1 % of the fastest:

# %%
near = designs[designs["speedup"] >= 0.99 * designs["speedup"].max()]
choice = near.sort_values("KiB").iloc[0]
print(f"take {choice['l1d_kib']:.0f} KiB and {choice['l2_kib']:.0f} KiB: {choice['speedup']:.3f}")
