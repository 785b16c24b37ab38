/**
 * @file
 * Which rules the machines that stand for cores are to follow: those of the gem5 that runs.
 */
#ifndef PERFVEC_RULES_HH
#define PERFVEC_RULES_HH

namespace gem5
{

/**
 * "gem5-stock" where a copy of a compressed instruction's program counter takes it for a long one,
 * so that O3 finds compressed branches mispredicted (issue 1405 of gem5), else "gem5".
 */
const char *perfvecRulesOfThisGem5();

} // namespace gem5

#endif // PERFVEC_RULES_HH
