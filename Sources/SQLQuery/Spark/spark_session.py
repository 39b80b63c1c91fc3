"""Runs queries on Spark over the tables of journals: spark_session.py TASK.json, by Python with pyspark or by spark-submit.

The rows of each query are left as Parquet files in a directory. What goes wrong is told in the file `failure` beside the
task: a word for what to do about it, the place in the statement if it is known, and the message, each in lines of its own.
"""

import json
import os
import re
import sys

COLUMNS = '"event_id" "timestamp" "key" "source" "sequence" "data" "data_bytes"'.replace('"', "`").split()
TYPES = "string timestamp string string string string binary".split()
OLDEST = (4, 0)


class Failure(Exception):
    def __init__(self, code, message, position=None):
        super().__init__(message)
        self.code, self.message, self.position = code, message, position


def session(task):
    """Spark, on this machine or where the environment or spark-submit says."""
    try:
        import pyspark
        from pyspark.sql import SparkSession
    except ImportError as error:
        raise Failure("engine", f"{sys.executable} cannot run Spark: {error}. Name a Python with pyspark, or spark-submit.")
    if tuple(int(part) for part in pyspark.__version__.split(".")[:2]) < OLDEST:
        raise Failure("engine", f"This is Spark {pyspark.__version__}; {OLDEST[0]}.{OLDEST[1]} or newer is needed.")
    builder = SparkSession.builder.appName("highwater sql")
    if not task["elsewhere"]:
        builder = builder.master(task["master"])
    for name, value in task["settings"].items():
        builder = builder.config(name, value)
    try:
        spark = builder.getOrCreate()
        for name, value in task["queryingSettings"].items():
            spark.conf.set(name, value)
        return spark
    except ImportError as error:
        raise Failure("engine", f"{sys.executable} lacks what Spark Connect needs: {error}")
    except Exception as error:
        where = "Is there a Java of 17 or newer (JAVA_HOME, or java on PATH)?" if "JAVA_GATEWAY" in str(error) else ""
        raise Failure("engine", f"Spark does not start, or does not answer: {first_line(error)} {where}".rstrip())


def text(value):
    """A literal: Spark takes backslashes in them for escapes."""
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"


def name(value):
    return "`" + value.replace("`", "``") + "`"


