/* One session from two threads at once is told; one model and table serve many threads. */
#include "check.h"
#include <pthread.h>
#include <stdatomic.h>

static perfvec_model *model;
static perfvec_microarchs *table;

/* A callback that holds its session's thread until another one has tried to get in. */
struct meeting {
    perfvec_session *session;
    atomic_int inside, tried;
};

static void hold(void *user, const perfvec_interval *interval) {
    struct meeting *m = (struct meeting *)user;
    (void)interval;
    atomic_store(&m->inside, 1);
    while (!atomic_load(&m->tried)) {
    }
}

static void *intrude(void *user) {
    struct meeting *m = (struct meeting *)user;
    perfvec_retirement r = {0, 0, 0, 0};
    while (!atomic_load(&m->inside)) {
    }
    FAILS(perfvec_session_retire(m->session, &r), PERFVEC_ERR_STATE, "one thread at a time");
    /* The handle's own text belongs to the thread inside; this thread gets its own. */
    CHECK(strstr(perfvec_session_last_error(m->session), "one thread at a time") != NULL);
    atomic_store(&m->tried, 1);
    return NULL;
}

static void two_threads_in_one_session(void) {
    perfvec_config config = small_config();
    struct meeting m;
    pthread_t thread;
    uint32_t id[3];
    config.interval = 1000;
    atomic_init(&m.inside, 0);
    atomic_init(&m.tried, 0);
    OK(perfvec_session_create(model, &config, &m.session));
    OK(perfvec_session_set_interval_callback(m.session, hold, &m));
    intern_loop(m.session, id);
    CHECK(pthread_create(&thread, NULL, intrude, &m) == 0);
    feed(m.session, id, 0, 20000);
    OK(perfvec_session_finish(m.session));
    CHECK(pthread_join(thread, NULL) == 0);
    CHECK(strcmp(perfvec_session_last_error(m.session), "") == 0);
    perfvec_session_destroy(m.session);
}

static void *run(void *out) {
    perfvec_session *session = make_session(model);
    uint32_t id[3];
    intern_loop(session, id);
    feed(session, id, 0, 10000);
    OK(perfvec_session_sync(session));
    OK(perfvec_session_estimate(session, table, 0, (perfvec_estimate *)out));
    perfvec_session_destroy(session);
    return NULL;
}

static void many_sessions_of_one_model(void) {
    pthread_t threads[4];
    perfvec_estimate e[4];
    for (int i = 0; i < 4; i++)
        CHECK(pthread_create(&threads[i], NULL, run, &e[i]) == 0);
    for (int i = 0; i < 4; i++)
        CHECK(pthread_join(threads[i], NULL) == 0);
    for (int i = 1; i < 4; i++)
        CHECK(memcmp(&e[0], &e[i], sizeof e[0]) == 0);
    CHECK(e[0].cycles > 0);
}

/* A session may move between threads as long as they take turns. */
static void *go_on(void *session) {
    uint32_t id[3];
    intern_loop((perfvec_session *)session, id);
    feed((perfvec_session *)session, id, 0, 3000);
    return NULL;
}

static void a_session_may_move(void) {
    perfvec_session *session = make_session(model);
    pthread_t thread;
    go_on(session);
    CHECK(pthread_create(&thread, NULL, go_on, session) == 0);
    CHECK(pthread_join(thread, NULL) == 0);
    OK(perfvec_session_sync(session));
    perfvec_session_destroy(session);
}

int main(void) {
    model = load_model();
    table = load_table();
    two_threads_in_one_session();
    many_sessions_of_one_model();
    a_session_may_move();
    perfvec_microarchs_free(table);
    perfvec_model_free(model);
    return 0;
}
