#define CMARK_VERSION 0
#define CMARK_VERSION_STRING "vendored"