class Tables:
    """The tables of one journal: temporary views, or in a database of its own where the journal has a name."""

    def __init__(self, spark, task, number):
        self.spark, self.elsewhere, self.number = spark, task["elsewhere"], number
        self.scratch, self.tables = task["scratch"], task["tables"][number]
        self.database = self.tables["schema"]
        self.prefix = "" if self.database is None else name(self.database) + "."
        more = self.tables["columns"]
        self.columns = COLUMNS + [name(column) for column, _ in more]
        types = TYPES + [kind for _, kind in more]
        self.schema = ", ".join(f"{column} {kind}" for column, kind in zip(self.columns, types))
        nulls = ", ".join(f"CAST(NULL AS {kind}) AS {column}" for column, kind in zip(self.columns, types))
        self.empty = f"SELECT {nulls} WHERE false"
        if self.database is not None:
            if self.elsewhere:
                raise Failure("refused", "Spark joins several journals only on this machine: there is no place elsewhere for "
                              "tables with a name in front that go away again.")
            spark.sql(f"CREATE DATABASE {name(self.database)}")

    def files(self, label, paths):
        """A table of files, given its types: nothing is opened before it is read."""
        table = f"highwater_{self.number}_{label}"
        if self.database is None:
            if self.elsewhere:
                # Links of this directory mean nothing there, and the characters of patterns would.
                paths = [re.sub(r"([\[\]{}*?\\,])", r"\\\1", os.path.realpath(path)) for path in paths]
            reader = self.spark.read.schema(self.schema).option("recursiveFileLookup", "true")
            reader.parquet(*["file:" + path for path in paths]).createOrReplaceTempView(table)
        else:
            directory = f"{self.scratch}/{table}"
            os.mkdir(directory)
            for index, path in enumerate(paths):
                os.symlink(os.path.realpath(path), f"{directory}/{index}.parquet")
            self.spark.sql(f"CREATE TABLE {self.prefix}{table} ({self.schema}) USING parquet LOCATION {text(directory)}")
        return self.prefix + table

    def waiting(self, path):
        """The rows of the inbox; elsewhere nobody sees the file, so they go there with the query."""
        if not self.elsewhere:
            return self.files("current", [path])
        import pyarrow.parquet

        table = f"highwater_{self.number}_current"
        self.spark.createDataFrame(pyarrow.parquet.read_table(path)).createOrReplaceTempView(table)
        return table

    def create(self):
        tables, columns = self.tables, ", ".join(self.columns)
        conditions = []
        if tables["after"] is not None:
            conditions.append(f"`timestamp` > timestamp_micros({tables['after']})")
        if tables["through"] is not None:
            conditions.append(f"`timestamp` <= timestamp_micros({tables['through']})")
        where = " WHERE " + " AND ".join(conditions) if conditions else ""
        archived = []
        if tables["files"]:
            archived.append(f"SELECT {columns} FROM {self.files('whole', tables['files'])}{where}")
        if tables["filesWithHidden"]:
            rows = ", ".join(f"({text(id)}, timestamp_micros({moment}))" for id, moment in tables["hidden"])
            hidden = f"(SELECT * FROM VALUES {rows} AS hidden(id, moment))"
            files = self.files("partly", tables["filesWithHidden"])
            archived.append(f"SELECT {columns} FROM {files} ANTI JOIN {hidden} ON event_id = id AND `timestamp` = moment{where}")
        current = [f"SELECT {columns} FROM {self.waiting(tables['current'])}"] if tables["current"] else []
        kind = "TEMPORARY VIEW" if self.database is None else "VIEW"
        for view, parts in (("archived", archived), ("current", current), ("events", archived + current)):
            self.spark.sql(f"CREATE {kind} {self.prefix}{view} AS {' UNION ALL '.join(parts) or self.empty}")


WRAPPED = "SELECT * FROM (\n", "\n)"


def frame(spark, statement):
    """The rows of a statement, if that is a query: anything else Spark would execute at once."""
    from pyspark.errors import ParseException

    if not re.match(r"\s*(show|describe|desc)\b", statement, re.IGNORECASE):
        try:
            spark.sql(WRAPPED[0] + statement + WRAPPED[1])
        except ParseException:
            explained = "EXPLAIN\n"
            try:
                spark.sql(explained + statement)
            except Exception as error:
                raise failure(error, statement, explained)
            raise Failure("refused", "This is not a query. SELECT, FROM, WITH, VALUES, TABLE, DESCRIBE and SHOW are; a journal is "
                          "changed with `highwater put`, `update` and `delete`.")
        except Exception as error:
            raise failure(error, statement, WRAPPED[0])
    try:
        return spark.sql(statement)
    except Exception as error:
        raise failure(error, statement, "")


def storable(rows):
    """The same rows with names and types that Parquet has."""
    from pyspark.sql import functions

    taken, names, columns = set(), [], []
    for given in rows.columns:
        fresh, count = given, 0
        while fresh.lower() in taken:
            count += 1
            fresh = f"{given}_{count}"
        taken.add(fresh.lower())
        names.append(fresh)
    rows = rows.toDF(*names)
    for field in rows.schema.fields:
        column = functions.col(name(field.name))
        if field.dataType.typeName() == "void" or "interval" in field.dataType.simpleString():
            column = column.cast("string").alias(field.name)
        columns.append(column)
    return rows.select(*columns)


