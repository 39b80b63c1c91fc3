internal import ArgumentParser

/// A number of bytes on the command line: `1000000`, `256MiB`, `1.5GB`.
struct SizeArgument: ExpressibleByArgument, CustomStringConvertible {
    let bytes: Int

    private static let units: [(name: String, bytes: Double)] = [
        ("kib", 1024), ("mib", 1_048_576), ("gib", 1_073_741_824), ("tib", 1_099_511_627_776),
        ("kb", 1e3), ("mb", 1e6), ("gb", 1e9), ("tb", 1e12), ("b", 1), ("", 1),
    ]

    init(bytes: Int) { self.bytes = bytes }

    init?(argument: String) {
        let text = argument.lowercased()
        for (name, factor) in SizeArgument.units where text.hasSuffix(name) {
            guard let number = Double(text.dropLast(name.count)), number >= 0, number * factor < 1e18 else {
                return nil
            }
            bytes = Int(number * factor)
            return
        }
        return nil
    }

    /// As it may be written.
    var description: String { bytes > 0 && bytes % 1_048_576 == 0 ? "\(bytes / 1_048_576)MiB" : "\(bytes)" }
    var defaultValueDescription: String { description }
}
