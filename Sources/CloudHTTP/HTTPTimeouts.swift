/// How long each stage of a request may take.
package struct HTTPTimeouts: Sendable, Hashable {
    /// To connect, TLS included.
    package var connect: Duration
    /// Without a byte of the answer.
    package var idle: Duration
    /// From the beginning to the head of the answer, and again from there to its end, for requests of few bytes.
    package var whole: Duration
    /// What is added to ``whole`` for each MiB of the request's or the answer's body: slower is as good as stuck.
    package var perMiB: Duration

    /// Makes timeouts.
    package init(
        connect: Duration = .seconds(5),
        idle: Duration = .seconds(30),
        whole: Duration = .seconds(60),
        perMiB: Duration = .seconds(10)
    ) {
        self.connect = connect
        self.idle = idle
        self.whole = whole
        self.perMiB = perMiB
    }

    /// How long a body of a size may take.
    package func limit(bytes: Int) -> Duration { whole + perMiB * (bytes >> 20) }
}
