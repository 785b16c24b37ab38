/* The layout of every struct as C sees it; the library asserts the same sizes in Rust. */
#include "check.h"
#include <stddef.h>

#ifdef __cplusplus
#define ASSERT_LAYOUT(condition) static_assert(condition, #condition)
#else
#define ASSERT_LAYOUT(condition) _Static_assert(condition, #condition)
#endif

ASSERT_LAYOUT(sizeof(perfvec_status) == 4);
ASSERT_LAYOUT(sizeof(perfvec_reg) == 4);
ASSERT_LAYOUT(offsetof(perfvec_reg, index) == 2);
ASSERT_LAYOUT(sizeof(perfvec_static_inst) == 88);
ASSERT_LAYOUT(offsetof(perfvec_static_inst, base) == 80);
ASSERT_LAYOUT(offsetof(perfvec_static_inst, pc) == 8);
ASSERT_LAYOUT(offsetof(perfvec_static_inst, op_class) == 16);
ASSERT_LAYOUT(offsetof(perfvec_static_inst, src) == 24);
ASSERT_LAYOUT(offsetof(perfvec_static_inst, dst) == 56);
ASSERT_LAYOUT(sizeof(perfvec_retirement) == 24);
ASSERT_LAYOUT(offsetof(perfvec_retirement, flags) == 4);
ASSERT_LAYOUT(offsetof(perfvec_retirement, address) == 8);
ASSERT_LAYOUT(offsetof(perfvec_retirement, next_pc) == 16);
ASSERT_LAYOUT(sizeof(perfvec_model_info) == 48);
ASSERT_LAYOUT(offsetof(perfvec_model_info, id) == 24);
ASSERT_LAYOUT(sizeof(perfvec_microarch_info) == 40);
ASSERT_LAYOUT(offsetof(perfvec_microarch_info, clock_hz) == 16);
ASSERT_LAYOUT(sizeof(perfvec_config) == 120);
ASSERT_LAYOUT(offsetof(perfvec_config, half_width) == 64);
ASSERT_LAYOUT(offsetof(perfvec_config, interval) == 24);
ASSERT_LAYOUT(offsetof(perfvec_config, period) == 40);
ASSERT_LAYOUT(offsetof(perfvec_config, start_outside_region) == 56);
ASSERT_LAYOUT(offsetof(perfvec_config, warming) == 104);
ASSERT_LAYOUT(sizeof(perfvec_counts) == 48);
ASSERT_LAYOUT(sizeof(perfvec_estimate) == 32);
ASSERT_LAYOUT(sizeof(perfvec_interval) == 56);
ASSERT_LAYOUT(offsetof(perfvec_interval, vector) == 40);
ASSERT_LAYOUT(sizeof(perfvec_trace_header) == 48);
ASSERT_LAYOUT(offsetof(perfvec_trace_header, host) == 24);
ASSERT_LAYOUT(sizeof(perfvec_trace_summary) == 64);
ASSERT_LAYOUT(sizeof(perfvec_region) == 56);
ASSERT_LAYOUT(sizeof(perfvec_fit) == 40);

int main(void) {
    CHECK(perfvec_abi_version() == PERFVEC_ABI_VERSION);
    CHECK(strcmp(perfvec_status_name(PERFVEC_ERR_IO), "PERFVEC_ERR_IO") == 0);
    CHECK(strcmp(perfvec_status_name(-7), "PERFVEC_ERR_UNKNOWN") == 0);
    CHECK(perfvec_op_class_from_name("IntAlu") == 1);
    CHECK(perfvec_op_class_from_name("VectorUnitStrideLoad") ==
          perfvec_op_class_from_name("SimdUnitStrideLoad"));
    CHECK(perfvec_op_class_from_name("NoSuchClass") == -1);
    CHECK(perfvec_op_class_from_name(NULL) == -1);
    perfvec_static_inst inst;
    inst.struct_size = sizeof inst;
    OK(perfvec_static_inst_decode(PERFVEC_ISA_RISCV64, 0x1004, (const uint8_t *)&encodings[1], 4, &inst));
    CHECK(inst.struct_size == sizeof inst && inst.pc == 0x1004 && inst.size == 4);
    CHECK(inst.flags == PERFVEC_INST_LOAD && inst.access_size == 8);
    CHECK(inst.has_base == 1 && inst.base.index == 10 && inst.offset == 0);
    CHECK(inst.num_src == 1 && inst.src[0].index == 10 && inst.dst[0].index == 6);
    OK(perfvec_static_inst_decode(PERFVEC_ISA_RISCV64, 0x1000, (const uint8_t *)"\x22\xe4", 2, &inst));
    CHECK(inst.has_base == 1 && inst.base.index == 2 && inst.offset == 8); /* sd s0, 8(sp) */
    OK(perfvec_static_inst_decode(PERFVEC_ISA_RISCV64, 0x1000, (const uint8_t *)&encodings[0], 4, &inst));
    CHECK(inst.has_base == 0 && inst.base.index == 0 && inst.offset == 0);
    return 0;
}
