#include "quiet.h"

struct quiet_plan quiet_plan;
__thread struct quiet quiet __attribute__((tls_model("initial-exec")));

/* SplitMix64 (Steele, Lea and Flood 2014). */
static uint64_t draw(void) {
    uint64_t z = quiet.random += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

static void next_unit(void) {
    quiet.start = quiet.period_end + draw() % (quiet_plan.period - quiet_plan.unit + 1);
    quiet.period_end += quiet_plan.period;
    quiet.wanted = quiet.start > quiet_plan.reach ? quiet.start - quiet_plan.reach : 0;
}

void quiet_end(void) {
    if (!quiet.on)
        return;
    quiet.on = false;
    atomic_store_explicit(&writer.thread->reach, writer.head, memory_order_relaxed);
    writer.told = &writer.thread->head;
    atomic_store_explicit(writer.told, writer.head, memory_order_release);
}

static void begin(void) {
    if (!ring_has(2 * SHARE_MOST + 2))
        return;
    quiet.on = true;
    quiet.base = writer.head;
    quiet.unseen = SHARE_SPECIAL | (uint64_t)SHARE_UNSEEN << SHARE_KIND;
    writer.told = &writer.thread->reach;
    ring_put(quiet.unseen);
    ring_wake();
}

void quiet_change(const struct block *block) {
    const struct block *before = quiet.block;
    bool whole = true;
    if (!quiet.planned) {
        quiet.planned = true;
        quiet.random = quiet_plan.seed ^ UINT64_C(0x9e3779b97f4a7c15);
        next_unit();
    }
    if (before) {
        whole = quiet_is_whole(before, block->pc);
        quiet.index += before->count;
        if (!whole)
            quiet.doubt += before->count;
    }
    quiet.block = block;
    /* The one after a unit shows where the unit's last one went. */
    while (quiet.index - quiet.doubt > quiet.start + quiet_plan.unit)
        next_unit();
    bool far = quiet.index + block->count <= quiet.wanted;
    if (quiet.on) {
        if (whole)
            quiet_take_back(before);
        if (!whole || !far)
            quiet_end();
    } else if (whole && far)
        begin();
}
