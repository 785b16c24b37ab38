/* NULL, foreign and freed pointers, wrong sizes and versions: told, never a crash. */
#include "check.h"
#include <sys/stat.h>
#include <unistd.h>

static void null_pointers(const perfvec_model *model) {
    perfvec_session *session = (perfvec_session *)model; /* anything but NULL */
    perfvec_retirement r = {0, 0, 0, 0};
    uint32_t id;
    double x;
    FAILS(perfvec_model_load("/nonexistent.onnx", 0, NULL), PERFVEC_ERR_INVALID_ARGUMENT, "out");
    FAILS(perfvec_session_create(NULL, NULL, &session), PERFVEC_ERR_INVALID_ARGUMENT, "NULL");
    CHECK(session == NULL); /* a failed creation leaves no handle */
    session = make_session(model);
    FAILS(perfvec_session_retire(NULL, &r), PERFVEC_ERR_INVALID_ARGUMENT, "NULL");
    FAILS(perfvec_session_retire(session, NULL), PERFVEC_ERR_INVALID_ARGUMENT, "NULL");
    FAILS(perfvec_session_retire_many(session, NULL, 3), PERFVEC_ERR_INVALID_ARGUMENT, "NULL");
    OK(perfvec_session_retire_many(session, NULL, 0));
    FAILS(perfvec_session_intern(session, NULL, &id), PERFVEC_ERR_INVALID_ARGUMENT, "NULL");
    FAILS(perfvec_session_vector(session, &x, 1), PERFVEC_ERR_INVALID_ARGUMENT, "len is 1");
    FAILS(perfvec_session_vector(session, NULL, 8), PERFVEC_ERR_INVALID_ARGUMENT, "NULL");
    FAILS(perfvec_session_estimate(session, NULL, 0, NULL), PERFVEC_ERR_INVALID_ARGUMENT, "NULL");
    FAILS(perfvec_session_restore_file(session, NULL), PERFVEC_ERR_INVALID_ARGUMENT, "path");
    FAILS(perfvec_session_restore_file(session, "/nonexistent"), PERFVEC_ERR_IO, "/nonexistent");
    CHECK(strstr(perfvec_session_last_error(session), "/nonexistent") != NULL);
    CHECK(perfvec_session_last_error(NULL) != NULL);
    perfvec_session_destroy(session);
    perfvec_session_destroy(NULL);
    perfvec_model_free(NULL);
    perfvec_microarchs_free(NULL);
    perfvec_calibrator_free(NULL);
    perfvec_recorder_abort(NULL);
    FAILS(perfvec_config_init(NULL, sizeof(perfvec_config)), PERFVEC_ERR_INVALID_ARGUMENT,
          "perfvec_config");
    perfvec_config config;
    FAILS(perfvec_config_init(&config, 0), PERFVEC_ERR_INVALID_ARGUMENT, "struct_size");
    FAILS(perfvec_config_init(&config, 4), PERFVEC_ERR_VERSION, "struct_size");
    CHECK(perfvec_microarchs_count(NULL) == 0);
}

static void foreign_pointers(perfvec_model *model) {
    perfvec_session *session = make_session(model);
    perfvec_microarchs *table = load_table();
    uint64_t memory[16] = {0};
    perfvec_retirement r = {0, 0, 0, 0};
    const perfvec_status bad = PERFVEC_ERR_INVALID_ARGUMENT;
    FAILS(perfvec_session_retire((perfvec_session *)model, &r), bad, "not a perfvec_session");
    FAILS(perfvec_session_sync((perfvec_session *)table), bad, "not a perfvec_session");
    FAILS(perfvec_session_sync((perfvec_session *)memory), bad, "not a perfvec_session");
    FAILS(perfvec_session_sync((perfvec_session *)((char *)session + 1)), bad, "not a");
    FAILS(perfvec_microarchs_save((perfvec_microarchs *)session, "/tmp/x"), bad, "not a");
    perfvec_model_free((perfvec_model *)session); /* refused: the session still works */
    OK(perfvec_session_sync(session));
    perfvec_session_destroy(session);
    perfvec_microarchs_free(table);
}

