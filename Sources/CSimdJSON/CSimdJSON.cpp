#include "CSimdJSON.h"

#include <simdjson.h>

#include <algorithm>

#include "JSONText.hpp"

using namespace highwater;

extern "C" bool hw_validate_utf8(const char *bytes, size_t length) {
    return simdjson::validate_utf8(bytes, length);
}

extern "C" size_t hw_count_newlines(const uint8_t *bytes, size_t length) {
    size_t total = 0;
    while (length > 0) {
        // Runs this short keep the count in a byte, which lets the compiler use whole vectors of them.
        size_t run = std::min<size_t>(length, 255);
        uint8_t count = 0;
        for (size_t i = 0; i < run; i++) { count = static_cast<uint8_t>(count + (bytes[i] == '\n')); }
        total += count;
        bytes += run;
        length -= run;
    }
    return total;
}

extern "C" ptrdiff_t hw_json_unescape(const uint8_t *bytes, size_t length, uint8_t *output) {
    const uint8_t *end = bytes + length;
    uint8_t *start = output;
    while (bytes < end) {
        const uint8_t *escape = find_byte(bytes, end, '\\');
        size_t plain = static_cast<size_t>(escape - bytes);
        std::memcpy(output, bytes, plain);
        output += plain;
        if (escape == end) { break; }
        Escape sequence = read_escape(escape, end);
        if (sequence.length == 0) { return -1; }
        output = write_utf8(sequence.scalar, output);
        bytes = escape + sequence.length;
    }
    return output - start;
}
