/* One session from two threads at once is told; one model and table serve many threads. */
#include "check.h"
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <unistd.h>

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
    perfvec_session_free(m.session);
}

static void *run(void *out) {
    perfvec_session *session = make_session(model);
    uint32_t id[3];
    intern_loop(session, id);
    feed(session, id, 0, 10000);
    OK(perfvec_session_sync(session));
    OK(perfvec_session_estimate(session, table, 0, (perfvec_estimate *)out));
    perfvec_session_free(session);
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
    perfvec_session_free(session);
}

static atomic_int handled;

static void on_signal(int number) {
    CHECK(number == SIGUSR1);
    atomic_fetch_add(&handled, 1);
}

/* The library's threads are none that a host's handler could expect to run in. */
static void signals_stay_with_the_host(void) {
    struct sigaction action;
    sigset_t usr1, before, after;
    perfvec_config config = small_config();
    perfvec_session *session;
    uint8_t *snapshot;
    size_t size;
    uint32_t id[3];
    memset(&action, 0, sizeof action);
    action.sa_handler = on_signal;
    CHECK(sigaction(SIGUSR1, &action, NULL) == 0);
    sigemptyset(&usr1);
    sigaddset(&usr1, SIGUSR1);
    config.threads = 3;
    CHECK(pthread_sigmask(SIG_SETMASK, NULL, &before) == 0);
    OK(perfvec_session_create(model, &config, &session));
    intern_loop(session, id);
    for (int round = 0; round < 2; round++) {
        CHECK(pthread_sigmask(SIG_SETMASK, NULL, &after) == 0);
        for (int number = 1; number < 32; number++)
            CHECK(sigismember(&before, number) == sigismember(&after, number));
        /* With this thread's door closed, it waits until that opens again. */
        CHECK(pthread_sigmask(SIG_BLOCK, &usr1, NULL) == 0);
        CHECK(kill(getpid(), SIGUSR1) == 0);
        feed(session, id, 0, 5000);
        OK(perfvec_session_sync(session));
        CHECK(sigpending(&after) == 0 && sigismember(&after, SIGUSR1) == 1);
        CHECK(atomic_load(&handled) == round);
        CHECK(pthread_sigmask(SIG_SETMASK, &before, NULL) == 0);
        CHECK(atomic_load(&handled) == round + 1);
        /* The second round is with the threads of a session restored. */
        OK(perfvec_session_snapshot(session, NULL, 0, &size));
        snapshot = (uint8_t *)malloc(size);
        OK(perfvec_session_snapshot(session, snapshot, size, &size));
        OK(perfvec_session_restore(session, snapshot, size));
        free(snapshot);
    }
    perfvec_session_free(session);
}

int main(void) {
    model = load_model();
    table = load_table();
    signals_stay_with_the_host();
    two_threads_in_one_session();
    many_sessions_of_one_model();
    a_session_may_move();
    perfvec_microarchs_free(table);
    perfvec_model_free(model);
    return 0;
}
