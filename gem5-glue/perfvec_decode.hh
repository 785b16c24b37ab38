/**
 * @file
 * gem5's static instructions in perfvec's words, for ISAs whose encodings the library does not
 * decode itself. Everything goes by name: gem5's numbers change between versions.
 *
 * Templates over gem5's StaticInst and RegId, so that this compiles and is tested without gem5
 * (tests/gem5/decode.cc).
 */
#ifndef PERFVEC_DECODE_HH
#define PERFVEC_DECODE_HH

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>

#include <perfvec.h>

namespace perfvec_glue
{

/** perfvec's register class with gem5's name, or -1: an invalid or always-zero register. */
inline int
registerClass(const char *gem5Name)
{
    static const struct { const char *name; int number; } CLASSES[] = {
        {"integer", PERFVEC_REG_INT}, {"floating_point", PERFVEC_REG_FLOAT},
        {"vector", PERFVEC_REG_VEC}, {"vector_element", PERFVEC_REG_VEC_ELEM},
        {"vector_predicate", PERFVEC_REG_VEC_PRED}, {"condition_code", PERFVEC_REG_CC},
        {"miscellaneous", PERFVEC_REG_MISC}, {"matrix", PERFVEC_REG_MAT},
    };
    for (const auto &known : CLASSES) {
        if (std::strcmp(gem5Name, known.name) == 0)
            return known.number;
    }
    return -1;
}

/** The op class that says most about a whole instruction: memory, then arithmetic, then none. */
inline int
rankOf(const std::string &opClass)
{
    for (const char *const memory : {"Mem", "Load", "Store"}) {
        if (opClass.find(memory) != std::string::npos)
            return 3;
    }
    if (opClass == "No_OpClass")
        return 0;
    return opClass == "IntAlu" ? 1 : 2;
}

template <class Op>
std::uint32_t
flagsOf(const Op &op)
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

/** Builds the static instruction of a whole instruction from its micro-ops, in order. */
class Decoded
{
  public:
    /** Starts an instruction of `size` bytes at `pc`. @param macro the macro-op, or null. */
    template <class Op>
    void
    begin(std::uint64_t pc, std::size_t size, const Op *macro)
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

    /**
     * @param opClass gem5's name of the op's class  @param accessSize bytes it accesses, or 0.
     * @return false for a class that the library does not know; the op then counts as having none.
     */
    template <class Op>
    bool
    add(const Op &op, const char *opClass, std::size_t accessSize)
    {
        const int number = perfvec_op_class_from_name(opClass);
        if (number >= 0 && rankOf(opClass) >= rank) {
            built.op_class = number;
            rank = rankOf(opClass);
        }
        if (built.access_size == 0)
            built.access_size = accessSize < 255 ? accessSize : 255;
        built.flags |= flagsOf(op);
        for (int i = 0; i < op.numSrcRegs(); ++i)
            push(built.src, built.num_src, 8, op.srcRegIdx(i));
        for (int i = 0; i < op.numDestRegs(); ++i)
            push(built.dst, built.num_dst, 6, op.destRegIdx(i));
        return number >= 0;
    }

    const perfvec_static_inst &inst() const { return built; }

  private:
    template <class Reg>
    static void
    push(perfvec_reg *list, std::uint8_t &count, std::size_t most, const Reg &reg)
    {
        const int number = registerClass(reg.className());
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

    perfvec_static_inst built = {};
    /** How much the op class chosen so far says. */
    int rank = 0;
};

} // namespace perfvec_glue

#endif // PERFVEC_DECODE_HH
