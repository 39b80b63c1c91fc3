import Foundation
import Parquet
import Testing

/// The files of apache/parquet-testing, against what pyarrow reads from them.
@Suite struct ConformanceTests {
    static let folder = ConformanceFiles.folder.path
    static let isPresent = ConformanceFiles.areHere

    /// What must come of reading a file.
    enum Expectation: Sendable {
        /// The values pyarrow reads.
        case values
        /// These values, which pyarrow does not read.
        case lines([String])
        /// An error of this code whose message has this text.
        case error(ParquetError.Code, String)
        /// Such an error for some columns, and pyarrow's values for all others.
        case valuesExcept([String], ParquetError.Code, String)
    }

    struct Case: Sendable, CustomTestStringConvertible {
        var path: String
        var expectation: Expectation
        var testDescription: String { path }

        init(_ path: String, _ expectation: Expectation) {
            self.path = path
            self.expectation = expectation
        }

        var argument: String {
            let path = ConformanceTests.folder + "/" + path
            if case .valuesExcept(let columns, _, _) = expectation {
                return path + "::" + columns.joined(separator: ",")
            }
            return path
        }
    }

    static let cases: [Case] = [
        Case("data/alltypes_dictionary.parquet", .valuesExcept(["timestamp_col"], .unsupported, "INT96")),
        Case("data/alltypes_plain.parquet", .valuesExcept(["timestamp_col"], .unsupported, "INT96")),
        Case("data/alltypes_plain.snappy.parquet", .valuesExcept(["timestamp_col"], .unsupported, "INT96")),
        Case("data/alltypes_tiny_pages.parquet", .valuesExcept(["timestamp_col"], .unsupported, "INT96")),
        Case("data/alltypes_tiny_pages_plain.parquet", .valuesExcept(["timestamp_col"], .unsupported, "INT96")),
        Case("data/binary.parquet", .values),
        Case("data/binary_truncated_min_max.parquet", .values),
        Case("data/byte_array_decimal.parquet", .values),
        Case("data/byte_stream_split.zstd.parquet", .values),
        Case("data/byte_stream_split_extended.gzip.parquet", .values),
        Case("data/column_chunk_key_value_metadata.parquet", .values),
        Case("data/concatenated_gzip_members.parquet", .values),
        Case("data/data_index_bloom_encoding_stats.parquet", .values),
        Case("data/data_index_bloom_encoding_with_length.parquet", .values),
        Case("data/datapage_v1-corrupt-checksum.parquet", .error(.malformed, "checksum")),
        Case("data/datapage_v1-snappy-compressed-checksum.parquet", .values),
        Case("data/datapage_v1-uncompressed-checksum.parquet", .values),
        Case("data/datapage_v2.snappy.parquet", .values),
        Case("data/datapage_v2_empty_datapage.snappy.parquet", .values),
        Case("data/delta_binary_packed.parquet", .values),
        Case("data/delta_byte_array.parquet", .values),
        Case("data/delta_encoding_optional_column.parquet", .values),
        Case("data/delta_encoding_required_column.parquet", .values),
        Case("data/delta_length_byte_array.parquet", .values),
        Case("data/dict-page-offset-zero.parquet", .values),
        Case("data/fixed_length_byte_array.parquet", .values),
        Case("data/fixed_length_decimal.parquet", .values),
        Case("data/fixed_length_decimal_legacy.parquet", .values),
        Case("data/float16_nonzeros_and_nans.parquet", .values),
        Case("data/float16_zeros_and_nans.parquet", .values),
        Case("data/floating_orders_nan_count.parquet", .values),
        Case("data/hadoop_lz4_compressed.parquet", .error(.unsupported, "LZ4")),
        Case("data/hadoop_lz4_compressed_larger.parquet", .error(.unsupported, "LZ4")),
        Case(
            "data/incorrect_map_schema.parquet",
            .lines(["{(x706172656e74:x616e6f74686572,x6e616d65:x7265706f7274)}"])
        ),
        Case("data/int32_decimal.parquet", .values),
        Case("data/int32_with_null_pages.parquet", .values),
        Case("data/int64_decimal.parquet", .values),
        Case("data/int96_from_spark.parquet", .error(.unsupported, "INT96")),
        Case("data/large_string_map.brotli.parquet", .error(.unsupported, "BROTLI")),
        Case("data/list_columns.parquet", .values),
        Case("data/lz4_raw_compressed.parquet", .error(.unsupported, "LZ4_RAW")),
        Case("data/lz4_raw_compressed_larger.parquet", .error(.unsupported, "LZ4_RAW")),
        Case("data/map_no_value.parquet", .values),
        Case("data/nan_in_stats.parquet", .values),
        Case("data/nation.dict-malformed.parquet", .values),
        Case("data/nested_lists.snappy.parquet", .values),
        Case("data/nested_maps.snappy.parquet", .values),
        Case("data/nested_structs.rust.parquet", .values),
        Case("data/non_hadoop_lz4_compressed.parquet", .error(.unsupported, "LZ4")),
        Case("data/nonnullable.impala.parquet", .values),
        Case("data/null_list.parquet", .values),
        Case("data/nullable.impala.parquet", .values),
        Case("data/nulls.snappy.parquet", .values),
        Case("data/old_list_structure.parquet", .values),
        Case("data/overflow_i16_page_cnt.parquet", .values),
        Case("data/page_v2_empty_compressed.parquet", .values),
        Case("data/plain-dict-uncompressed-checksum.parquet", .values),
        Case("data/repeated_no_annotation.parquet", .values),
        Case("data/repeated_primitive_no_list.parquet", .values),
        Case("data/rle-dict-snappy-checksum.parquet", .values),
        Case("data/rle-dict-uncompressed-corrupt-checksum.parquet", .error(.malformed, "checksum")),
        Case("data/rle_boolean_encoding.parquet", .values),
        Case("data/single_nan.parquet", .values),
        Case("data/sort_columns.parquet", .values),
        Case("data/unknown-logical-type.parquet", .values),
        Case("data/geospatial/crs-arbitrary-value.parquet", .valuesExcept(["geometry"], .unsupported, "GEOMETRY")),
        Case("data/geospatial/crs-default.parquet", .valuesExcept(["geometry"], .unsupported, "GEOMETRY")),
        Case("data/geospatial/crs-geography.parquet", .valuesExcept(["geography"], .unsupported, "GEOGRAPHY")),
        Case("data/geospatial/crs-projjson.parquet", .valuesExcept(["geometry"], .unsupported, "GEOMETRY")),
        Case("data/geospatial/crs-srid.parquet", .valuesExcept(["geometry"], .unsupported, "GEOMETRY")),
        Case("data/geospatial/geography-lines.parquet", .valuesExcept(["geometry"], .unsupported, "GEOGRAPHY")),
        Case("data/geospatial/geography-points.parquet", .valuesExcept(["geometry"], .unsupported, "GEOGRAPHY")),
        Case("data/geospatial/geography-polygons.parquet", .valuesExcept(["geometry"], .unsupported, "GEOGRAPHY")),
        Case("data/geospatial/geospatial-with-nan.parquet", .valuesExcept(["geometry"], .unsupported, "GEOMETRY")),
        Case("data/geospatial/geospatial.parquet", .valuesExcept(["geometry"], .unsupported, "GEOMETRY")),
        Case("bad_data/ARROW-GH-41317.parquet", .error(.malformed, "list of another type")),
        Case("bad_data/ARROW-GH-41321.parquet", .error(.malformed, "variable-length number")),
        Case("bad_data/ARROW-GH-43605.parquet", .values),
        Case("bad_data/ARROW-GH-45185.parquet", .error(.malformed, "begins inside a row")),
        Case("bad_data/ARROW-GH-47662.parquet", .error(.malformed, "cannot hold the 100 values")),
        Case("bad_data/ARROW-RS-GH-6229-DICTHEADER.parquet", .error(.malformed, "over the end of the file")),
        Case("bad_data/ARROW-RS-GH-6229-LEVELS.parquet", .error(.malformed, "more slots than the 1")),
        Case("bad_data/PARQUET-1481.parquet", .error(.malformed, "has type -7")),
    ]

