"""Prints the rows of Parquet files as pyarrow reads them, one canonical line per row.

    dump.py FILE[::COLUMN,...]...

Columns named behind a file are left out. For each file: a line `# ARGUMENT`, then its rows, or one line `! MESSAGE` when pyarrow refuses it. Values:
`-` null, `t` / `f`, integers in decimal, `F` / `D` and the bits of a float in hexadecimal, `x` and bytes in
hexadecimal, `d` and the shortest two's complement of a decimal's digits, `[...]` list, `{...}` struct,
`(key:value,...)` map.
"""

import sys

import pyarrow as pa
import pyarrow.parquet as pq


def decimal_hex(value):
    # Not by arithmetic, which would round to 28 digits.
    sign, figures, _ = value.as_tuple()
    digits = int("".join(map(str, figures))) * (-1 if sign else 1)
    length = 1
    while not -(1 << (8 * length - 1)) <= digits < 1 << (8 * length - 1):
        length += 1
    return digits.to_bytes(length, "big", signed=True).hex()


def rescaled(value, scale):
    import decimal

    with decimal.localcontext() as context:
        context.prec = 100
        return value.quantize(decimal.Decimal(1).scaleb(-scale))


def plain(array, text):
    return [None if value is None else text(value) for value in array.to_pylist()]


def bits(array, type, letter, digits):
    unsigned = array.view(type)
    return plain(unsigned, lambda value: letter + format(value, f"0{digits}x"))


def texts(array):
    """The canonical text of each value, None for null."""
    kind = array.type
    if isinstance(array, pa.ExtensionArray):
        return texts(array.storage)
    if pa.types.is_dictionary(kind):
        return texts(array.dictionary_decode())
    if pa.types.is_null(kind):
        return [None] * len(array)
    if pa.types.is_boolean(kind):
        return plain(array, lambda value: "t" if value else "f")
    if pa.types.is_integer(kind):
        return plain(array, str)
    if pa.types.is_float16(kind):
        return plain(array.view(pa.uint16()), lambda value: "x" + value.to_bytes(2, "little").hex())
    if pa.types.is_float32(kind):
        return bits(array, pa.uint32(), "F", 8)
    if pa.types.is_float64(kind):
        return bits(array, pa.uint64(), "D", 16)
    if pa.types.is_date32(kind) or pa.types.is_time32(kind):
        return plain(array.cast(pa.int32()), str)
    if pa.types.is_temporal(kind):
        return plain(array.cast(pa.int64()), str)
    if pa.types.is_decimal(kind):
        return plain(array, lambda value: "d" + decimal_hex(rescaled(value, kind.scale)))
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return plain(array.cast(pa.large_binary()), lambda value: "x" + value.hex())
    if pa.types.is_binary(kind) or pa.types.is_large_binary(kind) or pa.types.is_fixed_size_binary(kind):
        return plain(array, lambda value: "x" + value.hex())
    valid = array.is_valid().to_pylist()
    if pa.types.is_struct(kind):
        fields = [shown(field) for field in array.flatten()]
        rows = ["{" + ",".join(row) + "}" for row in zip(*fields)] if fields else ["{}"] * len(array)
        return [row if there else None for row, there in zip(rows, valid)]
    if pa.types.is_map(kind):
        keys, values = shown(array.keys), shown(array.items)
        entries = [f"{key}:{value}" for key, value in zip(keys, values)]
        return spans(array, entries, valid, "(", ")")
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        return spans(array, shown(array.values), valid, "[", "]")
    raise TypeError(f"no text for {kind}")


def spans(array, entries, valid, opening, closing):
    offsets = array.offsets.to_pylist()
    return [
        opening + ",".join(entries[offsets[row] : offsets[row + 1]]) + closing if there else None
        for row, there in enumerate(valid)
    ]


def shown(array):
    return ["-" if text is None else text for text in texts(array)]


def rows(argument):
    # One row group at a time: pyarrow joins the pages of one, but cannot put nested ones of several together.
    path, _, excluded = argument.partition("::")
    file = pq.ParquetFile(path, page_checksum_verification=False)
    lines = []
    for group in range(file.num_row_groups):
        names = [name for name in file.schema_arrow.names if name not in excluded.split(",")]
        table = file.read_row_group(group, columns=names).combine_chunks()
        columns = []
        for column in table.columns:
            chunks = [text for chunk in column.chunks for text in shown(chunk)]
            columns.append(chunks)
        lines += ["{" + ",".join(row) + "}" for row in zip(*columns)]
    return lines


if __name__ == "__main__":
    for argument in sys.argv[1:]:
        print("#", argument)
        try:
            for line in rows(argument):
                print(line)
        except Exception as error:
            print("!", type(error).__name__, str(error).replace("\n", " ")[:300])
