internal import NIOSSL
internal import RecordStreams
internal import Synchronization

/// TLS as a configuration wants it.
enum NATSSecurity {
    private struct Files: Hashable {
        var authority: String?
        var certificate: String?
        var key: String?
    }

    /// Contexts are costly and the same for every connection.
    private static let contexts = Mutex<[Files: NIOSSLContext]>([:])

    /// A context that trusts and shows what the configuration says.
    ///
    /// - Throws: ``StreamError`` when a file cannot be used.
    static func context(_ configuration: NATSConfiguration) throws -> NIOSSLContext {
        let files = Files(
            authority: configuration.authorityFile,
            certificate: configuration.certificateFile,
            key: configuration.keyFile
        )
        if let context = contexts.withLock({ $0[files] }) { return context }
        var tls = TLSConfiguration.makeClientConfiguration()
        tls.minimumTLSVersion = .tlsv12
        if let path = files.authority {
            let authorities = try use(path, "of authorities") { try NIOSSLCertificate.fromPEMFile(path) }
            tls.trustRoots = .certificates(authorities)
        }
        if let path = files.certificate {
            tls.certificateChain = try use(path, "of the certificate") {
                try NIOSSLCertificate.fromPEMFile(path).map { .certificate($0) }
            }
        }
        if let path = files.key {
            tls.privateKey = try use(path, "of the key") { .privateKey(try NIOSSLPrivateKey(file: path, format: .pem)) }
        }
        let context = try use(files.certificate ?? files.authority ?? "", "of TLS") {
            try NIOSSLContext(configuration: tls)
        }
        contexts.withLock { $0[files] = context }
        return context
    }

    private static func use<Value>(_ path: String, _ what: String, _ body: () throws -> Value) throws -> Value {
        do {
            return try body()
        } catch {
            throw StreamError(.invalidURL, "The file \(what) for NATS, \"\(path)\", cannot be used: \(error).")
        }
    }
}
