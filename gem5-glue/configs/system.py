"""A single-core RISC-V system in gem5 after the description of a core in microarchs.py.

Runs in system-call emulation with classic caches. Two CPUs share the caches, the branch
predictor and the tracer: the core itself, and an AtomicSimpleCPU that skips ahead and keeps all
of them warm.
"""

from m5.objects import *

SYSTEM_CLOCK = "1.5GHz"
MEMORY_SIZE = "1GiB"


def predictor(core):
    size = 1 << core["predictor_log2"]
    small = max(64, size // 4)
    # Compressed instructions lie at even addresses.
    shift = {"instShiftAmt": 1}
    kinds = {
        "local": lambda: LocalBP(localPredictorSize=size, **shift),
        "tournament": lambda: TournamentBP(
            localPredictorSize=small, localHistoryTableSize=small,
            globalPredictorSize=size, choicePredictorSize=size, **shift),
        "bimode": lambda: BiModeBP(globalPredictorSize=size, choicePredictorSize=size, **shift),
        "tage": lambda: TAGE(**shift),
        "ltage": lambda: LTAGE(**shift),
        "tage_sc_l_8k": lambda: TAGE_SC_L_8KB(**shift),
        "tage_sc_l_64k": lambda: TAGE_SC_L_64KB(**shift),
        "perceptron_8k": lambda: MultiperspectivePerceptron8KB(**shift),
        "perceptron_64k": lambda: MultiperspectivePerceptron64KB(**shift),
    }
    built = kinds[core["predictor"]]()
    built.btb = SimpleBTB(numEntries=1 << core["btb_log2"], instShiftAmt=1)
    built.ras = ReturnAddrStack(numEntries=core["ras"])
    built.indirectBranchPred = SimpleIndirectPredictor(
        indirectSets=1 << max(0, core["indirect_log2"] - 1), instShiftAmt=1)
    return built


def prefetcher(kind, degree):
    kinds = {
        "none": lambda: NULL,
        "tagged": lambda: TaggedPrefetcher(degree=degree),
        "stride": lambda: StridePrefetcher(degree=degree),
        "bop": lambda: BOPPrefetcher(),
        "ampm": lambda: AMPMPrefetcher(),
        "dcpt": lambda: DCPTPrefetcher(),
    }
    return kinds[kind]()


def cache(core, level, clock, **more):
    latency = core[f"{level}_latency"]
    return Cache(
        size=f"{core[f'{level}_kib']}KiB", assoc=core[f"{level}_assoc"],
        tag_latency=latency, data_latency=latency, response_latency=max(1, latency // 2),
        mshrs=core[f"{level}_mshrs"], tgts_per_mshr=16, write_buffers=8, clk_domain=clock,
        **more)


def memory(core, ranges, bus):
    if core["memory"] == "SimpleMemory":
        built = SimpleMemory(
            range=ranges, latency=f"{core['memory_latency_ns']}ns",
            bandwidth=f"{core['memory_gib_s']}GiB/s")
        built.port = bus.mem_side_ports
        return built
    built = MemCtrl(dram=globals()[core["memory"]](range=ranges))
    built.port = bus.mem_side_ports
    return built


def unit(count, *operations):
    """`count` functional units; operations: (op classes, latency, pipelined)."""
    return FUDesc(count=count, opList=[
        OpDesc(opClass=name, opLat=latency, pipelined=pipelined)
        for names, latency, pipelined in operations for name in names])


SIMD = [op.opClass for op in SIMD_Unit.opList]
LOADS = [op.opClass for op in ReadPort.opList]
STORES = [op.opClass for op in WritePort.opList]
# Of no use to RV64GC programs, but Minor warns of each class without a unit.
REST = [
    name for name in OpClass.vals
    if name.startswith(("SimdAes", "SimdSha", "SimdPred", "Matrix"))
    or "Segmented" in name]


def o3_units(core):
    add, mul = core["fp_add_latency"], core["fp_mul_latency"]
    div = core["fp_div_latency"]
    return FUPool(FUList=[
        unit(core["int_alus"], (["IntAlu"], 1, True)),
        unit(core["int_muls"], (["IntMult"], core["int_mul_latency"], True),
             (["IntDiv"], core["int_div_latency"], bool(core["int_div_pipelined"]))),
        unit(core["fp_units"], (["FloatAdd", "FloatCmp", "FloatCvt"], add, True),
             (["FloatMult", "FloatMisc"], mul, True),
             (["FloatMultAcc"], mul + core["fma_extra_latency"], True)),
        unit(1, (["FloatDiv"], div, False), (["FloatSqrt"], div + div // 2, False)),
        unit(core["load_ports"], (LOADS, 1, True)),
        unit(core["store_ports"], (STORES, 1, True)),
        unit(1, (SIMD, 3, True), (["SimdPredAlu"], 1, True)),
        unit(1, (["IprAccess"], 3, False)),
    ])


def o3(core):
    width = core["issue_width"]
    return RiscvO3CPU(
        fetchWidth=core["fetch_width"], fetchBufferSize=core["fetch_bytes"],
        fetchQueueSize=core["fetch_queue"], decodeWidth=core["decode_width"],
        renameWidth=core["rename_width"], dispatchWidth=core["rename_width"],
        issueWidth=width, wbWidth=core["writeback_width"], commitWidth=core["commit_width"],
        squashWidth=2 * core["commit_width"] if core["commit_width"] < 6 else 12,
        fetchToDecodeDelay=core["fetch_to_decode"],
        decodeToRenameDelay=core["decode_to_rename"],
        renameToIEWDelay=core["rename_to_iew"], issueToExecuteDelay=core["issue_to_execute"],
        iewToCommitDelay=core["iew_to_commit"],
        # Room for results that wait for a narrow write-back behind long operations.
        backComSize=32, forwardComSize=32,
        numROBEntries=core["rob"], numIQEntries=core["iq"], LQEntries=core["lq"],
        SQEntries=core["sq"], numPhysIntRegs=core["int_regs"], numPhysFloatRegs=core["fp_regs"],
        numPhysVecRegs=96, cacheLoadPorts=core["load_ports"],
        cacheStorePorts=core["store_ports"],
        LFSTSize=1 << core["store_sets_log2"], SSITSize=1 << core["store_sets_log2"],
        fuPool=o3_units(core))


def minor_unit(names, latency, issue=1, relative=None, **more):
    timings = [MinorFUTiming(srcRegsRelativeLats=[relative], **more)] if relative is not None else []
    return MinorFU(
        opClasses=MinorOpClassSet(opClasses=[MinorOpClass(opClass=n) for n in names]),
        opLat=latency, issueLat=issue, timings=timings)


def minor_units(core):
    alu, add = core["int_alu_latency"], core["fp_add_latency"]
    mul, div = core["fp_mul_latency"], core["fp_div_latency"]
    units = [minor_unit(["IntAlu"], alu, relative=alu - 1) for _ in range(core["int_alus"])]
    units.append(minor_unit(["IntMult"], core["int_mul_latency"], relative=0))
    units.append(minor_unit(["IntDiv"], core["int_div_latency"], core["int_div_latency"]))
    for _ in range(core["fp_units"]):
        units.append(minor_unit(["FloatAdd", "FloatCmp", "FloatCvt"], add, relative=0))
        units.append(minor_unit(["FloatMult", "FloatMultAcc", "FloatMisc"], mul, relative=0))
    units.append(minor_unit(["FloatDiv"], div, div))
    units.append(minor_unit(["FloatSqrt"], div + div // 2, div + div // 2))
    units.append(minor_unit(SIMD + REST, 3, relative=0))
    units += [
        minor_unit(LOADS + STORES, 1, relative=1, extraAssumedLat=2)
        for _ in range(core["mem_units"])
    ]
    units.append(minor_unit(["IprAccess", "InstPrefetch"], 1))
    return MinorFUPool(funcUnits=units)


def minor(core):
    width, decode = core["issue_width"], core["decode_width"]
    memory = core["mem_units"]
    return RiscvMinorCPU(
        fetch1FetchLimit=core["fetch_lines_in_flight"], fetch1LineWidth=core["fetch_bytes"],
        fetch1LineSnapWidth=core["fetch_bytes"],
        fetch2ToDecodeForwardDelay=core["fetch2_to_decode"],
        decodeToExecuteForwardDelay=core["decode_to_execute"],
        executeBranchDelay=core["branch_delay"], decodeInputWidth=decode,
        decodeInputBufferSize=core["decode_buffer"], executeInputWidth=decode,
        executeInputBufferSize=core["execute_buffer"], executeIssueLimit=width,
        executeMemoryIssueLimit=min(width, memory), executeCommitLimit=core["commit_width"],
        executeMemoryCommitLimit=min(core["commit_width"], memory),
        executeMaxAccessesInMemory=core["mem_accesses"],
        executeLSQRequestsQueueSize=core["lsq_requests"],
        executeLSQTransfersQueueSize=core["lsq_transfers"],
        executeLSQStoreBufferSize=core["store_buffer"],
        executeAllowEarlyMemoryIssue=bool(core["early_memory_issue"]),
        executeFuncUnits=minor_units(core))


def build(core, process, tracer, binary, first):
    """The system. `first` names the CPU that starts: "atomic" or "timing"; None builds only the
    atomic CPU, without a branch predictor. Returns system, atomic CPU, timing CPU."""
    system = System(
        clk_domain=SrcClockDomain(clock=SYSTEM_CLOCK, voltage_domain=VoltageDomain()),
        mem_ranges=[AddrRange(MEMORY_SIZE)],
        mem_mode="timing" if first == "timing" else "atomic")
    clock = SrcClockDomain(clock=f"{core['clock_ghz']}GHz", voltage_domain=VoltageDomain())
    system.cpu_clk_domain = clock
    system.workload = SEWorkload.init_compatible(binary)

    timing = None
    if first:
        timing = (o3 if core["kind"] == "o3" else minor)(core)
        timing.branchPred = predictor(core)
    atomic = RiscvAtomicSimpleCPU()
    starts = timing if first == "timing" else atomic
    waits = atomic if first == "timing" else timing
    for cpu in filter(None, (starts, waits)):
        cpu.clk_domain = clock
        cpu.workload = process
        cpu.cpu_id = 0
        cpu.tracer = tracer
    if timing:
        atomic.branchPred = timing.branchPred
    starts.createThreads()
    starts.createInterruptController()
    system.cpu = starts
    if waits:
        waits.switched_out = True
        waits.isa = starts.isa
        waits.createThreads()
        system.other_cpu = waits

    system.membus = SystemXBar()
    system.l2bus = L2XBar(clk_domain=clock)
    system.l1i = cache(core, "l1i", clock, is_read_only=True, writeback_clean=True)
    system.l1d = cache(
        core, "l1d", clock,
        prefetcher=prefetcher(core["l1d_prefetcher"], core["l1d_prefetch_degree"]))
    system.l2 = cache(
        core, "l2", clock,
        prefetcher=prefetcher(core["l2_prefetcher"], core["l2_prefetch_degree"]))
    starts.icache_port = system.l1i.cpu_side
    starts.dcache_port = system.l1d.cpu_side
    system.l1i.mem_side = system.l2bus.cpu_side_ports
    system.l1d.mem_side = system.l2bus.cpu_side_ports
    starts.mmu.connectWalkerPorts(system.l2bus.cpu_side_ports, system.l2bus.cpu_side_ports)
    system.l2.cpu_side = system.l2bus.mem_side_ports
    if core["l3_kib"]:
        system.l3bus = L2XBar(clk_domain=clock)
        system.l2.mem_side = system.l3bus.cpu_side_ports
        system.l3 = cache(core | {"l3_assoc": 16, "l3_mshrs": 64}, "l3", clock)
        system.l3.cpu_side = system.l3bus.mem_side_ports
        system.l3.mem_side = system.membus.cpu_side_ports
    else:
        system.l2.mem_side = system.membus.cpu_side_ports
    system.system_port = system.membus.cpu_side_ports
    system.memory = memory(core, system.mem_ranges[0], system.membus)
    return system, atomic, timing
