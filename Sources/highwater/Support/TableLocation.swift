/// Where a journal is, as different programs spell it.
struct TableLocation: Equatable {
    enum Place {
        case directory, s3, googleCloud
    }

    let place: Place
    /// Empty for a directory.
    let bucket: String
    /// Without a slash at the end; for a bucket also without one at the begin.
    let path: String

    /// Takes the location of an open journal.
    ///
    /// - Parameter location: A path, or a URL with `file:`, `s3:` or `gs:`, perhaps with settings behind a question
    ///   mark.
    /// - Throws: ``CommandError`` for what lives in no place that others can reach.
    init(_ location: String) throws(CommandError) {
        let place: Place
        var rest: Substring
        if location.hasPrefix("s3://") {
            (place, rest) = (.s3, location.dropFirst(5))
        } else if location.hasPrefix("gs://") {
            (place, rest) = (.googleCloud, location.dropFirst(5))
        } else if location.hasPrefix("/") {
            (place, rest) = (.directory, location[...])
        } else {
            throw CommandError(
                status: Failure.usage,
                message: "\(location) is not where another program could read a table. Take a directory, s3: or gs:."
            )
        }
        if place != .directory { rest = rest.prefix { $0 != "?" } }
        while rest.hasSuffix("/") { rest = rest.dropLast() }
        self.place = place
        let slash = rest.firstIndex(of: "/") ?? rest.endIndex
        bucket = place == .directory ? "" : String(rest[..<slash])
        path = place == .directory ? String(rest) : String(rest[slash...].dropFirst())
    }

    private var inBucket: String { path.isEmpty ? bucket : "\(bucket)/\(path)" }

    /// As most programs spell it; a directory as its path.
    var standard: String {
        switch place {
        case .directory: path
        case .s3: "s3://\(inBucket)"
        case .googleCloud: "gs://\(inBucket)"
        }
    }

    /// As Hadoop's file systems spell it.
    var hadoop: String {
        switch place {
        case .directory: "file://\(path)"
        case .s3: "s3a://\(inBucket)"
        case .googleCloud: "gs://\(inBucket)"
        }
    }

    /// As Snowflake's stages spell it.
    var snowflake: String { place == .googleCloud ? "gcs://\(inBucket)" : standard }

    /// A file system of Hadoop, and the path in it.
    var rooted: (connection: String, path: String) {
        switch place {
        case .directory: ("file:///", path)
        case .s3: ("s3a://\(bucket)", "/\(path)")
        case .googleCloud: ("gs://\(bucket)", "/\(path)")
        }
    }
}
