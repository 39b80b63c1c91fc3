internal import CloudSupport

/// Secrets of sinks: a job stores the names of the variables that have them, and whoever runs it needs these.
enum SinkSecrets {
    /// What the names begin with that a URL may ask for.
    ///
    /// Whoever may write to a journal may make a job in it: it must not get any variable it likes of who resumes it.
    private static let prefix = "HIGHWATER_SINK_"

    /// Refuses the URL of a web server with a secret in its query, or with a `${…}` that cannot be.
    ///
    /// A user or a password before the host is left to the sink.
    ///
    /// - Throws: ``CommandError``, which does not show the secret.
    static func check(_ url: String) throws {
        _ = try pieces(of: url)
        let shown = StreamURL.shown(url)
        guard shown != url, !shown.contains("***@") else { return }
        throw CommandError(
            status: Failure.usage,
            message:
                "The URL \"\(shown)\" has what looks like a secret where *** is, and a job stores its URL. Put the value into a variable whose "
                + "name begins with \(prefix), and write its name: '…=${\(prefix)TOKEN}', in single quotes. "
                + "Or send it as the header Authorization, by HIGHWATER_HTTP_AUTHORIZATION."
        )
    }

    /// The URL with the values of variables in the places of their names, percent-encoded.
    ///
    /// - Throws: ``CommandError`` when one is not set.
    static func filled(_ url: String, from environment: EnvironmentVariables = .process) throws -> String {
        var filled = ""
        for piece in try pieces(of: url) {
            switch piece {
            case .text(let text): filled += text
            case .variable(let name):
                guard let value = try value(of: name, in: environment) else {
                    throw CommandError(
                        status: Failure.usage,
                        message:
                            "\(name) is not set, and the sink \(StreamURL.shown(url)) needs it: set it, or \(name)_FILE to the path of "
                            + "a file that has it."
                    )
                }
                filled += PercentEncoding.encode(String(decoding: value, as: UTF8.self), keepsSlash: true)
            }
        }
        return filled
    }

    /// What a variable has, or the file that is named by the one with `_FILE` behind its name.
    ///
    /// It is `nil` when neither is set. Line breaks at the end of a file are no part of a secret.
    ///
    /// - Throws: ``CommandError`` for a file that cannot be read, or is empty.
    static func value(of name: String, in environment: EnvironmentVariables = .process) throws -> [UInt8]? {
        guard let path = environment[name + "_FILE"] else { return environment[name].map { Array($0.utf8) } }
        let text: String
        do throws(SmallFile.Failure) {
            text = try SmallFile.read(path)
        } catch {
            throw CommandError(status: Failure.usage, message: "\(name)_FILE: \(error).")
        }
        let value = Array(text.utf8.reversed().drop { $0 == 10 || $0 == 13 }.reversed())
        guard !value.isEmpty else {
            throw CommandError(status: Failure.usage, message: "The file of \(name)_FILE is empty.")
        }
        return value
    }

    private enum Piece {
        case text(String)
        case variable(String)
    }

    private static func pieces(of url: String) throws -> [Piece] {
        var pieces: [Piece] = []
        var rest = url[...]
        while let mark = rest.firstRange(of: "${") {
            pieces.append(.text(String(rest[..<mark.lowerBound])))
            let name = rest[mark.upperBound...].prefix { $0 != "}" }
            let isName = name.utf8.allSatisfy { byte in
                byte == UInt8(ascii: "_") || (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte)
            }
            guard isName, name.hasPrefix(prefix), name.endIndex < rest.endIndex else {
                throw CommandError(
                    status: Failure.usage,
                    message:
                        "Behind ${ in the URL of a sink there has to be the name of a variable, and }: \(prefix) and capital "
                        + "letters, digits or _."
                )
            }
            // Where records go is to be seen in the job.
            guard url.hasPath(before: mark.lowerBound) else {
                throw CommandError(
                    status: Failure.usage,
                    message:
                        "The host of a sink is written out; ${\(name)} can only stand in the path or the query behind it."
                )
            }
            pieces.append(.variable(String(name)))
            rest = rest[name.endIndex...].dropFirst()
        }
        return pieces + [.text(String(rest))]
    }
}

extension String {
    /// Whether the host of a URL has ended before a place in it.
    fileprivate func hasPath(before place: Index) -> Bool {
        guard let start = firstRange(of: "://")?.upperBound, start < place else { return false }
        return self[start..<place].contains { "/?#".contains($0) }
    }
}
