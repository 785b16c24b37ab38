/* A session's life: streaming estimates, regions, intervals, snapshots, totals, tables. */
#include "check.h"
#include <math.h>

static void estimates_while_streaming(const perfvec_model *model, const perfvec_microarchs *table) {
    perfvec_session *session = make_session(model);
    uint32_t id[3];
    size_t count = 0;
    perfvec_estimate e[2], before = {0, 0, 0, 0};
    perfvec_counts counts;
    counts.struct_size = sizeof counts;
    OK(perfvec_session_estimate(session, table, 0, &e[0]));
    CHECK(e[0].cycles == 0 && e[0].cpi == 0);
    intern_loop(session, id);
    for (uint64_t n = 0; n < 30000; n += 3000) {
        feed(session, id, n, n + 3000);
        OK(perfvec_session_estimate(session, table, 0, &e[0]));
        CHECK(isfinite(e[0].cycles) && e[0].cycles >= before.cycles);
        before = e[0];
    }
    OK(perfvec_session_sync(session));
    OK(perfvec_session_counts(session, &counts));
    CHECK(counts.retired == 30000 && counts.units == 0 && counts.unknown_insts == 0);
    CHECK(counts.pending <= 1 && counts.measured + counts.pending == counts.retired);
    OK(perfvec_session_estimate_all(session, table, NULL, 0, &count)); /* asks how many */
    CHECK(count == 2);
    OK(perfvec_session_estimate_all(session, table, e, 2, &count));
    CHECK(e[0].cycles > 0 && fabs(e[0].cpi - e[0].cycles / 30000) < 1e-9);
    CHECK(fabs(e[0].seconds - e[0].cycles / 1e9) < 1e-15 * e[0].cycles && e[0].half_width == 0);
    /* The second core's vector is three times the first one's. */
    CHECK(fabs(e[1].cycles - 3 * e[0].cycles) < 1e-6 * e[1].cycles);

    perfvec_estimate totals[2];
    perfvec_session *both[2] = {session, make_session(model)};
    OK(perfvec_session_estimate_total(both, 2, table, totals, 2, NULL));
    CHECK(totals[0].cycles == e[0].cycles && totals[0].cpi == e[0].cpi);
    intern_loop(both[1], id);
    feed(both[1], id, 0, 30000);
    OK(perfvec_session_sync(both[1]));
    OK(perfvec_session_estimate_total(both, 2, table, totals, 2, NULL));
    CHECK(totals[0].cycles == 2 * e[0].cycles && fabs(totals[0].cpi - e[0].cpi) < 1e-9);

    /* The vector, priced by hand. */
    double vector[8];
    OK(perfvec_session_vector(session, vector, 8, NULL));
    OK(perfvec_microarchs_estimate(table, vector, 8, counts.retired, counts.measured, totals, 2,
                                   NULL));
    CHECK(totals[0].cycles == e[0].cycles && totals[1].cycles == e[1].cycles);
    double score = -1;
    FAILS(perfvec_session_ood_score(session, table, &score), PERFVEC_ERR_NOT_FOUND, "ood");
    OK(perfvec_session_reset(session));
    OK(perfvec_session_counts(session, &counts));
    CHECK(counts.retired == 0);
    feed(session, id, 0, 30000); /* ids stay valid */
    OK(perfvec_session_sync(session));
    OK(perfvec_session_estimate(session, table, 0, &totals[0]));
    CHECK(totals[0].cycles == e[0].cycles);
    perfvec_session_free(both[1]);
    perfvec_session_free(session);
}

static void regions(const perfvec_model *model) {
    perfvec_config config = small_config();
    perfvec_session *session;
    perfvec_counts counts;
    uint32_t id[3];
    counts.struct_size = sizeof counts;
    config.start_outside_region = 1;
    OK(perfvec_session_create(model, &config, &session));
    intern_loop(session, id);
    feed(session, id, 0, 300);
    FAILS(perfvec_session_region_end(session), PERFVEC_ERR_STATE, "outside");
    OK(perfvec_session_region_begin(session));
    FAILS(perfvec_session_region_begin(session), PERFVEC_ERR_STATE, "inside");
    feed(session, id, 300, 900);
    OK(perfvec_session_region_end(session));
    feed(session, id, 900, 1200);
    OK(perfvec_session_sync(session));
    OK(perfvec_session_counts(session, &counts));
    CHECK(counts.retired == 600);
    perfvec_session_free(session);
}

struct seen {
    perfvec_session *session;
    uint64_t intervals, retirements;
    double sum;
};

