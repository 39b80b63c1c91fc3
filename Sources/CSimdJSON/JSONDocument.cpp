#include "CSimdJSON.h"

#include <memory>
#include <simdjson.h>

extern "C" bool hw_validate_json(const char *bytes, size_t length) {
    // A parser keeps its buffers, so that a loop over many documents does not allocate for each.
    thread_local std::unique_ptr<simdjson::dom::parser> parser;
    if (!parser) parser = std::make_unique<simdjson::dom::parser>();
    simdjson::dom::element element;
    return parser->parse(bytes, length, true).get(element) == simdjson::SUCCESS;
}
