/// How an input is compressed, told by its first bytes and never by its name.
enum InputFormat: Equatable {
    case plain
    case gzip
    case zstandard
    /// Compressed or packed in a way that is not read; the usual name of that way.
    case foreign(String)

    /// How many first bytes are enough to tell.
    static let prefixLength = 6

    /// Tells the format of an input that begins with `prefix`, which is shorter than ``prefixLength`` only if the input
    /// is.
    ///
    /// gzip: RFC 1952, section 2.3.1. Zstandard, skippable frames included: RFC 8878, section 3.1.
    init(prefix: some Collection<UInt8>) {
        let bytes = Array(prefix)
        func starts(_ magic: UInt8...) -> Bool { bytes.starts(with: magic) }
        if starts(0x1F, 0x8B) {
            self = .gzip
        } else if starts(0x28, 0xB5, 0x2F, 0xFD) {
            self = .zstandard
        } else if bytes.count >= 4, bytes[0] & 0xF0 == 0x50, bytes[1...3].elementsEqual([0x2A, 0x4D, 0x18]) {
            self = .zstandard
        } else if starts(0xFD, 0x37, 0x7A, 0x58, 0x5A, 0x00) {
            self = .foreign("xz")
        } else if starts(0x04, 0x22, 0x4D, 0x18) {
            self = .foreign("lz4")
        } else if starts(0x42, 0x5A, 0x68) {
            self = .foreign("bzip2")
        } else if starts(0x50, 0x4B, 0x03, 0x04) {
            self = .foreign("zip")
        } else {
            self = .plain
        }
    }
}
