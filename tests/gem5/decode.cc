// Tests of how gem5's decoded instructions reach the library where it decodes no encodings: Arm
// and x86 instructions as gem5 has them (micro-ops, classes and registers by name), through the
// C ABI into a trace.
// Build: c++ -std=c++17 -I gem5-glue -I include tests/gem5/decode.cc -lperfvec   Run: ./a.out FOLDER
// (tests/gem5.sh does both.)

#include "perfvec_decode.hh"

#include <cstdlib>
#include <iostream>
#include <set>
#include <vector>

using perfvec_glue::Decoded;

#define CHECK(condition)                                                                        \
    do {                                                                                        \
        if (!(condition)) {                                                                     \
            std::cerr << __FILE__ << ":" << __LINE__ << ": not so: " #condition "\n"            \
                      << perfvec_last_error() << "\n";                                          \
            std::exit(1);                                                                       \
        }                                                                                       \
    } while (false)

namespace
{

/** What the glue asks of gem5's RegId. */
struct Reg
{
    const char *kind;
    int number;

    const char *className() const { return kind; }
    int index() const { return number; }
};

/** What the glue asks of gem5's StaticInst; properties by the name of the question. */
struct Op
{
    const char *opClass;
    std::set<std::string> properties;
    std::vector<Reg> sources, destinations;
    std::size_t accessSize = 0;

