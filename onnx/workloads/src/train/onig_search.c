/* Oniguruma: compile several patterns, then search generated log lines.
 * args: seed lines set(0 log fields, 1 backtracking, 2 unicode and case) */
#include <oniguruma.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const sets[3][6] = {
    {"(\\d{1,3})\\.(\\d+)\\.(\\d+)\\.(\\d+)", "\\[(\\w+)\\]", "user=(?<name>[a-z]+)",
     "(GET|POST|PUT) (/[^ ]*)", "[0-9a-f]{6,}", "\\btimeout\\b"},
    {"(a|ab)(c|bcd)*(d*)", "(?:x+x+)+y", "(\\w+)\\s+\\1", "^(?=.*q)(?!.*zz).*[0-9]$",
     ".*?(e.){2}n", "(?<!\\d)[5-9]{2}(?!\\d)"},
    {"\\p{Lu}\\p{Ll}+", "(?i)straSSe|ERROR|ümlaut", "[\\p{Greek}ä-ü]+", "(?i:k[aeiou]t)+",
     "\\p{Punct}{2,}", "\\X{3}$"}};

int main(int argc, char **argv) {
    uint32_t s = argc > 1 ? strtoul(argv[1], 0, 0) : 3, sum = 0;
    int lines = argc > 2 ? atoi(argv[2]) : 300, set = argc > 3 ? atoi(argv[3]) : 0;
    static const char *const bits[] = {"user=alice ", "GET /a/b?x=1 ", "[warn] ", "10.2.33.4 ",
        "timeout ", "deadbeef01 ", "Straße ", "xxxxxxx ", "the the ", "αβγ ", "Kat", "kit ",
        "abcbcd ", "q77 ", "Error: ", "?!;. ", "POST /zz ", "ünder ", "een ", "5 "};
    OnigEncoding enc = ONIG_ENCODING_UTF8;
    onig_initialize(&enc, 1);
    regex_t *re[6];
    OnigErrorInfo info;
    for (int i = 0; i < 6; i++) {
        const UChar *p = (const UChar *)sets[set % 3][i];
        if (onig_new(&re[i], p, p + strlen((const char *)p), ONIG_OPTION_CAPTURE_GROUP, enc,
                     ONIG_SYNTAX_ONIGURUMA, &info) != ONIG_NORMAL)
            return 1;
    }
    OnigRegion *region = onig_region_new();
    for (int l = 0; l < lines; l++) {
        char line[256] = "";
        size_t len = 0;
        for (int k = 0; k < 9; k++) {
            s = s * 134775813u + 1;
            len += (size_t)sprintf(line + len, "%s", bits[(s >> 20) % 20]);
        }
        const UChar *b = (const UChar *)line, *e = b + len;
        for (int i = 0; i < 6; i++)
            for (const UChar *at = b; at < e;) {
                if (onig_search(re[i], b, e, at, e, region, ONIG_OPTION_NONE) < 0)
                    break;
                sum = sum * 31 + (uint32_t)(region->beg[0] * 256 + region->end[0]);
                at = b + region->end[0] + (region->end[0] == region->beg[0]);
            }
    }
    printf("checksum %08x\n", sum);
    return 0;
}
