/* The C library's formatting: snprintf, strtod, sscanf, strtok, qsort, time.
 * args: lines seed */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

int main(int argc, char **argv) {
    int lines = argc > 1 ? atoi(argv[1]) : 500;
    unsigned s = argc > 2 ? strtoul(argv[2], 0, 0) : 1, sum = 0;
    for (int i = 0; i < lines; i++) {
        char buf[256], name[32];
        int day, n = 0;
        double price, total = 0;
        s = s * 1103515245u + 12345u;
        time_t t = 1000000000 + (time_t)(s >> 4);
        struct tm tm;
        gmtime_r(&t, &tm);
        snprintf(buf, sizeof buf, "%04d-%02d-%02d item%-6x %10.3f %e %+d%%", tm.tm_year + 1900,
                 tm.tm_mon + 1, tm.tm_mday, s >> 12, (s >> 8) / 1000.0, s * 1e-12, i - lines / 2);
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
