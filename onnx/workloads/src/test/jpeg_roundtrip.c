/* mozjpeg: compress a synthetic photograph and decompress it.
 * args: width height quality progressive */
#include <stdio.h>
#include <stdlib.h>
#include <jpeglib.h>

int main(int argc, char **argv) {
    int w = argc > 1 ? atoi(argv[1]) : 48, h = argc > 2 ? atoi(argv[2]) : 32;
    int quality = argc > 3 ? atoi(argv[3]) : 80, progressive = argc > 4 ? atoi(argv[4]) : 0;
    unsigned char *row = malloc((size_t)w * 3), *out = NULL;
    unsigned long size = 0;
    struct jpeg_error_mgr err;
    struct jpeg_compress_struct c = {.err = jpeg_std_error(&err)};
    jpeg_create_compress(&c);
    if (!progressive)
        jpeg_c_set_int_param(&c, JINT_COMPRESS_PROFILE, JCP_FASTEST);
    jpeg_mem_dest(&c, &out, &size);
    c.image_width = (JDIMENSION)w, c.image_height = (JDIMENSION)h;
    c.input_components = 3, c.in_color_space = JCS_RGB;
    jpeg_set_defaults(&c);
    jpeg_set_quality(&c, quality, TRUE);
    jpeg_start_compress(&c, TRUE);
    for (int y = 0; y < h; y++) {
        for (int x = 0; x < w; x++) {
            int dx = x - w / 3, dy = y - h / 2, d = dx * dx + dy * dy;
            row[3 * x] = (unsigned char)(d < h * h / 9 ? 220 - d / 4 : 40 + y);
            row[3 * x + 1] = (unsigned char)((x ^ y) * 3 & 0x7f);
            row[3 * x + 2] = (unsigned char)(255 - (x * y * 13 >> 4 & 0x3f));
        }
        jpeg_write_scanlines(&c, &row, 1);
    }
    jpeg_finish_compress(&c);
    struct jpeg_decompress_struct d = {.err = &err};
    jpeg_create_decompress(&d);
    jpeg_mem_src(&d, out, size);
    jpeg_read_header(&d, TRUE);
    jpeg_start_decompress(&d);
    unsigned sum = 0;
    while (d.output_scanline < d.output_height) {
        jpeg_read_scanlines(&d, &row, 1);
        for (int i = 0; i < w * 3; i++)
            sum = sum * 65599u + row[i];
    }
    printf("checksum %08x %lu\n", sum, size);
    return 0;
}
