#include "CAllocator.h"

#include <stdlib.h>
#ifdef __GLIBC__
#include <malloc.h>
#include <unistd.h>
#endif

void hw_return_free_buffers(void) {
#ifdef __GLIBC__
    (void)malloc_trim(0);
#endif
}

void hw_keep_large_buffers(void) {
#ifdef __GLIBC__
    // Refused only by an allocator that does not know them, which has its own ways then.
    (void)mallopt(M_MMAP_THRESHOLD, 32 << 20);
    (void)mallopt(M_TRIM_THRESHOLD, 512 << 20);
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    (void)mallopt(M_ARENA_MAX, processors > 2 && processors < 1024 ? (int)processors : 2);
#endif
}
