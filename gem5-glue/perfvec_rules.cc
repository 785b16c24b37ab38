#include "perfvec_rules.hh"

#ifdef PERFVEC_RISCV
#include <memory>

#include "arch/riscv/pcstate.hh"
#endif

namespace gem5
{

const char *
perfvecRulesOfThisGem5()
{
#ifdef PERFVEC_RISCV
    RiscvISA::PCState original;
    original.compressed(true);
    const std::unique_ptr<PCStateBase> copy(original.clone());
    if (!copy->as<RiscvISA::PCState>().compressed())
        return "gem5-stock";
#endif
    return "gem5";
}

} // namespace gem5
