internal import ArgumentParser

/// A query engine that can read a journal as the Delta table that it is.
enum TableEngine: String, CaseIterable, ExpressibleByArgument {
    case duckdb, spark, trino, athena, hive, drill, snowflake
}

/// The statements by which an engine gets to know a journal as a table.
///
/// Each follows the documentation of its engine: the delta extension of DuckDB, Delta Lake's pages on Spark and Hive,
/// Trino's connector (procedure `register_table`), Amazon Athena (`table_type`), Apache Drill's format plugin, and
/// Snowflake's external tables.
struct TableRegistration {
    let table: String
    let location: TableLocation

    /// Checks the name of the table.
    ///
    /// - Parameters:
    ///   - table: A name, perhaps behind those of a schema and a catalog, of letters, digits and underscores.
    ///   - location: Where the journal is.
    /// - Throws: ``CommandError`` for another name.
    init(table: String, location: TableLocation) throws(CommandError) {
        let parts = table.split(separator: ".", omittingEmptySubsequences: false)
        let isName = parts.allSatisfy { part in
            part.first.map { $0.isLetter || $0 == "_" } ?? false
                && part.utf8.allSatisfy {
                    UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 || $0 == UInt8(ascii: "_")
                        || UInt8(ascii: "a")...UInt8(ascii: "z") ~= $0 | 0x20
                }
        }
        guard isName, parts.count <= 3 else {
            throw CommandError(
                status: Failure.usage,
                message:
                    "\"\(table)\" cannot be the name of a table everywhere: use letters, digits and underscores of ASCII, "
                    + "no digit first, with dots behind a schema and a catalog."
            )
        }
        self.table = table
        self.location = location
    }

    /// The statements for an engine, with comments on what it needs besides.
    ///
    /// - Throws: ``CommandError`` when the engine cannot read from where the journal is.
    func statements(for engine: TableEngine) throws(CommandError) -> String {
        switch engine {
        case .duckdb: duckdb
        case .spark: spark
        case .trino: try trino
        case .athena: try athena
        case .hive: hive
        case .drill: drill
        case .snowflake: try snowflake
        }
    }

    /// The last part of the name.
    private var name: String { String(table.split(separator: ".").last ?? "") }

    private var duckdb: String {
        var text = "INSTALL delta;\nLOAD delta;\n"
        switch location.place {
        case .s3: text += "CREATE SECRET IF NOT EXISTS (TYPE s3, PROVIDER credential_chain);\n"
        case .googleCloud:
            text += "-- Keys of kind HMAC are needed: CREATE SECRET (TYPE gcs, KEY_ID '...', SECRET '...');\n"
        case .directory: break
        }
        return text + "CREATE OR REPLACE VIEW \(table) AS SELECT * FROM delta_scan(\(quoted(location.standard)));\n"
    }

    private var spark: String {
        """
        -- Spark needs the package io.delta:delta-spark_2.13 of its version, and the settings
        --   spark.sql.extensions=io.delta.sql.DeltaSparkSessionExtension
        --   spark.sql.catalog.spark_catalog=org.apache.spark.sql.delta.catalog.DeltaCatalog
        CREATE TABLE IF NOT EXISTS \(table) USING DELTA LOCATION \(quoted(location.hadoop));

        """
    }

    private var trino: String {
        get throws(CommandError) {
            guard location.place != .directory else { throw unreachable("Trino", "S3 or Google Cloud Storage") }
            let parts = table.split(separator: ".")
            let catalog = parts.count == 3 ? String(parts[0]) : "delta"
            let schema = parts.count >= 2 ? String(parts[parts.count - 2]) : "default"
            return """
                -- The catalog \(catalog) is one of the connector delta_lake with delta.register-table-procedure.enabled=true.
                CALL \(catalog).system.register_table(schema_name => '\(schema)', table_name => '\(name)', \
                table_location => \(quoted(location.standard)));

                """
        }
    }