static void sizes_and_versions(const perfvec_model *model) {
    perfvec_config config = small_config();
    perfvec_session *session;
    struct {
        perfvec_config config;
        uint64_t newer;
    } big = {small_config(), 0};
    big.config.struct_size = sizeof big;
    OK(perfvec_session_create(model, &big.config, &session));
    perfvec_session_destroy(session);
    big.newer = 1;
    FAILS(perfvec_session_create(model, &big.config, &session), PERFVEC_ERR_VERSION, "newer");
    config.struct_size = 0;
    FAILS(perfvec_session_create(model, &config, &session), PERFVEC_ERR_INVALID_ARGUMENT, "size");
    config.struct_size = 20;
    FAILS(perfvec_session_create(model, &config, &session), PERFVEC_ERR_VERSION, "struct_size");
    config = small_config();
    config.abi_version = PERFVEC_ABI_VERSION + 1;
    FAILS(perfvec_session_create(model, &config, &session), PERFVEC_ERR_VERSION, "abi_version");
    config = small_config();
    config.threads = 100000;
    FAILS(perfvec_session_create(model, &config, &session), PERFVEC_ERR_INVALID_ARGUMENT,
          "threads");

    session = make_session(model);
    perfvec_counts counts;
    counts.struct_size = 0;
    FAILS(perfvec_session_counts(session, &counts), PERFVEC_ERR_INVALID_ARGUMENT, "perfvec_counts");
    struct {
        perfvec_counts counts;
        uint64_t after;
    } out;
    memset(&out, 0x5a, sizeof out);
    out.counts.struct_size = sizeof out;
    OK(perfvec_session_counts(session, &out.counts));
    CHECK(out.counts.struct_size == sizeof out && out.after == 0x5a5a5a5a5a5a5a5a);
    perfvec_session_destroy(session);
}

static void instructions(const perfvec_model *model) {
    perfvec_session *session = make_session(model);
    perfvec_static_inst inst;
    uint32_t id, again;
    const perfvec_status bad = PERFVEC_ERR_INVALID_ARGUMENT;
    memset(&inst, 0, sizeof inst);
    inst.struct_size = sizeof inst;
    inst.op_class = 1;
    inst.size = 4;
    OK(perfvec_session_intern(session, &inst, &id));
    OK(perfvec_session_intern(session, &inst, &again));
    CHECK(id == again);
    inst.num_src = 9;
    FAILS(perfvec_session_intern(session, &inst, &id), bad, "9 sources");
    inst.num_src = 1;
    inst.src[0].reg_class = 200;
    FAILS(perfvec_session_intern(session, &inst, &id), bad, "register class 200");
    inst.num_src = 0;
    inst.op_class = 255;
    FAILS(perfvec_session_intern(session, &inst, &id), bad, "op_class is 255");
    inst.op_class = 1;
    inst.flags = 1u << 31;
    FAILS(perfvec_session_intern(session, &inst, &id), bad, "flags");
    FAILS(perfvec_session_intern_encoding(session, PERFVEC_ISA_RISCV64, 0, NULL, 4, &id), bad,
          "bytes");
    FAILS(perfvec_session_intern_encoding(session, PERFVEC_ISA_RISCV64, 0,
                                          (const uint8_t *)encodings, 1, &id), bad, "");
    FAILS(perfvec_session_intern_encoding(session, 99, 0, (const uint8_t *)encodings, 4, &id),
          PERFVEC_ERR_NOT_FOUND, "99");
    FAILS(perfvec_session_intern_encoding(session, PERFVEC_ISA_X86_64, 0,
                                          (const uint8_t *)encodings, 4, &id),
          PERFVEC_ERR_MISMATCH, "x86_64");
    perfvec_retirement r = {77, 0, 0, 0};
    FAILS(perfvec_session_retire(session, &r), bad, "77");
    perfvec_session_destroy(session);
}

/* Reading what never ends, or never begins, is not tried. */
static void what_is_no_file(const perfvec_model *model) {
    perfvec_session *session = make_session(model);
    perfvec_model *other;
    perfvec_microarchs *table;
    const char *names[2] = {"pipe", "/dev/zero"};
    CHECK(mkfifo("pipe", 0600) == 0);
    alarm(60); /* a hang must fail the test, not stop it */
    for (int i = 0; i < 2; i++) {
        const perfvec_status bad = PERFVEC_ERR_IO;
        FAILS(perfvec_model_load(names[i], 0, &other), bad, "not a regular file");
        FAILS(perfvec_microarchs_load(names[i], &table), bad, "not a regular file");
        FAILS(perfvec_session_restore_file(session, names[i]), bad, "not a regular file");
        CHECK(strstr(perfvec_last_error(), names[i]) != NULL);
    }
    alarm(0);
    CHECK(unlink("pipe") == 0);
    perfvec_session_destroy(session);
}

int main(void) {
    perfvec_model *model = load_model();
    null_pointers(model);
    foreign_pointers(model);
    sizes_and_versions(model);
    instructions(model);
    what_is_no_file(model);
    perfvec_model_free(model);
    return 0;
}
