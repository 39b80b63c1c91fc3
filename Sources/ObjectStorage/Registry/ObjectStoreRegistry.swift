internal import Synchronization

/// Which kinds of stores can be opened by URL.
///
/// A value: a program that wants more schemes makes a copy of ``standard``, registers them and hands it on.
public struct ObjectStoreRegistry: Sendable {
    /// Opens a store at a URL of its scheme, without waiting for anything: the first request does.
    public typealias Factory = @Sendable (_ url: String) throws -> any ObjectStore

    private var factories: [String: Factory] = [:]

    /// Makes a registry that knows paths alone.
    public init() {}

    /// Paths, `file:` and `memory:`.
    ///
    /// `memory:` is a new empty store each time; `memory:name` is the same one throughout the process.
    public static let standard: Self = {
        var registry = Self()
        registry.register(scheme: "file") { url in LocalObjectStore(directory: try FileURL.path(of: url)) }
        registry.register(scheme: "memory") { url in
            let name = String(url.dropFirst("memory:".count))
            return name.isEmpty ? MemoryObjectStore() : NamedMemoryStores.shared.store(name)
        }
        return registry
    }()

    /// Adds a scheme, or replaces it.
    ///
    /// - Parameters:
    ///   - scheme: What is before the colon, in any case; at least two ASCII letters, digits, `+`, `-` and `.`, the
    ///     first a letter (RFC 3986, section 3.1). One letter alone would be taken for a drive of a path.
    ///   - factory: Opens a store; given the whole URL.
    public mutating func register(scheme: String, _ factory: @escaping Factory) {
        precondition(Self.scheme(of: scheme + ":") != nil, "\"\(scheme)\" cannot be the scheme of a URL")
        factories[scheme.lowercased()] = factory
    }

    /// The registered schemes, sorted.
    public var schemes: [String] { factories.keys.sorted() }

    /// Opens a store.
    ///
    /// - Parameter url: A URL of a registered scheme. Whatever does not begin with a scheme is the path of a directory;
    ///   a relative path that looks as if it did is written with `./` before it.
    /// - Returns: The store; nothing was asked of it yet.
    /// - Throws: ``ObjectStoreError/Code/invalidURL``, and what the factory throws.
    public func open(_ url: String) throws -> any ObjectStore {
        guard !url.isEmpty, !url.utf8.contains(0) else {
            throw ObjectStoreError(
                .invalidURL,
                url.isEmpty
                    ? "The store's path or URL is empty; name a directory, for instance `./journal`."
                    : "The store's path or URL \(ObjectKey.quoted(url)) contains a NUL byte; remove it."
            )
        }
        guard let scheme = Self.scheme(of: url) else { return LocalObjectStore(directory: url) }
        guard let factory = factories[scheme] else {
            let known = schemes.map { $0 + ":" }.joined(separator: ", ")
            throw ObjectStoreError(
                .invalidURL,
                "No kind of store is known for `\(scheme):` in \(ObjectKey.quoted(url)). Known are \(known) and paths; "
                    + "for a directory of that name write \(ObjectKey.quoted("./" + url))."
            )
        }
        return try factory(url)
    }

    /// The scheme a URL begins with, in lower case; `nil` when it is a path.
    static func scheme(of url: String) -> String? {
        guard let colon = url.utf8.firstIndex(of: UInt8(ascii: ":")) else { return nil }
        let scheme = url.utf8[..<colon]
        guard scheme.count >= 2 else { return nil }
        for (index, byte) in scheme.enumerated() {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): break
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "."):
                if index == 0 { return nil }
            default: return nil
            }
        }
        return String(decoding: scheme, as: UTF8.self).lowercased()
    }
}

/// The stores that `memory:name` means, for as long as the process lives.
private final class NamedMemoryStores: Sendable {
    static let shared = NamedMemoryStores()
    private let stores = Mutex<[String: MemoryObjectStore]>([:])

    func store(_ name: String) -> MemoryObjectStore {
        stores.withLock { stores in
            if let store = stores[name] { return store }
            let store = MemoryObjectStore(name: name)
            stores[name] = store
            return store
        }
    }
}
