#ifndef HIGHWATER_CCHECKSUM_H
#define HIGHWATER_CCHECKSUM_H

#include <stddef.h>
#include <stdint.h>

/// The CRC-32C (Castagnoli, RFC 3720 appendix B.4) of bytes, continued from that of what came before them, which is 0
/// for nothing. Uses the instruction of the processor where it has one.
uint32_t hw_crc32c(uint32_t crc, const void *bytes, size_t count);

/// The same without the instruction, for processors without it and for tests.
uint32_t hw_crc32c_portable(uint32_t crc, const void *bytes, size_t count);

#endif