def run(spark, task, query):
    spark.conf.set("spark.sql.session.timeZone", query["timeZone"])
    statement, result = query["statement"], query["result"]
    if query["explains"]:
        frame(spark, statement)
        plan = spark.sql("EXPLAIN FORMATTED " + statement).collect()[0][0]
        with open(result, "w", encoding="utf-8") as file:
            file.write(plan.rstrip("\n") + "\n")
        return
    rows = storable(frame(spark, statement))
    try:
        if task["elsewhere"]:
            import pyarrow.parquet

            os.mkdir(result)
            pyarrow.parquet.write_table(rows.toArrow(), f"{result}/part-00000.parquet")
        else:
            rows.write.parquet("file:" + result)
    except Exception as error:
        raise failure(error, statement, "")


def first_line(error):
    return str(error).strip().split("\n")[0][:500]


def failure(error, statement, prefix):
    """What Spark's exceptions come to. `prefix` stood in front of the statement."""
    if isinstance(error, Failure):
        return error
    full = str(error).strip()
    message = re.split(r"\n+== SQL|;? line \d+ pos \d+|\n\tat |\nJVM stacktrace", full)[0]
    message = re.sub(r"\s*SQLSTATE: \w+( ?\(line \d+, pos \d+\))?;?", "", message).strip()
    if re.search(r"OutOfMemoryError|Java heap space|UNABLE_TO_ACQUIRE_MEMORY|_LEGACY_ERROR_TEMP_2250", full):
        return Failure("limit", first_line(message))
    if re.search(r"FileNotFoundException|FILE_NOT_EXIST|PATH_NOT_FOUND", full):
        return Failure("moved", first_line(message))
    # Data that an expression cannot take is of this class of SQL states, however deep it is told.
    data = re.search(r"(\[[A-Z_.0-9]+\] [^\n]*?) SQLSTATE: 22\w{3}", full)
    if data:
        return Failure("statement", data.group(1), position(error, statement, prefix))
    kinds = ("ParseException", "AnalysisException", "IllegalArgumentException", "UnsupportedOperationException")
    if any(kind.__name__ in kinds for kind in type(error).__mro__):
        return Failure("statement", message, position(error, statement, prefix))
    return Failure("failed", first_line(message) or type(error).__name__)


def position(error, statement, prefix):
    """Where in the statement, counted in code points; None where that is not told."""
    contexts = getattr(error, "getQueryContext", lambda: None)() or []
    for context in contexts:
        try:
            start, stop = context.startIndex() - len(prefix), context.stopIndex() + 1 - len(prefix)
            if start >= 0 and statement[start:stop] == context.fragment():
                return start
        except Exception:
            continue  # not a place in a text
    told = re.search(r"\(line (\d+), pos (\d+)\)", str(error))
    if not told:
        return None
    line, column = int(told.group(1)) - 1 - prefix.count("\n"), int(told.group(2))
    lines = statement.split("\n")
    if not 0 <= line < len(lines):
        return None
    return min(sum(len(other) + 1 for other in lines[:line]) + column, len(statement))


def main():
    path = sys.argv[1]
    with open(path, encoding="utf-8") as file:
        task = json.load(file)
    with open(task["scratch"] + "/begun", "w", encoding="utf-8") as file:
        file.write("!")  # so that a program that is no Python can be told
    try:
        spark = session(task)
        with open(task["scratch"] + "/version", "w", encoding="utf-8") as file:
            file.write(spark.version)
        for number in range(len(task["tables"])):
            try:
                Tables(spark, task, number).create()
            except Exception as error:
                raise failure(error, "", "")
        spark.conf.set("spark.sql.runSQLOnFiles", "false")
        for query in task["queries"]:
            run(spark, task, query)
    except Failure as failed:
        with open(task["scratch"] + "/failure", "w", encoding="utf-8") as file:
            file.write(f"{failed.code}\n{'' if failed.position is None else failed.position}\n{failed.message}")
        sys.exit(1)


if __name__ == "__main__":
    main()
