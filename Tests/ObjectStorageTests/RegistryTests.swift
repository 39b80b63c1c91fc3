import ObjectStorage
import Testing

@Suite("Opening stores by URL")
struct RegistryTests {
    private let registry = ObjectStoreRegistry.standard

    @Test(
        "Paths and file URLs open a directory",
        arguments: [
            ("/var/journal", "/var/journal"), ("/var/journal/", "/var/journal"),
            ("file:///var/journal", "/var/journal"),
            ("file:/var/journal", "/var/journal"), ("FILE://localhost/var/journal", "/var/journal"),
            ("file:///with%20space/%C3%BC%25+", "/with space/ü%+"), ("/with%20percent", "/with%20percent"),
            ("/what?not#this", "/what?not#this"),
        ]
    )
    func absolute(url: String, location: String) throws {
        let store = try registry.open(url)
        #expect(store is LocalObjectStore)
        #expect(store.location == location)
        #expect(try registry.open(store.location).location == location)
    }

    @Test(
        "What does not begin with a scheme is a path",
        arguments: [
            "journal", "../journal", "C:\\journal", "c:/journal", "2015-01-01T00:00", "a b:c", "~/journal", ":x",
            "-x:y",
            "é:x",
        ]
    )
    func relative(path: String) throws {
        for url in [path, "./" + path] {
            let store = try registry.open(url)
            #expect(store is LocalObjectStore)
            #expect(store.location.hasSuffix("/" + path))
            #expect(!store.location.contains("/./"))
        }
    }

    @Test("A path that looks like a URL opens when it begins with ./")
    func escaped() throws {
        #expect(try registry.open("./s3:bucket").location.hasSuffix("/s3:bucket"))
    }

    @Test("Each memory: is a store of its own, each memory:name one for all")
    func memory() async throws {
        let first = try registry.open("memory:")
        try await first.put("object", [1])
        #expect(try await registry.open("memory:").exists("object") == false)
        let named = try registry.open("memory:registry-test")
        try await named.put("object", [1])
        #expect(try await registry.open("memory:registry-test").exists("object"))
        #expect(try await registry.open("Memory:registry-test").exists("object"))
        #expect(try await registry.open("memory:registry-test-2").exists("object") == false)
        #expect(named.location == "memory:registry-test")
    }

    @Test("An unknown scheme is refused with those that are known")
    func unknown() throws {
        let error = #expect(throws: ObjectStoreError.self) { try registry.open("ftp://host/x") }
        #expect(error?.code == .invalidURL)
        for word in ["ftp:", "file:", "memory:", "./ftp://host/x"] {
            #expect(error?.message.contains(word) == true, "\(word)")
        }
    }

    @Test(
        "A URL that cannot be is refused",
        arguments: [
            "", "nul\u{0}", "file:", "file://", "file://host/x", "file:///x%2", "file:///x%zz", "file:///x%",
            "file:///x%00",
            "file:///%FF", "file:///x?query", "file:///x#fragment",
        ]
    )
    func malformed(url: String) {
        #expect(throws: ObjectStoreError(.invalidURL, "")) { try registry.open(url) }
    }

    @Test("A scheme can be registered, and is then known")
    func register() throws {
        var registry = registry
        registry.register(scheme: "Test+1") { url in MemoryObjectStore(name: "from " + url) }
        #expect(registry.schemes == ["file", "memory", "test+1"])
        #expect(try registry.open("tEST+1://x/y?z").location == "memory:from tEST+1://x/y?z")
        #expect(ObjectStoreRegistry.standard.schemes == ["file", "memory"])
    }
}
