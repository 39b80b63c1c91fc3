/// Byte strings, with or without a length prefix in PLAIN form.
///
/// Views into the same buffer mostly follow each other, so the loops fetch a buffer's address once a run.
/// The caller has checked that each view lies inside its buffer and, for a fixed length, has that length.
struct ByteArraySource: ValueSource {
    private let values: ByteArrays
    private let prefixByteCount: Int
    /// Length of all values in PLAIN form, in bytes.
    let plainByteCount: Int

    /// `fixedLength` is `nil` for BYTE_ARRAY; `payloadBytes` is the length of all values.
    init(_ values: ByteArrays, fixedLength: Int?, payloadBytes: Int) {
        self.values = values
        prefixByteCount = fixedLength == nil ? 4 : 0
        plainByteCount = payloadBytes + values.count * prefixByteCount
    }

    var count: Int { values.count }
    func plainByteCount(at index: Int) -> Int { Int(values.views[index].length) + prefixByteCount }

    func pageEnd(from start: Int, limit: Int, byteCount: Int) -> Int {
        unsafe values.views.withUnsafeBufferPointer { views in
            var bytes = 0
            var end = start
            while end < limit && bytes < byteCount {
                bytes += unsafe Int(views[end].length) + prefixByteCount
                end += 1
            }
            return end
        }
    }

    /// Lends each value of `range` in order; stops when `body` returns `false`.
    @inline(__always)
    func forEach(_ range: Range<Int>, _ body: (UnsafeRawBufferPointer) -> Bool) {
        unsafe values.views.withUnsafeBufferPointer { views in
            var index = range.lowerBound
            var goesOn = true
            while goesOn && index < range.upperBound {
                let buffer = unsafe views[index].buffer
                // Views of no bytes need no buffer.
                if unsafe views[index].length == 0 {
                    goesOn = unsafe body(UnsafeRawBufferPointer(start: nil, count: 0))
                    index += 1
                    continue
                }
                unsafe values.buffers[Int(buffer)]
                    .withUnsafeBytes { bytes in
                        guard let base = bytes.baseAddress else { return }
                        while goesOn, index < range.upperBound, unsafe views[index].buffer == buffer {
                            let view = unsafe views[index]
                            goesOn = unsafe body(
                                UnsafeRawBufferPointer(start: base + Int(view.offset), count: Int(view.length))
                            )
                            index += 1
                        }
                    }
            }
        }
    }

    func appendPlain(_ range: Range<Int>, to buffer: inout PageBuffer) {
        var room = 0
        unsafe values.views.withUnsafeBufferPointer { views in
            for index in range { room += unsafe Int(views[index].length) + prefixByteCount }
        }
        unsafe buffer.append(upTo: room) { target in
            var next = unsafe target
            unsafe forEach(range) { value in
                if prefixByteCount == 4 {
                    unsafe next.storeBytes(of: UInt32(truncatingIfNeeded: value.count).littleEndian, as: UInt32.self)
                    unsafe next += 4
                }
                if let source = value.baseAddress {
                    unsafe next.copyMemory(from: source, byteCount: value.count)
                    unsafe next += value.count
                }
                return true
            }
            return unsafe next - target
        }
    }

    func fill(_ dictionary: inout DictionaryBuilder, byteLimit: Int) -> Bool {
        dictionary.begin(valueCount: count)
        let sampleEnd = DictionaryBuilder.sampleEnd(count)
        var index = 0
        var goesOn = true
        unsafe forEach(0..<count) { value in
            unsafe dictionary.add(value, prefixByteCount: prefixByteCount)
            goesOn = dictionary.byteCount <= byteLimit && (index != sampleEnd || dictionary.isPromising)
            index += 1
            return goesOn
        }
        return goesOn && dictionary.pays(plainByteCount: plainByteCount)
    }

    func insert(into filter: inout BloomFilter) {
        unsafe forEach(0..<count) { value in
            filter.insert(hash: unsafe XXHash64.hash(value))
            return true
        }
    }
}
