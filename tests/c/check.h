/* What the C tests share: checks that say where, a small stream, and the fixtures. */
#ifndef PERFVEC_TEST_CHECK_H
#define PERFVEC_TEST_CHECK_H

#include <perfvec.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHECK(condition)                                                                 \
    do {                                                                                 \
        if (!(condition)) {                                                              \
            fprintf(stderr, "%s:%d: %s\n  last error: %s\n", __FILE__, __LINE__,         \
                    #condition, perfvec_last_error());                                   \
            exit(1);                                                                     \
        }                                                                                \
    } while (0)
#define OK(call) CHECK((call) == PERFVEC_OK)
/* The call fails so, and the text of the error holds the word. */
#define FAILS(call, status, word)                                                        \
    do {                                                                                 \
        CHECK((call) == (status));                                                       \
        CHECK(strstr(perfvec_last_error(), (word)) != NULL);                             \
    } while (0)

/* addi t0, t0, 1; ld t1, 0(a0); bne t0, a1, -8 */
static const uint32_t encodings[3] = {0x00128293, 0x00053303, 0xfeb29ce3};

static inline void intern_loop(perfvec_session *session, uint32_t id[3]) {
    for (uint32_t i = 0; i < 3; i++)
        OK(perfvec_session_intern_encoding(session, PERFVEC_ISA_RISCV64, 0x1000 + 4 * i,
                                           (const uint8_t *)&encodings[i], 4, &id[i]));
}

/* Retirement `n` of a loop over an array. */
static inline perfvec_retirement loop_retirement(const uint32_t id[3], uint64_t n) {
    perfvec_retirement r = {id[n % 3], 0, 0, 0x1000 + 4 * (n % 3 + 1)};
    if (n % 3 == 1)
        r.address = 0x800000 + 8 * (n / 3 * 7919 % 100000);
    if (n % 3 == 2)
        r.next_pc = 0x1000;
    return r;
}

static inline void feed(perfvec_session *session, const uint32_t id[3], uint64_t from,
                        uint64_t to) {
    for (uint64_t n = from; n < to; n++) {
        perfvec_retirement r = loop_retirement(id, n);
        OK(perfvec_session_retire(session, &r));
    }
}

static inline perfvec_config small_config(void) {
    perfvec_config config;
    OK(perfvec_config_init(&config, sizeof config));
    config.lanes = 4;
    config.segment = 64;
    return config;
}

static inline perfvec_session *make_session(const perfvec_model *model) {
    perfvec_config config = small_config();
    perfvec_session *session;
    OK(perfvec_session_create(model, &config, &session));
    return session;
}

/* The default model and table: the tests run with PERFVEC_MODEL set. */
static inline perfvec_model *load_model(void) {
    perfvec_model *model;
    OK(perfvec_model_load(NULL, PERFVEC_BACKEND_AUTO, &model));
    return model;
}

static inline perfvec_microarchs *load_table(void) {
    perfvec_microarchs *table;
    OK(perfvec_microarchs_load(NULL, &table));
    return table;
}

#endif
