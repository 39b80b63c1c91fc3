// Lines of JSON, many in one call: simdjson's first stage over a batch of lines, then our walk of its index.
//
// simdjson's own second stages do not fit: DOM copies every string and converts every number and refuses integers past
// 64 bits; On-Demand checks only what it is asked for. Both start anew at each line, and neither says where a fault is.
#include <simdjson.h>

#include <memory>
#include <new>

#include "CSimdJSON.h"
#include "JSONTokens.hpp"
#include "JSONWalker.hpp"

using namespace highwater;

namespace {

/// As many bytes of lines as are indexed at once: lines and index then stay in a core's own cache.
constexpr size_t batch_length = 128 * 1024;

}  // namespace

struct hw_json_lines {
    std::vector<std::vector<Step>> paths;
    std::vector<Frame> frames;
    size_t max_line_length;
    std::unique_ptr<simdjson::internal::dom_parser_implementation> indexer;

    std::vector<hw_json_line> lines;
    std::vector<hw_json_field> fields;
    std::vector<uint8_t> arena;

    const uint8_t *block = nullptr;
    const uint8_t *block_end = nullptr;
    const uint8_t *next_backslash = nullptr;
    uint32_t line_index = 0;

    const uint8_t *next_batch = nullptr;
    bool indexed = true;

    void begin(const uint8_t *bytes, size_t length) {
        arena.clear();
        block = bytes;
        block_end = bytes + length;
        next_backslash = find_byte(block, block_end, '\\');
        next_batch = block;
        line_index = 0;
    }

    bool parse_next() {
        lines.clear();
        fields.clear();
        if (next_batch >= block_end) { return false; }
        const uint8_t *at = next_batch;
        const uint8_t *end = batch_end(at);
        next_batch = end;
        if (!(indexed && static_cast<size_t>(end - at) <= batch_length && parse_indexed(at, end))) {
            parse_scanning(at, end);
        }
        return true;
    }

private:
    /// The end of as many whole lines as a batch may hold, or of one line that is longer.
    const uint8_t *batch_end(const uint8_t *at) const {
        if (static_cast<size_t>(block_end - at) <= batch_length) { return block_end; }
        for (const uint8_t *end = at + batch_length; end > at; end--) {
            if (end[-1] == '\n') { return end; }
        }
        const uint8_t *newline = find_byte(at + batch_length, block_end, '\n');
        return newline < block_end ? newline + 1 : block_end;
    }

    /// False when something is wrong that only a scan of each line can pin on one of them.
    bool parse_indexed(const uint8_t *batch, const uint8_t *batch_end) {
        size_t length = static_cast<size_t>(batch_end - batch);
        if (indexer->stage1(batch, length, simdjson::stage1_mode::regular) != simdjson::SUCCESS) { return false; }
        uint32_t *index = indexer->structural_indexes.get();
        IndexedTokens::end_index(index, indexer->n_structural_indexes, batch, length);
        const uint32_t *position = index;
        each_line(batch, batch_end, [&](const uint8_t *line, const uint8_t *end) {
            IndexedTokens tokens(end, batch, position);
            parse_line(line, end, tokens);
            position = tokens.position();
            uint32_t line_end = static_cast<uint32_t>(end - batch);
            while (*position < line_end) { position++; }
        });
        return true;
    }

    void parse_scanning(const uint8_t *batch, const uint8_t *batch_end) {
        each_line(batch, batch_end, [&](const uint8_t *line, const uint8_t *end) {
            size_t length = static_cast<size_t>(end - line);
            bool readable = length <= max_line_length;
            if (readable && !hw_validate_utf8(reinterpret_cast<const char *>(line), length)) {
                add(line, end, *line, HW_JSON_NOT_UTF8, utf8_fault(line, end));
                return;
            }
            ScannedTokens tokens(line, end);
            parse_line(line, end, tokens);
        });
    }

    template <class Body>
    void each_line(const uint8_t *at, const uint8_t *batch_end, Body body) {
        while (at < batch_end) {
            const uint8_t *newline = find_byte(at, batch_end, '\n');
            const uint8_t *end = newline > at && newline[-1] == '\r' ? newline - 1 : newline;
            body(at, end);
            line_index++;
            at = newline + 1;
        }
    }

    template <class Tokens>
    void parse_line(const uint8_t *line, const uint8_t *end, Tokens &tokens) {
        const uint8_t *first = tokens.next();
        if (first == end) { return; }
        size_t length = static_cast<size_t>(end - line);
        if (length > max_line_length) { return add(line, end, *first, HW_JSON_LINE_TOO_LONG, line + max_line_length); }
        if (next_backslash < line) { next_backslash = find_byte(line, block_end, '\\'); }
        bool escapes = next_backslash < end;
        if (escapes) {
            hw_json_status status = HW_JSON_OK;
            const uint8_t *fault = first_bad_escape(next_backslash, end, status);
            if (fault) { return add(line, end, *first, status, fault); }
        }
        hw_json_field found[HW_JSON_MAX_FIELDS];
        Walker walker(paths, frames, arena);
        size_t arena_length = arena.size();
        if (walker.walk(tokens, first, end, block, escapes, found)) {
            add(line, end, *first, HW_JSON_OK, line);
            std::copy(found, found + paths.size(), fields.end() - static_cast<ptrdiff_t>(paths.size()));
        } else {
            arena.resize(arena_length);
            add(line, end, *first, walker.status, walker.fault);
        }
    }

    void add(const uint8_t *line, const uint8_t *end, uint8_t first_byte, hw_json_status status, const uint8_t *fault) {
        lines.push_back({static_cast<uint32_t>(line - block), static_cast<uint32_t>(end - line), line_index,
                         static_cast<uint32_t>(fault - line), status, first_byte});
        fields.resize(fields.size() + paths.size(), hw_json_field{0, 0, 0, HW_JSON_MISSING});
    }
};

extern "C" hw_json_lines *hw_json_lines_create(
    const hw_json_path *paths, size_t count, size_t max_depth, size_t max_line_length) {
    if (count > HW_JSON_MAX_FIELDS) { return nullptr; }
    auto parser = std::make_unique<hw_json_lines>();
    const simdjson::implementation *implementation = simdjson::get_active_implementation();
    auto error = implementation->create_dom_parser_implementation(batch_length, 1, parser->indexer);
    if (error != simdjson::SUCCESS) { return nullptr; }
    for (size_t i = 0; i < count; i++) {
        std::vector<Step> steps;
        for (size_t j = 0; j < paths[i].count; j++) {
            const hw_json_step &step = paths[i].steps[j];
            bool is_name = step.name != nullptr;
            std::string name = is_name ? std::string(reinterpret_cast<const char *>(step.name), step.name_length) : "";
            steps.push_back({is_name, step.index, std::move(name)});
        }
        parser->paths.push_back(std::move(steps));
    }
    parser->frames.resize(max_depth);
    parser->max_line_length = max_line_length;
    return parser.release();
}

extern "C" void hw_json_lines_free(hw_json_lines *parser) { delete parser; }

extern "C" void hw_json_lines_begin(hw_json_lines *parser, const uint8_t *block, size_t length, bool indexed) {
    parser->indexed = indexed;
    parser->begin(block, length);
}

extern "C" bool hw_json_lines_next(hw_json_lines *parser, hw_json_lines_batch *batch) {
    bool any = parser->parse_next();
    *batch = {parser->lines.data(), parser->lines.size(), parser->fields.data(), parser->arena.data(),
              parser->arena.size()};
    return any;
}
