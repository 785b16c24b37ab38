/* What the library's configure step would find with this compiler. */
#define HAVE_COPYSIGN 1
#define HAVE_ISINF 1
#define HAVE_ISNAN 1
#define HAVE_GETTIMEOFDAY 1
#define HAVE_QSORT_R 1
#define HAVE_STDINT_H 1
#define HAVE_SYS_TIME_H 1
#define HAVE_UINT32_T 1
#define HAVE_UNISTD_H 1
#define SIZEOF_UNSIGNED_INT 4
#define SIZEOF_UNSIGNED_LONG 8
#define THREADLOCAL
