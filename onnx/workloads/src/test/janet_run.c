/* Janet: start the language's core, then run a small program in it.
 * args: n */
#include <janet.h>
#include <stdio.h>
#include <stdlib.h>

static const char *const program =
    "(defn fib [n] (if (< n 2) n (+ (fib (- n 1)) (fib (- n 2)))))\n"
    "(def words @{})\n"
    "(for i 0 (* *n* 20) (let [k (string/format \"k%d\" (% (* i i) 37))]\n"
    "  (put words k (+ 1 (get words k 0)))))\n"
    "(var acc (fib *n*))\n"
    "(each k (sort (keys words)) (set acc (% (+ (* acc 31) (words k) (length k)) 1000003)))\n"
    "(def g '{:main (any (+ (* (<- :d+) \",\") 1))})\n"
    "(each d (peg/match g (string/join (map string (range (* 3 *n*))) \",\"))\n"
    "  (set acc (% (+ (* acc 7) (scan-number d)) 1000003)))\n"
    "acc";

int main(int argc, char **argv) {
    janet_init();
    JanetTable *env = janet_core_env(NULL);
    janet_def(env, "*n*", janet_wrap_number(argc > 1 ? atoi(argv[1]) : 10), NULL);
    Janet out;
    if (janet_dostring(env, program, "program", &out))
        return 1;
    printf("checksum %.0f\n", janet_unwrap_number(out));
    janet_deinit();
    return 0;
}
