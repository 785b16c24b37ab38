#include "perfvec_decode.hh"

#include <cstring>
#include <string>

#include "base/logging.hh"
#include "enums/OpClass.hh"

namespace gem5
{

namespace
{

/** perfvec's register class with gem5's name, or -1: an invalid or always-zero register. */
int
registerClass(const RegId &reg)
{
    static const struct { const char *name; int number; } CLASSES[] = {
        {"integer", 0}, {"floating_point", 1}, {"vector", 2}, {"vector_element", 3},
        {"vector_predicate", 4}, {"condition_code", 5}, {"miscellaneous", 6}, {"matrix", 7},
    };
    for (const auto &known : CLASSES) {
        if (std::strcmp(reg.className(), known.name) == 0)
            return known.number;
    }
    return -1;
}

void
push(perfvec_reg *list, std::uint8_t &count, std::size_t most, const RegId &reg)
{
    const int number = registerClass(reg);
    if (number < 0)
        return;
    for (std::uint8_t i = 0; i < count; ++i) {
        if (list[i].reg_class == number && list[i].index == reg.index())
            return;
    }
    if (count < most) {
        list[count].reg_class = number;
        list[count].index = reg.index();
        ++count;
    }
}

/** The op class that says most about a whole instruction: memory, then arithmetic, then none. */
int
rankOf(const std::string &name)
{
    if (name.find("Mem") != std::string::npos || name.find("Load") != std::string::npos
        || name.find("Store") != std::string::npos)
        return 3;
    if (name == "No_OpClass")
        return 0;
    return name == "IntAlu" ? 1 : 2;
}

std::uint32_t
flagsOf(const StaticInst &op)
{
    const bool control = op.isControl();
    const struct { bool set; std::uint32_t flag; } FLAGS[] = {
        {op.isLoad(), PERFVEC_INST_LOAD},
        {op.isStore(), PERFVEC_INST_STORE},
        {op.isAtomic(), PERFVEC_INST_ATOMIC | PERFVEC_INST_LOAD | PERFVEC_INST_STORE},
        {op.isStoreConditional(), PERFVEC_INST_STORE_CONDITIONAL},
        {control && op.isCondCtrl(), PERFVEC_INST_COND_CTRL},
        {control && op.isUncondCtrl(), PERFVEC_INST_UNCOND_CTRL},
        {control && op.isDirectCtrl(), PERFVEC_INST_DIRECT_CTRL},
        {control && op.isIndirectCtrl(), PERFVEC_INST_INDIRECT_CTRL},
        {op.isCall(), PERFVEC_INST_CALL},
        {op.isReturn(), PERFVEC_INST_RETURN},
        {op.isSquashAfter(), PERFVEC_INST_SQUASH_AFTER},
        {op.isSerializeAfter(), PERFVEC_INST_SERIALIZE_AFTER},
        {op.isSerializeBefore(), PERFVEC_INST_SERIALIZE_BEFORE},
        {op.isReadBarrier(), PERFVEC_INST_READ_BARRIER},
        {op.isWriteBarrier(), PERFVEC_INST_WRITE_BARRIER},
        {op.isNonSpeculative(), PERFVEC_INST_NON_SPECULATIVE},
        {op.isPrefetch(), PERFVEC_INST_PREFETCH},
        {op.isSyscall(), PERFVEC_INST_SYSCALL},
        {op.isVector(), PERFVEC_INST_VECTOR},
    };
    std::uint32_t flags = 0;
    for (const auto &each : FLAGS)
        flags |= each.set ? each.flag : 0;
    return flags;
}

} // anonymous namespace

void
PerfVecDecode::begin(Addr pc, std::size_t size, const StaticInst *macro)
{
    built = {};
    built.struct_size = sizeof(built);
    built.pc = pc;
    built.size = size;
    rank = 0;
    // A macro-op knows whether it calls or returns; its micro-ops may not.
    if (macro)
        built.flags = flagsOf(*macro) & (PERFVEC_INST_CALL | PERFVEC_INST_RETURN);
}

void
PerfVecDecode::add(const StaticInst &op, std::size_t accessSize)
{
    const char *const name = enums::OpClassStrings[op.opClass()];
    const int number = perfvec_op_class_from_name(name);
    if (number < 0) {
        warn_once("perfvec: op class %s is not known to libperfvec %s, so such instructions "
                  "count as having none: use a newer libperfvec\n", name, perfvec_version());
    } else if (rankOf(name) >= rank) {
        built.op_class = number;
        rank = rankOf(name);
    }
    if (built.access_size == 0)
        built.access_size = accessSize < 255 ? accessSize : 255;
    built.flags |= flagsOf(op);
    for (int i = 0; i < op.numSrcRegs(); ++i)
        push(built.src, built.num_src, 8, op.srcRegIdx(i));
    for (int i = 0; i < op.numDestRegs(); ++i)
        push(built.dst, built.num_dst, 6, op.destRegIdx(i));
}

} // namespace gem5
