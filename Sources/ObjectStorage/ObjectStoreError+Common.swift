/// What every store says in the same words.
extension ObjectStoreError {
    /// There is no object under a key.
    package static func missing(
        _ key: String,
        in location: String,
        cause: (any Error)? = nil,
        at source: SourceLocation = SourceLocation()
    ) -> Self {
        Self(
            .notFound,
            "There is no object \(ObjectKey.quoted(key)) in \(location); list the store to see what there is.",
            cause: cause,
            location: source
        )
    }

    /// An if-absent put lost.
    package static func exists(_ key: String, in location: String, at source: SourceLocation = SourceLocation()) -> Self
    {
        Self(
            .alreadyExists,
            "\(ObjectKey.quoted(key)) already exists in \(location) and was left as it is; choose another key, or overwrite.",
            location: source
        )
    }

    /// A conditional put lost, of a place that does not always say to what.
    package static func lost(
        _ key: String,
        in location: String,
        _ mode: PutMode,
        found: String?,
        at source: SourceLocation = SourceLocation()
    ) -> Self {
        switch mode {
        case .overwrite, .ifAbsent: exists(key, in: location, at: source)
        case .ifMatches(let expected):
            mismatch(key, in: location, expected: expected, found: found ?? "another one or none", at: source)
        }
    }

    /// A compare-and-swap put lost.
    package static func mismatch(
        _ key: String,
        in location: String,
        expected: String,
        found: String?,
        at source: SourceLocation = SourceLocation()
    ) -> Self {
        let state = found.map { "has entity tag \($0)" } ?? "does not exist"
        return Self(
            .preconditionFailed,
            "\(ObjectKey.quoted(key)) in \(location) \(state), not the expected \(expected), and was left as it is; "
                + "read it again and decide anew.",
            location: source
        )
    }

    /// An upload was used after its end.
    package static func uploadEnded(_ object: String, at source: SourceLocation = SourceLocation()) -> Self {
        Self(
            .failed,
            "The upload of \(object) was already completed or aborted; begin another.",
            location: source
        )
    }

    /// Whether a put may take effect on what is there.
    ///
    /// - Throws: ``Code/alreadyExists`` or ``Code/preconditionFailed``.
    package static func check(_ mode: PutMode, against found: String?, key: String, in location: String) throws {
        switch mode {
        case .overwrite: break
        case .ifAbsent: if found != nil { throw exists(key, in: location) }
        case .ifMatches(let expected):
            if found != expected { throw mismatch(key, in: location, expected: expected, found: found) }
        }
    }

    /// The bytes that a range means in an object of a size.
    ///
    /// - Throws: ``Code/invalidRange`` when it begins at or behind the end, or is empty.
    package static func resolve(
        _ range: ByteRange?,
        size: UInt64,
        key: String,
        in location: String
    ) throws -> Range<UInt64> {
        switch range {
        case nil: return 0..<size
        case .suffix(let count): return size - min(count, size)..<size
        case .range(let bounds):
            guard bounds.lowerBound < size, !bounds.isEmpty else {
                throw Self(
                    .invalidRange,
                    "The range \(bounds) of \(ObjectKey.quoted(key)) in \(location) is empty or behind its end, "
                        + "which is at \(size); ask for bytes it has."
                )
            }
            return bounds.lowerBound..<min(bounds.upperBound, size)
        }
    }
}
