/* Sudoku by constraint masks and backtracking over generated puzzles.
 * args: seed puzzles blanks */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

static uint8_t cell[81];
static uint16_t row[9], col[9], box[9];
static long visited, limit;

static int solve(void) {
    int best = -1, few = 10;
    uint16_t options = 0;
    if (++visited > limit)
        return 1;
    for (int i = 0; i < 81; i++) {
        if (cell[i])
            continue;
        uint16_t m = ~(row[i / 9] | col[i % 9] | box[i / 27 * 3 + i % 9 / 3]) & 0x1ff;
        int n = 0;
        for (uint16_t x = m; x; x &= x - 1)
            n++;
        if (n < few) {
            few = n, best = i, options = m;
            if (n <= 1)
                break;
        }
    }
    if (best < 0)
        return 1;
    for (int d = 0; d < 9; d++) {
        uint16_t bit = 1 << d;
        if (!(options & bit))
            continue;
        int r = best / 9, c = best % 9, b = r / 3 * 3 + c / 3;
        cell[best] = d + 1;
        row[r] |= bit, col[c] |= bit, box[b] |= bit;
        if (solve())
            return 1;
        cell[best] = 0;
        row[r] ^= bit, col[c] ^= bit, box[b] ^= bit;
    }
    return 0;
}

int main(int argc, char **argv) {
    unsigned s = argc > 1 ? strtoul(argv[1], 0, 0) : 1, sum = 0;
    int puzzles = argc > 2 ? atoi(argv[2]) : 5, blanks = argc > 3 ? atoi(argv[3]) : 55;
    for (int p = 0; p < puzzles; p++) {
        for (int i = 0; i < 9; i++)
            row[i] = col[i] = box[i] = 0;
        for (int i = 0; i < 81; i++) {
            int d = (i / 9 * 3 + i / 27 + i % 9 + p) % 9;
            s = s * 1103515245u + 12345u;
            cell[i] = (int)((s >> 16) % 81) < blanks ? 0 : d + 1;
            if (cell[i]) {
                row[i / 9] |= 1 << d;
                col[i % 9] |= 1 << d;
                box[i / 27 * 3 + i % 9 / 3] |= 1 << d;
            }
        }
        visited = 0, limit = 3000;
        solve();
        for (int i = 0; i < 81; i++)
            sum = sum * 11 + cell[i];
    }
    printf("checksum %08x\n", sum);
    return 0;
}
