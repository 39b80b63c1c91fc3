#pragma once
#include <stdbool.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/// Whether `length` bytes at `bytes` are well-formed UTF-8 (simdjson's validator).
bool hw_validate_utf8(const char *bytes, size_t length);

#ifdef __cplusplus
}
#endif
