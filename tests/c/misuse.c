/* NULL, foreign and freed pointers, wrong sizes and versions: refused, never a crash; and a call
 * that fails leaves what it would have written as it was. */
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
    CHECK(session == (perfvec_session *)model); /* as it was */
    session = make_session(model);
    FAILS(perfvec_session_retire(NULL, &r), PERFVEC_ERR_INVALID_ARGUMENT, "NULL");
    FAILS(perfvec_session_retire(session, NULL), PERFVEC_ERR_INVALID_ARGUMENT, "NULL");
    FAILS(perfvec_session_retire_many(session, NULL, 3), PERFVEC_ERR_INVALID_ARGUMENT, "NULL");
    OK(perfvec_session_retire_many(session, NULL, 0));
    FAILS(perfvec_session_intern(session, NULL, &id), PERFVEC_ERR_INVALID_ARGUMENT, "NULL");
    FAILS(perfvec_session_vector(session, &x, 1, NULL), PERFVEC_ERR_INVALID_ARGUMENT,
          "capacity is 1");
    FAILS(perfvec_session_vector(session, NULL, 8, NULL), PERFVEC_ERR_INVALID_ARGUMENT, "len");
    FAILS(perfvec_session_estimate(session, NULL, 0, NULL), PERFVEC_ERR_INVALID_ARGUMENT, "NULL");
    FAILS(perfvec_session_restore_file(session, NULL), PERFVEC_ERR_INVALID_ARGUMENT, "path");
    FAILS(perfvec_session_restore_file(session, "/nonexistent"), PERFVEC_ERR_IO, "/nonexistent");
    CHECK(strstr(perfvec_session_last_error(session), "/nonexistent") != NULL);
    CHECK(perfvec_session_last_error(NULL) != NULL);
    perfvec_session_free(session);
    perfvec_session_free(NULL);
    perfvec_model_free(NULL);
    perfvec_microarchs_free(NULL);
    perfvec_calibrator_free(NULL);
    perfvec_recorder_free(NULL);
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
    FAILS(perfvec_session_sync((perfvec_session *)((char *)session + 1)), bad, "perfvec_session");
    FAILS(perfvec_microarchs_save((perfvec_microarchs *)session, "/tmp/x"), bad, "not a");
    perfvec_model_free((perfvec_model *)session); /* refused: the session still works */
    OK(perfvec_session_sync(session));
    perfvec_session_free(session);
    perfvec_microarchs_free(table);
    /* What is given is never followed: neither unmapped memory nor a number that no call gave. */
    const uintptr_t wild[] = {8, 0xdeadbeef, (uintptr_t)-1, (uintptr_t)1 << 52, (uintptr_t)0x103 << 52,
                              (uintptr_t)session ^ 1, (uintptr_t)session ^ (uintptr_t)1 << 30};
    for (size_t i = 0; i < sizeof wild / sizeof *wild; i++) {
        FAILS(perfvec_session_sync((perfvec_session *)wild[i]), bad, "perfvec_session");
        CHECK(perfvec_session_last_error((perfvec_session *)wild[i]) != NULL);
        perfvec_session_free((perfvec_session *)wild[i]);
    }
}

/* A freed handle stays dead, also where another object has taken its place since. */
static void freed_pointers(const perfvec_model *model) {
    const perfvec_status bad = PERFVEC_ERR_INVALID_ARGUMENT;
    perfvec_session *session = make_session(model);
    perfvec_microarchs *first, *table;
    perfvec_session_free(session);
    FAILS(perfvec_session_sync(session), bad, "freed");
    perfvec_session *other = make_session(model);
    CHECK(other != session);
    FAILS(perfvec_session_sync(session), bad, "freed");
    perfvec_session_free(session); /* refused: the other one lives on */
    OK(perfvec_session_sync(other));
    perfvec_session_free(other);
    OK(perfvec_microarchs_create(model, &first));
    perfvec_microarchs_free(first);
    for (int i = 0; i < 70000; i++) { /* more than can be alive at once */
        OK(perfvec_microarchs_create(model, &table));
        CHECK(table != first);
        if (i % 1000 == 0)
            FAILS(perfvec_microarchs_save(first, "x"), bad, "freed");
        perfvec_microarchs_free(table);
    }
}

