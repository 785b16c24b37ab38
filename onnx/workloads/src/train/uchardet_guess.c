/* uchardet: guess the encoding of texts in several languages and code pages.
 * args: seed texts length */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uchardet.h>

int main(int argc, char **argv) {
    unsigned s = argc > 1 ? strtoul(argv[1], 0, 0) : 4, sum = 0;
    int texts = argc > 2 ? atoi(argv[2]) : 6, length = argc > 3 ? atoi(argv[3]) : 300;
    /* Words as bytes: Russian CP1251, Greek ISO-8859-7, Shift-JIS, EUC-KR, French Latin-1. */
    static const char *const words[][4] = {
        {"\xef\xf0\xe8\xe2\xe5\xf2 ", "\xec\xe8\xf0\xee\xe2\xee\xe9 ", "\xf1\xeb\xee\xe2\xee ", "\xe8 "},
        {"\xea\xe1\xeb\xe7\xec\xdd\xf1\xe1 ", "\xea\xfc\xf3\xec\xef\xf2 ", "\xea\xe1\xe9 ", "\xf4\xef "},
        {"\x93\xfa\x96\x7b\x8c\xea", "\x82\xa0\x82\xa2\x82\xa4", "\x83\x65\x83\x58\x83\x67", "\x81\x42"},
        {"\xc7\xd1\xb1\xb9\xbe\xee ", "\xbe\xc8\xb3\xe7 ", "\xbc\xbc\xb0\xe8 ", "\xb4\xc2 "},
        {"\xe9t\xe9 ", "d\xe9j\xe0 ", "fen\xeatre ", "le "},
        {"\xd0\xbc\xd0\xb8\xd1\x80 ", "\xe4\xb8\x96\xe7\x95\x8c ", "caf\xc3\xa9 ", "the "}};
    char *text = malloc(length + 32);
    uchardet_t guess = uchardet_new();
    for (int t = 0; t < texts; t++) {
        int n = 0;
        while (n < length) {
            s ^= s << 13, s ^= s >> 17, s ^= s << 5;
            const char *word = words[t % 6][s % 4];
            strcpy(text + n, word);
            n += strlen(word);
        }
        for (int part = 0; part < n; part += 97)
            if (uchardet_handle_data(guess, text + part, n - part < 97 ? n - part : 97))
                return 1;
        uchardet_data_end(guess);
        for (const char *p = uchardet_get_charset(guess); *p; p++)
            sum = sum * 31 + *p;
        uchardet_reset(guess);
    }
    uchardet_delete(guess);
    printf("checksum %08x\n", sum);
    return 0;
}
