/* Brotli: encode and decode generated HTML-like text.
 * args: seed bytes quality */
#include <brotli/decode.h>
#include <brotli/encode.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(int argc, char **argv) {
    uint64_t s = argc > 1 ? strtoull(argv[1], 0, 0) : 1;
    size_t n = argc > 2 ? strtoul(argv[2], 0, 0) : 20000, i = 0;
    int quality = argc > 3 ? atoi(argv[3]) : 5;
    static const char *const tag[] = {"<div class=\"row\">", "</div>\n", "<a href=\"/item/",
        "\">read more</a>", "<p>The quick brown ", "information about the ", "</p>\n", "<li>"};
    char *text = malloc(n + 64);
    while (i < n) {
        s = s * 0xd1342543de82ef95ull + 1;
        unsigned r = s >> 40;
        i += (size_t)((r & 15) < 8 ? sprintf(text + i, "%s", tag[r & 7])
                                   : sprintf(text + i, "%u ", r >> 4 & 4095));
    }
    size_t packed = BrotliEncoderMaxCompressedSize(n), out = n;
    uint8_t *z = malloc(packed), *back = malloc(n);
    if (!BrotliEncoderCompress(quality, 18, BROTLI_MODE_TEXT, n, (uint8_t *)text, &packed, z))
        return 1;
    if (BrotliDecoderDecompress(packed, z, &out, back) != BROTLI_DECODER_RESULT_SUCCESS
        || memcmp(text, back, n))
        return 2;
    unsigned sum = 0;
    for (size_t k = 0; k < packed; k++)
        sum = sum * 131 + z[k];
    printf("checksum %08x %zu\n", sum, packed);
    return 0;
}
