/* Recorders, and calibration from a session that a timing CPU feeds. */
#include "check.h"
#include <math.h>
#include <unistd.h>

static perfvec_trace_summary record(const char *path, int timed) {
    perfvec_trace_header header;
    perfvec_trace_summary summary;
    perfvec_recorder *recorder;
    uint32_t id[3], again;
    memset(&header, 0, sizeof header);
    header.struct_size = sizeof header;
    header.isa = PERFVEC_ISA_RISCV64;
    header.clock_period_ps = 500;
    header.host = "test";
    header.metadata_json = "{\"note\": \"kept\", \"count\": 3}";
    summary.struct_size = sizeof summary;
    OK(perfvec_recorder_create(path, &header, &recorder));
    for (uint32_t i = 0; i < 3; i++) {
        const uint8_t *bytes = (const uint8_t *)&encodings[i];
        perfvec_static_inst inst;
        inst.struct_size = sizeof inst;
        OK(perfvec_recorder_intern_encoding(recorder, 1, 0x1000 + 4 * i, bytes, 4, &id[i]));
        OK(perfvec_recorder_intern_encoding(recorder, 1, 0x1000 + 4 * i, bytes, 4, &again));
        CHECK(id[i] == i && again == i);
        OK(perfvec_static_inst_decode(1, 0x1000 + 4 * i, bytes, 4, &inst));
        OK(perfvec_recorder_intern(recorder, &inst, &again));
        CHECK(again == i);
    }
    for (uint64_t n = 0; n < 300; n++) {
        perfvec_retirement r = loop_retirement(id, n);
        if (timed && n >= 100 && n < 200)
            OK(perfvec_recorder_retire_timed(recorder, &r, 2));
        else if (n % 2)
            OK(perfvec_recorder_retire(recorder, &r));
        else
            OK(perfvec_recorder_retire_many(recorder, &r, 1));
    }
    perfvec_retirement bad = {9, 0, 0, 0};
    FAILS(perfvec_recorder_retire(recorder, &bad), PERFVEC_ERR_INVALID_ARGUMENT, "9");
    CHECK(strstr(perfvec_recorder_last_error(recorder), "9") != NULL);
    /* One bad record of many, and none of them is taken. */
    const perfvec_retirement many[3] = {{0, 0, 0, 0}, {9, 0, 0, 0}, {1, 0, 0, 0}};
    FAILS(perfvec_recorder_retire_many(recorder, many, 3), PERFVEC_ERR_INVALID_ARGUMENT, "9");
    FAILS(perfvec_recorder_intern_encoding(recorder, 2, 0, (const uint8_t *)encodings, 4, &again),
          PERFVEC_ERR_MISMATCH, "isa");
    CHECK(access(path, F_OK) != 0); /* not there before it is whole */
    OK(perfvec_recorder_finish(recorder, &summary));
    CHECK(access(path, R_OK) == 0);
    FAILS(perfvec_recorder_retire(recorder, &many[0]), PERFVEC_ERR_STATE, "finished");
    FAILS(perfvec_recorder_finish(recorder, &summary), PERFVEC_ERR_STATE, "finished");
    perfvec_recorder_free(recorder);
    CHECK(access(path, R_OK) == 0);
    return summary;
}

static void recording(void) {
    perfvec_trace_summary plain = record("plain.pvt", 0), timed = record("timed.pvt", 1);
    CHECK(plain.retirements == 300 && plain.statics == 3 && plain.timed == 0);
    CHECK(timed.timed == 100 && timed.cycles == 200 && timed.windows == 1);
    CHECK(plain.stream_hash == timed.stream_hash && plain.stream_hash != 0);

    perfvec_trace_header header;
    perfvec_recorder *recorder;
    memset(&header, 0, sizeof header);
    header.struct_size = sizeof header;
    FAILS(perfvec_recorder_create("x.pvt", &header, &recorder), PERFVEC_ERR_NOT_FOUND, "isa");
    header.isa = 1;
    FAILS(perfvec_recorder_create("/nonexistent/x.pvt", &header, &recorder), PERFVEC_ERR_IO,
          "/nonexistent/");
    header.metadata_json = "[]";
    FAILS(perfvec_recorder_create("x.pvt", &header, &recorder), PERFVEC_ERR_INVALID_ARGUMENT,
          "metadata_json");
    header.metadata_json = NULL;
    OK(perfvec_recorder_create("x.pvt", &header, &recorder));
    perfvec_recorder_free(recorder);
    CHECK(access("x.pvt", F_OK) != 0);
}

/* Cycles that a core with the table's first vector would take, up to rounding. */
static void calibration(void) {
    perfvec_model *model = load_model();
    perfvec_microarchs *table = load_table(), *fitted;
    perfvec_calibrator *calibrator;
    perfvec_session *session;
    perfvec_config config = small_config();
    perfvec_fit fit;
    uint32_t id[3];
    fit.struct_size = sizeof fit;
    config.interval = 1000;
    OK(perfvec_calibrator_create(model, NULL, &calibrator));
    FAILS(perfvec_calibrator_solve(calibrator, "x", 1e9, table, &fit), PERFVEC_ERR_STATE, "10");
    CHECK(strstr(perfvec_calibrator_last_error(calibrator), "intervals") != NULL);
    session = make_session(model);
    FAILS(perfvec_session_attach_calibrator(session, calibrator), PERFVEC_ERR_STATE, "interval");
    intern_loop(session, id);
    perfvec_retirement first = loop_retirement(id, 0);
    OK(perfvec_session_retire_timed(session, &first, 3)); /* ignored without a calibrator */
    perfvec_session_free(session);
    OK(perfvec_session_create(model, &config, &session));
    OK(perfvec_session_attach_calibrator(session, calibrator));
    intern_loop(session, id);
    for (uint64_t n = 0; n < 50000; n++) {
        perfvec_retirement r = loop_retirement(id, n);
        OK(perfvec_session_retire_timed(session, &r, n % 3 == 1 ? 4 : 1));
    }
    OK(perfvec_session_finish(session));
    OK(perfvec_microarchs_create(model, &fitted));
    OK(perfvec_calibrator_solve(calibrator, "fitted", 1e9, fitted, &fit));
    CHECK(fit.intervals >= 45 && fit.retirements == fit.intervals * 1000);
    CHECK(fit.held_out_error < 0.05 && fit.fit_error < 0.05);
    /* The fitted core reproduces the run: 2 cycles per retirement on average. */
    perfvec_estimate e;
    OK(perfvec_session_estimate(session, fitted, 0, &e));
    CHECK(fabs(e.cpi - 2.0) < 0.1);
    FAILS(perfvec_calibrator_solve(calibrator, "fitted", 1e9, fitted, NULL),
          PERFVEC_ERR_INVALID_ARGUMENT, "fitted");
    perfvec_calibrator_free(calibrator); /* still attached */
    perfvec_session_free(session);
    perfvec_microarchs_free(table);
    perfvec_microarchs_free(fitted);
    perfvec_model_free(model);
}

int main(void) {
    recording();
    calibration();
    return 0;
}
