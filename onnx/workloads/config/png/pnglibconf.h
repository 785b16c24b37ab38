/* The library's own default configuration. */
#include "scripts/pnglibconf.h.prebuilt"
