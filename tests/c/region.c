/* Regions that the library finds: in sessions and in recorders. */
#include "check.h"

/* slti x0, x0, 0x501 and 0x502 */
static const uint32_t markers[2] = {0x50102013, 0x50202013};

static perfvec_region empty(void) {
    perfvec_region region;
    memset(&region, 0, sizeof region);
    region.struct_size = sizeof region;
    return region;
}

static uint64_t retired(perfvec_session *session) {
    perfvec_counts counts;
    counts.struct_size = sizeof counts;
    OK(perfvec_session_sync(session));
    OK(perfvec_session_counts(session, &counts));
    CHECK(counts.retired >= counts.measured);
    return counts.retired;
}

static uint64_t measured(perfvec_session *session, perfvec_region region) {
    uint32_t id[3];
    OK(perfvec_session_reset(session));
    OK(perfvec_session_set_region(session, &region));
    intern_loop(session, id);
    feed(session, id, 0, 300);
    FAILS(perfvec_session_set_region(session, &region), PERFVEC_ERR_STATE, "before the first");
    return retired(session);
}

static void sessions(const perfvec_model *model) {
    perfvec_session *session = make_session(model);
    perfvec_region region = empty();
    CHECK(measured(session, region) == 300);
    region.skip = 290;
    CHECK(measured(session, region) == 10);
    region.first = 4;
    CHECK(measured(session, region) == 4);
    FAILS(perfvec_session_region_begin(session), PERFVEC_ERR_STATE, "the region that was set");

    /* The load is the second of the loop's three: its 10th is number 28, its 20th number 58. */
    region = empty();
    region.from_pc = region.until_pc = 0x1004;
    region.from_count = 10;
    region.until_count = 20;
    CHECK(measured(session, region) == 30);
    region.until_count = 0;
    region.until_pc = 0;
    CHECK(measured(session, region) == 300 - 28);

    OK(perfvec_session_reset(session));
    region.from_count = 0;
    FAILS(perfvec_session_set_region(session, &region), PERFVEC_ERR_INVALID_ARGUMENT, "from_count");
    region = empty();
    region.markers = 1;
    region.skip = 1;
    FAILS(perfvec_session_set_region(session, &region), PERFVEC_ERR_INVALID_ARGUMENT, "leave out");
    region.struct_size = 3;
    FAILS(perfvec_session_set_region(session, &region), PERFVEC_ERR_VERSION, "struct_size");
    FAILS(perfvec_session_set_region(session, NULL), PERFVEC_ERR_INVALID_ARGUMENT, "NULL");
    perfvec_session_free(session);
}

/* begin, loop, end, loop, begin, loop, end */
static void marked(const perfvec_model *model) {
    perfvec_session *session = make_session(model);
    perfvec_recorder *recorder;
    perfvec_trace_header header;
    perfvec_trace_summary summary;
    perfvec_region region = empty();
    uint32_t id[3], mark[2], in_trace[5];
    memset(&header, 0, sizeof header);
    header.struct_size = sizeof header;
    header.isa = PERFVEC_ISA_RISCV64;
    summary.struct_size = sizeof summary;
    region.markers = 1;
    OK(perfvec_session_set_region(session, &region));
    OK(perfvec_recorder_create("region.pvt", &header, &recorder));
    OK(perfvec_recorder_set_region(recorder, &region));
    intern_loop(session, id);
    for (uint32_t i = 0; i < 5; i++) {
        const uint32_t *encoding = i < 3 ? &encodings[i] : &markers[i - 3];
        const uint8_t *bytes = (const uint8_t *)encoding;
        OK(perfvec_recorder_intern_encoding(recorder, 1, 0x1000 + 4 * i, bytes, 4, &in_trace[i]));
        if (i >= 3)
            OK(perfvec_session_intern_encoding(session, 1, 0x1000 + 4 * i, bytes, 4, &mark[i - 3]));
    }
    FAILS(perfvec_recorder_set_region(recorder, &region), PERFVEC_ERR_STATE, "before the first");
    for (uint32_t part = 0; part < 4; part++) {
        perfvec_retirement r = {mark[part % 2], 0, 0, 0};
        CHECK(in_trace[3 + part % 2] == mark[part % 2]);
        OK(perfvec_session_retire(session, &r));
        OK(perfvec_recorder_retire(recorder, &r));
        feed(session, id, 0, 30);
        for (uint64_t n = 0; n < 30; n++) {
            r = loop_retirement(id, n);
            OK(perfvec_recorder_retire_many(recorder, &r, 1));
        }
    }
    CHECK(retired(session) == 60);
    OK(perfvec_recorder_finish(recorder, &summary));
    CHECK(summary.retirements == 60);
    perfvec_recorder_free(recorder);
    perfvec_session_free(session);
}

int main(void) {
    perfvec_model *model = load_model();
    sessions(model);
    marked(model);
    perfvec_model_free(model);
    return 0;
}
