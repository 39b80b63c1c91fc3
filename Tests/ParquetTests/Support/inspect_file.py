"""Prints what pyarrow says of a file's metadata, one `name = value` a line.

    inspect_file.py FILE
    inspect_file.py --verify FILE     reads every page and its checksum; prints `ok` or the error
"""

import sys

import pyarrow.parquet as pq

if sys.argv[1] == "--verify":
    try:
        pq.ParquetFile(sys.argv[2], page_checksum_verification=True).read()
        print("ok")
    except OSError as error:
        print(error)
    sys.exit()

file = pq.ParquetFile(sys.argv[1])
metadata = file.metadata
print("rows =", metadata.num_rows)
print("created by =", metadata.created_by)
for key, value in sorted((metadata.metadata or {}).items()):
    if key != b"ARROW:schema":
        print(f"pair {key.decode()} =", value.decode())
for group in range(metadata.num_row_groups):
    rows = metadata.row_group(group)
    print(f"{group} rows =", rows.num_rows)
    for sorting in rows.sorting_columns:
        print(f"{group} sorting =", sorting.column_index, sorting.descending, sorting.nulls_first)
    for number in range(rows.num_columns):
        column = rows.column(number)
        name = f"{group} {column.path_in_schema}"
        print(f"{name} codec =", column.compression)
        print(f"{name} encodings =", ",".join(sorted(column.encodings)))
        print(f"{name} bloom =", column.bloom_filter_length)
        print(f"{name} dictionary =", column.has_dictionary_page)
        print(f"{name} indexes =", column.has_column_index, column.has_offset_index)
        statistics = column.statistics
        if statistics is None:
            print(f"{name} statistics = None")
            continue
        print(f"{name} nulls =", statistics.null_count)
        if statistics.has_min_max:
            print(f"{name} minimum =", repr(statistics.min))
            print(f"{name} maximum =", repr(statistics.max))
