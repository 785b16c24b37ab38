/* nghttp2: pack and unpack the header lists of requests with HPACK.
 * args: seed requests */
#include <nghttp2/nghttp2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static unsigned s;

static unsigned rnd(unsigned n) {
    s ^= s << 13, s ^= s >> 17, s ^= s << 5;
    return s % n;
}

int main(int argc, char **argv) {
    s = argc > 1 ? strtoul(argv[1], 0, 0) : 6;
    int requests = argc > 2 ? atoi(argv[2]) : 100;
    static const char *const names[] = {":method", ":scheme", ":path", ":authority", "accept", "cookie",
        "user-agent", "x-request-id", "cache-control", "if-none-match", "content-length", "x-trace"};
    static const char *const words[] = {"GET", "https", "/index/", "example.org", "text/html", "session=",
        "agent/1.0 (riscv; linux)", "id-", "max-age=", "W/etag", "1024", "span."};
    nghttp2_hd_deflater *pack;
    nghttp2_hd_inflater *unpack;
    if (nghttp2_hd_deflate_new(&pack, 4096) || nghttp2_hd_inflate_new(&unpack))
        return 1;
    unsigned sum = 0, packed = 0, seen = 0;
    for (int r = 0; r < requests; r++) {
        nghttp2_nv list[12];
        char text[12][64];
        static uint8_t bytes[4096];
        int count = 0;
        for (int i = 0; i < 12; i++) {
            if (i > 3 && rnd(3) == 0)
                continue;
            if (rnd(4))
                snprintf(text[count], 64, "%s", words[i]);
            else
                snprintf(text[count], 64, "%s%x/%x", words[i], rnd(50), rnd(1 << 24));
            nghttp2_nv nv = {(uint8_t *)names[i], (uint8_t *)text[count], strlen(names[i]),
                strlen(text[count]), i == 5 ? NGHTTP2_NV_FLAG_NO_INDEX : NGHTTP2_NV_FLAG_NONE};
            list[count++] = nv;
        }
        if (r % 40 == 39)
            nghttp2_hd_deflate_change_table_size(pack, r % 80 == 39 ? 512 : 4096);
        nghttp2_ssize n = nghttp2_hd_deflate_hd2(pack, bytes, sizeof bytes, list, count);
        if (n < 0)
            return 2;
        packed += n;
        for (const uint8_t *at = bytes, *end = bytes + n;;) {
            nghttp2_nv nv;
            int flags = 0;
            nghttp2_ssize used = nghttp2_hd_inflate_hd3(unpack, &nv, &flags, at, end - at, 1);
            if (used < 0)
                return 3;
            at += used;
            if (flags & NGHTTP2_HD_INFLATE_EMIT) {
                seen++;
                for (size_t k = 0; k < nv.valuelen; k++)
                    sum = sum * 31 + nv.value[k];
            }
            if (flags & NGHTTP2_HD_INFLATE_FINAL)
                break;
        }
        nghttp2_hd_inflate_end_headers(unpack);
    }
    printf("checksum %08x %u %u\n", sum, packed, seen);
    return 0;
}
