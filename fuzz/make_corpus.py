#!/usr/bin/env python3
"""Writes the seeds of the fuzz targets to fuzz/corpus/TARGET/ (needs onnx/training installed).

    PYTHONPATH=tests/data fuzz/make_corpus.py

The same script gives the same files, but for the order of a safetensors file's metadata; whatever
else lies there stays.
"""

import gzip
import json
import lzma
import shutil
import struct
from pathlib import Path

import make_test_models as models
import numpy as np
import safetensors.numpy
from perfvec_training import table

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent


def put(target, name, data):
    """Writes one seed."""
    folder = HERE / "corpus" / target
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(data)


def model_seeds():
    """The engines' smallest test model that is not native, and a small one of every graph form."""
    put("model", "gru", (ROOT / "tests/data/engine/gru.onnx").read_bytes())
    specs = [
        models.Spec("plain", 4, [3], norm="none", seed=21),
        models.Spec("deep", 5, [4, 3], clip=4.0, relu=True, seed=22),
        models.Spec("wide", 6, [4], embedding=5, clip=6.0, raw=[1, 3], raw_scale=0.25,
                    sliced=(0, 2), seed=23),
        models.Spec("other", 4, [3], norm="add-mul", squeeze=False, bias=False, seed=24),
    ]
    for spec in specs:
        graph = models.build(spec, models.weights(spec))
        put("model", spec.name, graph.SerializeToString(deterministic=True))


def table_seeds():
    """A table, one with a training distribution, and program vectors of both modes."""
    folder = HERE / "corpus" / "table"
    folder.mkdir(parents=True, exist_ok=True)
    entries = [
        {"name": "small", "clock_hz": 1e9, "kind": "in-order", "parameters": {"l1": 32}},
        {"name": "big", "clock_hz": 3e9, "trained": True},
    ]
    vectors = np.arange(6, dtype=np.float32).reshape(2, 3)
    table.save(folder / "plain", "toy", "0123456789abcdef", entries, vectors)
    ood = (np.ones(3), np.eye(3)[:2])
    table.save(folder / "ood", "toy", "0123456789abcdef", entries, vectors, ood, note="seed")
    for name, units, tensors in [
        ("vector", 0, {"sum": np.array([1.0, 2.0, 3.0])}),
        ("sampled", 4, {"sum": np.ones(3), "second_moment": np.ones(6)}),
    ]:
        meta = {
            "perfvec.format": "program-vector-1", "perfvec.model_id": "toy",
            "perfvec.retired": "100", "perfvec.measured": "50", "perfvec.units": str(units),
        }
        meta["perfvec.checksum"] = table.checksum(tensors, meta)
        put("table", name, safetensors.numpy.save(tensors, meta))


def varint(n):
    """LEB128."""
    out = bytearray()
    while n >= 0x80:
        out.append(n & 0x7F | 0x80)
        n >>= 7
    return bytes([*out, n])


def block(retirements, statics, timed, columns):
    """A block as the target `trace` takes it: counts, then a payload of six columns."""
    raw = b"".join(varint(len(c)) for c in columns) + b"".join(columns)
    return struct.pack("<HBBH", retirements, statics, timed, len(raw)) + raw


def trace_seeds():
    """A recorded trace, and payloads by the description in src/trace/format.rs."""
    shutil.copyfile(ROOT / "tests/data/trace_v1.pvt", folder("trace") / "recorded")
    load = varint(2 * 0x1000) + bytes([47, 4, 8, 0x11]) + varint(1) + bytes([0, 10, 0, 11])
    branch = varint(0) + bytes([1, 4, 0, 2]) + varint(1 << 5) + bytes([0, 10, 0, 11])
    edges = varint(0) + varint(2) + bytes([1 << 3]) + varint(1) + bytes([2 << 3]) + varint(16)
    one = block(3, 2, 2, [
        load + branch, varint(1) * 2, edges + bytes([0]) + varint(0),
        varint(0), varint(2 * 0x2000), varint(1) + varint(0) + varint(2) + varint(5) + varint(0),
    ])
    put("trace", "payload", one)
    put("trace", "two-payloads", one + block(1, 0, 0, [b"", b"", varint(1) + bytes([0, 0]), b"",
                                                       b"", varint(0)]))


def folder(target):
    """The folder of a target's seeds."""
    path = HERE / "corpus" / target
    path.mkdir(parents=True, exist_ok=True)
    return path


