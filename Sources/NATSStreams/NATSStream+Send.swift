internal import CloudHTTP
internal import NIOCore
public import RecordStreams

extension NATSStream {
    /// Publishes records, many in flight at a time, and returns when the stream has acknowledged every one.
    ///
    /// At most ``NATSConfiguration/windowRecords`` and ``NATSConfiguration/windowBytes`` are not acknowledged. When the
    /// connection breaks, what was not acknowledged is sent again by the next one; a record with an
    /// ``OutgoingRecord/id`` is stored once all the same, within the duplicate window of the stream (two minutes unless
    /// it says otherwise). Records are sent in the order given, all of them by one connection at a time.
    ///
    /// - Throws: ``StreamError/Code/recordTooLarge`` before anything is sent, for a record that is too long or whose
    ///   key makes no subject; what the server said of a record it refused.
    public func send(_ records: [OutgoingRecord]) async throws {
        if records.isEmpty { return }
        try await check(records)
        var left = Array(records.indices)
        var attempts = client.attempts()
        while true {
            let (done, error) = try await publish(records, left)
            let before = left.count
            left = zip(left, done).filter { !$1 }.map(\.0)
            guard let error else { return }
            guard error.isTransient else { throw error }
            // What moves on is not stuck.
            if left.count < before { attempts = client.attempts() }
            guard try await attempts.wait(telling: client.told(error)) else { throw error }
        }
    }

    /// Refuses what the server could not take, before anything is sent.
    private func check(_ records: [OutgoingRecord]) async throws {
        let (state, server) = try await client.retrying { connection in
            (try await client.knownState(connection), connection.info.maximumPayload)
        }
        do throws(StreamError) {
            try check(records, state, server)
        } catch {
            // The stream may have been changed since it was last asked.
            let state = try await client.retrying { try await client.streamState($0) }
            try check(records, state, server)
        }
    }

    private func check(_ records: [OutgoingRecord], _ state: JetStreamState, _ serverBytes: Int) throws(StreamError) {
        let most = min(serverBytes, state.maximumMessage ?? .max)
        let encoder = NATSEncoder(client.configuration)
        for record in records {
            if let problem = encoder.problem(of: record, mostBytes: most) {
                throw StreamError(.recordTooLarge, "A record for the \(client.identity.name) \(problem).")
            }
        }
        let subject = encoder.subject(of: records[0])
        guard state.subjects.isEmpty || NATSSubject.matches(subject, state.subjects) else {
            throw StreamError(
                .failed,
                "The \(client.identity.name) does not take the subject \(subject), which the first record would have; it takes "
                    + "\(state.subjects.joined(separator: ", ")). Say with subject= how keys become subjects, such as "
                    + "`subject=orders.{key}`."
            )
        }
    }

    /// Publishes some records by one connection.
    ///
    /// - Returns: For each whether it was acknowledged, and why not all were.
    private func publish(_ records: [OutgoingRecord], _ numbers: [Int]) async throws -> ([Bool], StreamError?) {
        let nothing = Array(repeating: false, count: numbers.count)
        let connection: NATSConnection
        let publication: NIOLoopBound<NATSPublication>
        do {
            connection = try await client.connection()
            publication = try await connection.publication(of: numbers.count)
        } catch let error as StreamError {
            return (nothing, error)
        }
        do {
            let refusals = try await pump(records, numbers, connection, publication)
            let done = try await connection.finish(publication)
            return (done, refusals.isEmpty ? nil : verdict(refusals, done, records, numbers))
        } catch {
            // Also after an error, since a part of the records was acknowledged.
            let done = try await connection.finish(publication)
            guard let error = error as? StreamError else { throw error }
            return (done, error)
        }
    }

    private func pump(
        _ records: [OutgoingRecord],
        _ numbers: [Int],
        _ connection: NATSConnection,
        _ publication: NIOLoopBound<NATSPublication>
    ) async throws -> [NATSPublication.Refusal] {
        let configuration = client.configuration
        var encoder = NATSEncoder(
            configuration,
            reply: connection.replyPrefix(try await connection.token(of: publication))
        )
        var (next, bytes) = (0, 0)
        while true {
            var chunk = ByteBuffer()
            let start = next
            while next < numbers.count, next - start < NATSEncoder.chunkRecords,
                chunk.readableBytes < NATSEncoder.chunkBytes
            {
                encoder.write(records[numbers[next]], index: next, into: &chunk)
                next += 1
            }
            bytes += chunk.readableBytes
            // As many as fit into the window, if those behind are as long as those so far.
            let average = max(1, bytes / max(1, next))
            let window = max(1, min(configuration.windowRecords, configuration.windowBytes / average))
            let isLast = next == numbers.count
            let below = isLast ? 0 : max(0, window - NATSEncoder.chunkRecords)
            let outcome = try await connection.publish(chunk, next - start, of: publication, below: below)
            if !outcome.refusals.isEmpty { return try await connection.drain(publication) }
            if isLast { return [] }
        }
    }

    /// What a refusal means for the whole: it may be tried again only while nothing behind it of its key is stored.
    private func verdict(
        _ refusals: [NATSPublication.Refusal],
        _ done: [Bool],
        _ records: [OutgoingRecord],
        _ numbers: [Int]
    ) -> StreamError {
        guard let first = refusals.min(by: { $0.index < $1.index }) else {
            return StreamError(.failed, "The \(client.identity.name) refused a record.")
        }
        if !first.error.isTransient { return first.error }
        let keys = Set(refusals.map { records[numbers[$0.index]].key })
        let hasOvertaken = done.indices.contains { index in
            index > first.index && done[index] && keys.contains(records[numbers[index]].key)
        }
        if !hasOvertaken { return first.error }
        return StreamError(
            .failed,
            "The \(client.identity.name) refused a record and stored one of the same key behind it: \(first.error.message)"
        )
    }
}
