/* A tape language compiled to direct-threaded code (computed goto).
 * args: program(0 squares, 1 nested loops, 2 digits) rounds */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const source[] = {
    "++++[>+++++<-]>[<+++++>-]+<+[>[>+>+<<-]++>>[<<+>>-]>>>[-]++>[-]+>>>+[[-]++++++>>>]<<<"
    "[[<++++++++<++>>-]+<.<[>----<-]<]<<[>>>>>[>>>[-]+++++++++<[>-<-]+++++++++>[-[<->-]+[<<<]]"
    "<[>+<-]>]<<-]<<-]",
    "++++++++[>++++++++[>++++++++[>+++++++>+++<<-]>[>+<-]>.[-]<<<-]<-]",
    ">+>+>>>>++++++++++++[<<<<[>+>+<<-]<[>+<-]>>[<<+>>-]>[<+>-]>>>-]<<<<."};

typedef struct { void *op; int n; } cell;

int main(int argc, char **argv) {
    const char *s = source[argc > 1 ? atoi(argv[1]) % 3 : 0];
    int rounds = argc > 2 ? atoi(argv[2]) : 1, stack[64], depth = 0, len = 0;
    cell *code = malloc(sizeof *code * (strlen(s) + 1));
    for (const char *p = s; *p;) {
        char c = *p;
        int run = 0;
        while (*p == c && run < (strchr("+-<>", c) ? 127 : 1))
            run++, p++;
        switch (c) {
        case '+': code[len++] = (cell){&&add, run}; break;
        case '-': code[len++] = (cell){&&add, -run}; break;
        case '>': code[len++] = (cell){&&move, run}; break;
        case '<': code[len++] = (cell){&&move, -run}; break;
        case '.': code[len++] = (cell){&&out, 0}; break;
        case '[': stack[depth++] = len; code[len++] = (cell){&&open, 0}; break;
        case ']': {
            int at = stack[--depth];
            code[at].n = len + 1;
            code[len++] = (cell){&&close, at + 1};
        }
        }
    }
    code[len] = (cell){&&end, 0};
    uint32_t sum = 0;
    static uint8_t tape[1 << 16];
    for (int r = 0; r < rounds; r++) {
        memset(tape, 0, 512);
        uint8_t *t = tape + 256;
        cell *pc = code;
        goto *pc->op;
    add:
        *t += (uint8_t)pc->n;
        goto *(++pc)->op;
    move:
        t += pc->n;
        goto *(++pc)->op;
    out:
        sum = sum * 31 + *t;
        goto *(++pc)->op;
    open:
        pc = *t ? pc + 1 : code + pc->n;
        goto *pc->op;
    close:
        pc = *t ? code + pc->n : pc + 1;
        goto *pc->op;
    end:;
    }
    printf("checksum %08x\n", sum);
    return 0;
}
