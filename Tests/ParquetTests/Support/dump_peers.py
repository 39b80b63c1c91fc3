"""Prints the rows of Parquet files as DuckDB or Polars reads them, in the notation of `dump.py`.

    dump_peers.py duckdb|polars FILE[::COLUMN,...]...

What an engine has no type for comes as its nearest type; it is cast to the one pyarrow gives the column, so that
only values can differ.
"""

import sys

import pyarrow as pa
import pyarrow.parquet as pq

from dump import shown


def read(engine, path, names):
    if engine == "duckdb":
        import duckdb

        connection = duckdb.connect()
        connection.execute("SET TimeZone='UTC'")
        path = path.replace("'", "''")
        selected = ", ".join(f'"{name}"' for name in names)
        result = connection.sql(f"SELECT {selected} FROM read_parquet('{path}')")
        return result.to_arrow_table() if hasattr(result, "to_arrow_table") else result.fetch_arrow_table()
    import polars

    return polars.read_parquet(path, columns=names).to_arrow()


def nullable(kind):
    """The type with every struct field nullable: under a null struct some engines have nulls in all fields."""
    if pa.types.is_struct(kind):
        return pa.struct([pa.field(field.name, nullable(field.type)) for field in kind])
    if pa.types.is_list(kind):
        return pa.list_(nullable(kind.value_type))
    return kind


def as_type(array, kind):
    if array.type == kind:
        return array
    if pa.types.is_map(kind) and not pa.types.is_map(array.type):
        # Polars has no maps, but lists of pairs.
        array = array.cast(pa.large_list(array.type.value_type)) if not pa.types.is_large_list(array.type) else array
        valid = array.is_valid().to_pylist()
        offsets = array.offsets.to_pylist()
        starts = [offset if there else None for offset, there in zip(offsets, valid)] + offsets[-1:]
        pairs = array.values
        return pa.MapArray.from_arrays(
            pa.array(starts, pa.int32()),
            as_type(pairs.field(0), kind.key_type),
            as_type(pairs.field(1), kind.item_type),
        )
    if pa.types.is_fixed_size_binary(kind):
        return pa.array(array.to_pylist(), kind)
    return array.cast(kind)


def main():
    engine = sys.argv[1]
    for argument in sys.argv[2:]:
        print("#", argument)
        path, _, excluded = argument.partition("::")
        schema = pq.read_schema(path)
        names = [name for name in schema.names if name not in excluded.split(",")]
        table = read(engine, path, names)
        if table.num_rows == 0:
            continue
        columns = []
        for name in names:
            column = table.column(name)
            chunks = [as_type(chunk, nullable(schema.field(name).type)) for chunk in column.chunks]
            columns.append([text for chunk in chunks for text in shown(chunk)])
        for row in zip(*columns):
            print("{" + ",".join(row) + "}")


main()
