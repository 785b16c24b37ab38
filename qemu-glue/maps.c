/*
 * Which files the guest's code comes from. QEMU maps them into its own address space, so the
 * kernel's list of QEMU's mappings names them; one address of both sides gives the offset between
 * guest and host addresses. perfvec gets a line per mapping: its first guest address, the one after its last
 * and its place in the file, all hexadecimal, and the file's path. Code in no file (a JIT
 * compiler's) has an empty path.
 *
 * The list of known mappings is only read and changed in translations, which QEMU does one at a
 * time; so it needs no lock that fork() could copy while it is held.
 */
#include "maps.h"

#include <inttypes.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ring.h"

/* Words of the longest line: a path, and three numbers. */
#define MOST ((4096 + 64) / 8)

struct range {
    uint64_t first, end;
};

/* The mappings reported since the guest last changed any. */
static struct range *known;
static size_t count, capacity;
static atomic_bool changed;

static bool is_known(uint64_t guest) {
    for (size_t i = 0; i < count; i++)
        if (guest - known[i].first < known[i].end - known[i].first)
            return true;
    return false;
}

static bool remember(struct range r) {
    if (count == capacity) {
        size_t more = capacity ? 2 * capacity : 64;
        struct range *grown = realloc(known, more * sizeof *grown);
        if (!grown)
            return false;
        known = grown;
        capacity = more;
    }
    known[count++] = r;
    return true;
}

/* A mapping that does not fit is not reported: the profile shows its code as unknown. */
static void note(struct range r, uint64_t offset, const char *file) {
    char text[8 * MOST];
    int size = snprintf(text, sizeof text, "%" PRIx64 " %" PRIx64 " %" PRIx64 " %s\n", r.first,
                        r.end, offset, file);
    if (size < 0 || (size_t)size >= sizeof text || !ring_has(1 + MOST))
        return;
    ring_put(SHARE_SPECIAL | (uint64_t)SHARE_MAPPED << SHARE_KIND | (uint64_t)size);
    ring_put_bytes(text, (size_t)size);
}

static void look(uint64_t guest, uint64_t host) {
    FILE *maps = fopen("/proc/self/maps", "re");
    if (!maps)
        return;
    char *line = NULL;
    size_t room = 0;
    while (getline(&line, &room, maps) > 0) {
        uint64_t first, end, offset;
        int name = 0;
        if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %*s %" SCNx64 " %*s %*s %n", &first, &end,
                   &offset, &name) < 3 ||
            host < first || host >= end)
            continue;
        line[strcspn(line, "\n")] = 0;
        struct range r = {first - host + guest, end - host + guest};
        const char *file = name && line[name] == '/' ? line + name : "";
        if (remember(r))
            note(r, offset, file);
        break;
    }
    free(line);
    fclose(maps);
}

void maps_see(uint64_t guest, const void *host) {
    if (!host)
        return;
    if (atomic_exchange(&changed, false))
        count = 0;
    if (!is_known(guest))
        look(guest, (uint64_t)(uintptr_t)host);
}

void maps_changed(void) {
    atomic_store(&changed, true);
}