    /// What pyarrow reads from all files for which that is compared, by argument of `dump.py`.
    static let expected = Result {
        try PythonPeer.rows(
            of: cases.compactMap {
                switch $0.expectation {
                case .values, .valuesExcept: $0.argument
                case .lines, .error: nil
                }
            }
        )
    }

    @Test("every file of the suite has an expectation", .enabled(if: isPresent, "../shared/conformance is absent"))
    func everyFileHasAnExpectation() throws {
        let found = FileManager.default.enumerator(atPath: Self.folder)?.compactMap { $0 as? String } ?? []
        #expect(Set(found.filter { $0.hasSuffix(".parquet") }) == Set(Self.cases.map(\.path)))
    }

    @Test(
        "a file of the suite gives pyarrow's values or an error that says why not",
        .enabled(if: isPresent, "../shared/conformance is absent"),
        arguments: cases
    )
    func fileGivesPyarrowsValuesOrAnError(_ example: Case) throws {
        let bytes = Array(try Data(contentsOf: URL(filePath: Self.folder + "/" + example.path)))
        switch example.expectation {
        case .values:
            let expected = try #require(try Self.expected.get()[example.argument])
            let found = try lines(of: ParquetFile(bytes: bytes))
            try compare(found, expected, example.path)
            #expect(try lines(of: ParquetFile(bytes: bytes), maximumRows: 7) == found)
        case .lines(let expected): try compare(try lines(of: ParquetFile(bytes: bytes)), expected, example.path)
        case .error(let code, let text):
            let error = #expect(throws: ParquetError.self) { try lines(of: ParquetFile(bytes: bytes)) }
            #expect(error?.code == code)
            #expect(error?.message.contains(text) == true, "\(error.map(String.init(describing:)) ?? "")")
        case .valuesExcept(let columns, let code, let text):
            let expected = try #require(try Self.expected.get()[example.argument])
            try compare(try lines(of: ParquetFile(bytes: bytes), except: columns), expected, example.path)
            let error = #expect(throws: ParquetError.self) { try lines(of: ParquetFile(bytes: bytes)) }
            #expect(error?.code == code)
            #expect(error?.message.contains(text) == true, "\(error.map(String.init(describing:)) ?? "")")
        }
    }

    @Test(
        "without checking checksums a file with a wrong one is read",
        .enabled(if: isPresent, "../shared/conformance is absent"),
        arguments: ["datapage_v1-corrupt-checksum", "rle-dict-uncompressed-corrupt-checksum"]
    )
    func checksumsCanBeIgnored(_ name: String) throws {
        let path = Self.folder + "/data/\(name).parquet"
        var file = try ParquetFile(bytes: Array(try Data(contentsOf: URL(filePath: path))))
        file.verifiesChecksums = false
        try compare(try lines(of: file), try #require(try PythonPeer.rows(of: [path])[path]), path)
    }
}
