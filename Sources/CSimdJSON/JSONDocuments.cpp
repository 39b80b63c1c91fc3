// Many documents in one call, as trees or as the values at some paths: simdjson's first stage, then our grammar.
//
// Why not simdjson's own second stages: see JSONLines.cpp.
#include <simdjson.h>

#include <memory>
#include <new>

#include "CSimdJSON.h"
#include "JSONGrammar.hpp"
#include "JSONPaths.hpp"
#include "JSONTokens.hpp"
#include "JSONTree.hpp"

using namespace highwater;

namespace {

/// As many bytes of documents as are indexed at once: documents, index and nodes then stay in a core's own cache.
constexpr size_t batch_length = 64 * 1024;

}  // namespace

struct hw_json_documents {
    PathTree paths;
    size_t path_count = 0;
    bool makes_trees = true;
    std::vector<uint8_t> arrays;
    std::vector<PathFrame> frames;
    std::vector<uint8_t> scratch;
    std::vector<OpenNode> open;
    std::unique_ptr<simdjson::internal::dom_parser_implementation> indexer;
    bool indexed = true;

    std::vector<hw_json_document> documents;
    std::vector<hw_json_node> nodes;

    // Lines of a block
    const uint8_t *block = nullptr;
    const uint8_t *block_end = nullptr;
    const uint8_t *next_batch = nullptr;
    // Documents at any place, copied together so that one index serves for many
    const hw_json_text *texts = nullptr;
    size_t text_count = 0;
    size_t next_text = 0;
    std::vector<uint8_t> copies;

    uint32_t index = 0;
    const uint8_t *base = nullptr;
    const uint8_t *base_end = nullptr;
    const uint8_t *next_backslash = nullptr;

    void begin_lines(const uint8_t *bytes, size_t length) {
        texts = nullptr;
        block = next_batch = bytes;
        block_end = bytes + length;
        index = 0;
        based(block, block_end);
    }

    void begin_texts(const hw_json_text *list, size_t count) {
        block = block_end = next_batch = nullptr;
        texts = list;
        text_count = count;
        next_text = 0;
        index = 0;
    }

    bool parse_next() {
        documents.clear();
        nodes.clear();
        return texts ? parse_texts() : parse_lines();
    }

private:
    void based(const uint8_t *start, const uint8_t *end) {
        base = start;
        base_end = end;
        next_backslash = find_byte(start, end, '\\');
    }

    bool parse_texts() {
        if (next_text == text_count) { return false; }
        size_t first = next_text;
        size_t length = 0;
        while (next_text < text_count) {
            size_t next = texts[next_text].length + 1;
            if (next_text > first && length + next > batch_length) { break; }
            length += next;
            next_text++;
        }
        if (copies.size() < length + HW_JSON_PADDING) { copies.resize(length + HW_JSON_PADDING); }
        uint8_t *to = copies.data();
        for (size_t i = first; i < next_text; i++) {
            if (texts[i].length > 0) { std::memcpy(to, texts[i].bytes, texts[i].length); }
            to += texts[i].length;
            // A string cannot go on over a line feed, so no document reaches into the next.
            *to++ = '\n';
        }
        std::memset(to, 0, HW_JSON_PADDING);
        based(copies.data(), to);
        parse_batch(base, to, [&](auto body) {
            const uint8_t *at = base;
            for (size_t i = first; i < next_text; i++) {
                body(at, at + texts[i].length, true);
                at += texts[i].length + 1;
            }
        });
        return true;
    }

    bool parse_lines() {
        if (next_batch >= block_end) { return false; }
        const uint8_t *start = next_batch;
        const uint8_t *end = line_batch_end(start);
        next_batch = end;
        parse_batch(start, end, [&](auto body) {
            for (const uint8_t *at = start; at < end;) {
                const uint8_t *newline = find_byte(at, end, '\n');
                body(at, newline > at && newline[-1] == '\r' ? newline - 1 : newline, false);
                at = newline + 1;
            }
        });
        return true;
    }

    /// The end of as many whole lines as a batch may hold, or of one line that is longer.
    const uint8_t *line_batch_end(const uint8_t *at) const {
        if (static_cast<size_t>(block_end - at) <= batch_length) { return block_end; }
        for (const uint8_t *end = at + batch_length; end > at; end--) {
            if (end[-1] == '\n') { return end; }
        }
        const uint8_t *newline = find_byte(at + batch_length, block_end, '\n');
        return newline < block_end ? newline + 1 : block_end;
    }

