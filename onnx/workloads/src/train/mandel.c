/* Mandelbrot escape times: floating point feeding an irregular branch.
 * args: width height max-iterations */
#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv) {
    int w = argc > 1 ? atoi(argv[1]) : 100, h = argc > 2 ? atoi(argv[2]) : 80;
    int max = argc > 3 ? atoi(argv[3]) : 200;
    unsigned long sum = 0;
    for (int y = 0; y < h; y++)
        for (int x = 0; x < w; x++) {
            double cr = -2.2 + 3.0 * x / w, ci = -1.2 + 2.4 * y / h, zr = 0, zi = 0;
            int i = 0;
            for (; i < max; i++) {
                double r2 = zr * zr, i2 = zi * zi;
                if (r2 + i2 > 4)
                    break;
                zi = 2 * zr * zi + ci;
                zr = r2 - i2 + cr;
            }
            sum = sum * 33 + i;
        }
    printf("checksum %016lx\n", sum);
    return 0;
}