static void on_interval(void *user, const perfvec_interval *i) {
    struct seen *seen = (struct seen *)user;
    CHECK(i->index == seen->intervals && i->len == 8 && i->first == seen->retirements);
    CHECK(i->measured == i->retirements);
    /* The session itself is busy, and says so instead of breaking. */
    CHECK(perfvec_session_sync(seen->session) == PERFVEC_ERR_STATE);
    seen->intervals++;
    seen->retirements += i->retirements;
    seen->sum += i->vector[0];
}

static void intervals(const perfvec_model *model) {
    perfvec_config config = small_config();
    struct seen seen = {NULL, 0, 0, 0};
    uint32_t id[3];
    double vector[8];
    OK(perfvec_session_create(model, &config, &seen.session));
    FAILS(perfvec_session_set_interval_callback(seen.session, on_interval, &seen),
          PERFVEC_ERR_STATE, "interval");
    perfvec_session_free(seen.session);
    config.interval = 1000;
    OK(perfvec_session_create(model, &config, &seen.session));
    OK(perfvec_session_set_interval_callback(seen.session, on_interval, &seen));
    intern_loop(seen.session, id);
    feed(seen.session, id, 0, 20500);
    OK(perfvec_session_finish(seen.session));
    CHECK(seen.intervals == 21 && seen.retirements == 20500);
    OK(perfvec_session_vector(seen.session, vector, 8, NULL));
    CHECK(fabs(vector[0] - seen.sum) <= 1e-9 * fabs(seen.sum));
    perfvec_session_free(seen.session);
}

/* They do not fill the memory, and whoever comes later gets those that begin from there on. */
static void intervals_that_nobody_receives(const perfvec_model *model) {
    perfvec_config config = small_config();
    struct seen seen = {NULL, 1021, 102100, 0};
    uint32_t id[3];
    size_t before, after;
    config.interval = 100;
    OK(perfvec_session_create(model, &config, &seen.session));
    intern_loop(seen.session, id);
    const perfvec_retirement add = {id[0], 0, 0, 0};
    for (int i = 0; i < 2000; i++)
        OK(perfvec_session_retire(seen.session, &add));
    OK(perfvec_session_sync(seen.session));
    OK(perfvec_session_snapshot(seen.session, NULL, 0, &before));
    for (int i = 0; i < 100050; i++)
        OK(perfvec_session_retire(seen.session, &add));
    OK(perfvec_session_sync(seen.session));
    OK(perfvec_session_snapshot(seen.session, NULL, 0, &after));
    CHECK(after < before + 10000);
    OK(perfvec_session_set_interval_callback(seen.session, on_interval, &seen));
    for (int i = 0; i < 1000; i++)
        OK(perfvec_session_retire(seen.session, &add));
    OK(perfvec_session_finish(seen.session));
    CHECK(seen.intervals == 1031 && seen.retirements == 103050);
    perfvec_session_free(seen.session);
}

static void snapshots(const perfvec_model *model, const perfvec_microarchs *table) {
    perfvec_session *a = make_session(model), *b = make_session(model);
    perfvec_estimate ea, eb;
    uint32_t id[3];
    size_t size = 0, written = 0;
    intern_loop(a, id);
    feed(a, id, 0, 5000);
    OK(perfvec_session_snapshot(a, NULL, 0, &size));
    uint8_t *buffer = (uint8_t *)malloc(size);
    FAILS(perfvec_session_snapshot(a, buffer, size - 1, &written), PERFVEC_ERR_INVALID_ARGUMENT,
          "capacity");
    OK(perfvec_session_snapshot(a, buffer, size, &written));
    CHECK(written == size);
    OK(perfvec_session_restore(b, buffer, written));
    feed(a, id, 5000, 9000);
    feed(b, id, 5000, 9000);
    OK(perfvec_session_sync(a));
    OK(perfvec_session_sync(b));
    OK(perfvec_session_estimate(a, table, 0, &ea));
    OK(perfvec_session_estimate(b, table, 0, &eb));
    CHECK(memcmp(&ea, &eb, sizeof ea) == 0);
    buffer[size / 2] ^= 1;
    FAILS(perfvec_session_restore(b, buffer, size), PERFVEC_ERR_CORRUPT, "");
    OK(perfvec_session_estimate(b, table, 0, &eb));
    CHECK(memcmp(&ea, &eb, sizeof ea) == 0); /* as it was */
    OK(perfvec_session_snapshot_file(a, "state.snapshot"));
    OK(perfvec_session_restore_file(b, "state.snapshot"));
    OK(perfvec_session_save_vector(a, "a.vector"));
    free(buffer);
    perfvec_session_free(a);
    perfvec_session_free(b);
}

