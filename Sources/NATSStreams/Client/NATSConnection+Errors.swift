internal import NIOCore
internal import NIOPosix
internal import NIOSSL
internal import RecordStreams

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

extension NATSConnection {
    /// What NIO throws, in our words.
    static func translate(_ error: any Error, _ place: String) -> StreamError {
        if let error = error as? StreamError { return error }
        if let error = error as? NIOConnectionError {
            let reason = error.connectionErrors.first.map { Self.reason($0.error) }
            let unknown = error.dnsAError != nil ? "its name is not known" : "there was no answer"
            return StreamError(
                .unavailable,
                "There is no NATS server at \(place): \(reason ?? unknown). Start one, or correct the address."
            )
        }
        if error is NIOSSLError || error is BoringSSLError || error is NIOSSLExtraError {
            return StreamError(
                .failed,
                "No TLS with \(place): \(error). Give the authority that vouches for the server with `ca=FILE.pem`, and the "
                    + "name in its certificate as the host."
            )
        }
        if let error = error as? ChannelError, case .connectTimeout = error {
            return StreamError(.unavailable, "There is no NATS server at \(place): no connection in time.")
        }
        return StreamError(.unavailable, "The connection to \(place) broke: \(reason(error)).")
    }

    private static func reason(_ error: any Error) -> String {
        guard let error = error as? IOError, let text = unsafe strerror(error.errnoCode) else { return "\(error)" }
        return unsafe String(cString: text)
    }

    /// What a server says with `-ERR`.
    static func serverError(_ text: String, _ place: String) -> StreamError {
        let lower = text.lowercased()
        if lower.hasPrefix("authorization violation") || lower.contains("authentication") {
            return StreamError(
                .noCredentials,
                "\(place) does not let us in (\(text)). Give user and password in the URL or in NATS_USER and "
                    + "NATS_PASSWORD, or a token in NATS_TOKEN, and check them."
            )
        }
        if lower.hasPrefix("permissions violation") {
            return StreamError(
                .permissionDenied,
                "\(place) does not allow it: \(text). The user needs to publish to $JS.API.> and to the stream's subjects, "
                    + "and to subscribe to _INBOX.>."
            )
        }
        if lower.hasPrefix("maximum payload") { return StreamError(.recordTooLarge, "\(place): \(text).") }
        if lower.contains("tls") {
            return StreamError(.failed, "\(place): \(text). Write tls:// or give `ca=FILE.pem`.")
        }
        return StreamError(.unavailable, "\(place) closed the connection: \(text).")
    }
}

extension TimeAmount {
    /// The same time, to the nanosecond.
    init(_ duration: Duration) {
        let (seconds, attoseconds) = duration.components
        self = .nanoseconds(seconds * 1_000_000_000 + attoseconds / 1_000_000_000)
    }
}