    bool is(const char *property) const { return properties.count(property) != 0; }
    bool isControl() const { return is("Control"); }
    bool isLoad() const { return is("Load"); }
    bool isStore() const { return is("Store"); }
    bool isAtomic() const { return is("Atomic"); }
    bool isStoreConditional() const { return is("StoreConditional"); }
    bool isCondCtrl() const { return is("CondCtrl"); }
    bool isUncondCtrl() const { return is("UncondCtrl"); }
    bool isDirectCtrl() const { return is("DirectCtrl"); }
    bool isIndirectCtrl() const { return is("IndirectCtrl"); }
    bool isCall() const { return is("Call"); }
    bool isReturn() const { return is("Return"); }
    bool isSquashAfter() const { return is("SquashAfter"); }
    bool isSerializeAfter() const { return is("SerializeAfter"); }
    bool isSerializeBefore() const { return is("SerializeBefore"); }
    bool isReadBarrier() const { return is("ReadBarrier"); }
    bool isWriteBarrier() const { return is("WriteBarrier"); }
    bool isNonSpeculative() const { return is("NonSpeculative"); }
    bool isPrefetch() const { return is("Prefetch"); }
    bool isSyscall() const { return is("Syscall"); }
    bool isVector() const { return is("Vector"); }
    int numSrcRegs() const { return sources.size(); }
    int numDestRegs() const { return destinations.size(); }
    Reg srcRegIdx(int i) const { return sources[i]; }
    Reg destRegIdx(int i) const { return destinations[i]; }
};

perfvec_static_inst
fold(std::uint64_t pc, std::size_t size, const std::vector<Op> &ops, const Op *macro = nullptr)
{
    Decoded decoded;
    decoded.begin(pc, size, macro);
    for (const Op &op : ops)
        CHECK(decoded.add(op, op.opClass, op.accessSize));
    return decoded.inst();
}

bool
holds(const perfvec_reg *list, int count, int kind, int index)
{
    for (int i = 0; i < count; ++i) {
        if (list[i].reg_class == kind && list[i].index == index)
            return true;
    }
    return false;
}

/** ldr x1, [x2, #8]!, b.ne, ldaxr-like, and a fmla of vectors. */
std::vector<perfvec_static_inst>
arm()
{
    std::vector<perfvec_static_inst> insts;
    insts.push_back(fold(0x1000, 4,
        {{"IntAlu", {}, {{"integer", 2}}, {{"integer", 34}}},
         {"MemRead", {"Load"}, {{"integer", 34}}, {{"integer", 1}}, 8},
         {"IntAlu", {}, {{"integer", 34}, {"invalid", 0}}, {{"integer", 2}}}}));
    CHECK(insts[0].op_class == perfvec_op_class_from_name("MemRead"));
    CHECK(insts[0].flags == PERFVEC_INST_LOAD && insts[0].access_size == 8 && insts[0].size == 4);
    CHECK(insts[0].num_src == 2 && insts[0].num_dst == 3); // each once, none that is no register
    CHECK(holds(insts[0].dst, 3, PERFVEC_REG_INT, 1) && holds(insts[0].dst, 3, PERFVEC_REG_INT, 2));

    insts.push_back(fold(0x1004, 4, {{"IntAlu", {"Control", "CondCtrl", "DirectCtrl"},
                                      {{"condition_code", 0}, {"condition_code", 1}}, {}}}));
    CHECK(insts[1].flags == (PERFVEC_INST_COND_CTRL | PERFVEC_INST_DIRECT_CTRL));
    CHECK(holds(insts[1].src, insts[1].num_src, PERFVEC_REG_CC, 1));

    // gem5 asks a non-branch whether it is direct, too: only branches' answers count.
    insts.push_back(fold(0x1008, 4,
        {{"SimdFloatMultAcc", {"Vector", "DirectCtrl"},
          {{"vector", 0}, {"vector", 1}, {"vector_predicate", 3}, {"vector_element", 7}},
          {{"vector", 0}, {"matrix", 1}, {"miscellaneous", 9}}}}));
    CHECK(insts[2].op_class == perfvec_op_class_from_name("SimdFloatMultAcc"));
    CHECK(insts[2].flags == PERFVEC_INST_VECTOR && insts[2].access_size == 0);
    CHECK(holds(insts[2].src, 4, PERFVEC_REG_VEC_PRED, 3));
    CHECK(holds(insts[2].src, 4, PERFVEC_REG_VEC_ELEM, 7));
    CHECK(holds(insts[2].dst, 3, PERFVEC_REG_MAT, 1) && holds(insts[2].dst, 3, PERFVEC_REG_MISC, 9));

    insts.push_back(fold(0x100c, 4, {{"MemWrite", {"Store", "StoreConditional", "NonSpeculative"},
                                      {{"integer", 3}}, {{"integer", 4}}, 4}}));
    CHECK(insts[3].flags == (PERFVEC_INST_STORE | PERFVEC_INST_STORE_CONDITIONAL
                             | PERFVEC_INST_NON_SPECULATIVE));
    return insts;
}

/** add [rbx+8], rax; call; ret; and an instruction with more registers than a static one holds. */
std::vector<perfvec_static_inst>
x86()
{
    std::vector<perfvec_static_inst> insts;
    insts.push_back(fold(0x2000, 7,
        {{"MemRead", {"Load"}, {{"integer", 3}}, {{"integer", 16}}, 8},
         {"IntAlu", {}, {{"integer", 16}, {"integer", 0}},
          {{"integer", 16}, {"condition_code", 0}}},
         {"MemWrite", {"Store"}, {{"integer", 3}, {"integer", 16}}, {}, 8}}));
    CHECK(insts[0].op_class == perfvec_op_class_from_name("MemWrite") && insts[0].size == 7);
    CHECK(insts[0].flags == (PERFVEC_INST_LOAD | PERFVEC_INST_STORE));
    CHECK(holds(insts[0].dst, insts[0].num_dst, PERFVEC_REG_CC, 0));

    const Op call{"No_OpClass", {"Call", "Load"}, {}, {}}; // of a macro-op, only what it calls
    insts.push_back(fold(0x2007, 5,
        {{"MemWrite", {"Store"}, {{"integer", 4}}, {}, 8},
         {"IntAlu", {}, {{"integer", 4}}, {{"integer", 4}}},
         {"IntAlu", {"Control", "UncondCtrl", "DirectCtrl"}, {}, {}}}, &call));
    CHECK(insts[1].flags == (PERFVEC_INST_CALL | PERFVEC_INST_STORE | PERFVEC_INST_UNCOND_CTRL
                             | PERFVEC_INST_DIRECT_CTRL));
    CHECK(insts[1].op_class == perfvec_op_class_from_name("MemWrite"));

    Op many{"FloatDiv", {"SerializeAfter", "ReadBarrier", "WriteBarrier"}, {}, {}, 300};
    for (int i = 0; i < 20; ++i) {
        many.sources.push_back({"floating_point", i});
        many.destinations.push_back({"floating_point", i});
    }
    insts.push_back(fold(0x200c, 15, {{"IntAlu", {}, {}, {}}, many}));
    CHECK(insts[2].num_src == 8 && insts[2].num_dst == 6 && insts[2].access_size == 255);
    CHECK(insts[2].op_class == perfvec_op_class_from_name("FloatDiv"));
    insts.back().access_size = 0;
    return insts;
}

void
namesDecide()
{
    // Names of before and after 24.0, numbers that differ, and none for a stranger.
    CHECK(perfvec_op_class_from_name("IntAlu") != perfvec_op_class_from_name("IntMult"));
    CHECK(perfvec_op_class_from_name("VectorUnitStrideLoad") >= 0);
    CHECK(perfvec_op_class_from_name("VectorUnitStrideLoad")
          == perfvec_op_class_from_name("SimdUnitStrideLoad"));
    Decoded decoded;
    decoded.begin<Op>(0, 4, nullptr);
    CHECK(!decoded.add(Op{"WarpDrive", {"Load"}, {}, {}}, "WarpDrive", 8));
    CHECK(decoded.inst().op_class == perfvec_op_class_from_name("No_OpClass"));
    CHECK(decoded.inst().flags == PERFVEC_INST_LOAD);
    CHECK(decoded.add(Op{"IntDiv", {}, {}, {}}, "IntDiv", 0));
    CHECK(decoded.inst().op_class == perfvec_op_class_from_name("IntDiv"));
}

/** Into a trace of that ISA, each instruction 50 times, marked as micro-ops or not. */
void
record(const std::string &path, std::uint32_t isa, std::vector<perfvec_static_inst> insts,
       bool microOps)
{
    perfvec_trace_header header = {};
    header.struct_size = sizeof header;
    header.isa = isa;
    header.micro_ops = microOps;
    header.host = "test";
    perfvec_recorder *recorder = nullptr;
    CHECK(perfvec_recorder_create(path.c_str(), &header, &recorder) == PERFVEC_OK);
    std::vector<std::uint32_t> ids;
    for (std::size_t i = 0; i < insts.size(); ++i) {
        if (microOps)
            insts[i].flags |= PERFVEC_INST_MICRO_OP | (i % 2 ? PERFVEC_INST_LAST_MICRO_OP : 0);
        std::uint32_t id = 0, again = 0;
        CHECK(perfvec_recorder_intern(recorder, &insts[i], &id) == PERFVEC_OK);
        CHECK(perfvec_recorder_intern(recorder, &insts[i], &again) == PERFVEC_OK && id == again);
        ids.push_back(id);
    }
    // The library decodes neither: an encoding is refused with the reason.
    const std::uint8_t bytes[4] = {};
    std::uint32_t id = 0;
    CHECK(perfvec_recorder_intern_encoding(recorder, isa, 0, bytes, 4, &id)
          == PERFVEC_ERR_NOT_FOUND);
    for (int i = 0; i < 50; ++i) {
        for (std::size_t k = 0; k < ids.size(); ++k) {
            const bool memory = insts[k].flags & (PERFVEC_INST_LOAD | PERFVEC_INST_STORE);
            const perfvec_retirement r = {ids[k], 0, memory ? 0x8000u + 8 * i : 0u, 0};
            CHECK(perfvec_recorder_retire(recorder, &r) == PERFVEC_OK);
        }
    }
    perfvec_trace_summary summary = {};
    summary.struct_size = sizeof summary;
    CHECK(perfvec_recorder_finish(recorder, &summary) == PERFVEC_OK);
    CHECK(summary.retirements == 50 * ids.size() && summary.statics == ids.size());
}

} // anonymous namespace

int
main(int argc, char **argv)
{
    const std::string folder = argc > 1 ? argv[1] : ".";
    namesDecide();
    record(folder + "/arm.pvt", PERFVEC_ISA_AARCH64, arm(), false);
    record(folder + "/arm-micro.pvt", PERFVEC_ISA_AARCH64, arm(), true);
    record(folder + "/x86.pvt", PERFVEC_ISA_X86_64, x86(), false);
    record(folder + "/x86-micro.pvt", PERFVEC_ISA_X86_64, x86(), true);
    std::cout << "gem5_decode: all passed\n";
}