def text_seeds():
    """Records of every kind: plain, load, branch, fault, and a store that is in the other file."""
    def record(head, op, flags, memory, pc, taken, registers):
        fields = [*head, op, *flags, *memory, *[0] * 10, pc, taken, *[0] * 10, *registers]
        return " ".join(map(str, fields)) + "\n"

    plain, branch = [0] * 13, [0, 1, 0, 1] + [0] * 9
    head = [0, -1, 1000, 50, 60, 5, 6, 7, 8]
    add = record(head, 1, plain, [0, 0, 0], 65536, 0, [1, 1, 0, 10, 0, 11])
    load = record(head, 47, plain, [1, 4096, 8], 65540, 0, [1, 1, 0, 10, 0, 12])
    jump = record(head, 1, branch, [0, 0, 0], 65544, 1, [2, 0, 0, 10, 0, 11])
    fault = record([1, *head[1:]], 47, plain, [1, 8192, 8], 65548, 0, [0, 0])
    store = [0, 3, 2000, 50, 60, 5, 6, 7, 8]
    first = " ".join(map(str, store)) + "\n"
    twin = record([*store, 9, 1], 48, plain, [1, 4096, 8], 65552, 0, [2, 0, 0, 10, 0, 11])
    text = add + load + jump + fault + first + add
    put("text_trace", "all", text.encode() + b"\0" + twin.encode())
    put("text_trace", "plain", (add + load).encode())


def riscv_seeds():
    """Instructions of every length and major opcode."""
    words = [
        0x00150513, 0xFEB50EE3, 0x0005B503, 0x00A5B023, 0x02B50533, 0x02A5053B, 0x00001517,
        0x000080E7, 0x00008067, 0x0FF0000F, 0x0000100F, 0x00000073, 0x30200073, 0xC0002573,
        0x1005252F, 0x18A5252F, 0x00A5202F, 0x02A57553, 0x0AA57043, 0x00053507, 0x00A53027,
        0x60151513, 0x20A52533, 0x0D007057, 0xFFFFFFFF,
    ]
    halves = [0x0001, 0x4501, 0x8082, 0x9002, 0xA001, 0xC111, 0x6502, 0xE02A, 0x2501, 0x0000]
    wide = b"".join(w.to_bytes(4, "little") for w in words)
    short = b"".join(h.to_bytes(2, "little") for h in halves)
    put("riscv", "words", wide)
    put("riscv", "halves", short)
    put("riscv", "mixed", short[:6] + wide[:8] + short[6:] + wide[8:])


def snapshot_seeds():
    """Shapes of a session and lengths of its stream, whole and with one patch."""
    for name, data in [
        ("whole", bytes([0, 60])), ("published", bytes([1, 200])), ("intervals", bytes([2, 77])),
        ("sampled", bytes([4, 130])), ("outside", bytes([8, 40])), ("target", bytes([16, 250])),
        ("patched", bytes([6, 90]) + struct.pack("<BHBB", 0, 200, 0, 255)),
        ("overwritten", bytes([3, 90]) + struct.pack("<BHBQ", 0, 400, 1, 1 << 40)),
    ]:
        put("snapshot", name, data)


def capi_seeds():
    """A whole life of a session, a recording, and a calibration (see src/capi.rs)."""
    model, free = bytes(5), bytes([0, 0, 0, 7])
    config = bytes([1, 2, 7, 3, 20, 0, 7, 0]) + bytes(8) + bytes([0, 0, 0])
    session = bytes([0, 0, 0, 4, 0]) + config
    new_table = bytes([1, 0, 0, 0, 0])
    add = bytes([1, 0, 0, 0, 2, 0, 1, 0, 8])
    some = bytes([0, 0, 0, 16, 0, 0])  # instruction 0, address 0x1000
    intern = bytes([2, 0, 0, 4, 0]) + some + bytes.fromhex("03b50500") + bytes([1])
    many = bytes([2, 0, 0, 0, 3]) + some + bytes([150])
    timed = bytes([2, 0, 0, 0, 4]) + some + bytes([9, 0])
    ask = [bytes([3, 0, 0, 0, which]) for which in range(13)]
    ask[5:7] = [ask[5] + b"\0", ask[6] + b"\4"]
    ask[7] += b"\1"
    ask[9] += b"\x08"
    snapshot = bytes([3, 0, 0, 0, 13, 0, 0])
    start = model + session + new_table + add + intern + many
    put("capi", "life", start + b"".join(ask) + snapshot + many + ask[1] + free)
    put("capi", "calibrate", start + bytes([0, 0, 0, 6, 1]) + bytes([3, 0, 0, 0, 14, 1])
        + timed * 100 + ask[0] + bytes([3, 0, 0, 0, 15]))
    create = bytes([4, 0, 0, 0, 0]) + some + bytes([1, 1])
    record = bytes([4, 0, 0, 0, 4]) + some + bytes.fromhex("03b50500")
    retire = bytes([4, 0, 0, 0, 2]) + some
    put("capi", "record", create + record + retire * 3 + bytes([4, 0, 0, 0, 5]) + some)
    put("capi", "nothing-made", b"".join(ask) + many + add + retire)


