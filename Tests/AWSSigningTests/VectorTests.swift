import CloudTesting
import Foundation
import Testing

@testable import AWSSigning

@Suite("Signatures are those of AWS's own library")
struct VectorTests {
    private struct Case: Decodable {
        var service: String
        var method: String
        var host: String
        var path: String
        var query: [[String]]
        var headers: [[String]]
        var body: String
        var region: String
        var time: Int64
        var presigned: Bool
        var expires: Int
        var unsigned: Bool
        var key: String
        var secret: String
        var token: String?
        var result: [String: String]

        var request: SigningRequest {
            SigningRequest(
                method: method,
                host: host,
                path: path,
                query: query.map { ($0[0], $0[1]) },
                headers: headers.map { ($0[0], $0[1]) }
            )
        }

        var credentials: AWSCredentials {
            AWSCredentials(accessKeyID: key, secretAccessKey: secret, sessionToken: token)
        }

        var bytes: [UInt8] {
            let digits = Array(body)
            return stride(from: 0, to: digits.count, by: 2).compactMap { UInt8(String(digits[$0...$0 + 1]), radix: 16) }
        }
    }

    private static func cases(_ seed: UInt64, _ count: Int) async throws -> [Case] {
        let script = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Support/vectors.py")
        let made = try await ChildProgram.run(ChildProgram.python, [script.path, String(seed), String(count)])
        try #require(made.status == 0, "vectors.py failed; run make setup: \(made.error)")
        return try JSONDecoder().decode([Case].self, from: Data(made.output.utf8))
    }

    @Test("Generated requests, in headers and in queries", arguments: [1, 2, UInt64.random(in: 3...1 << 40)])
    func botocore(seed: UInt64) async throws {
        let cases = try await Self.cases(seed, 1500)
        #expect(cases.filter(\.presigned).count > 100 && cases.filter { !$0.presigned && $0.unsigned }.count > 100)
        for (number, vector) in cases.enumerated() {
            let signer = SigV4Signer(service: vector.service, region: vector.region)
            let hash = SigningPayload.hash(SigV4Signer.hash(vector.bytes))
            if vector.presigned {
                let query = signer.presign(
                    vector.request,
                    payload: vector.service == "s3" ? .unsigned : hash,
                    credentials: vector.credentials,
                    at: vector.time * 1_000_000,
                    seconds: vector.expires
                )
                #expect(query == vector.result["url"], "seed \(seed), case \(number)")
            } else {
                let signed = signer.sign(
                    vector.request,
                    payload: vector.unsigned ? .unsigned : hash,
                    credentials: vector.credentials,
                    at: vector.time * 1_000_000
                )
                let headers = Dictionary(uniqueKeysWithValues: signed.headers.map { ($0.name, $0.value) })
                #expect(headers == vector.result, "seed \(seed), case \(number)")
            }
        }
    }

    /// The examples of AWS's documentation of chunked uploads: 66,560 times the letter a, 64 KiB in the first chunk.
    @Test("The examples of chunked uploads", arguments: [false, true])
    func chunks(hasTrailer: Bool) throws {
        let signer = SigV4Signer(service: "s3", region: "us-east-1")
        var request = SigningRequest(method: "PUT", host: "s3.amazonaws.com", path: "/examplebucket/chunkObject.txt")
        request.headers = [
            ("x-amz-storage-class", "REDUCED_REDUNDANCY"), ("content-encoding", "aws-chunked"),
            ("x-amz-decoded-content-length", "66560"), ("content-length", "66824"),
        ]
        if hasTrailer {
            request.headers[3] = ("x-amz-trailer", "x-amz-checksum-crc32c")
        }
        let signed = signer.sign(
            request,
            payload: .signedChunks(hasTrailer: hasTrailer),
            credentials: AWSCredentials(
                accessKeyID: "AKIAIOSFODNN7EXAMPLE",
                secretAccessKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
            ),
            at: 1_369_353_600_000_000
        )
        let wanted =
            hasTrailer
            ? [
                "106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e",
                "b474d8862b1487a5145d686f57f013e54db672cee1c953b3010fb58501ef5aa2",
                "1c1344b170168f8e65b41376b44b20fe354e373826ccbbe2c1d40a8cae51e5c7",
                "2ca2aba2005185cf7159c6277faf83795951dd77a3a99e6e65d5c9f85863f992",
            ]
            : [
                "4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9",
                "ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648",
                "0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497",
                "b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9",
            ]
        var chunks = signed.chunks
        var body: [UInt8] = []
        #expect(chunks.signature == wanted[0])
        for (index, count) in [65_536, 1024, 0].enumerated() {
            body += chunks.chunk([UInt8](repeating: 0x61, count: count)[...], isBeforeTrailer: hasTrailer && count == 0)
            #expect(chunks.signature == wanted[index + 1])
        }
        if hasTrailer {
            body += chunks.trailer([("x-amz-checksum-crc32c", "sOO8/Q==")])
            #expect(chunks.signature == "d81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435")
        }
        let line = hasTrailer ? "x-amz-checksum-crc32c:sOO8/Q==\r\n".utf8.count : 0
        #expect(body.count == ChunkSigner.encodedCount(of: 66_560, chunk: 65_536, trailer: line))
        if !hasTrailer { #expect(body.count == 66_824) }
    }

    @Test("Credentials do not show their secrets")
    func secrets() {
        let credentials = AWSCredentials(accessKeyID: "AKID", secretAccessKey: "hush", sessionToken: "hush")
        var dumped = ""
        dump(credentials, to: &dumped)
        for text in ["\(credentials)", String(reflecting: credentials), dumped] {
            #expect(text.contains("AKID") && !text.contains("hush"))
        }
    }
}
