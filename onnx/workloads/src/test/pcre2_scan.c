/* PCRE2: compile, match and substitute on generated C-like and CSV text.
 * args: rows mode(0 backtracking matcher, 1 DFA matcher) */
#include <pcre2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const rules[] = {
    "^(?<id>\\d+),\"((?:[^\"\\\\]|\\\\.)*)\",([+-]?\\d+\\.\\d*)", "\\b(?:for|while|if)\\s*\\(",
    "([A-Z][a-z]+){2,}", "0x[[:xdigit:]]{2,8}\\b", "/\\*.*?\\*/", "(?m)^\\s*#\\s*(\\w+)"};

int main(int argc, char **argv) {
    int rows = argc > 1 ? atoi(argv[1]) : 40, dfa = argc > 2 ? atoi(argv[2]) : 0, pos = 0;
    char *text = malloc((size_t)rows * 120 + 1);
    for (int i = 0; i < rows; i++) {
        int t = (i * i + 3 * i) % 41;
        pos += sprintf(text + pos, t < 12 ? "%d,\"cell \\\"%x\\\" end\",%d.5\n"
                       : t < 25 ? "  while (p%d) q = 0x%x; /* CamelCaseWord %d */\n"
                       : "# define N%d 0x%x for(;;) Abc%dDefGhi\n", i, i * 48271, t - 9);
    }
    unsigned long sum = 0;
    for (size_t r = 0; r < sizeof rules / sizeof *rules; r++) {
        int err;
        PCRE2_SIZE off;
        pcre2_code *re = pcre2_compile((PCRE2_SPTR)rules[r], PCRE2_ZERO_TERMINATED,
                                       PCRE2_MULTILINE | PCRE2_UTF, &err, &off, NULL);
        if (!re)
            return 1;
        pcre2_match_data *m = pcre2_match_data_create(20, NULL);
        int work[400];
        for (PCRE2_SIZE at = 0; at < (PCRE2_SIZE)pos;) {
            int rc = dfa ? pcre2_dfa_match(re, (PCRE2_SPTR)text, (PCRE2_SIZE)pos, at, 0, m, NULL,
                                           work, 400)
                         : pcre2_match(re, (PCRE2_SPTR)text, (PCRE2_SIZE)pos, at, 0, m, NULL);
            if (rc < 0)
                break;
            PCRE2_SIZE *o = pcre2_get_ovector_pointer(m);
            sum = sum * 13 + o[0] * 3 + o[1];
            at = o[1] > at ? o[1] : at + 1;
        }
        pcre2_match_data_free(m);
        pcre2_code_free(re);
    }
    printf("checksum %lx\n", sum);
    return 0;
}
