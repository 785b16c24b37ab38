#!/usr/bin/env python3
"""Reads that gem5's memory controller served, as tests/data/dram-reads.txt holds them.

    gem5.opt --debug-flags=MemCtrl --debug-file=log.txt gem5-glue/configs/... BINARY
    benches/dram_reads.py DEVICE m5out/log.txt [--first 160] >> tests/data/dram-reads.txt

A line for each read: its address, when it came to the controller and when its last burst was over, in
ps, as `recvTimingReq` and `Access to ..., ready at` of the log say. DEVICE is gem5's name of the memory.
"""

import argparse
import re
import sys

CAME = re.compile(r"\s*(\d+): \S+: recvTimingReq: request Read\w* addr (0x\w+)")
READY = re.compile(r"\s*(\d+): \S+: Access to (0x\w+), ready at (\d+)")
LINE = 64


def reads(log):
    """Each read of `log`: address, came, ready."""
    found, waiting = [], {}
    for text in log:
        if came := CAME.match(text):
            read = [int(came[2], 16), int(came[1]), 0]
            found.append(read)
            waiting[read[0]] = read
        elif ready := READY.match(text):
            read = waiting.get(int(ready[2], 16) // LINE * LINE)
            if read:
                read[2] = max(read[2], int(ready[3]))
    return [read for read in found if read[2]]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("device")
    parser.add_argument("log")
    parser.add_argument("--first", type=int, default=160, help="reads to keep (default: 160)")
    args = parser.parse_args()
    with open(args.log) as log:
        kept = reads(log)[: args.first]
    if not kept:
        sys.exit(f"{args.log}: no reads; run gem5 with --debug-flags=MemCtrl")
    print(f"[{args.device}]")
    for address, came, ready in kept:
        print(f"{address:x} {came} {ready}")


if __name__ == "__main__":
    main()
