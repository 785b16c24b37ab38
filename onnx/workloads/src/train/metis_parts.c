/* METIS: split irregular meshes into parts and order their nodes for elimination.
 * args: seed side kind(0 k-way, 1 recursive, 2 nested dissection) parts */
#include <metis.h>
#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv) {
    unsigned s = argc > 1 ? strtoul(argv[1], 0, 0) : 5;
    int side = argc > 2 ? atoi(argv[2]) : 20, kind = argc > 3 ? atoi(argv[3]) : 0;
    idx_t parts = argc > 4 ? atoi(argv[4]) : 4, n = side * side, one = 1, cut = 0, m = 0;
    /* A grid with diagonals of random direction and some holes. */
    char *near = calloc(n, 9);
    for (int i = 0; i < n; i++)
        for (int d = 0; d < 4; d++) {
            int dx = d == 1 ? 0 : d == 3 ? -1 : 1, dy = d > 0, x = i % side + dx, y = i / side + dy;
            s = s * 1664525u + 1013904223u;
            if (x < 0 || x >= side || y >= side || (d >= 2 && s >> 30 != 0))
                continue;
            near[i * 9 + (dy + 1) * 3 + dx + 1] = 1;
            near[(y * side + x) * 9 + (1 - dy) * 3 + 1 - dx] = 1;
        }
    idx_t *start = malloc(sizeof(idx_t) * (n + 1)), *next = malloc(sizeof(idx_t) * n * 8);
    idx_t *part = malloc(sizeof(idx_t) * n), *back = malloc(sizeof(idx_t) * n);
    for (int i = 0; i < n; i++) {
        start[i] = m;
        for (int d = 0; d < 9; d++)
            if (near[i * 9 + d])
                next[m++] = i + (d / 3 - 1) * side + d % 3 - 1;
    }
    start[n] = m;
    idx_t options[METIS_NOPTIONS];
    METIS_SetDefaultOptions(options);
    options[METIS_OPTION_SEED] = 7;
    int done;
    if (kind == 2)
        done = METIS_NodeND(&n, start, next, NULL, options, part, back);
    else if (kind == 1)
        done = METIS_PartGraphRecursive(&n, &one, start, next, NULL, NULL, NULL, &parts, NULL, NULL,
            options, &cut, part);
    else
        done = METIS_PartGraphKway(&n, &one, start, next, NULL, NULL, NULL, &parts, NULL, NULL,
            options, &cut, part);
    if (done != METIS_OK)
        return 1;
    unsigned sum = 0;
    for (int i = 0; i < n; i++)
        sum = sum * 31 + part[i];
    printf("checksum %08x %d\n", sum, (int)cut);
    return 0;
}