/* A call that fails writes nothing. */
static void results_of_failures(const perfvec_model *model) {
    const perfvec_status bad = PERFVEC_ERR_INVALID_ARGUMENT;
    perfvec_model *m = (perfvec_model *)1;
    perfvec_microarchs *t = (perfvec_microarchs *)1, *table = load_table();
    perfvec_session *s = (perfvec_session *)1, *session = make_session(model);
    perfvec_recorder *r = (perfvec_recorder *)1;
    perfvec_calibrator *c = (perfvec_calibrator *)1;
    FAILS(perfvec_model_load("/nonexistent", 0, &m), PERFVEC_ERR_IO, "");
    FAILS(perfvec_microarchs_load("/nonexistent", &t), PERFVEC_ERR_IO, "");
    FAILS(perfvec_microarchs_create(NULL, &t), bad, "");
    FAILS(perfvec_session_create(NULL, NULL, &s), bad, "");
    FAILS(perfvec_recorder_create("/nonexistent/x", NULL, &r), bad, "");
    FAILS(perfvec_calibrator_create(NULL, NULL, &c), bad, "");
    CHECK(m == (void *)1 && t == (void *)1 && s == (void *)1 && r == (void *)1 && c == (void *)1);

    const char *value = "kept";
    FAILS(perfvec_model_get_metadata(model, "none", &value), PERFVEC_ERR_NOT_FOUND, "none");
    size_t len = 77;
    FAILS(perfvec_microarchs_find(table, "none", &len), PERFVEC_ERR_NOT_FOUND, "none");
    perfvec_estimate e[2];
    double vector[7], score = 77;
    uint8_t bytes[1] = {77};
    uint64_t kept[sizeof e / 8];
    memset(e, 77, sizeof e);
    memset(kept, 77, sizeof kept);
    memset(vector, 77, sizeof vector);
    FAILS(perfvec_session_estimate(session, table, 2, e), PERFVEC_ERR_NOT_FOUND, "2");
    FAILS(perfvec_session_estimate_all(session, table, e, 1, &len), bad, "capacity is 1");
    FAILS(perfvec_session_estimate_total(&session, 1, table, e, 1, &len), bad, "capacity is 1");
    FAILS(perfvec_microarchs_estimate(table, vector, 7, 1, 1, e, 2, &len), PERFVEC_ERR_MISMATCH, "");
    FAILS(perfvec_session_vector(session, vector, 7, &len), bad, "capacity is 7");
    FAILS(perfvec_session_snapshot(session, bytes, 1, &len), bad, "capacity is 1");
    FAILS(perfvec_session_ood_score(session, table, &score), PERFVEC_ERR_NOT_FOUND, "ood");
    CHECK(strcmp(value, "kept") == 0 && len == 77 && score == 77 && bytes[0] == 77);
    CHECK(memcmp(e, kept, sizeof e) == 0 && memcmp(vector, kept, sizeof vector) == 0);

    uint32_t id = 77;
    perfvec_static_inst inst;
    memset(&inst, 77, sizeof inst);
    inst.struct_size = sizeof inst;
    inst.op_class = 255;
    FAILS(perfvec_session_intern(session, &inst, &id), bad, "op_class");
    FAILS(perfvec_session_intern_encoding(session, 1, 0, (const uint8_t *)encodings, 1, &id), bad, "");
    FAILS(perfvec_static_inst_decode(1, 0, (const uint8_t *)encodings, 1, &inst), bad, "");
    CHECK(id == 77 && inst.op_class == 255 && inst.src[0].reg_class == 77);
    perfvec_session_free(session);
    perfvec_microarchs_free(table);
}

static int logged, said_why;

static void on_log(void *user, int level, const char *message) {
    CHECK(user == &logged && level <= PERFVEC_LOG_INFO);
    logged++;
    said_why |= strstr(message, "NULL") != NULL;
}

static void logging(void) {
    CHECK(perfvec_session_sync(NULL) == PERFVEC_ERR_INVALID_ARGUMENT); /* silent by default */
    OK(perfvec_log_set(on_log, &logged, PERFVEC_LOG_INFO));
    CHECK(perfvec_session_sync(NULL) == PERFVEC_ERR_INVALID_ARGUMENT);
    CHECK(logged == 1 && said_why);
    OK(perfvec_log_set(NULL, NULL, 0));
    CHECK(perfvec_session_sync(NULL) == PERFVEC_ERR_INVALID_ARGUMENT && logged == 1);
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
    perfvec_session_free(session);
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
    perfvec_session_free(session);
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
    perfvec_session_free(session);
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
    perfvec_session_free(session);
}

int main(void) {
    perfvec_model *model = load_model();
    null_pointers(model);
    foreign_pointers(model);
    freed_pointers(model);
    results_of_failures(model);
    logging();
    sizes_and_versions(model);
    instructions(model);
    what_is_no_file(model);
    perfvec_model_free(model);
    return 0;
}
