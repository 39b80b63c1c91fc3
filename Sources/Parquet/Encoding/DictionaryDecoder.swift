/// Decodes RLE_DICTIONARY and PLAIN_DICTIONARY data pages: indices into the values of the dictionary page.
///
/// Source: Apache Parquet format, `Encodings.md`, "Dictionary Encoding (PLAIN_DICTIONARY = 2 and RLE_DICTIONARY = 8)".
enum DictionaryDecoder {
    /// The indices of a page, each checked against the size of the dictionary.
    static func indices(_ bytes: RawSpan, count: Int, dictionaryCount: Int) throws(ParquetError) -> [UInt32] {
        guard count > 0 else { return [] }
        guard bytes.byteCount > 0 else {
            throw ParquetError(.malformed, "a dictionary-encoded page without its bit width")
        }
        let width = Int(bytes.load(UInt8.self, at: 0))
        let indices = try HybridDecoder.decode(bytes, bitWidth: width, count: count, position: 1)
        var highest: UInt32 = 0
        for index in indices { highest = max(highest, index) }
        guard Int(highest) < dictionaryCount else {
            throw ParquetError(.malformed, "index \(highest) into a dictionary of \(dictionaryCount) values")
        }
        return indices
    }

    /// The values that the indices name; the indices have been checked.
    static func gather<Value: BitwiseCopyable>(_ dictionary: [Value], _ indices: [UInt32]) -> [Value] {
        unsafe [Value](unsafeUninitializedCapacity: indices.count) { output, initialized in
            let source = dictionary.span
            for index in indices.indices {
                unsafe output.initializeElement(
                    at: index,
                    to: source[unchecked: Int(truncatingIfNeeded: indices[index])]
                )
            }
            initialized = indices.count
        }
    }
}
