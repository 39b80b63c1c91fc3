internal import TextEncoding

/// The text of a ledger; see `docs/streams.md`.
extension Ledger {
    /// As JSON, with the nonce that tells whose put it was.
    func json(stream: String, nonce: String) -> [UInt8] {
        let archivers: [JSONLine.Member] = archivers.sorted { $0.key < $1.key }
            .map { id, archiver in
                (id, JSONLine.object([("beat", "\(archiver.beat)"), ("seen", "\(archiver.seen)")]))
            }
        let shards: [JSONLine.Member] = shards.sorted { $0.key < $1.key }
            .map { id, shard in
                let parents = shard.parents.isEmpty ? nil : JSONLine.array(shard.parents.map(JSONString.quoted))
                let json = JSONLine.object([
                    ("parents", parents), ("owner", shard.owner.map(JSONString.quoted)), ("epoch", "\(shard.epoch)"),
                    ("ended", shard.isEnded ? "true" : nil), ("verified", shard.verified.map { "\($0)" }),
                    ("waiting", shard.waiting.map { "\($0)" }), ("counted", shard.counted.map { "\($0)" }),
                ])
                return (id, json)
            }
        let gaps = gaps.map { gap in
            JSONLine.object([
                ("shard", JSONString.quoted(gap.shard)), ("after", gap.after.map(JSONString.quoted)),
                ("before", gap.before.map(JSONString.quoted)),
                ("archived_through", gap.archivedThrough.map { "\($0)" }), ("noticed", "\(gap.noticed)"),
                ("certain", gap.isCertain ? "true" : "false"),
            ])
        }
        let text = JSONLine.object([
            ("format", "1"), ("stream", JSONString.quoted(stream)), ("nonce", JSONString.quoted(nonce)),
            ("listed", listed.map { "\($0)" }), ("archivers", JSONLine.object(archivers)),
            ("shards", JSONLine.object(shards)),
            ("gaps", JSONLine.array(gaps)),
        ])
        return Array((text + "\n").utf8)
    }

    /// Reads the text; members it does not know are passed over.
    ///
    /// - Throws: ``ArchiveError/Code/damagedLedger``.
    init(_ bytes: [UInt8], object: String) throws {
        func damaged(_ problem: String) -> ArchiveError {
            ArchiveError(
                .damagedLedger,
                "The ledger of archivers \(object) \(problem). Stop the archivers and delete it, or update Highwater: "
                    + "positions are kept elsewhere, and no record is lost by it."
            )
        }
        let document: JSONValue
        do {
            document = try JSONValue.parse(bytes)
        } catch {
            throw damaged("cannot be read: \(error)")
        }
        guard document["format"]?.integer == 1 else { throw damaged("has no format that this version knows") }
        listed = document["listed"]?.integer
        for (id, archiver) in document["archivers"]?.members ?? [:] {
            guard let beat = archiver["beat"]?.integer else { throw damaged("has an archiver without a beat") }
            archivers[id] = Archiver(beat: Int(beat), seen: archiver["seen"]?.integer ?? 0)
        }
        for (id, shard) in document["shards"]?.members ?? [:] {
            guard let epoch = shard["epoch"]?.integer else { throw damaged("has a shard without an epoch") }
            shards[id] = Shard(
                parents: shard["parents"]?.elements.compactMap(\.text) ?? [],
                owner: shard["owner"]?.text,
                epoch: Int(epoch),
                isEnded: shard["ended"] == .boolean(true),
                verified: shard["verified"]?.integer,
                waiting: shard["waiting"]?.integer.map { Int($0) },
                counted: shard["counted"]?.integer
            )
        }
        for gap in document["gaps"]?.elements ?? [] {
            guard let shard = gap["shard"]?.text, let noticed = gap["noticed"]?.integer else {
                throw damaged("has a gap without a shard")
            }
            gaps.append(
                StreamGap(
                    shard: shard,
                    after: gap["after"]?.text,
                    before: gap["before"]?.text,
                    archivedThrough: gap["archived_through"]?.integer,
                    noticed: noticed,
                    isCertain: gap["certain"] == .boolean(true)
                )
            )
        }
    }
}
