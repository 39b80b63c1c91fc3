// A document as a row of nodes: each value behind its container, each name before its value.
#pragma once
#include <vector>

#include "JSONText.hpp"

namespace highwater {

/// An object or array whose end is still to come.
struct OpenNode {
    uint32_t node;
    uint32_t count;
    /// A bit for each of 64 classes of names seen in this object.
    uint64_t names;
    bool may_repeat;
};

/// Makes nodes of what the grammar tells.
class TreeSink {
public:
    TreeSink(std::vector<hw_json_node> &nodes, std::vector<OpenNode> &open, const uint8_t *base, bool escapes)
        : nodes_(nodes), open_(open), base_(base), escapes_(escapes) {
        open_.clear();
    }

    static constexpr bool ignores_value() { return false; }
    static constexpr bool seeks_members() { return false; }
    static constexpr bool wants(const uint8_t *, const uint8_t *) { return true; }

    void open(const uint8_t *at, bool is_array) {
        open_.push_back({static_cast<uint32_t>(nodes_.size()), 0, 0, false});
        add(is_array ? HW_JSON_ARRAY : HW_JSON_OBJECT, at, at, 0);
    }

    void close() {
        const OpenNode &open = open_.back();
        hw_json_node &node = nodes_[open.node];
        node.length = open.count;
        node.span = static_cast<uint32_t>(nodes_.size()) - open.node;
        node.flags = open.may_repeat ? HW_JSON_MAY_REPEAT : 0;
        open_.pop_back();
    }

    /// Names of one class may be equal, and so may one with an escape sequence and any other.
    void name(const uint8_t *text, const uint8_t *close) {
        OpenNode &open = open_.back();
        open.count++;
        uint8_t flags = string_flags(text, close);
        size_t length = static_cast<size_t>(close - text);
        unsigned mark = length == 0 ? 0 : (static_cast<unsigned>(length) * 5 + text[0] * 3u + close[-1] * 11u) & 63;
        uint64_t bit = uint64_t(1) << mark;
        if ((open.names & bit) || flags) { open.may_repeat = true; }
        open.names |= bit;
        add(HW_JSON_STRING, text, close, flags);
    }

    void element() { open_.back().count++; }
    void string(const uint8_t *text, const uint8_t *close) { add(HW_JSON_STRING, text, close, string_flags(text, close)); }
    void scalar(hw_json_kind kind, const uint8_t *text, const uint8_t *end) { add(kind, text, end, 0); }

private:
    uint8_t string_flags(const uint8_t *text, const uint8_t *close) const {
        return escapes_ && find_byte(text, close, '\\') < close ? HW_JSON_ESCAPED : 0;
    }

    void add(hw_json_kind kind, const uint8_t *text, const uint8_t *end, uint8_t flags) {
        nodes_.push_back(
            {static_cast<uint32_t>(text - base_), static_cast<uint32_t>(end - text), 1, kind, flags, 0});
    }

    std::vector<hw_json_node> &nodes_;
    std::vector<OpenNode> &open_;
    const uint8_t *base_;
    bool escapes_;
};

}  // namespace highwater
