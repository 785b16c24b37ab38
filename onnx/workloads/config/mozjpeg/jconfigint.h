/* Compiler facts that the library's configure step would write. */
#define BUILD "vendored"
#define FALLTHROUGH
#define HAVE_BUILTIN_CTZL 1
#define HIDDEN __attribute__((visibility("hidden")))
#define INLINE inline __attribute__((always_inline))
#define PACKAGE_NAME "mozjpeg"
#define SIZEOF_SIZE_T 8
#define THREAD_LOCAL
#define VERSION "vendored"
