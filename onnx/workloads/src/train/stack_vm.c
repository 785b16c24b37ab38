/* A stack machine with a switch loop runs loops or recursive calls.
 * args: program(0 loops, 1 recursive fib) n */
#include <stdio.h>
#include <stdlib.h>

enum { PUSH, ADD, SUB, MUL, LT, JZ, JMP, LOAD, STORE, CALL, RET, SWAP, DUP, MOD, HALT };

static const int loops[] = {PUSH, 0, STORE, 1, PUSH, 0, STORE, 2,
    LOAD, 2, LOAD, 0, LT, JZ, 33, LOAD, 1, LOAD, 2, DUP, MUL, ADD, PUSH, 65521, MOD, STORE, 1,
    LOAD, 2, PUSH, 1, JMP, 36, LOAD, 1, HALT, ADD, STORE, 2, JMP, 8};
static const int fib[] = {LOAD, 0, CALL, 5, HALT, DUP, PUSH, 2, LT, JZ, 12, RET, DUP, PUSH, 1,
    SUB, CALL, 5, SWAP, PUSH, 2, SUB, CALL, 5, ADD, RET};

int main(int argc, char **argv) {
    int which = argc > 1 ? atoi(argv[1]) : 0, n = argc > 2 ? atoi(argv[2]) : 1000;
    const int *code = which ? fib : loops;
    long var[16] = {n}, stack[4096], *sp = stack, tmp;
    int calls[1024], *cp = calls;
    const int *pc = code;
    long steps = 0;
    for (;; steps++)
        switch (*pc++) {
        case PUSH: *sp++ = *pc++; break;
        case ADD: sp--; sp[-1] += *sp; break;
        case SUB: sp--; sp[-1] -= *sp; break;
        case MUL: sp--; sp[-1] *= *sp; break;
        case MOD: sp--; sp[-1] %= *sp; break;
        case LT: sp--; sp[-1] = sp[-1] < *sp; break;
        case JZ: pc = *--sp ? pc + 1 : code + *pc; break;
        case JMP: pc = code + *pc; break;
        case LOAD: *sp++ = var[*pc++]; break;
        case STORE: var[*pc++] = *--sp; break;
        case CALL: *cp++ = (int)(pc + 1 - code); pc = code + *pc; break;
        case RET: pc = code + *--cp; break;
        case SWAP: tmp = sp[-1]; sp[-1] = sp[-2]; sp[-2] = tmp; break;
        case DUP: *sp = sp[-1]; sp++; break;
        default: printf("checksum %ld %ld\n", sp[-1], steps); return 0;
        }
}
