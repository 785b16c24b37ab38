/* The C library's formatting: snprintf, strtod, sscanf, strtok, ctype.
 * args: lines seed */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(int argc, char **argv) {
    int lines = argc > 1 ? atoi(argv[1]) : 500;
    unsigned s = argc > 2 ? strtoul(argv[2], 0, 0) : 1, sum = 0;
    for (int i = 0; i < lines; i++) {
        char buf[256], name[32];
        int day, n = 0;
        double price, total = 0;
        s = s * 1103515245u + 12345u;
        unsigned days = s >> 17, year = days / 365, month = days % 365 / 31;
        snprintf(buf, sizeof buf, "%04d-%02d-%02d item%-6x %10.3f %e %+d%%", 1970 + (int)year,
                 (int)month + 1, (int)(days % 31) + 1, s >> 12, (s >> 8) / 1000.0, s * 1e-12, i - lines / 2);
        if (sscanf(buf, "%*d-%*d-%d %31s %lf", &day, name, &price) == 3)
            total += day + price;
        for (char *p = strtok(buf, " -"); p; p = strtok(0, " -")) {
            char *end;
            total += strtod(p, &end);
            for (; *p; p++)
                n += isdigit((unsigned char)*p) ? *p - '0' : toupper((unsigned char)*p);
        }
        sum = sum * 31 + n + (unsigned)total;
    }
    printf("checksum %08x\n", sum);
    return 0;
}
