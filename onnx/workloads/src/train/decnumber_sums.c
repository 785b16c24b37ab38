/* decNumber: loan tables, exponentials and roots in arbitrary decimal precision.
 * args: seed digits loans */
#define DECNUMDIGITS 120
#include <decNumber.h>
#include <decQuad.h>
#include <stdio.h>
#include <stdlib.h>

static unsigned s, sum;

static unsigned rnd(void) {
    return s ^= s << 13, s ^= s >> 17, s ^= s << 5;
}

static void note(const char *text) {
    while (*text)
        sum = sum * 131 + (unsigned char)*text++;
}

int main(int argc, char **argv) {
    s = argc > 1 ? strtoul(argv[1], 0, 0) : 7;
    int digits = argc > 2 ? atoi(argv[2]) : 30, loans = argc > 3 ? atoi(argv[3]) : 20;
    char text[DECNUMDIGITS * 2 + 32];
    decContext set, quad;
    decContextDefault(&set, DEC_INIT_BASE);
    set.traps = 0, set.digits = digits;
    decContextDefault(&quad, DEC_INIT_DECQUAD);
    for (int i = 0; i < loans; i++) {
        decNumber debt, rate, pay, interest, t, one;
        snprintf(text, sizeof text, "%u.%02u", 1000 + rnd() % 90000, rnd() % 100);
        decNumberFromString(&debt, text, &set);
        snprintf(text, sizeof text, "0.00%03u", 100 + rnd() % 800);
        decNumberFromString(&rate, text, &set);
        decNumberFromString(&one, "1", &set);
        /* payment = debt * rate / (1 - (1 + rate)^-n) */
        int n = 12 + rnd() % 36;
        decNumberAdd(&t, &one, &rate, &set);
        snprintf(text, sizeof text, "-%d", n);
        decNumberFromString(&interest, text, &set);
        decNumberPower(&t, &t, &interest, &set);
        decNumberSubtract(&t, &one, &t, &set);
        decNumberMultiply(&pay, &debt, &rate, &set);
        decNumberDivide(&pay, &pay, &t, &set);
        for (int m = 0; m < n; m++) {
            decNumberMultiply(&interest, &debt, &rate, &set);
            decNumberAdd(&debt, &debt, &interest, &set);
            decNumberSubtract(&debt, &debt, &pay, &set);
            if (m % 6 == 0)
                note(decNumberToString(&debt, text) ? text : "");
        }
        if (i % 4 == 0) {
            decNumberSquareRoot(&t, &pay, &set);
            decNumberLn(&interest, &pay, &set);
            decNumberExp(&rate, &rate, &set);
            note((decNumberToString(&t, text), text));
            note((decNumberToEngString(&interest, text), text));
            note((decNumberToString(&rate, text), text));
        }
        decQuad a, b, c;
        snprintf(text, sizeof text, "%u.%u", rnd(), rnd());
        decQuadFromString(&a, text, &quad);
        decQuadFromInt32(&b, 3 + rnd() % 1000);
        for (int k = 0; k < 20; k++) {
            decQuadMultiply(&c, &a, &b, &quad);
            decQuadDivide(&a, &c, &a, &quad);
            decQuadFMA(&a, &a, &b, &c, &quad);
        }
        note((decQuadToString(&a, text), text));
    }
    printf("checksum %08x\n", sum);
    return 0;
}
