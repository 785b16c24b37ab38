/* libpng: write a generated picture with filters and interlacing, read it back
 * through its conversions.
 * args: seed width height kind(0 rgb, 1 palette, 2 grey 16 bit interlaced) */
#include <png.h>
#include <stdlib.h>
#include <string.h>

static unsigned char *bytes;
static size_t size, at, room;

static void put(png_structp png, png_bytep p, size_t n) {
    (void)png;
    if (size + n > room)
        bytes = realloc(bytes, room = (size + n) * 2);
    memcpy(bytes + size, p, n);
    size += n;
}

static void get(png_structp png, png_bytep p, size_t n) {
    if (at + n > size)
        png_error(png, "too short");
    memcpy(p, bytes + at, n);
    at += n;
}

static void flush(png_structp png) {
    (void)png;
}

/* Outside main, because longjmp may come between. */
static unsigned sum;
static png_bytep *rows;

int main(int argc, char **argv) {
    unsigned s = argc > 1 ? strtoul(argv[1], 0, 0) : 8;
    int w = argc > 2 ? atoi(argv[2]) : 64, h = argc > 3 ? atoi(argv[3]) : 64;
    int kind = argc > 4 ? atoi(argv[4]) : 0;
    int wide = kind == 0 ? 3 : kind == 1 ? 1 : 2;
    rows = malloc(sizeof *rows * h);
    for (int y = 0; y < h; y++) {
        rows[y] = malloc(w * 8);
        for (int x = 0; x < w; x++) {
            s = s * 1664525u + 1013904223u;
            unsigned char *p = rows[y] + x * wide;
            p[0] = kind == 1 ? (x / 7 ^ y / 5) & 31 : (x * 3 + y * 2) & 255;
            if (kind != 1)
                p[1] = (x * y >> 4) + (s >> 30);
            if (kind == 0)
                p[2] = x / 16 % 2 ? y * 2 : (int)(s >> 29);
        }
    }
    png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, NULL, NULL, NULL);
    png_infop info = png_create_info_struct(png);
    if (setjmp(png_jmpbuf(png)))
        return 1;
    png_set_write_fn(png, NULL, put, flush);
    static const int colour[] = {PNG_COLOR_TYPE_RGB, PNG_COLOR_TYPE_PALETTE, PNG_COLOR_TYPE_GRAY};
    png_set_IHDR(png, info, w, h, kind == 2 ? 16 : 8, colour[kind],
        kind == 2 ? PNG_INTERLACE_ADAM7 : PNG_INTERLACE_NONE, 0, 0);
    png_color palette[32];
    for (int i = 0; i < 32; i++)
        palette[i].red = i * 8, palette[i].green = 255 - i * 5, palette[i].blue = i * i;
    if (kind == 1)
        png_set_PLTE(png, info, palette, 32);
    png_set_gAMA(png, info, 0.45455);
    png_set_filter(png, 0, kind == 1 ? PNG_FILTER_NONE : PNG_ALL_FILTERS);
    png_set_compression_level(png, 3);
    png_set_rows(png, info, rows);
    png_write_png(png, info, PNG_TRANSFORM_IDENTITY, NULL);
    png_destroy_write_struct(&png, &info);
    png = png_create_read_struct(PNG_LIBPNG_VER_STRING, NULL, NULL, NULL);
    info = png_create_info_struct(png);
    if (setjmp(png_jmpbuf(png)))
        return 2;
    png_set_read_fn(png, NULL, get);
    png_read_info(png, info);
    png_set_gamma(png, 1.8, 0.45455);
    png_set_expand(png);
    png_set_strip_16(png);
    png_set_gray_to_rgb(png);
    png_set_filler(png, 200, PNG_FILLER_AFTER);
    png_set_interlace_handling(png);
    png_read_update_info(png, info);
    for (int y = 0; y < h; y++)
        rows[y] = realloc(rows[y], png_get_rowbytes(png, info));
    png_read_image(png, rows);
    png_read_end(png, info);
    for (int y = 0; y < h; y++)
        for (int x = 0; x < w * 4; x++)
            sum = sum * 31 + rows[y][x];
    printf("checksum %08x %zu\n", sum, size);
    return 0;
}
