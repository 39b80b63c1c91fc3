#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// Whether `length` bytes at `bytes` are well-formed UTF-8 (simdjson's validator).
bool hw_validate_utf8(const char *bytes, size_t length);

/// Whether `length` bytes at `bytes` are one JSON value (RFC 8259) and nothing else but white space.
bool hw_validate_json(const char *bytes, size_t length);

/// How many bytes of `length` at `bytes` are line feeds.
size_t hw_count_newlines(const uint8_t *bytes, size_t length);

/// Writes the text that the inside of a JSON string (without its quotes) stands for to `output`, which has room for
/// `length` bytes, and returns how many bytes that took, or -1 when an escape sequence is not valid.
///
/// Half of a surrogate pair without the other half is not valid, since it has no UTF-8 form.
ptrdiff_t hw_json_unescape(const uint8_t *bytes, size_t length, uint8_t *output);

// MARK: - Lines of JSON

/// How many zero bytes must follow the bytes of a block.
#define HW_JSON_PADDING 64
/// How many fields can be taken out of each line.
#define HW_JSON_MAX_FIELDS 8

/// One step of a path: the member `name` of an object, or the element `index` of an array when `name` is null.
typedef struct {
    const uint8_t *name;
    size_t name_length;
    uint32_t index;
} hw_json_step;

/// Where a field is, from the root of the line's value; no steps mean the root itself.
typedef struct {
    const hw_json_step *steps;
    size_t count;
} hw_json_path;

typedef enum : uint8_t {
    HW_JSON_MISSING = 0,
    HW_JSON_NULL,
    HW_JSON_FALSE,
    HW_JSON_TRUE,
    HW_JSON_NUMBER,
    HW_JSON_STRING,
    HW_JSON_OBJECT,
    HW_JSON_ARRAY,
} hw_json_kind;

/// A field found in a line.
///
/// The text is that of the token as it stands in the block (`in_arena` 0), without quotes for a string; a string that
/// holds escape sequences is unescaped into the arena (`in_arena` 1). Of an object or array it is the whole of it.
typedef struct {
    uint32_t in_arena;
    uint32_t offset;
    uint32_t length;
    hw_json_kind kind;
} hw_json_field;

typedef enum : uint8_t {
    HW_JSON_OK = 0,
    HW_JSON_LINE_TOO_LONG,
    HW_JSON_NOT_UTF8,
    HW_JSON_CONTROL_CHARACTER,
    HW_JSON_UNTERMINATED_STRING,
    HW_JSON_BAD_ESCAPE,
    HW_JSON_LONE_SURROGATE,
    HW_JSON_BAD_NUMBER,
    HW_JSON_BAD_LITERAL,
    HW_JSON_EXPECTED_VALUE,
    HW_JSON_EXPECTED_NAME,
    HW_JSON_EXPECTED_COLON,
    HW_JSON_EXPECTED_COMMA_IN_OBJECT,
    HW_JSON_EXPECTED_COMMA_IN_ARRAY,
    HW_JSON_ENDS_EARLY,
    HW_JSON_TRAILING,
    HW_JSON_TOO_DEEP,
} hw_json_status;

/// One line that is not blank.
typedef struct {
    /// Where it starts in the block.
    uint32_t offset;
    /// Its bytes, without the line feed and a carriage return before it.
    uint32_t length;
    /// How many lines of the block, blank ones too, come before it.
    uint32_t index;
    /// Where the fault is, in bytes from the start of the line.
    uint32_t fault_offset;
    /// Whether the line is one JSON value; its fields mean nothing if it is not.
    hw_json_status status;
    /// The first byte of its value.
    uint8_t first_byte;
} hw_json_line;

/// What was found in some lines of a block; the pointers live until the parser is used again or freed.
typedef struct {
    const hw_json_line *lines;
    size_t line_count;
    /// The fields of line `i` start at `i * field count`, in the order of the paths.
    const hw_json_field *fields;
    /// Unescaped texts of the whole block so far.
    const uint8_t *arena;
    size_t arena_length;
} hw_json_lines_batch;

/// A parser of blocks of JSON lines; not to be used from two threads at once.
typedef struct hw_json_lines hw_json_lines;

