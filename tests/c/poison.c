/* A defect inside poisons one handle and nothing else; the log callback hears of it. */
#include "check.h"

static int logged, said_injected;

static void on_log(void *user, int level, const char *message) {
    CHECK(user == &logged && level <= PERFVEC_LOG_INFO);
    logged++;
    said_injected |= strstr(message, "injected") != NULL;
}

int main(void) {
    perfvec_model *model = load_model();
    perfvec_session *session = make_session(model), *other = make_session(model);
    uint32_t id[3];
    CHECK(logged == 0); /* silent by default */
    OK(perfvec_set_log(on_log, &logged, PERFVEC_LOG_INFO));
    intern_loop(session, id);
    CHECK(setenv("PERFVEC_TEST_PANIC", "perfvec_session_reset", 1) == 0);
    FAILS(perfvec_session_reset(session), PERFVEC_ERR_INTERNAL, "injected");
    CHECK(strstr(perfvec_session_last_error(session), "injected") != NULL);
    CHECK(logged == 1 && said_injected);
    perfvec_retirement r = loop_retirement(id, 0);
    FAILS(perfvec_session_retire(session, &r), PERFVEC_ERR_POISONED, "make another");
    FAILS(perfvec_session_sync(session), PERFVEC_ERR_POISONED, "make another");
    /* The handle still tells why. */
    CHECK(strstr(perfvec_session_last_error(session), "injected") != NULL);
    CHECK(unsetenv("PERFVEC_TEST_PANIC") == 0);
    FAILS(perfvec_session_reset(session), PERFVEC_ERR_POISONED, "make another");
    intern_loop(other, id);
    feed(other, id, 0, 2000);
    OK(perfvec_session_sync(other));
    logged = 0;
    OK(perfvec_set_log(NULL, NULL, 0));
    CHECK(perfvec_session_sync(session) == PERFVEC_ERR_POISONED && logged == 0);
    perfvec_session_destroy(session);
    perfvec_session_destroy(other);
    perfvec_model_free(model);
    return 0;
}
