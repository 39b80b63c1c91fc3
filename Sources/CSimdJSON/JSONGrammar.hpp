// The grammar of one JSON value (RFC 8259), told to whoever wants to know.
#pragma once
#include <vector>

#include "JSONText.hpp"

namespace highwater {

/// Where and why a text is not one JSON value.
struct Fault {
    hw_json_status status = HW_JSON_OK;
    const uint8_t *at = nullptr;
};

/// Checks one value whose first token, at `at`, `tokens` has already given, and tells `sink` what it meets, in order.
///
/// `arrays` has an element for each level of nesting that is allowed. Escape sequences are the caller's to check.
/// Returns false with `fault` set when the text is not one value and nothing else.
template <class Tokens, class Sink>
bool walk_value(Tokens &tokens, Sink &sink, const uint8_t *at, const uint8_t *end, std::vector<uint8_t> &arrays,
                Fault &fault) {
    const uint8_t *close;
    size_t depth = 0;
    const size_t max_depth = arrays.size();
    auto fail = [&](hw_json_status status, const uint8_t *where) {
        fault = {status, where};
        return false;
    };

value:
    switch (*at) {
    case '{':
    case '[': {
        if (sink.ignores_value() && tokens.skip_container(at, max_depth - depth)) { goto after_value; }
        bool is_array = *at == '[';
        if (depth == max_depth) { return fail(HW_JSON_TOO_DEEP, at); }
        arrays[depth++] = is_array;
        sink.open(at, is_array);
        at = tokens.next();
        if (at == end) { return fail(HW_JSON_ENDS_EARLY, at); }
        if (*at == (is_array ? ']' : '}')) { goto close_container; }
        if (is_array) { goto element; }
        goto member;
    }
    case '"':
        if (Tokens::ends_strings && sink.ignores_value()) { goto after_value; }
        close = tokens.closing_quote(at, fault.status, fault.at);
        if (!close) { return false; }
        sink.string(at + 1, close);
        goto after_value;
    case 't':
        close = at + 4;
        if (end - at < 4 || std::memcmp(at, "true", 4) != 0) { return fail(HW_JSON_BAD_LITERAL, at); }
        if (close < end && !ends_scalar(*close)) { return fail(HW_JSON_BAD_LITERAL, at); }
        sink.scalar(HW_JSON_TRUE, at, close);
        goto after_scalar;
    case 'f':
        close = at + 5;
        if (end - at < 5 || std::memcmp(at, "false", 5) != 0) { return fail(HW_JSON_BAD_LITERAL, at); }
        if (close < end && !ends_scalar(*close)) { return fail(HW_JSON_BAD_LITERAL, at); }
        sink.scalar(HW_JSON_FALSE, at, close);
        goto after_scalar;
    case 'n':
        close = at + 4;
        if (end - at < 4 || std::memcmp(at, "null", 4) != 0) { return fail(HW_JSON_BAD_LITERAL, at); }
        if (close < end && !ends_scalar(*close)) { return fail(HW_JSON_BAD_LITERAL, at); }
        sink.scalar(HW_JSON_NULL, at, close);
        goto after_scalar;
    case '-':
    case '0': case '1': case '2': case '3': case '4':
    case '5': case '6': case '7': case '8': case '9':
        close = number_end(at);
        if (!close || close > end || (close < end && !ends_scalar(*close))) { return fail(HW_JSON_BAD_NUMBER, at); }
        sink.scalar(HW_JSON_NUMBER, at, close);
        goto after_scalar;
    default:
        return fail(HW_JSON_EXPECTED_VALUE, at);
    }

member:
    if (*at != '"') { return fail(HW_JSON_EXPECTED_NAME, at); }
    if (sink.seeks_members()) {
        at = tokens.skip_members(at, max_depth - depth, [&](auto name, auto close) { return sink.wants(name, close); });
        if (*at == '}') { goto close_container; }
    }
    close = tokens.closing_quote(at, fault.status, fault.at);
    if (!close) { return false; }
    sink.name(at + 1, close);
    at = tokens.next();
    if (at == end) { return fail(HW_JSON_ENDS_EARLY, at); }
    if (*at != ':') { return fail(HW_JSON_EXPECTED_COLON, at); }
    at = tokens.next();
    if (at == end) { return fail(HW_JSON_ENDS_EARLY, at); }
    goto value;

element:
    sink.element();
    goto value;

close_container:
    depth--;
    sink.close();
    goto after_value;

after_scalar:
    tokens.skip_scalar(close);

after_value:
    at = tokens.next();
    if (depth == 0) { return at == end ? true : fail(HW_JSON_TRAILING, at); }
    if (at == end) { return fail(HW_JSON_ENDS_EARLY, at); }
    if (arrays[depth - 1]) {
        if (*at == ']') { goto close_container; }
        if (*at != ',') { return fail(HW_JSON_EXPECTED_COMMA_IN_ARRAY, at); }
        at = tokens.next();
        if (at == end) { return fail(HW_JSON_ENDS_EARLY, at); }
        goto element;
    }
    if (*at == '}') { goto close_container; }
    if (*at != ',') { return fail(HW_JSON_EXPECTED_COMMA_IN_OBJECT, at); }
    at = tokens.next();
    if (at == end) { return fail(HW_JSON_ENDS_EARLY, at); }
    goto member;
}

}  // namespace highwater
