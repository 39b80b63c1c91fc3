// The values at some paths of a document, and nothing of the rest.
#pragma once
#include <algorithm>
#include <string>
#include <vector>

#include "JSONText.hpp"

namespace highwater {

/// Paths that share their first steps, as a tree.
struct PathNode {
    struct Member {
        std::string name;
        uint32_t node;
    };
    struct Element {
        uint32_t index;
        uint32_t node;
    };
    std::vector<Member> members;
    std::vector<Element> elements;
    /// The field whose path ends here, or -1.
    int32_t field = -1;
    /// All fields whose paths lead through here or end here.
    std::vector<uint32_t> below;
};

class PathTree {
public:
    PathTree() : nodes_(1) {}

    void add(const hw_json_path &path, uint32_t field) {
        uint32_t at = 0;
        nodes_[0].below.push_back(field);
        for (size_t i = 0; i < path.count; i++) {
            at = child(at, path.steps[i]);
            nodes_[at].below.push_back(field);
        }
        nodes_[at].field = static_cast<int32_t>(field);
    }

    const PathNode &operator[](uint32_t index) const { return nodes_[index]; }

private:
    uint32_t child(uint32_t at, const hw_json_step &step) {
        uint32_t next = static_cast<uint32_t>(nodes_.size());
        if (step.name) {
            std::string name(reinterpret_cast<const char *>(step.name), step.name_length);
            for (const auto &member : nodes_[at].members) {
                if (member.name == name) { return member.node; }
            }
            nodes_[at].members.push_back({std::move(name), next});
        } else {
            for (const auto &element : nodes_[at].elements) {
                if (element.index == step.index) { return element.node; }
            }
            nodes_[at].elements.push_back({step.index, next});
        }
        nodes_.emplace_back();
        return next;
    }

    std::vector<PathNode> nodes_;
};

/// A container on the way down.
struct PathFrame {
    const PathNode *here;
    uint32_t element;
};

/// Fills one field for each path. Of members of one name the last counts, as it does for most readers of JSON.
///
/// A field that is an object or array gets no more than its kind and its place.
class PathSink {
public:
    PathSink(const PathTree &tree, std::vector<PathFrame> &frames, std::vector<uint8_t> &scratch,
             const uint8_t *base, bool escapes, hw_json_node *fields)
        : tree_(tree), frames_(frames.data()), scratch_(scratch), base_(base), fields_(fields), pending_(&tree[0]),
          escapes_(escapes) {}

    /// Whether no path leads to the value that comes next, or through it.
    bool ignores_value() const { return !pending_; }

    /// Whether some members of the object may be wanted; if not, it is passed over as a whole.
    bool seeks_members() const { return here_; }

    /// Whether a path may lead to a member of the object.
    bool wants(const uint8_t *name, const uint8_t *close) const {
        return member(name, static_cast<size_t>(close - name)) || is_escaped(name, close);
    }

    void open(const uint8_t *at, bool is_array) {
        frames_[depth_++] = {here_, element_};
        if (pending_) {
            if (pending_->field >= 0) { store(is_array ? HW_JSON_ARRAY : HW_JSON_OBJECT, at, at, 0); }
            here_ = (is_array ? pending_->elements.empty() : pending_->members.empty()) ? nullptr : pending_;
        } else {
            here_ = nullptr;
        }
        element_ = 0;
        pending_ = nullptr;
    }

    void close() {
        const PathFrame &frame = frames_[--depth_];
        here_ = frame.here;
        element_ = frame.element;
        pending_ = nullptr;
    }

    void name(const uint8_t *text, const uint8_t *close) {
        pending_ = nullptr;
        if (here_) { match_name(text, close); }
    }

    void element() {
        pending_ = nullptr;
        if (here_) {
            for (const auto &element : here_->elements) {
                if (element.index == element_) { pending_ = &tree_[element.node]; }
            }
            element_++;
        }
    }

    void string(const uint8_t *text, const uint8_t *close) {
        if (pending_ && pending_->field >= 0) {
            store(HW_JSON_STRING, text, close, is_escaped(text, close) ? HW_JSON_ESCAPED : 0);
        }
    }

    void scalar(hw_json_kind kind, const uint8_t *text, const uint8_t *end) {
        if (pending_ && pending_->field >= 0) { store(kind, text, end, 0); }
    }

private:
    void match_name(const uint8_t *text, const uint8_t *close) {
        size_t length = static_cast<size_t>(close - text);
        if (is_escaped(text, close)) {
            if (scratch_.size() < length) { scratch_.resize(length); }
            length = static_cast<size_t>(hw_json_unescape(text, length, scratch_.data()));
            text = scratch_.data();
        }
        pending_ = member(text, length);
        if (!pending_) { return; }
        for (uint32_t field : pending_->below) { fields_[field].kind = HW_JSON_MISSING; }
    }

    /// Where the paths through a member of the object go on; null when there are none.
    const PathNode *member(const uint8_t *name, size_t length) const {
        for (const auto &member : here_->members) {
            if (member.name.size() == length && std::memcmp(member.name.data(), name, length) == 0) {
                return &tree_[member.node];
            }
        }
        return nullptr;
    }

    bool is_escaped(const uint8_t *text, const uint8_t *close) const {
        return escapes_ && find_byte(text, close, '\\') < close;
    }

    void store(hw_json_kind kind, const uint8_t *text, const uint8_t *end, uint8_t flags) {
        fields_[pending_->field] = {static_cast<uint32_t>(text - base_), static_cast<uint32_t>(end - text), 1, kind,
                                    flags, 0};
    }

    const PathTree &tree_;
    PathFrame *frames_;
    std::vector<uint8_t> &scratch_;
    const uint8_t *base_;
    hw_json_node *fields_;
    const PathNode *pending_;
    const PathNode *here_ = nullptr;
    size_t depth_ = 0;
    uint32_t element_ = 0;
    bool escapes_;
};

}  // namespace highwater
