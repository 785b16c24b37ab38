#ifndef PERFVEC_MAPS_H
#define PERFVEC_MAPS_H

#include <stdint.h>

/* The code at guest address `guest` lies at `host`: tells perfvec of the mapping that holds it. To
 * be called where QEMU translates. */
void maps_see(uint64_t guest, const void *host);

/* The guest has changed its mappings. */
void maps_changed(void);

#endif
