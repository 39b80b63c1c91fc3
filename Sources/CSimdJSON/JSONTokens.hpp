// Two ways to find the tokens of a line: from simdjson's index, and by looking at each byte.
#pragma once
#include "JSONText.hpp"

namespace highwater {

/// Tokens from the structural index that simdjson's first stage made of a batch of whole lines.
///
/// The index has the position of each `{}[]:,`, of each opening quote, and of each byte that starts anything else. That
/// stage has also made sure that the batch is UTF-8, that each string is closed, and that none holds a control
/// character, so no string crosses a line. An entry past all positions ends the index.
class IndexedTokens {
public:
    IndexedTokens(const uint8_t *end, const uint8_t *batch, const uint32_t *index)
        : end_(end), batch_(batch), index_(index), limit_(static_cast<uint32_t>(end - batch)) {}

    /// The next token, or the end of the line.
    const uint8_t *next() { return *index_ < limit_ ? batch_ + *index_++ : end_; }

    /// The closing quote of the string that `next` has just given: only space lies between it and the next token.
    const uint8_t *closing_quote(const uint8_t *open, hw_json_status &status, const uint8_t *&fault) {
        const uint8_t *at = *index_ < limit_ ? batch_ + *index_ : end_;
        do { at--; } while (is_space(*at));
        if (*at == '"' && at > open) { return at; }
        status = HW_JSON_UNTERMINATED_STRING;
        fault = open;
        return nullptr;
    }

    void skip_scalar(const uint8_t *) {}

    /// Where the tokens of the next line start.
    const uint32_t *position() const { return index_; }

private:
    const uint8_t *end_;
    const uint8_t *batch_;
    const uint32_t *index_;
    uint32_t limit_;
};

/// Tokens found byte by byte: for lines too long for the index, and for batches that simdjson says are at fault.
class ScannedTokens {
public:
    ScannedTokens(const uint8_t *line, const uint8_t *end) : at_(line), end_(end) {}

    const uint8_t *next() {
        while (at_ < end_ && is_space(*at_)) { at_++; }
        return at_ < end_ ? at_++ : end_;
    }

    const uint8_t *closing_quote(const uint8_t *open, hw_json_status &status, const uint8_t *&fault) {
        for (const uint8_t *at = open + 1; at < end_; at++) {
            if (*at == '"') {
                at_ = at + 1;
                return at;
            }
            if (*at == '\\') {
                at++;
            } else if (*at < 0x20) {
                status = HW_JSON_CONTROL_CHARACTER;
                fault = at;
                return nullptr;
            }
        }
        status = HW_JSON_UNTERMINATED_STRING;
        fault = open;
        return nullptr;
    }

    /// Goes on after a number or literal.
    void skip_scalar(const uint8_t *end) { at_ = end; }

private:
    const uint8_t *at_;
    const uint8_t *end_;
};

}  // namespace highwater
