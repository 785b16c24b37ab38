/* Writes a byte into each page of four megabytes: of static data, or of the heap where an argument
 * is given. */
#include <stdlib.h>

static char data[4 << 20];

int main(int argc, char **argv)
{
    (void)argv;
    volatile char *pages = argc > 1 ? malloc(sizeof data) : data;
    for (size_t i = 0; i < sizeof data; i += 4096)
        pages[i] = 1;
    return 0;
}
