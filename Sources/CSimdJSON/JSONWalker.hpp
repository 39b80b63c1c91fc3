// The grammar of one JSON value, and the fields met on the way.
#pragma once
#include <string>
#include <vector>

#include "JSONText.hpp"

namespace highwater {

struct Step {
    bool is_name;
    uint32_t index;
    std::string name;
};

using FieldMask = uint8_t;
static_assert(HW_JSON_MAX_FIELDS <= 8 * sizeof(FieldMask), "a bit for each field");

/// What the walker must remember of an open object or array.
struct Frame {
    /// The number of the current element, counted only while a field is sought among them.
    uint32_t element;
    /// The fields whose step at this depth is still to be met here.
    FieldMask sought;
    /// The fields that are this whole object or array.
    FieldMask captured;
    bool is_array;
};

/// Walks one line after another; `paths` and `frames` outlive it.
class Walker {
public:
    Walker(const std::vector<std::vector<Step>> &paths, std::vector<Frame> &frames, std::vector<uint8_t> &arena)
        : paths_(paths), frames_(frames), arena_(arena) {}

    hw_json_status status = HW_JSON_OK;
    const uint8_t *fault = nullptr;

    /// Checks the line whose first token, at `first`, `tokens` has already given, and fills `fields`.
    ///
    /// A path is looked for at one depth at a time: a field in `sought` waits for the step whose number is the depth.
    /// A member of the right name undoes what an earlier one of that name led to, since the last one counts.
    template <class Tokens>
    bool walk(Tokens &tokens, const uint8_t *first, const uint8_t *end, const uint8_t *block, bool escapes,
              hw_json_field *fields) {
        block_ = block;
        escapes_ = escapes;
        fields_ = fields;
        const uint8_t *at = first;
        const uint8_t *close;
        size_t depth = 0;
        FieldMask sought = 0, captured = 0, descending = 0;
        for (size_t i = 0; i < paths_.size(); i++) {
            fields[i] = hw_json_field{0, 0, 0, HW_JSON_MISSING};
            (paths_[i].empty() ? captured : descending) |= static_cast<FieldMask>(1u << i);
        }

    value:
        switch (*at) {
        case '{':
        case '[': {
            if (!captured && !descending && tokens.skip_container(at, frames_.size() - depth)) { goto after_value; }
            bool is_array = *at == '[';
            if (depth == frames_.size()) { return fail(HW_JSON_TOO_DEEP, at); }
            if (depth > 0) { frames_[depth - 1].sought = sought; }
            sought = descending;
            Frame &frame = frames_[depth++];
            frame.element = 0;
            frame.captured = captured;
            frame.is_array = is_array;
            if (captured) {
                uint32_t offset = static_cast<uint32_t>(at - block_);
                store(captured, {0, offset, 0, is_array ? HW_JSON_ARRAY : HW_JSON_OBJECT});
            }
            at = tokens.next();
            if (at == end) { return fail(HW_JSON_ENDS_EARLY, at); }
            if (*at == (is_array ? ']' : '}')) { goto close_container; }
            if (is_array) { goto element; }
            goto member;
        }
        case '"':
            if (Tokens::ends_strings && !captured) { goto after_value; }
            close = tokens.closing_quote(at, status, fault);
            if (!close) { return false; }
            if (captured) { store_string(captured, at + 1, close); }
            goto after_value;
        case 't':
            if (!literal(at, end, "true", 4)) { return false; }
            if (captured) { store(captured, at, 4, HW_JSON_TRUE); }
            tokens.skip_scalar(at + 4);
            goto after_value;
        case 'f':
            if (!literal(at, end, "false", 5)) { return false; }
            if (captured) { store(captured, at, 5, HW_JSON_FALSE); }
            tokens.skip_scalar(at + 5);
            goto after_value;
        case 'n':
            if (!literal(at, end, "null", 4)) { return false; }
            if (captured) { store(captured, at, 4, HW_JSON_NULL); }
            tokens.skip_scalar(at + 4);
            goto after_value;
        case '-':
        case '0': case '1': case '2': case '3': case '4':
        case '5': case '6': case '7': case '8': case '9':
            close = number_end(at);
            if (!close || (close < end && !ends_scalar(*close))) { return fail(HW_JSON_BAD_NUMBER, at); }
            if (captured) { store(captured, at, static_cast<size_t>(close - at), HW_JSON_NUMBER); }
            tokens.skip_scalar(close);
            goto after_value;
        default:
            return fail(HW_JSON_EXPECTED_VALUE, at);
        }

    member:
        if (*at != '"') { return fail(HW_JSON_EXPECTED_NAME, at); }
        if (sought) {
            at = tokens.skip_members(at, frames_.size() - depth, [&](auto name, auto close) {
                return wants(name, close, depth, sought);
            });
            if (*at == '}') { goto close_container; }
        }
        close = tokens.closing_quote(at, status, fault);
        if (!close) { return false; }
        captured = 0;
        descending = 0;
        if (sought) { match_name(at + 1, close, depth, sought, captured, descending); }
        at = tokens.next();
        if (at == end) { return fail(HW_JSON_ENDS_EARLY, at); }
        if (*at != ':') { return fail(HW_JSON_EXPECTED_COLON, at); }
        at = tokens.next();
        if (at == end) { return fail(HW_JSON_ENDS_EARLY, at); }
        goto value;

    element:
        captured = 0;
        descending = 0;
        if (sought) { match_element(frames_[depth - 1].element++, depth, sought, captured, descending); }
        goto value;

    close_container:
        depth--;
        if (frames_[depth].captured) { close_captured(frames_[depth].captured, at + 1); }
        if (depth > 0) { sought = frames_[depth - 1].sought; }

    after_value:
        if (depth == 0) {
            at = tokens.next();
            return at == end ? true : fail(HW_JSON_TRAILING, at);
        }
        at = tokens.next();
        if (at == end) { return fail(HW_JSON_ENDS_EARLY, at); }
        if (frames_[depth - 1].is_array) {
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

private:
    bool fail(hw_json_status reason, const uint8_t *at) {
        status = reason;
        fault = at;
        return false;
    }

    /// The escapes of the line were checked before the walk, so there is none that is not valid.
    static size_t unescape(const uint8_t *text, size_t length, uint8_t *output) {
        ptrdiff_t written = hw_json_unescape(text, length, output);
        return written < 0 ? 0 : static_cast<size_t>(written);
    }

    bool literal(const uint8_t *at, const uint8_t *end, const char *word, size_t length) {
        if (static_cast<size_t>(end - at) >= length && std::memcmp(at, word, length) == 0
            && (at + length == end || ends_scalar(at[length]))) {
            return true;
        }
        return fail(HW_JSON_BAD_LITERAL, at);
    }

    /// Whether one of the fields in `sought` may be in a member.
    bool wants(const uint8_t *name, const uint8_t *close, size_t depth, FieldMask sought) const {
        size_t length = static_cast<size_t>(close - name);
        for (size_t i = 0; i < paths_.size(); i++) {
            if (sought & (1u << i) && is_step(i, depth, name, length)) { return true; }
        }
        return escapes_ && find_byte(name, close, '\\') != close;
    }

    bool is_step(size_t field, size_t depth, const uint8_t *name, size_t length) const {
        const Step &step = paths_[field][depth - 1];
        return step.is_name && step.name.size() == length && std::memcmp(step.name.data(), name, length) == 0;
    }

    void match_name(const uint8_t *name, const uint8_t *close, size_t depth, FieldMask sought, FieldMask &captured,
                    FieldMask &descending) {
        size_t length = static_cast<size_t>(close - name);
        if (escapes_ && find_byte(name, close, '\\') != close) {
            scratch_.resize(length);
            length = unescape(name, length, scratch_.data());
            name = scratch_.data();
        }
        for (size_t i = 0; i < paths_.size(); i++) {
            FieldMask bit = static_cast<FieldMask>(1u << i);
            if (sought & bit && is_step(i, depth, name, length)) {
                fields_[i].kind = HW_JSON_MISSING;
                found(i, bit, depth, captured, descending);
            }
        }
    }

    void match_element(uint32_t element, size_t depth, FieldMask &sought, FieldMask &captured, FieldMask &descending) {
        for (size_t i = 0; i < paths_.size(); i++) {
            FieldMask bit = static_cast<FieldMask>(1u << i);
            if (!(sought & bit)) { continue; }
            const Step &step = paths_[i][depth - 1];
            if (!step.is_name && step.index == element) {
                sought = static_cast<FieldMask>(sought & ~bit);
                found(i, bit, depth, captured, descending);
            }
        }
    }

    void found(size_t field, FieldMask bit, size_t depth, FieldMask &captured, FieldMask &descending) {
        FieldMask &next = paths_[field].size() == depth ? captured : descending;
        next = static_cast<FieldMask>(next | bit);
    }

    void store(FieldMask captured, hw_json_field field) {
        for (size_t i = 0; i < paths_.size(); i++) {
            if (captured & (1u << i)) { fields_[i] = field; }
        }
    }

    void store(FieldMask captured, const uint8_t *at, size_t length, hw_json_kind kind) {
        store(captured, {0, static_cast<uint32_t>(at - block_), static_cast<uint32_t>(length), kind});
    }

    void store_string(FieldMask captured, const uint8_t *text, const uint8_t *close) {
        size_t length = static_cast<size_t>(close - text);
        if (!escapes_ || find_byte(text, close, '\\') == close) {
            return store(captured, text, length, HW_JSON_STRING);
        }
        size_t offset = arena_.size();
        arena_.resize(offset + length);
        length = unescape(text, length, arena_.data() + offset);
        arena_.resize(offset + length);
        store(captured, {1, static_cast<uint32_t>(offset), static_cast<uint32_t>(length), HW_JSON_STRING});
    }

    void close_captured(FieldMask captured, const uint8_t *end) {
        for (size_t i = 0; i < paths_.size(); i++) {
            if (captured & (1u << i)) { fields_[i].length = static_cast<uint32_t>(end - block_) - fields_[i].offset; }
        }
    }

    const std::vector<std::vector<Step>> &paths_;
    std::vector<Frame> &frames_;
    std::vector<uint8_t> &arena_;
    std::vector<uint8_t> scratch_;
    const uint8_t *block_ = nullptr;
    hw_json_field *fields_ = nullptr;
    bool escapes_ = false;
};

}  // namespace highwater
