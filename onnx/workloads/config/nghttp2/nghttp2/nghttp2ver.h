/* What a configure step would have written. */
#define NGHTTP2_VERSION "1.68.1"
#define NGHTTP2_VERSION_NUM 0x014401
