internal import ObjectStorage
internal import Parquet

extension Segment {
    /// The error for this segment not being what was written.
    func damaged(_ reason: String, cause: (any Error)? = nil) -> JournalError {
        JournalError(
            .damagedSegment,
            "The segment \(key) is damaged: \(reason). Restore the object from a copy, or skip damaged segments.",
            object: key,
            cause: cause
        )
    }

    /// What an error met while reading this segment means.
    func explaining(_ error: any Error) -> any Error {
        if let error = error as? ParquetError {
            guard error.code == .unsupported else { return damaged(error.description, cause: error) }
            return JournalError(
                .unsupportedSegment,
                "The segment \(key) cannot be read: \(error)",
                object: key,
                cause: error
            )
        }
        if let error = error as? ObjectStoreError, [.notFound, .invalidRange].contains(error.code) {
            return damaged("the object is gone or cut short (\(error.message))", cause: error)
        }
        return JournalError.wrapping(error, "Reading the segment \(key) failed", object: key)
    }
}
