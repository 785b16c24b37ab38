"""PerfVec on a board of gem5's standard library.

    gem5.opt board.py BINARY [ARGUMENT ...]

Any board and processor will do: what matters is that each core has a tracer of its own. With a
SwitchableProcessor, cores that take over from each other share one.
"""

import sys

from gem5.components.boards.simple_board import SimpleBoard
from gem5.components.cachehierarchies.classic.no_cache import NoCache
from gem5.components.memory import SingleChannelDDR4_2400
from gem5.components.processors.cpu_types import CPUTypes
from gem5.components.processors.simple_processor import SimpleProcessor
from gem5.isas import ISA
from gem5.resources.resource import BinaryResource
from gem5.simulate.simulator import Simulator
from m5.defines import buildEnv
from m5.objects import PerfVec

# In a gem5 built without Ruby, the library of 24.0 fails on the empty name of its coherence
# protocol before it sees that nothing here needs one; so it gets any.
buildEnv["PROTOCOL"] = buildEnv["PROTOCOL"] or "MI_EXAMPLE"

processor = SimpleProcessor(cpu_type=CPUTypes.ATOMIC, isa=ISA.RISCV, num_cores=1)
for core in processor.get_cores():
    core.core.tracer = PerfVec()

board = SimpleBoard(
    clk_freq="1GHz", processor=processor, memory=SingleChannelDDR4_2400("512MiB"),
    cache_hierarchy=NoCache())
board.set_se_binary_workload(BinaryResource(local_path=sys.argv[1]), arguments=sys.argv[2:])
simulator = Simulator(board=board)
simulator.run()
