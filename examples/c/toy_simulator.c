/*
 * A simulator in C that asks perfvec what its run would have cost on every known core.
 *
 *   cc -Iinclude examples/c/toy_simulator.c -Ltarget/release -lperfvec \
 *      -Wl,-rpath,$PWD/target/release -o toy && ./toy
 *
 * The "simulator" is a loop that sums an array; what matters is the three perfvec steps:
 * intern each instruction once, retire it whenever it has run, and read estimates at any time.
 */
#include <perfvec.h>
#include <stdio.h>
#include <stdlib.h>

static const uint32_t program[] = {
    0x00128293, /* loop: addi t0, t0, 1  */
    0x00053303, /*       ld   t1, 0(a0)  */
    0x006383b3, /*       add  t2, t2, t1 */
    0x00850513, /*       addi a0, a0, 8  */
    0xfeb298e3, /*       bne  t0, a1, loop */
};
enum { LENGTH = 5, LOAD = 1, TRIPS = 20000 };
static const uint64_t BASE = 0x10000, ARRAY = 0x800000;

static void check(perfvec_status status) {
    if (status == PERFVEC_OK)
        return;
    fprintf(stderr, "%s: %s\n", perfvec_status_name(status), perfvec_last_error());
    exit(1);
}

int main(void) {
    perfvec_model *model;
    perfvec_microarchs *cores;
    perfvec_session *session;
    uint32_t id[LENGTH];

    check(perfvec_model_load(NULL, PERFVEC_BACKEND_AUTO, &model));
    check(perfvec_microarchs_load(NULL, &cores));
    check(perfvec_session_create(model, NULL, &session));

    for (uint32_t i = 0; i < LENGTH; i++)
        check(perfvec_session_intern_encoding(session, PERFVEC_ISA_RISCV64, BASE + 4 * i,
                                              (const uint8_t *)&program[i], 4, &id[i]));
    for (uint64_t trip = 0; trip < TRIPS; trip++)
        for (uint32_t i = 0; i < LENGTH; i++) {
            int back = i == LENGTH - 1 && trip + 1 < TRIPS;
            perfvec_retirement r = {.inst = id[i], .next_pc = back ? BASE : BASE + 4 * i + 4};
            if (i == LOAD)
                r.address = ARRAY + 8 * trip;
            check(perfvec_session_retire(session, &r));
        }
    check(perfvec_session_sync(session));

    for (size_t k = 0; k < perfvec_microarchs_count(cores); k++) {
        perfvec_microarch_info core = {.struct_size = sizeof core};
        perfvec_estimate e;
        check(perfvec_microarchs_get(cores, k, &core));
        check(perfvec_session_estimate(session, cores, k, &e));
        printf("%-24s %12.0f cycles %8.3f CPI %12.9f s\n", core.name, e.cycles, e.cpi, e.seconds);
    }
    perfvec_session_free(session);
    perfvec_microarchs_free(cores);
    perfvec_model_free(model);
    return 0;
}
