#ifndef PERFVEC_MAPS_H
#define PERFVEC_MAPS_H

#include <stdint.h>

/* The code at guest address `guest` lies at `host`: reports the mapping that holds it to
 * perfvec. To be called during translation. */
void maps_see(uint64_t guest, const void *host);

/* The guest has changed its mappings. */
void maps_changed(void);

#endif