    /// Parses the documents that `each` gives; byte by byte when something is wrong that only that can pin on one.
    template <class Each>
    void parse_batch(const uint8_t *start, const uint8_t *end, Each each) {
        size_t length = static_cast<size_t>(end - start);
        if (indexed && length <= batch_length
            && indexer->stage1(start, length, simdjson::stage1_mode::regular) == simdjson::SUCCESS) {
            uint32_t *position = indexer->structural_indexes.get();
            IndexedTokens::end_index(position, indexer->n_structural_indexes, start, length);
            each([&](const uint8_t *at, const uint8_t *stop, bool keeps_blank) {
                IndexedTokens tokens(stop, start, position);
                parse(tokens, at, stop, keeps_blank);
                const uint32_t *next = tokens.position();
                uint32_t limit = static_cast<uint32_t>(stop - start);
                while (*next < limit) { next++; }
                position += next - position;
            });
            return;
        }
        each([&](const uint8_t *at, const uint8_t *stop, bool keeps_blank) {
            size_t size = static_cast<size_t>(stop - at);
            if (!hw_validate_utf8(reinterpret_cast<const char *>(at), size)) {
                add(at, stop, {HW_JSON_NOT_UTF8, utf8_fault(at, stop)}, 0, *at);
                index++;
                return;
            }
            ScannedTokens tokens(at, stop);
            parse(tokens, at, stop, keeps_blank);
        });
    }

    template <class Tokens>
    void parse(Tokens &tokens, const uint8_t *at, const uint8_t *stop, bool keeps_blank) {
        uint32_t node = static_cast<uint32_t>(nodes.size());
        const uint8_t *first = tokens.next();
        if (first == stop) {
            if (keeps_blank) { add(at, stop, {HW_JSON_ENDS_EARLY, stop}, node, 0); }
            index++;
            return;
        }
        Fault fault;
        if (next_backslash < at) { next_backslash = find_byte(at, base_end, '\\'); }
        bool escapes = next_backslash < stop;
        if (escapes) { fault.at = first_bad_escape(next_backslash, stop, fault.status); }
        if (!fault.at) {
            if (makes_trees) {
                TreeSink sink(nodes, open, base, escapes);
                walk_value(tokens, sink, first, stop, arrays, fault);
            } else {
                nodes.resize(node + path_count, hw_json_node{0, 0, 0, HW_JSON_MISSING, 0, 0});
                PathSink sink(paths, frames, scratch, base, escapes, nodes.data() + node);
                walk_value(tokens, sink, first, stop, arrays, fault);
            }
            if (fault.at) { nodes.resize(node); }
        }
        add(at, stop, fault, node, *first);
        index++;
    }

    void add(const uint8_t *at, const uint8_t *stop, const Fault &fault, uint32_t node, uint8_t first_byte) {
        documents.push_back({static_cast<uint32_t>(at - base), static_cast<uint32_t>(stop - at), index,
                             static_cast<uint32_t>(fault.at ? fault.at - at : 0), node, fault.status, first_byte});
    }
};

extern "C" hw_json_documents *hw_json_documents_create(const hw_json_path *paths, size_t count, size_t max_depth) {
    auto parser = std::make_unique<hw_json_documents>();
    const simdjson::implementation *implementation = simdjson::get_active_implementation();
    auto error = implementation->create_dom_parser_implementation(batch_length, 1, parser->indexer);
    if (error != simdjson::SUCCESS) { return nullptr; }
    parser->makes_trees = paths == nullptr;
    parser->path_count = count;
    for (size_t i = 0; paths && i < count; i++) { parser->paths.add(paths[i], static_cast<uint32_t>(i)); }
    // Never null, even without paths.
    parser->nodes.reserve(1024);
    parser->arrays.resize(max_depth);
    parser->frames.resize(max_depth);
    return parser.release();
}

extern "C" void hw_json_documents_free(hw_json_documents *parser) { delete parser; }

extern "C" void hw_json_documents_begin_lines(
    hw_json_documents *parser, const uint8_t *block, size_t length, bool indexed) {
    parser->indexed = indexed;
    parser->begin_lines(block, length);
}

extern "C" void hw_json_documents_begin(hw_json_documents *parser, const hw_json_text *texts, size_t count) {
    parser->indexed = true;
    parser->begin_texts(texts, count);
}

extern "C" bool hw_json_documents_next(hw_json_documents *parser, hw_json_document_batch *batch) {
    bool any = parser->parse_next();
    *batch = {parser->documents.data(), parser->documents.size(), parser->nodes.data(), parser->base};
    return any;
}
