// Two ways to find the tokens of a line: from simdjson's index, and by looking at each byte.
#pragma once
#include "JSONText.hpp"

namespace highwater {

/// Tokens from the structural index that simdjson's first stage made of a batch of whole lines.
///
/// The index has the position of each `{}[]:,`, of each opening quote, and of each byte that starts anything else. That
/// stage has also made sure that the batch is UTF-8, that each string is closed, and that none holds a control
/// character, so no string crosses a line. `end_index` ends it.
class IndexedTokens {
public:
    /// Ends the index of a batch with an entry that belongs to no line, and where no token can start.
    ///
    /// Behind a batch is the next line, unless zero bytes end the block; its last line feed will do as well.
    static void end_index(uint32_t *index, uint32_t count, const uint8_t *batch, size_t length) {
        index[count] = static_cast<uint32_t>(length > 0 && batch[length - 1] == '\n' ? length - 1 : length);
    }

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

    /// Whether a string can be passed over without looking for its end.
    static constexpr bool ends_strings = true;

    /// Passes over the object or array that `next` has just given, of which nobody wants to hear.
    ///
    /// Returns false, and has not moved, when it is not valid or may nest too deep: reading token by token shows why.
    /// It checks as much as that does: that strings are closed is the first stage's doing, and what follows a closing
    /// quote is in the index. Where the line ends is asked once, in the end: until then it may read on in the lines that
    /// follow, at worst up to the entry that ends the index.
    bool skip_container(const uint8_t *open, size_t max_depth) {
        const uint8_t *const batch = batch_;
        const uint32_t *index = index_;
        // Lowest the innermost.
        uint64_t arrays = *open == '[';
        size_t depth = 1;
        if (max_depth > 64) { max_depth = 64; }
        if (max_depth == 0) { return false; }
        uint8_t byte = batch[*index++];

    begin:
        if (byte == (arrays & 1 ? ']' : '}')) { goto close; }
        if (arrays & 1) { goto value; }
    member:
        if (byte != '"' || batch[*index] != ':') { return false; }
        byte = batch[index[1]];
        index += 2;
    value:
        if (byte == '"') { goto after; }
        if (byte == '{' || byte == '[') {
            if (depth == max_depth) { return false; }
            depth++;
            arrays = arrays << 1 | (byte == '[');
            byte = batch[*index++];
            goto begin;
        }
        if (!is_scalar(batch + index[-1])) { return false; }
    after:
        byte = batch[*index++];
        if (byte == ',') {
            byte = batch[*index++];
            if (arrays & 1) { goto value; }
            goto member;
        }
        if (byte != (arrays & 1 ? ']' : '}')) { return false; }
    close:
        arrays >>= 1;
        if (--depth > 0) { goto after; }
        if (index[-1] >= limit_) { return false; }
        index_ = index;
        return true;
    }

    /// Passes over members of an object that nobody asks for; the quote at `first`, just given by `next`, begins one.
    ///
    /// Returns, as `next` would, the name of the first member that is `wanted` or has to be read token by token, or the
    /// brace that closes the object.
    template <class Wanted>
    const uint8_t *skip_members(const uint8_t *first, size_t max_depth, Wanted wanted) {
        const uint8_t *const batch = batch_;
        const uint8_t *name = first;
        while (true) {
            const uint32_t *index = index_;
            if (batch[*index] != ':') { return name; }
            const uint8_t *close = batch + *index - 1;
            if (*close != '"' || wanted(name + 1, close)) { return name; }
            uint8_t byte = batch[index[1]];
            index += 2;
            if (byte == '{' || byte == '[') {
                const uint32_t *start = index_;
                index_ = index;
                bool is_skipped = skip_container(batch + index[-1], max_depth);
                index = index_;
                index_ = start;
                if (!is_skipped) { return name; }
            } else if (byte != '"' && !is_scalar(batch + index[-1])) {
                return name;
            }
            const bool is_last = batch[*index] == '}';
            if (!is_last && (batch[*index++] != ',' || batch[*index] != '"')) { return name; }
            // What lies behind the line is the next one's, even if it would go on well.
            if (*index >= limit_) { return name; }
            name = batch + *index++;
            index_ = index;
            if (is_last) { return name; }
        }
    }

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

    static constexpr bool ends_strings = false;
    bool skip_container(const uint8_t *, size_t) { return false; }
    template <class Wanted>
    const uint8_t *skip_members(const uint8_t *first, size_t, Wanted) { return first; }

private:
    const uint8_t *at_;
    const uint8_t *end_;
};

}  // namespace highwater
