/* After fork() a child is told, can rebuild from a snapshot, and never hangs. */
#include "check.h"
#include <sys/wait.h>
#include <unistd.h>

/* Forks at any moment of a session's threads. What is locked then stays locked in the child, which
 * needs none of it. */
static void forks_while_threads_work(const perfvec_model *model, uint64_t forks) {
    perfvec_config config = small_config();
    perfvec_session *session, *mine;
    uint32_t id[3];
    config.threads = 8;
    config.lanes = 1;
    config.segment = 4;
    config.warmup = 0;
    OK(perfvec_session_create(model, &config, &session));
    intern_loop(session, id);
    for (uint64_t n = 0; n < forks; n++) {
        int status;
        feed(session, id, 4096 * n, 4096 * (n + 1));
        pid_t child = fork();
        CHECK(child >= 0);
        if (child == 0) {
            alarm(60);
            OK(perfvec_session_create(model, &config, &mine));
            intern_loop(mine, id);
            feed(mine, id, 0, 1000);
            OK(perfvec_session_sync(mine));
            perfvec_session_free(mine);
            _exit(0);
        }
        CHECK(waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0);
    }
    perfvec_session_free(session);
}

int main(int argc, char **argv) {
    perfvec_model *model = load_model();
    forks_while_threads_work(model, argc > 1 ? strtoull(argv[1], NULL, 10) : 100);
    perfvec_microarchs *table = load_table();
    perfvec_session *session = make_session(model);
    perfvec_recorder *recorder;
    perfvec_trace_header header;
    perfvec_estimate here, there;
    uint32_t id[3];
    size_t size;
    int status, channel[2];
    memset(&header, 0, sizeof header);
    header.struct_size = sizeof header;
    header.isa = PERFVEC_ISA_RISCV64;
    OK(perfvec_recorder_create("forked.pvt", &header, &recorder));
    intern_loop(session, id);
    feed(session, id, 0, 5000);
    OK(perfvec_session_snapshot(session, NULL, 0, &size));
    uint8_t *snapshot = (uint8_t *)malloc(size);
    OK(perfvec_session_snapshot(session, snapshot, size, &size));
    CHECK(pipe(channel) == 0);

    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        alarm(60); /* a hang must fail the test, not stop it */
        FAILS(perfvec_session_sync(session), PERFVEC_ERR_STATE, "fork");
        CHECK(strstr(perfvec_session_last_error(session), "snapshot") != NULL);
        FAILS(perfvec_recorder_finish(recorder, NULL), PERFVEC_ERR_STATE, "create a recorder");
        perfvec_session_free(session); /* does not wait for the parent's threads */
        perfvec_recorder_free(recorder); /* does not remove the parent's file */
        perfvec_session *mine = make_session(model);
        OK(perfvec_session_restore(mine, snapshot, size));
        feed(mine, id, 5000, 9000);
        OK(perfvec_session_sync(mine));
        OK(perfvec_session_estimate(mine, table, 0, &there));
        CHECK(write(channel[1], &there, sizeof there) == sizeof there);
        perfvec_session_free(mine);
        _exit(0);
    }
    CHECK(waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0);
    CHECK(read(channel[0], &there, sizeof there) == sizeof there);
    feed(session, id, 5000, 9000); /* the parent goes on as if nothing had happened */
    OK(perfvec_session_sync(session));
    OK(perfvec_session_estimate(session, table, 0, &here));
    CHECK(memcmp(&here, &there, sizeof here) == 0);
    OK(perfvec_recorder_finish(recorder, NULL));
    CHECK(access("forked.pvt", R_OK) == 0);
    perfvec_recorder_free(recorder);
    free(snapshot);
    perfvec_session_free(session);
    perfvec_microarchs_free(table);
    perfvec_model_free(model);
    return 0;
}
