/*
 * Which files the guest's code comes from. QEMU maps them into its own address space, so the
 * kernel's list of QEMU's mappings names them; where code lies for host and guest says how far the
 * two are apart. DIR/maps gets a line per mapping: its first guest address, the one after its last
 * and its place in the file, all hexadecimal, and the file's path. Code in no file (a JIT
 * compiler's) has an empty path.
 */
#include "maps.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "job.h"

struct range {
    uint64_t first, end;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
/* What was looked at since the guest last changed its mappings. */
static struct range *known;
static size_t count, capacity;

static int is_known(uint64_t guest) {
    for (size_t i = 0; i < count; i++)
        if (guest - known[i].first < known[i].end - known[i].first)
            return 1;
    return 0;
}

static int remember(struct range r) {
    if (count == capacity) {
        size_t more = capacity ? 2 * capacity : 64;
        struct range *grown = realloc(known, more * sizeof *grown);
        if (!grown)
            return 0;
        known = grown;
        capacity = more;
    }
    known[count++] = r;
    return 1;
}

static void note(struct range r, uint64_t offset, const char *file) {
    char path[4096];
    FILE *out = job_path(path, sizeof path, "maps", 0) ? fopen(path, "ae") : NULL;
    if (!out)
        return; /* the profile says that it does not know this code */
    fprintf(out, "%" PRIx64 " %" PRIx64 " %" PRIx64 " %s\n", r.first, r.end, offset, file);
    fclose(out);
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
    if (!job.out || !host)
        return;
    pthread_mutex_lock(&lock);
    if (!is_known(guest))
        look(guest, (uint64_t)(uintptr_t)host);
    pthread_mutex_unlock(&lock);
}

void maps_changed(void) {
    pthread_mutex_lock(&lock);
    count = 0;
    pthread_mutex_unlock(&lock);
}
