/* A Forth: words compiled from text to threaded code, run by computed gotos.
 * args: program(0 primes, 1 collatz, 2 strings, 3 all) n rounds */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef intptr_t cell;
enum { WORDS = 256, CODE = 4096 };
static struct { char name[16]; int at, primitive; } dict[WORDS];
static int words;
static cell code[CODE], memory[65536];
static int here;

static const char *const primitives[] = {"lit", "exit", "call", "0branch", "branch", "+", "-", "*",
    "/mod", "dup", "drop", "swap", "over", "rot", "@", "!", "c@", "c!", "<", "=", "and", "xor",
    ">r", "r>", "r@", "1+", "2/", "halt", "2dup", "0="};
enum { LIT, EXIT, CALL, ZBRANCH, BRANCH };

static void compile(const char *p) {
    int control[32], depth = 0, named = 0;
    char w[32];
    for (int n; sscanf(p, " %31s%n", w, &n) == 1; p += n) {
        if (!strcmp(w, ":")) {
            named = 1;
            continue;
        }
        if (named) {
            strcpy(dict[words].name, w);
            dict[words++].at = here;
            named = 0;
            continue;
        }
        if (!strcmp(w, ";")) {
            code[here++] = EXIT;
        } else if (!strcmp(w, "if")) {
            code[here++] = ZBRANCH;
            control[depth++] = here++;
        } else if (!strcmp(w, "else")) {
            code[here++] = BRANCH;
            code[control[depth - 1]] = here + 1;
            control[depth - 1] = here++;
        } else if (!strcmp(w, "then")) {
            code[control[--depth]] = here;
        } else if (!strcmp(w, "begin")) {
            control[depth++] = here;
        } else if (!strcmp(w, "while")) {
            code[here++] = ZBRANCH;
            control[depth++] = here++;
        } else if (!strcmp(w, "repeat")) {
            code[here++] = BRANCH;
            code[control[--depth]] = here + 1;
            code[here++] = control[--depth];
        } else {
            int i = words - 1;
            while (i >= 0 && strcmp(dict[i].name, w))
                i--;
            if (i < 0) {
                code[here++] = LIT;
                code[here++] = atol(w);
            } else {
                if (!dict[i].primitive)
                    code[here++] = CALL;
                code[here++] = dict[i].at;
            }
        }
    }
}

static cell run(const char *name, cell a) {
    static const void *const jump[] = {&&lit, &&exit, &&call, &&zbranch, &&branch, &&add, &&sub,
        &&mul, &&divmod, &&dup, &&drop, &&swap, &&over, &&rot, &&fetch, &&store, &&cfetch, &&cstore,
        &&lt, &&eq, &&and, &&xor, &&to_r, &&from_r, &&r_at, &&inc, &&half, &&halt, &&dup2, &&zero};
    cell stack[256] = {0}, *sp = stack + 1, rstack[256], *rp = rstack, top = a, t;
    int i = words - 1;
    while (i > 0 && strcmp(dict[i].name, name))
        i--;
    code[CODE - 3] = CALL, code[CODE - 2] = dict[i].at, code[CODE - 1] = 27;
    const cell *ip = code + CODE - 3;
#define NEXT goto *jump[*ip++]
    NEXT;
lit: *sp++ = top; top = *ip++; NEXT;
exit: ip = code + *--rp; NEXT;
call: *rp++ = ip + 1 - code; ip = code + *ip; NEXT;
zbranch: ip = top ? ip + 1 : code + *ip; top = *--sp; NEXT;
branch: ip = code + *ip; NEXT;
add: top += *--sp; NEXT;
sub: top = *--sp - top; NEXT;
mul: top *= *--sp; NEXT;
divmod: t = sp[-1]; sp[-1] = t % top; top = t / top; NEXT;
dup: *sp++ = top; NEXT;
drop: top = *--sp; NEXT;
swap: t = sp[-1]; sp[-1] = top; top = t; NEXT;
over: *sp++ = top; top = sp[-2]; NEXT;
rot: t = sp[-2]; sp[-2] = sp[-1]; sp[-1] = top; top = t; NEXT;
fetch: top = memory[top & 65535]; NEXT;
store: memory[top & 65535] = sp[-1]; sp -= 2; top = *sp; NEXT;
cfetch: top = ((uint8_t *)memory)[top & 65535]; NEXT;
cstore: ((uint8_t *)memory)[top & 65535] = (uint8_t)sp[-1]; sp -= 2; top = *sp; NEXT;
lt: top = -(*--sp < top); NEXT;
eq: top = -(*--sp == top); NEXT;
and: top &= *--sp; NEXT;
xor: top ^= *--sp; NEXT;
to_r: *rp++ = top; top = *--sp; NEXT;
from_r: *sp++ = top; top = *--rp; NEXT;
r_at: *sp++ = top; top = rp[-1]; NEXT;
inc: top++; NEXT;
half: top >>= 1; NEXT;
dup2: t = sp[-1]; *sp++ = top; *sp++ = t; NEXT;
zero: top = -(top == 0); NEXT;
halt: return top;
}

int main(int argc, char **argv) {
    int program = argc > 1 ? atoi(argv[1]) : 0, rounds = argc > 3 ? atoi(argv[3]) : 1;
    cell n = argc > 2 ? atoi(argv[2]) : 100;
    for (unsigned i = 0; i < sizeof primitives / sizeof *primitives; i++) {
        strcpy(dict[words].name, primitives[i]);
        dict[words].at = (int)i;
        dict[words++].primitive = 1;
    }
    compile(": mod /mod drop ; : div /mod swap drop ; : nip swap drop ; "
            ": max 2dup < if swap then drop ; "
            ": prime? >r 2 begin dup dup * r@ 1+ < over r@ swap mod 0= 0= and while 1+ repeat "
            "dup * r> swap < ; "
            ": primes >r 0 2 begin dup r@ < while dup prime? if swap 1+ swap then 1+ repeat "
            "drop r> drop ; "
            ": step dup 1 and if 3 * 1+ else 2/ then ; "
            ": length 0 swap begin dup 1 = 0= while step swap 1+ swap repeat drop ; "
            ": longest >r 0 1 begin dup r@ < while dup length rot max swap 1+ repeat "
            "drop r> drop ; "
            ": fill >r 0 begin dup r@ < while dup dup * 7 + 251 mod over c! 1+ repeat "
            "drop r> drop ; "
            ": hash >r 5381 0 begin dup r@ < while dup c@ rot 33 * xor 16777215 and swap 1+ "
            "repeat drop r> drop ; "
            ": reverse 1 - 0 begin 2dup swap < while 2dup c@ >r c@ over c! over r> swap c! "
            "1+ swap 1 - swap repeat drop drop ; "
            ": strings dup fill dup reverse hash ; "
            ": fib dup 2 < if else dup 1 - fib swap 2 - fib + then ; ");
    static const char *const entry[] = {"primes", "longest", "strings", "fib"};
    uint64_t sum = 0;
    for (int r = 0; r < rounds; r++) {
        int w = program < 3 ? program : r % 4;
        sum = sum * 31 + (uint64_t)run(entry[w], w == 3 ? 14 + n % 4 : n + r);
    }
    printf("checksum %016llx %d\n", (unsigned long long)sum, here);
    return 0;
}
