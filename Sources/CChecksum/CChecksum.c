#include "CChecksum.h"

#include <stdatomic.h>
#include <string.h>

#if defined(__x86_64__)
#include <nmmintrin.h>
#elif defined(__aarch64__)
#include <arm_acle.h>
#if defined(__linux__)
#include <sys/auxv.h>
#endif
#endif

// The polynomial 0x1EDC6F41 with its bits reversed.
#define POLYNOMIAL 0x82F63B78u

static uint32_t tables[8][256];
static atomic_int tables_are_made;

// May run on several threads at once: all of them write the same values.
static void make_tables(void) {
    for (uint32_t byte = 0; byte < 256; byte++) {
        uint32_t crc = byte;
        for (int bit = 0; bit < 8; bit++) crc = (crc >> 1) ^ (POLYNOMIAL & (0u - (crc & 1)));
        tables[0][byte] = crc;
    }
    for (int table = 1; table < 8; table++)
        for (int byte = 0; byte < 256; byte++) {
            uint32_t crc = tables[table - 1][byte];
            tables[table][byte] = (crc >> 8) ^ tables[0][crc & 0xFF];
        }
    atomic_store_explicit(&tables_are_made, 1, memory_order_release);
}

// Eight bytes at a time, by one table each ("slicing by 8").
uint32_t hw_crc32c_portable(uint32_t crc, const void *bytes, size_t count) {
    if (!atomic_load_explicit(&tables_are_made, memory_order_acquire)) make_tables();
    const unsigned char *next = bytes;
    crc = ~crc;
    for (; count >= 8; count -= 8, next += 8) {
        uint32_t low = crc ^ (next[0] | (uint32_t)next[1] << 8 | (uint32_t)next[2] << 16 | (uint32_t)next[3] << 24);
        crc = tables[7][low & 0xFF] ^ tables[6][low >> 8 & 0xFF] ^ tables[5][low >> 16 & 0xFF] ^ tables[4][low >> 24]
            ^ tables[3][next[4]] ^ tables[2][next[5]] ^ tables[1][next[6]] ^ tables[0][next[7]];
    }
    for (; count > 0; count--, next++) crc = (crc >> 8) ^ tables[0][(crc ^ *next) & 0xFF];
    return ~crc;
}

#if defined(__x86_64__)

__attribute__((target("sse4.2"))) static uint32_t with_instruction(uint32_t crc, const unsigned char *next, size_t count) {
    uint64_t state = (uint32_t)~crc;
    for (; count >= 8; count -= 8, next += 8) {
        uint64_t word;
        memcpy(&word, next, 8);
        state = _mm_crc32_u64(state, word);
    }
    for (; count > 0; count--, next++) state = _mm_crc32_u8((uint32_t)state, *next);
    return ~(uint32_t)state;
}

static int has_instruction(void) { return __builtin_cpu_supports("sse4.2"); }

#elif defined(__aarch64__)

#if defined(__APPLE__)
#define CRC_TARGET
#else
#define CRC_TARGET __attribute__((target("crc")))
#endif

CRC_TARGET static uint32_t with_instruction(uint32_t crc, const unsigned char *next, size_t count) {
    crc = ~crc;
    for (; count >= 8; count -= 8, next += 8) {
        uint64_t word;
        memcpy(&word, next, 8);
        crc = __crc32cd(crc, word);
    }
    for (; count > 0; count--, next++) crc = __crc32cb(crc, *next);
    return ~crc;
}

static int has_instruction(void) {
#if defined(__linux__)
    return (getauxval(AT_HWCAP) & (1u << 7)) != 0; // HWCAP_CRC32
#else
    return 1; // every 64-bit processor of Apple's
#endif
}

#else

static uint32_t with_instruction(uint32_t crc, const unsigned char *next, size_t count) {
    return hw_crc32c_portable(crc, next, count);
}

static int has_instruction(void) { return 0; }

#endif

uint32_t hw_crc32c(uint32_t crc, const void *bytes, size_t count) {
    if (has_instruction()) return with_instruction(crc, bytes, count);
    return hw_crc32c_portable(crc, bytes, count);
}
