/* Discrete-event simulation of queues: a pairing heap of events, service
 * times through log, statistics through function pointers.
 * args: seed servers events */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

typedef struct event {
    double at;
    int server;
    void (*act)(struct event *);
    struct event *child, *next;
} event;

static event *root;
static double now, busy[64];
static int waiting[64], servers, left;
static unsigned state;

static double draw(double mean) {
    state = state * 1664525u + 1013904223u;
    return -mean * log(((state >> 8) + 1) / 16777217.0);
}

static event *meld(event *a, event *b) {
    if (!a || !b)
        return a ? a : b;
    if (b->at < a->at) {
        event *t = a;
        a = b, b = t;
    }
    b->next = a->child;
    a->child = b;
    return a;
}

static event *pairs(event *l) {
    if (!l || !l->next)
        return l;
    event *a = l, *b = l->next, *rest = b->next;
    a->next = b->next = NULL;
    return meld(meld(a, b), pairs(rest));
}

static void leave(event *e);

static void schedule(double at, int server, void (*act)(event *)) {
    event *e = malloc(sizeof *e);
    *e = (event){at, server, act, NULL, NULL};
    root = meld(root, e);
}

static void arrive(event *e) {
    if (waiting[e->server]++ == 0)
        schedule(now + draw(0.8), e->server, leave);
    if (left-- > 0)
        schedule(now + draw(1.0 / servers), (int)(state >> 20) % servers, arrive);
}

static void leave(event *e) {
    busy[e->server] += now * 1e-3;
    if (--waiting[e->server])
        schedule(now + draw(0.8), e->server, leave);
    else if (state & 4)
        schedule(now + draw(0.1), (e->server + 1) % servers, arrive);
}

int main(int argc, char **argv) {
    state = argc > 1 ? strtoul(argv[1], 0, 0) : 1;
    servers = argc > 2 ? atoi(argv[2]) : 8;
    left = argc > 3 ? atoi(argv[3]) : 1000;
    for (int i = 0; i < servers; i++)
        schedule(draw(1), i, arrive);
    int n = 0;
    while (root && n++ < 20000) {
        event *e = root;
        root = pairs(e->child);
        now = e->at;
        e->act(e);
        free(e);
    }
    double sum = now;
    for (int i = 0; i < servers; i++)
        sum += busy[i] * (i + 1);
    printf("checksum %.6f %d\n", sum, n);
    return 0;
}