/// Makes a parser that takes `count` fields (at most `HW_JSON_MAX_FIELDS`, else null) out of each line.
///
/// The paths are copied. A line longer than `max_line_length` bytes or nested deeper than `max_depth` is at fault.
hw_json_lines * hw_json_lines_create(
    const hw_json_path * paths, size_t count, size_t max_depth, size_t max_line_length);

void hw_json_lines_free(hw_json_lines * parser);

/// Begins a block of whole lines, which must stay where it is until the last batch of it is taken.
///
/// `length` is less than 4 GiB and `HW_JSON_PADDING` zero bytes follow. The last line may lack its line feed. With
/// `indexed` false, simdjson's index of a batch of lines is not used: slower, for tests that compare the two ways.
void hw_json_lines_begin(hw_json_lines *parser, const uint8_t *block, size_t length, bool indexed);

/// Checks each line of the next 128 KiB or so to be one JSON value (RFC 8259, UTF-8 included), takes out the fields,
/// and returns whether there was anything left to do.
///
/// Blank lines are left out. Of members of one name the last one counts. Memory: 0.5 MiB
/// for the index, and the lines and fields of the batch.
bool hw_json_lines_next(hw_json_lines *parser, hw_json_lines_batch *batch);

// MARK: - Documents

#define HW_JSON_ESCAPED 1
#define HW_JSON_MAY_REPEAT 2

/// One value, or the name of a member, which comes right before its value.
///
/// A container comes before what it holds. The text of a string is without quotes and as it stands; `HW_JSON_ESCAPED`
/// says that it holds escape sequences. An object where two names may be equal has `HW_JSON_MAY_REPEAT`.
typedef struct {
    /// Where the text starts, in bytes from the start of the batch's text.
    uint32_t offset;
    /// Bytes of text of a string, number or literal; members of an object; elements of an array.
    uint32_t length;
    /// How many nodes the value takes, itself counted: the next sibling is that far on.
    uint32_t span;
    hw_json_kind kind;
    uint8_t flags;
    uint16_t reserved;
} hw_json_node;

/// Bytes of a document.
typedef struct {
    const uint8_t *bytes;
    size_t length;
} hw_json_text;

typedef struct {
    /// Where it starts in the batch's text.
    uint32_t offset;
    uint32_t length;
    /// How many documents or lines (blank ones too) come before it.
    uint32_t index;
    /// Where the fault is, in bytes from the start of the document.
    uint32_t fault_offset;
    /// Its root in the batch's nodes, or the first of its fields.
    uint32_t node;
    /// Whether it is one JSON value; its nodes mean nothing if it is not.
    hw_json_status status;
    /// The first byte of its value.
    uint8_t first_byte;
} hw_json_document;

/// Some documents; the pointers live until the parser is used again or freed.
typedef struct {
    const hw_json_document *documents;
    size_t count;
    const hw_json_node *nodes;
    const uint8_t *text;
} hw_json_document_batch;

/// A parser of documents; not to be used from two threads at once.
typedef struct hw_json_documents hw_json_documents;

/// Makes a parser that makes a tree of each document (`paths` null), or finds the value at each of `count` paths.
///
/// With paths, the nodes of a document are `count` fields in their order, of kind `HW_JSON_MISSING` where there is
/// nothing; one that is an object or array tells no more than that. Of members of one name the last one counts. The paths
/// are copied. A document nested deeper than `max_depth` is at fault. Null when memory is short.
hw_json_documents * hw_json_documents_create(const hw_json_path * paths, size_t count, size_t max_depth);

void hw_json_documents_free(hw_json_documents * parser);

/// Begins a block of lines, as `hw_json_lines_begin` does.
void hw_json_documents_begin_lines(hw_json_documents *parser, const uint8_t *block, size_t length, bool indexed);

/// Begins documents at any places, which need no padding and must stay until the last batch is taken.
///
/// They are copied together by the batch. No document is 4 GiB or longer.
void hw_json_documents_begin(hw_json_documents *parser, const hw_json_text *texts, size_t count);

/// Checks each of the next 64 KiB or so of documents to be one JSON value (RFC 8259, UTF-8 included), makes trees of them
/// or finds their fields, and returns whether there was anything left to do.
///
/// Blank lines are left out; a blank document is at fault.
bool hw_json_documents_next(hw_json_documents *parser, hw_json_document_batch *batch);

#ifdef __cplusplus
}
#endif