static void tables(const perfvec_model *model) {
    perfvec_microarchs *table, *again;
    perfvec_microarch_info info;
    const float vector[8] = {1, 2, 3, 4, 5, 6, 7, 8};
    size_t index = 1;
    info.struct_size = sizeof info;
    OK(perfvec_microarchs_create(model, &table));
    CHECK(perfvec_microarchs_count(table) == 0);
    OK(perfvec_microarchs_add(table, "mine", 2e9, "{\"rob\": 64}", vector, 8));
    FAILS(perfvec_microarchs_add(table, "mine", 2e9, NULL, vector, 8),
          PERFVEC_ERR_INVALID_ARGUMENT, "mine");
    FAILS(perfvec_microarchs_add(table, "other", -1, NULL, vector, 8),
          PERFVEC_ERR_INVALID_ARGUMENT, "clock_hz");
    FAILS(perfvec_microarchs_add(table, "other", 1e9, NULL, vector, 7),
          PERFVEC_ERR_INVALID_ARGUMENT, "7 elements");
    OK(perfvec_microarchs_save(table, "mine.safetensors"));
    OK(perfvec_microarchs_load("mine.safetensors", &again));
    OK(perfvec_microarchs_merge(again, "mine.safetensors"));
    CHECK(perfvec_microarchs_count(again) == 1);
    OK(perfvec_microarchs_get(again, 0, &info));
    CHECK(strcmp(info.name, "mine") == 0 && info.clock_hz == 2e9 && info.trained == 0);
    CHECK(strcmp(info.parameters_json, "{\"rob\":64}") == 0);
    OK(perfvec_microarchs_find(again, "mine", &index));
    CHECK(index == 0);
    FAILS(perfvec_microarchs_find(again, "Mine", &index), PERFVEC_ERR_NOT_FOUND, "Mine");
    FAILS(perfvec_microarchs_get(again, 1, &info), PERFVEC_ERR_NOT_FOUND, "1");
    FAILS(perfvec_microarchs_remove(again, "none"), PERFVEC_ERR_NOT_FOUND, "none");
    OK(perfvec_microarchs_remove(again, "mine"));
    CHECK(perfvec_microarchs_count(again) == 0);
    perfvec_microarchs_free(table);
    perfvec_microarchs_free(again);
}

static void target_error(const perfvec_model *model, const perfvec_microarchs *table) {
    perfvec_session *session = NULL;
    perfvec_config config = small_config();
    perfvec_counts counts;
    perfvec_estimate e[2];
    size_t count = 2;
    uint32_t id[3];
    counts.struct_size = sizeof counts;
    config.sampling = PERFVEC_SAMPLING_TARGET_ERROR;
    config.unit = 64;
    FAILS(perfvec_session_create(model, &config, &session), PERFVEC_ERR_INVALID_ARGUMENT, "targets");
    config.targets = table;
    config.half_width = 0.7;
    FAILS(perfvec_session_create(model, &config, &session), PERFVEC_ERR_INVALID_ARGUMENT,
          "half_width is 0.7");
    config.half_width = 0.05;
    OK(perfvec_session_create(model, &config, &session));
    intern_loop(session, id);
    feed(session, id, 0, 240000);
    OK(perfvec_session_finish(session));
    OK(perfvec_session_counts(session, &counts));
    CHECK(counts.retired == 240000 && counts.units >= 128 && counts.measured <= 64 * counts.units);
    CHECK(counts.measured < counts.retired);
    OK(perfvec_session_estimate_all(session, table, e, 2, &count));
    CHECK(e[0].cycles > 0 && e[0].half_width > 0 && e[0].half_width < 0.1);
    CHECK(fabs(e[1].cycles - 3 * e[0].cycles) < 1e-6 * e[1].cycles);
    perfvec_session_free(session);
}

