/* A static build exports nothing. */
#define CMARK_EXPORT
