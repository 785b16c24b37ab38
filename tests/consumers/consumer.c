/* A program outside the source tree: it decodes an instruction, records a trace, and reads its
 * totals back. Exit status 0 means that header and library belong together and work. */
#include <inttypes.h>
#include <perfvec.h>
#include <stdio.h>
#include <string.h>

static int fail(const char *what) {
    fprintf(stderr, "%s: %s\n", what, perfvec_last_error());
    return 1;
}

int main(int argc, char **argv) {
    /* addi a0, a0, 1; beq a0, a1, -4 */
    static const unsigned char code[] = {0x13, 0x05, 0x15, 0x00, 0xe3, 0x0e, 0xb5, 0xfe};
    perfvec_static_inst add = {.struct_size = sizeof add};
    perfvec_trace_header header = {.struct_size = sizeof header, .isa = PERFVEC_ISA_RISCV64};
    perfvec_trace_summary summary = {.struct_size = sizeof summary};
    perfvec_recorder *recorder = NULL;
    perfvec_retirement r = {0};
    uint32_t ids[2];

    if (argc != 2) {
        fprintf(stderr, "usage: %s TRACE\n", argv[0]);
        return 2;
    }
    if (perfvec_abi_version() != PERFVEC_ABI_VERSION) {
        fprintf(stderr, "library of ABI %" PRIu32 ", header of %d\n", perfvec_abi_version(),
                PERFVEC_ABI_VERSION);
        return 1;
    }
    if (perfvec_static_inst_decode(PERFVEC_ISA_RISCV64, 0x1000, code, sizeof code, &add) != PERFVEC_OK)
        return fail("decode");
    if (add.op_class != perfvec_op_class_from_name("IntAlu") || add.size != 4) {
        fprintf(stderr, "addi was decoded as class %d of %d bytes\n", add.op_class, add.size);
        return 1;
    }
    if (perfvec_recorder_create(argv[1], &header, &recorder) != PERFVEC_OK)
        return fail("create");
    if (perfvec_recorder_intern(recorder, &add, &ids[0]) != PERFVEC_OK ||
        perfvec_recorder_intern_encoding(recorder, PERFVEC_ISA_RISCV64, 0x1004, code + 4, 4,
                                         &ids[1]) != PERFVEC_OK)
        return fail("intern");
    for (int i = 0; i < 1000; i++) {
        r.inst = ids[i % 2];
        if (perfvec_recorder_retire(recorder, &r) != PERFVEC_OK)
            return fail("retire");
    }
    if (perfvec_recorder_finish(recorder, &summary) != PERFVEC_OK)
        return fail("finish");
    perfvec_recorder_free(recorder);
    if (summary.retirements != 1000 || summary.statics != 2) {
        fprintf(stderr, "recorded %" PRIu64 " retirements\n", summary.retirements);
        return 1;
    }
    printf("perfvec %s: ok\n", perfvec_version());
    return 0;
}
