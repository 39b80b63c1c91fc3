// Characters, escape sequences and numbers of JSON (RFC 8259, sections 2, 6 and 7).
#pragma once
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <utility>

#include "CSimdJSON.h"

namespace highwater {

inline bool is_space(uint8_t byte) { return byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n'; }

/// Whether a number or literal may stop before `byte`.
inline bool ends_scalar(uint8_t byte) {
    return is_space(byte) || byte == ',' || byte == '}' || byte == ']' || byte == ':' || byte == '{' || byte == '[';
}

inline bool is_digit(uint8_t byte) { return static_cast<uint8_t>(byte - '0') < 10; }

inline int hex_digit(uint8_t byte) {
    if (is_digit(byte)) { return byte - '0'; }
    uint8_t lower = byte | 0x20;
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

/// One escape sequence: how many bytes it takes (0 when it is not valid) and the character it stands for.
struct Escape {
    uint32_t length;
    uint32_t scalar;
    hw_json_status status;
};

inline int32_t hex_quad(const uint8_t *bytes) {
    int32_t value = 0;
    for (int i = 0; i < 4; i++) {
        int digit = hex_digit(bytes[i]);
        if (digit < 0) { return -1; }
        value = value << 4 | digit;
    }
    return value;
}

/// Reads the escape sequence that starts with the backslash at `bytes`, before `end`.
inline Escape read_escape(const uint8_t *bytes, const uint8_t *end) {
    const Escape bad{0, 0, HW_JSON_BAD_ESCAPE};
    if (end - bytes < 2) { return bad; }
    switch (bytes[1]) {
    case '"': return {2, '"', HW_JSON_OK};
    case '\\': return {2, '\\', HW_JSON_OK};
    case '/': return {2, '/', HW_JSON_OK};
    case 'b': return {2, '\b', HW_JSON_OK};
    case 'f': return {2, '\f', HW_JSON_OK};
    case 'n': return {2, '\n', HW_JSON_OK};
    case 'r': return {2, '\r', HW_JSON_OK};
    case 't': return {2, '\t', HW_JSON_OK};
    case 'u': break;
    default: return bad;
    }
    if (end - bytes < 6) { return bad; }
    int32_t unit = hex_quad(bytes + 2);
    if (unit < 0) { return bad; }
    if (unit < 0xD800 || unit > 0xDFFF) { return {6, static_cast<uint32_t>(unit), HW_JSON_OK}; }
    const Escape lone{0, 0, HW_JSON_LONE_SURROGATE};
    if (unit > 0xDBFF || end - bytes < 12 || bytes[6] != '\\' || bytes[7] != 'u') { return lone; }
    int32_t low = hex_quad(bytes + 8);
    if (low < 0xDC00 || low > 0xDFFF) { return lone; }
    uint32_t scalar = 0x10000 + static_cast<uint32_t>((unit - 0xD800) << 10 | (low - 0xDC00));
    return {12, scalar, HW_JSON_OK};
}

inline const uint8_t *find_byte(const uint8_t *from, const uint8_t *end, uint8_t byte) {
    const void *found = from < end ? std::memchr(from, byte, static_cast<size_t>(end - from)) : nullptr;
    return found ? static_cast<const uint8_t *>(found) : end;
}

/// The first escape sequence of a line that is not valid, or null.
///
/// It looks at backslashes only: one outside a string is the walker's to find.
inline const uint8_t *first_bad_escape(const uint8_t *bytes, const uint8_t *end, hw_json_status &status) {
    for (auto at = find_byte(bytes, end, '\\'); at < end;) {
        Escape escape = read_escape(at, end);
        if (escape.length == 0) {
            status = escape.status;
            return at;
        }
        at = find_byte(at + escape.length, end, '\\');
    }
    return nullptr;
}

inline uint8_t *write_utf8(uint32_t scalar, uint8_t *output) {
    if (scalar < 0x80) {
        *output++ = static_cast<uint8_t>(scalar);
    } else if (scalar < 0x800) {
        *output++ = static_cast<uint8_t>(0xC0 | scalar >> 6);
        *output++ = static_cast<uint8_t>(0x80 | (scalar & 0x3F));
    } else if (scalar < 0x10000) {
        *output++ = static_cast<uint8_t>(0xE0 | scalar >> 12);
        *output++ = static_cast<uint8_t>(0x80 | (scalar >> 6 & 0x3F));
        *output++ = static_cast<uint8_t>(0x80 | (scalar & 0x3F));
    } else {
        *output++ = static_cast<uint8_t>(0xF0 | scalar >> 18);
        *output++ = static_cast<uint8_t>(0x80 | (scalar >> 12 & 0x3F));
        *output++ = static_cast<uint8_t>(0x80 | (scalar >> 6 & 0x3F));
        *output++ = static_cast<uint8_t>(0x80 | (scalar & 0x3F));
    }
    return output;
}

/// The first byte from `at` on that is no digit; it looks at 8 bytes at a time, and so at up to 7 behind that.
inline const uint8_t *digits_end(const uint8_t *at) {
    for (;; at += 8) {
        uint64_t word;
        std::memcpy(&word, at, 8);
        if (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__) { word = __builtin_bswap64(word); }
        // Zero for each of 0x30 to 0x39; a carry changes nothing below the byte that it comes from.
        const uint64_t high = 0xF0F0F0F0F0F0F0F0, zeros = 0x3030303030303030;
        uint64_t others = ((word & high) ^ zeros) | (((word + 0x0606060606060606) & high) ^ zeros);
        if (others) { return at + (__builtin_ctzll(others) >> 3); }
    }
}

/// The end of the number at `at`, or null when it is none.
///
/// A byte that is no part of a number must follow the line, as the line feed or the padding does, and 7 more.
inline const uint8_t *number_end(const uint8_t *at) {
    if (*at == '-') { at++; }
    if (*at == '0') {
        at++;
    } else {
        if (!is_digit(*at)) { return nullptr; }
        at = digits_end(at + 1);
    }
    if (*at == '.') {
        at++;
        if (!is_digit(*at)) { return nullptr; }
        at = digits_end(at + 1);
    }
    if ((*at | 0x20) == 'e') {
        at++;
        if (*at == '+' || *at == '-') { at++; }
        if (!is_digit(*at)) { return nullptr; }
        at = digits_end(at + 1);
    }
    return at;
}

/// Whether a number, `true`, `false` or `null` is at `at`, and ends there.
inline bool is_scalar(const uint8_t *at) {
    const uint8_t *end;
    if (*at == '-' || is_digit(*at)) {
        end = number_end(at);
        if (!end) { return false; }
    } else if (std::memcmp(at, "null", 4) == 0 || std::memcmp(at, "true", 4) == 0) {
        end = at + 4;
    } else if (std::memcmp(at, "false", 5) == 0) {
        end = at + 5;
    } else {
        return false;
    }
    return ends_scalar(*end);
}

/// The first byte that does not belong to well-formed UTF-8 (Unicode 15, table 3-7), or `end`.
inline const uint8_t *utf8_fault(const uint8_t *at, const uint8_t *end) {
    while (at < end) {
        uint8_t lead = *at;
        if (lead < 0x80) {
            at++;
            continue;
        }
        int more = lead < 0xC2 ? 0 : lead <= 0xDF ? 1 : lead <= 0xEF ? 2 : lead <= 0xF4 ? 3 : 0;
        if (more == 0 || end - at <= more) { return at; }
        uint8_t low = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
        uint8_t high = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
        if (at[1] < low || at[1] > high) { return at; }
        for (int i = 2; i <= more; i++) {
            if ((at[i] & 0xC0) != 0x80) { return at; }
        }
        at += more + 1;
    }
    return end;
}

}  // namespace highwater