def import_seeds():
    """A short trace of every format; the first byte is its place in Format::ALL, or 15 for none."""
    spike = (b"core   0: 0x80000000 (0x00000297) auipc t0, 0\n"
             b"core   0: 3 0x0000000080000000 (0x00000297) x5  0x0000000080000000\n"
             b"core   0: 0 0x0000000080000004 (0x00053303) x6  0x1 mem 0x0000000080001000\n"
             b"core   0: exception trap_user_ecall, epc 0x0000000080000008\n")
    ibex = (b"Time\tCycle\tPC\tInsn\tDecoded instruction\tRegister and memory contents\n"
            b"  21\t  6\t00100080\t00010117\tauipc\tx2,0x10\t  x2=0x00110080\n"
            b"  23\t  8\t00100084\t0002a023\tsw\tx0,0(x5)\t x0:0x0 PA:0x00110000 store:0x0\n"
            b"  25\t  9\t00100088\t    0291\t-->c.addi\tx5,4\t\n"
            b"  27\t 12\t00100000\t    bfdd\t==>c.j\t100098\t\n")
    cva6 = (b"  1215ns      118 M 0000000080000010 0 00053303 ld t1, 0(a0) VA: 0000000080001000\n"
            b"Exception @      1395, PC: 0000000080000014, Cause: Breakpoint, \n\t\ttval: 00\n"
            b"  1415ns      138 U 0000000080000018 0 00000013 nop\n")
    neorv32 = (b"0 18 0x00000000 0x00428293 M addi x5, x5, 4\n"
               b"1 20 0x00000002 0xff7ff06f M jal x0, -10\n"
               b"2 29 0x00003e94 0x7119     U c.addi16sp x2 <TRAP_ENTRY>\n")
    rvvi = (b"VERSION 0 3\nVENDOR \"x y\" 0 1\nPARAMS 2 XLEN 64 NHART 1\nMODE 0x0 X 10 0x100\n"
            b"CYCLE 2 RET 0x80 0x00053303 'ld' X 6 0x1 \\\n  C 0x342 0x8 META 2 a b\n"
            b"CYCLE 1 TRAP 0x84 0x00000073 HART 1 RET 0x90 0x0001\n")
    def record(kind, *fields):
        return struct.pack("<B", kind) + b"".join(struct.pack("<" + f, v) for f, v in fields)
    stf = (b"\x01STF" + record(2, ("I", 1), ("I", 6)) + record(4, ("H", 1)) + record(5, ("H", 2))
           + record(7, ("Q", 0x20)) + record(10, ("I", 128)) + record(9, ("Q", 0x1000)) + b"\x13"
           + record(60, ("Q", 0x8000), ("H", 8), ("H", 0), ("B", 1)) + record(240, ("I", 0x53303))
           + record(40, ("H", 1), ("B", 0x23), ("Q", 1), ("Q", 2)) + record(31, ("Q", 0x2000))
           + record(241, ("H", 0xA001)) + record(100, ("I", 13), ("B", 1), ("Q", 0))
           + record(101, ("Q", 0x3000)) + record(240, ("I", 0x13)) + record(240, ("I", 0x13)))
    champsim = struct.pack("<QBB2B4B2Q4Q", 0x401000, 1, 1, 26, 0, 26, 25, 0, 0, 0, 0, 0x8000,
                           0, 0, 0)
    def entry(kind, size, value):
        return struct.pack("<HHQ", kind, size, value)
    memtrace = (entry(25, 0, 7) + entry(28, 9, 0x200) + entry(22, 0, 17) + entry(47, 4, 0x53303)
                + entry(10, 4, 0x1000) + entry(0, 8, 0x8000) + entry(10, 4, 0x1000))
    traces = {"spike": spike, "ibex": ibex, "cva6": cva6, "neorv32": neorv32, "rvvi-text": rvvi,
              "stf": stf, "champsim": champsim * 2, "drmemtrace": memtrace}
    for place, (name, trace) in enumerate(traces.items(), 1):
        put("import", name, bytes([place]) + trace)
        put("import", name + "-by-content", bytes([15]) + trace)
    put("import", "spike-user", bytes([1 | 16 | 32]) + spike)
    put("import", "ibex-gz", bytes([15]) + gzip.compress(ibex, mtime=0))
    put("import", "spike-xz", bytes([15]) + lzma.compress(spike))


def main():
    """Writes all."""
    for seeds in [model_seeds, table_seeds, trace_seeds, text_seeds, riscv_seeds, snapshot_seeds,
                  capi_seeds, import_seeds]:
        seeds()
    sizes = {p.name: sum(f.stat().st_size for f in p.iterdir())
             for p in sorted((HERE / "corpus").iterdir())}
    print(json.dumps(sizes))


if __name__ == "__main__":
    main()