/* What was chosen in haste is measured again at leisure. */
static void target_overhead(const perfvec_model *model, const perfvec_microarchs *table) {
    perfvec_session *session = NULL;
    perfvec_config config = small_config();
    perfvec_estimate e[2], again[2];
    uint64_t plan[PERFVEC_PLAN_MAX];
    size_t len = 0;
    uint32_t id[3];
    config.sampling = PERFVEC_SAMPLING_TARGET_OVERHEAD;
    config.unit = 64;
    config.overhead = -1;
    FAILS(perfvec_session_create(model, &config, &session), PERFVEC_ERR_INVALID_ARGUMENT, "overhead");
    config.overhead = 0;
    OK(perfvec_session_create(model, &config, &session));
    intern_loop(session, id);
    feed(session, id, 0, 60000);
    OK(perfvec_session_finish(session));
    OK(perfvec_session_estimate(session, table, 0, e));
    FAILS(perfvec_session_plan(session, plan, 0, &len), PERFVEC_ERR_INVALID_ARGUMENT, "capacity");
    OK(perfvec_session_plan(session, NULL, 0, &len));
    /* Of 937 units of 64: epochs begin after 32, 64, 128 and 256, and then 32 times until
     * their number has doubled, from 512 on. */
    CHECK(len == 31);
    OK(perfvec_session_plan(session, plan, PERFVEC_PLAN_MAX, &len));
    CHECK(len == 31 && plan[0] >= 1);
    perfvec_session_free(session);
    config.sampling = PERFVEC_SAMPLING_PLAN;
    config.plan_len = PERFVEC_PLAN_MAX + 1;
    config.plan = plan;
    FAILS(perfvec_session_create(model, &config, &session), PERFVEC_ERR_INVALID_ARGUMENT, "plan_len");
    config.plan_len = len;
    config.plan = NULL;
    FAILS(perfvec_session_create(model, &config, &session), PERFVEC_ERR_INVALID_ARGUMENT, "plan");
    config.plan = plan;
    OK(perfvec_session_create(model, &config, &session));
    intern_loop(session, id);
    feed(session, id, 0, 60000);
    OK(perfvec_session_finish(session));
    OK(perfvec_session_estimate(session, table, 0, again));
    CHECK(again->cycles == e->cycles && again->half_width == e->half_width);
    perfvec_session_free(session);
}

/* Cycles of the loop, of which `counts` says how much was measured. */
static double cycles_of(const perfvec_model *model, const perfvec_microarchs *table,
                        const perfvec_config *config, perfvec_counts *counts) {
    perfvec_session *session = NULL;
    perfvec_estimate e;
    uint32_t id[3];
    OK(perfvec_session_create(model, config, &session));
    intern_loop(session, id);
    feed(session, id, 0, 60000);
    OK(perfvec_session_finish(session));
    OK(perfvec_session_estimate(session, table, 0, &e));
    counts->struct_size = sizeof *counts;
    OK(perfvec_session_counts(session, counts));
    perfvec_session_free(session);
    return e.cycles;
}

/* What is not seen is counted all the same; where all is measured, all is seen. */
static void warming(const perfvec_model *model, const perfvec_microarchs *table) {
    perfvec_config config = small_config();
    perfvec_counts all, few;
    CHECK(config.warming == PERFVEC_WARMING_ALL);
    double full = cycles_of(model, table, &config, &all);
    config.warming = 0;
    CHECK(cycles_of(model, table, &config, &few) == full);
    config.sampling = PERFVEC_SAMPLING_FIXED_RATE;
    config.unit = 64;
    config.period = 6400;
    double bounded = cycles_of(model, table, &config, &few);
    config.warming = 60000;
    double exact = cycles_of(model, table, &config, &all);
    config.warming = PERFVEC_WARMING_ALL;
    CHECK(cycles_of(model, table, &config, &all) == exact && bounded != exact);
    CHECK(few.retired == 60000 && few.measured == all.measured && few.units == all.units);
}

int main(void) {
    perfvec_model *model = load_model();
    perfvec_microarchs *table = load_table();
    perfvec_model_info info;
    const char *value;
    info.struct_size = sizeof info;
    OK(perfvec_model_get_info(model, &info));
    CHECK(info.features == 51 && info.representation == 8 && info.warmup == 16);
    CHECK(strcmp(info.isa, "riscv64") == 0 && info.backend != PERFVEC_BACKEND_AUTO);
    OK(perfvec_model_get_metadata(model, "perfvec.model_id", &value));
    CHECK(strcmp(value, info.id) == 0);
    FAILS(perfvec_model_get_metadata(model, "none", &value), PERFVEC_ERR_NOT_FOUND, "none");
    estimates_while_streaming(model, table);
    regions(model);
    intervals(model);
    intervals_that_nobody_receives(model);
    snapshots(model, table);
    target_error(model, table);
    target_overhead(model, table);
    warming(model, table);
    tables(model);
    /* Sessions keep what they need of a freed model. */
    perfvec_session *session = make_session(model);
    uint32_t id[3];
    perfvec_model_free(model);
    intern_loop(session, id);
    feed(session, id, 0, 1000);
    OK(perfvec_session_sync(session));
    perfvec_session_free(session);
    perfvec_microarchs_free(table);
    return 0;
}