    private var athena: String {
        get throws(CommandError) {
            guard location.place == .s3 else { throw unreachable("Athena", "S3") }
            return """
                -- In a workgroup of engine version 3; the columns come from the table itself.
                CREATE EXTERNAL TABLE \(table)
                LOCATION \(quoted(location.standard + "/"))
                TBLPROPERTIES ('table_type' = 'DELTA');

                """
        }
    }

    private var hive: String {
        let columns = TableColumn.all.map { "  `\($0.name)` \($0.hive)" }.joined(separator: ",\n")
        return """
            -- The connector of Delta Lake has to be on Hive's path (ADD JAR delta-hive-assembly_2.12-....jar).
            SET hive.input.format=io.delta.hive.HiveInputFormat;
            SET hive.tez.input.format=io.delta.hive.HiveInputFormat;
            CREATE EXTERNAL TABLE IF NOT EXISTS \(table) (
            \(columns)
            )
            STORED BY 'io.delta.hive.DeltaStorageHandler'
            LOCATION \(quoted(location.hadoop));

            """
    }

    private var drill: String {
        let (connection, path) = location.rooted
        return """
            -- The storage plugin dfs has to have the connection "\(connection)" and the format "delta": {"type": "delta"}.
            CREATE OR REPLACE VIEW dfs.tmp.\(name) AS SELECT * FROM dfs.`\(Text.replacing("`", in: path, by: "``"))`;

            """
    }

    private var snowflake: String {
        get throws(CommandError) {
            guard location.place != .directory else { throw unreachable("Snowflake", "S3 or Google Cloud Storage") }
            let columns = TableColumn.all
                .map { "  \"\($0.name)\" \($0.snowflake) AS (VALUE:\"\($0.name)\"::\($0.snowflake))" }
                .joined(separator: ",\n")
            return """
                -- Put the name of your storage integration in place of HIGHWATER. After compactions: ALTER EXTERNAL TABLE ... REFRESH.
                CREATE STAGE IF NOT EXISTS \(table)_stage URL = \(quoted(location.snowflake + "/")) STORAGE_INTEGRATION = HIGHWATER;
                CREATE EXTERNAL TABLE IF NOT EXISTS \(table) (
                \(columns)
                )
                LOCATION = @\(table)_stage
                REFRESH_ON_CREATE = FALSE
                AUTO_REFRESH = FALSE
                FILE_FORMAT = (TYPE = PARQUET)
                TABLE_FORMAT = DELTA;
                ALTER EXTERNAL TABLE \(table) REFRESH;

                """
        }
    }

    private func unreachable(_ engine: String, _ stores: String) -> CommandError {
        CommandError(
            status: Failure.usage,
            message:
                "\(engine) reads from \(stores) only, and the journal is at \(location.standard). Copy it there, or take "
                + "another engine."
        )
    }

    private func quoted(_ text: String) -> String { "'" + Text.replacing("'", in: text, by: "''") + "'" }
}

/// A column of the table, and its type where an engine has to be told.
struct TableColumn {
    let name: String
    let hive: String
    let snowflake: String

    static let all = [
        TableColumn(name: "event_id", hive: "STRING", snowflake: "VARCHAR"),
        TableColumn(name: "timestamp", hive: "TIMESTAMP", snowflake: "TIMESTAMP_LTZ"),
        TableColumn(name: "key", hive: "STRING", snowflake: "VARCHAR"),
        TableColumn(name: "source", hive: "STRING", snowflake: "VARCHAR"),
        TableColumn(name: "sequence", hive: "STRING", snowflake: "VARCHAR"),
        TableColumn(name: "data", hive: "STRING", snowflake: "VARCHAR"),
        TableColumn(name: "data_bytes", hive: "BINARY", snowflake: "BINARY"),
        TableColumn(name: "batch_id", hive: "STRING", snowflake: "VARCHAR"),
    ]
}
