/* What the library's configure step would write for this compiler. */
#define BITS_IN_JSAMPLE 8
#define HAVE_STDLIB_H 1
#define HAVE_UNSIGNED_CHAR 1
#define HAVE_UNSIGNED_SHORT 1
#define JPEG_LIB_VERSION 62
#define LIBJPEG_TURBO_VERSION 0
#define MEM_SRCDST_SUPPORTED 1
#define NO_GETENV 1
#define NO_PUTENV 1
#define STDC_HEADERS 1
