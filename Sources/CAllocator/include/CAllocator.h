#pragma once

/// Lets the allocator keep freed buffers of some hundred KiB; to be called once, at the start of a program.
///
/// By default glibc gives them back to the system as soon as they are free, and each page of the next one is faulted in
/// and zeroed again: an eighth of the time of a replay. What is kept is bounded by what was in use at once. A library must
/// not decide this for its host, so programs do. Elsewhere than on glibc there is nothing to do.
///
/// Threads also share as many heaps as there are processors (at least two), where glibc would give up to eight times as
/// many: each keeps what its threads freed, and an import that also compacts held 390 MB in place of 210, for no time won.
///
/// Source: mallopt(3), `M_MMAP_THRESHOLD`, `M_TRIM_THRESHOLD` and `M_ARENA_MAX`.
void hw_keep_large_buffers(void);

/// Gives freed buffers back to the system after all; for a program between two stages that need buffers of other sizes.
///
/// Source: malloc_trim(3).
void hw_return_free_buffers(void);
