"""Write what gem5 says of a core of microarchs.py, without what `perfvec cores from-gem5` does not read.

    gem5.opt --path=gem5-glue/configs tests/data/gem5-config/make.py NAME BINARY

Builds the core as system.py does, in gem5 24.0, and writes NAME.json here from the same dictionary
that gem5 writes to m5out/config.json. BINARY is any RISC-V program; nothing runs.
"""

import json
import sys
from pathlib import Path

import m5
import microarchs
import system
from m5.objects import Process, Root

HERE = Path(__file__).resolve().parent

UNREAD = {
    "decoder", "disassembler", "dvfs_handler", "eventq_index", "indexing_policy", "interrupts",
    "is_source", "isa", "loop_predictor", "mmu", "noSkip", "power_model", "power_state", "role",
    "snoop_filter", "statistical_corrector", "table_indexing_policy", "table_replacement_policy",
    "tracer", "voltage_domain", "workload",
}
PREFIXES = ("IDD", "VDD", "function_", "pwr_", "qos_", "simpoint", "smt", "work_")


def trim(value):
    if isinstance(value, list):
        return [trim(v) for v in value]
    if not isinstance(value, dict):
        return value

    def kept(key, inner):
        if key == "cxx_class":
            return inner.endswith("CPU")
        return key not in UNREAD and not key.startswith(PREFIXES)

    return {k: trim(v) for k, v in value.items() if kept(k, v)}


def main():
    name, binary = sys.argv[1:]
    core = next(c for c in microarchs.all_cores() if c["name"] == name)
    built, _, _ = system.build(core, Process(cmd=[binary]), m5.objects.ExeTracer(), binary, "timing")
    root = Root(full_system=False, system=built)
    m5.disableAllListeners()
    m5.instantiate()
    text = json.dumps(trim(root.get_config_as_dict()), separators=(",", ":"))
    (HERE / f"{name}.json").write_text(text.replace(',"', ',\n"') + "\n")


main()
