/// A column of byte strings: views into shared buffers, so that neither reading nor merging copies the bytes.
///
/// The layout is that of Arrow's string views without the inlined prefix: `views[i]` says which buffer, from which
/// byte, how many. A null is a view whose length is `UInt32.max` (``ByteView/null``).
public struct ByteArrays: Sendable {
    /// What the views point into; a buffer may hold bytes no view uses (length prefixes of PLAIN pages, say).
    public private(set) var buffers: [[UInt8]]
    /// One view per value.
    public var views: [ByteView]

    /// An empty column.
    public init() {
        buffers = []
        views = []
    }

    /// A column over existing buffers; the caller vouches that each non-null view lies inside its buffer
    /// (``isValid()`` checks it).
    public init(buffers: [[UInt8]], views: [ByteView]) {
        self.buffers = buffers
        self.views = views
    }

    /// How many values there are, nulls included.
    @inlinable public var count: Int { views.count }

    /// A copy of value `index`, or `nil` when it is null.
    ///
    /// For callers that want one value; loops use ``withBytes(at:_:)``.
    public subscript(index: Int) -> [UInt8]? {
        let view = views[index]
        return view.isNull ? nil : Array(buffers[Int(view.buffer)][view.range])
    }

    /// Lends the bytes of value `index` without a copy; an empty buffer when it is null.
    @inlinable
    public func withBytes<Result, Failure: Error>(
        at index: Int,
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        let view = views[index]
        if view.isNull { return unsafe try body(UnsafeRawBufferPointer(start: nil, count: 0)) }
        let range = view.range
        return try unsafe buffers[Int(view.buffer)]
            .withUnsafeBufferPointer { bytes throws(Failure) in
                try unsafe body(UnsafeRawBufferPointer(UnsafeBufferPointer(rebasing: bytes[range])))
            }
    }

    /// Lends the bytes of every value in turn, without a copy and at less cost per value than ``withBytes(at:_:)``.
    ///
    /// - Parameter body: Gets the place of the value and its bytes, which have no base address when it is null.
    /// - Throws: What `body` throws.
    @inlinable
    public func visit<Failure: Error>(
        _ body: (_ index: Int, _ bytes: UnsafeRawBufferPointer) throws(Failure) -> Void
    ) throws(Failure) {
        var index = 0
        while index < views.count {
            if views[index].isNull {
                try unsafe body(index, UnsafeRawBufferPointer(start: nil, count: 0))
                index += 1
                continue
            }
            // One access to the buffer for all the values in a row that lie in it.
            let buffer = views[index].buffer
            try unsafe buffers[Int(buffer)]
                .withUnsafeBufferPointer { bytes throws(Failure) in
                    while index < views.count, !views[index].isNull, views[index].buffer == buffer {
                        try unsafe body(
                            index,
                            UnsafeRawBufferPointer(UnsafeBufferPointer(rebasing: bytes[views[index].range]))
                        )
                        index += 1
                    }
                }
        }
    }

    /// The sum of the lengths of all values.
    public var payloadBytes: Int {
        var total = 0
        for view in views where !view.isNull { total += Int(view.length) }
        return total
    }

    /// Adds a buffer and returns its number for views into it.
    public mutating func addBuffer(_ bytes: [UInt8]) -> UInt32 {
        buffers.append(bytes)
        return UInt32(buffers.count - 1)
    }

    /// Adds a copy of `bytes` as the next value, in a buffer of its own or at the end of the last one.
    public mutating func append(_ bytes: some Collection<UInt8>) {
        if (buffers.last?.count ?? Int(UInt32.max)) + bytes.count >= Int(UInt32.max) { buffers.append([]) }
        let last = buffers.count - 1
        let offset = buffers[last].count
        buffers[last].append(contentsOf: bytes)
        views.append(ByteView(buffer: UInt32(last), offset: UInt32(offset), length: UInt32(bytes.count)))
    }

    /// Adds a null.
    public mutating func appendNull() { views.append(.null) }

    /// Whether every non-null view lies inside its buffer.
    ///
    /// - Complexity: O(n).
    public func isValid() -> Bool {
        views.allSatisfy { view in
            if view.isNull { return true }
            guard view.buffer < buffers.count else { return false }
            return view.range.upperBound <= buffers[Int(view.buffer)].count
        }
    }
}

/// Where one value of a ``ByteArrays`` lies.
@frozen
public struct ByteView: Sendable, Hashable {
    /// Index into ``ByteArrays/buffers``.
    public var buffer: UInt32
    /// First byte in that buffer.
    public var offset: UInt32
    /// How many bytes; `UInt32.max` means null.
    public var length: UInt32

    /// Makes a view from its parts.
    @inlinable
    public init(buffer: UInt32, offset: UInt32, length: UInt32) {
        self.buffer = buffer
        self.offset = offset
        self.length = length
    }

    /// The absent value.
    @inlinable public static var null: ByteView { ByteView(buffer: 0, offset: 0, length: .max) }
    /// Whether the value is absent.
    @inlinable public var isNull: Bool { length == .max }
    /// The bytes of the view in its buffer; empty when null.
    @inlinable public var range: Range<Int> { isNull ? 0..<0 : Int(offset)..<(Int(offset) + Int(length)) }
}
