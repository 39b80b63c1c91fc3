// swift-tools-version: 6.2
import PackageDescription

/// Every target of ours is built with these; the loop at the end applies them, so none is forgotten.
let strictSettings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .strictMemorySafety(),
    .treatAllWarnings(as: .error),
]

/// Homebrew keeps headers where only pkg-config finds them. Debian has them on the default path, and a flag in its
/// simdjson.pc that the package manager refuses with a warning.
#if os(macOS)
let simdjsonPackage: String? = "simdjson"
#else
let simdjsonPackage: String? = nil
#endif

func systemLibrary(_ name: String, pkgConfig: String?, apt: String, brew: String) -> Target {
    .systemLibrary(name: name, pkgConfig: pkgConfig, providers: [.apt([apt]), .brew([brew])])
}

let package = Package(
    name: "highwater",
    platforms: [.macOS(.v15)],
    products: [
        .executable(name: "highwater", targets: ["highwater"]),
        .library(name: "EventJournal", targets: ["EventJournal"]),
        .library(name: "EventImport", targets: ["EventImport"]),
        .library(name: "FlashFlood", targets: ["FlashFlood"]),
        .library(name: "SQLQuery", targets: ["SQLQuery"]),
        .library(name: "DeltaLake", targets: ["DeltaLake"]),
        .library(name: "JMESPath", targets: ["JMESPath"]),
        .library(name: "Parquet", targets: ["Parquet"]),
        .library(name: "ObjectStorage", targets: ["ObjectStorage"]),
        .library(name: "ObjectStorageTesting", targets: ["ObjectStorageTesting"]),
        .library(name: "AWSSigning", targets: ["AWSSigning", "AWSAccess"]),
        .library(name: "S3Storage", targets: ["S3Storage"]),
        .library(name: "GoogleCloudStorage", targets: ["GoogleCloudStorage"]),
        .library(name: "PresignedStorage", targets: ["PresignedStorage"]),
        .library(name: "RecordStreams", targets: ["RecordStreams"]),
        .library(name: "RecordStreamsTesting", targets: ["RecordStreamsTesting"]),
        .library(name: "KinesisStreams", targets: ["KinesisStreams"]),
        .library(name: "NATSStreams", targets: ["NATSStreams"]),
        .library(name: "StreamArchive", targets: ["StreamArchive"]),
        .library(name: "ReplayConsistency", targets: ["ReplayConsistency"]),
        .library(name: "ReplayJobs", targets: ["ReplayJobs"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-configuration", from: "1.4.0", traits: ["YAML"]),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.0"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.0"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.0"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.0"),
        .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
        .package(url: "https://github.com/swiftlang/swift-subprocess", from: "1.0.2", traits: []),
        .package(url: "https://github.com/apple/swift-system", from: "1.5.0"),
    ],
    targets: [
        // C and C++ libraries
        systemLibrary("CZstd", pkgConfig: "libzstd", apt: "libzstd-dev", brew: "zstd"),
        systemLibrary("CSnappy", pkgConfig: "snappy", apt: "libsnappy-dev", brew: "snappy"),
        systemLibrary("CDeflate", pkgConfig: "libdeflate", apt: "libdeflate-dev", brew: "libdeflate"),
        systemLibrary("CZlib", pkgConfig: "zlib", apt: "zlib1g-dev", brew: "zlib"),
        systemLibrary("CSystemSimdJSON", pkgConfig: simdjsonPackage, apt: "libsimdjson-dev", brew: "simdjson"),
        .target(
            name: "CSimdJSON",
            dependencies: ["CSystemSimdJSON"],
            linkerSettings: [.linkedLibrary("simdjson")]
        ),

        .target(name: "CAllocator"),
        .target(name: "CChecksum"),

        // Libraries, lowest first
        .target(name: "TextEncoding"),
        .target(name: "ObjectStorage"),
        .target(name: "ObjectStorageTesting", dependencies: ["ObjectStorage"]),
        .target(name: "JMESPath", dependencies: ["CSimdJSON", "TextEncoding"]),
        .target(name: "CloudSupport", dependencies: ["CChecksum", "TextEncoding"]),
        .target(
            name: "AWSSigning",
            dependencies: ["CloudSupport", .product(name: "Crypto", package: "swift-crypto")]
        ),
        .target(
            name: "CloudHTTP",
            dependencies: [
                "CloudSupport",
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ]
        ),
        .target(name: "AWSAccess", dependencies: ["AWSSigning", "CloudHTTP", "CloudSupport", "TextEncoding"]),
        .target(
            name: "S3Storage",
            dependencies: [
                "AWSAccess", "AWSSigning", "CloudHTTP", "CloudSupport", "ObjectStorage", "TextEncoding",
                .product(name: "Crypto", package: "swift-crypto"),
            ]
        ),
        .target(
            name: "GoogleCloudStorage",
            dependencies: [
                "CloudHTTP", "CloudSupport", "ObjectStorage", "TextEncoding",
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "CryptoExtras", package: "swift-crypto"),
            ]
        ),
        .target(name: "PresignedStorage", dependencies: ["CloudHTTP", "CloudSupport", "ObjectStorage"]),
        .target(name: "RecordStreams"),
        .target(name: "ReplayConsistency", dependencies: ["TextEncoding"]),
        .target(name: "RecordStreamsTesting", dependencies: ["RecordStreams"]),
        .target(
            name: "KinesisStreams",
            dependencies: [
                "AWSAccess", "AWSSigning", "CloudHTTP", "CloudSupport", "RecordStreams", "TextEncoding",
                .product(name: "Crypto", package: "swift-crypto"),
            ]
        ),
        .target(
            name: "NATSStreams",
            dependencies: [
                "CloudHTTP", "CloudSupport", "RecordStreams", "TextEncoding",
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
            ]
        ),
        .target(name: "Parquet", dependencies: ["CZstd", "CSnappy", "CDeflate"]),
        .target(name: "DeltaLake", dependencies: ["ObjectStorage", "Parquet", "TextEncoding"]),
        .target(
            name: "EventJournal",
            dependencies: [
                "ObjectStorage", "Parquet", "DeltaLake", "JMESPath", "TextEncoding", "CSimdJSON", "CDeflate",
            ]
        ),
        .target(
            name: "EventImport",
            dependencies: ["EventJournal", "JMESPath", "ObjectStorage", "Parquet", "CSimdJSON", "CZstd", "CZlib"]
        ),

        .target(
            name: "StreamArchive",
            dependencies: [
                "CloudSupport", "EventImport", "EventJournal", "JMESPath", "ObjectStorage", "Parquet", "RecordStreams",
                "TextEncoding",
            ]
        ),

        .target(
            name: "ReplayJobs",
            dependencies: [
                "CloudHTTP", "CloudSupport", "CSimdJSON", "EventJournal", "ObjectStorage", "Parquet", "RecordStreams",
                "ReplayConsistency", "TextEncoding",
                .product(name: "Crypto", package: "swift-crypto"),
            ]
        ),

        .target(
            name: "FlashFlood",
            dependencies: [
                "EventJournal", "ObjectStorage", "Parquet", "CSimdJSON",
                .product(name: "Crypto", package: "swift-crypto"),
            ]
        ),

        .target(
            name: "SQLQuery",
            dependencies: [
                "EventJournal", "ObjectStorage", "TextEncoding", "CDeflate",
                .product(name: "Subprocess", package: "swift-subprocess"),
                .product(
                    name: "SystemPackage",
                    package: "swift-system",
                    condition: .when(platforms: [.linux])
                ),
            ],
            resources: [.embedInCode("Spark/spark_session.py")]
        ),

        // The command line
        .executableTarget(
            name: "highwater",
            dependencies: [
                "EventJournal", "EventImport", "FlashFlood", "JMESPath", "ObjectStorage", "Parquet", "S3Storage",
                "GoogleCloudStorage", "PresignedStorage", "SQLQuery", "KinesisStreams", "NATSStreams", "RecordStreams",
                "StreamArchive", "ReplayJobs", "CloudSupport", "TextEncoding",
                "CAllocator", "CSimdJSON",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Configuration", package: "swift-configuration"),
                .product(name: "Yams", package: "Yams"),
            ]
        ),

        // The Swift side of the peer benchmark
        .executableTarget(
            name: "highwater-peer",
            dependencies: ["EventJournal", "Parquet", "CAllocator", "CDeflate"],
            path: "Benchmarks/Peer"
        ),

        // What the measuring programs below share
        .target(name: "BenchmarkTiming", path: "Benchmarks/Timing"),

        // The archiver, measured
        .executableTarget(
            name: "archive-benchmark",
            dependencies: ["BenchmarkTiming", "EventJournal", "ObjectStorage", "RecordStreams", "StreamArchive"],
            path: "Benchmarks/Archive"
        ),

        // Publishing to NATS, measured
        .executableTarget(
            name: "nats-benchmark",
            dependencies: ["BenchmarkTiming", "NATSStreams", "RecordStreams"],
            path: "Benchmarks/NATS",
            exclude: ["measure.py"]
        ),

        // A journal's life, measured
        .executableTarget(
            name: "journal-lifecycle",
            dependencies: [
                "BenchmarkTiming", "EventJournal", "ObjectStorage", "ObjectStorageTesting", "Parquet", "CAllocator",
            ],
            path: "Benchmarks/Lifecycle"
        ),

        // Tests
        .executableTarget(
            name: "object-store-racer",
            dependencies: ["ObjectStorage"],
            path: "Tests/Support/ObjectStoreRacer"
        ),
        .testTarget(
            name: "ObjectStorageTests",
            dependencies: ["ObjectStorage", "ObjectStorageTesting", "object-store-racer"]
        ),
        .target(
            name: "CloudTesting",
            dependencies: [
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ],
            path: "Tests/Support/CloudTesting"
        ),
        .testTarget(name: "TextEncodingTests", dependencies: ["TextEncoding", "ObjectStorageTesting"]),
        .testTarget(name: "CloudSupportTests", dependencies: ["CChecksum", "CloudSupport"]),
        .testTarget(
            name: "AWSSigningTests",
            dependencies: ["AWSSigning", "CloudTesting"],
            exclude: ["Support/vectors.py"]
        ),
        .testTarget(
            name: "S3StorageTests",
            dependencies: [
                "S3Storage", "AWSAccess", "AWSSigning", "CloudHTTP", "CloudSupport", "CloudTesting",
                "ObjectStorageTesting",
            ],
            exclude: ["Support/moto_server.py"]
        ),
        .testTarget(
            name: "GoogleCloudStorageTests",
            dependencies: [
                "GoogleCloudStorage", "CloudHTTP", "CloudSupport", "CloudTesting", "ObjectStorageTesting",
                "TextEncoding",
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "CryptoExtras", package: "swift-crypto"),
            ],
            exclude: ["Support/gcs_server.py", "Support/signed_urls.py"]
        ),
        .testTarget(
            name: "CloudJournalTests",
            dependencies: [
                "EventJournal", "S3Storage", "GoogleCloudStorage", "PresignedStorage", "AWSSigning", "CloudHTTP",
                "CloudTesting", "ObjectStorage", "ObjectStorageTesting", "Parquet", "highwater", "journal-writer",
                .product(name: "CryptoExtras", package: "swift-crypto"),
            ]
        ),
        .testTarget(
            name: "ParquetTests",
            dependencies: ["Parquet"],
            exclude: [
                "Support/bloom_probe.py", "Support/dump.py", "Support/dump_peers.py", "Support/encrypted.py",
                "Support/generate.py", "Support/inspect_file.py",
            ]
        ),
        .testTarget(
            name: "DeltaLakeTests",
            dependencies: ["DeltaLake", "ObjectStorageTesting", "Parquet", "TextEncoding"],
            exclude: ["Support/peer.py"]
        ),
        .testTarget(
            name: "EventJournalTests",
            dependencies: ["EventJournal", "DeltaLake", "JMESPath", "ObjectStorageTesting", "Parquet"],
            exclude: ["Resources"]
        ),
        .executableTarget(
            name: "journal-model",
            dependencies: [
                "EventJournal", "ObjectStorage", "ObjectStorageTesting", "Parquet",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            path: "Tests/Support/JournalModel"
        ),
        .testTarget(
            name: "EventImportTests",
            dependencies: ["EventImport", "EventJournal", "JMESPath", "ObjectStorageTesting", "CZlib", "CZstd"]
        ),
        .testTarget(
            name: "FlashFloodTests",
            dependencies: [
                "FlashFlood", "EventJournal", "Parquet", "CloudTesting", "ObjectStorageTesting", "S3Storage",
                "AWSSigning",
                "highwater",
            ],
            exclude: ["Support/flash_flood.py"]
        ),
        .testTarget(
            name: "SQLQueryTests",
            dependencies: ["SQLQuery", "EventJournal", "ObjectStorage", "ObjectStorageTesting", "highwater"],
            exclude: ["Resources"]
        ),
        .testTarget(name: "JMESPathTests", dependencies: ["JMESPath"], exclude: ["Resources", "Support/reference.py"]),
        .testTarget(name: "CommandLineTests", dependencies: ["highwater", "journal-writer"]),
        .testTarget(
            name: "KinesisStreamsTests",
            dependencies: [
                "KinesisStreams", "AWSSigning", "CloudTesting", "RecordStreams", "RecordStreamsTesting", "TextEncoding",
                .product(name: "Crypto", package: "swift-crypto"),
            ],
            exclude: ["Support/kinesis_server.py", "Support/producer.py", "Support/vectors.py"]
        ),
        .testTarget(
            name: "NATSStreamsTests",
            dependencies: [
                "NATSStreams", "CloudSupport", "CloudTesting", "ObjectStorageTesting", "RecordStreams",
                "RecordStreamsTesting",
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ],
            exclude: ["Support/peer.py"]
        ),
        .testTarget(name: "ReplayConsistencyTests", dependencies: ["ReplayConsistency", "ObjectStorageTesting"]),
        .testTarget(
            name: "ReplayJobsTests",
            dependencies: [
                "ReplayJobs", "CloudSupport", "CloudTesting", "EventJournal", "KinesisStreams", "ObjectStorage",
                "ObjectStorageTesting", "RecordStreams", "ReplayConsistency", "highwater",
                .product(name: "Crypto", package: "swift-crypto"),
            ],
            exclude: ["Support/consumer.py", "Support/http_sink.py"]
        ),
        .testTarget(
            name: "StreamArchiveTests",
            dependencies: [
                "StreamArchive", "EventImport", "EventJournal", "JMESPath", "ObjectStorage", "ObjectStorageTesting",
                "RecordStreams", "RecordStreamsTesting", "CloudTesting", "highwater",
            ]
        ),
        .executableTarget(
            name: "journal-writer",
            dependencies: ["EventJournal", "GoogleCloudStorage", "ObjectStorage", "S3Storage"],
            path: "Tests/Support/JournalWriter"
        ),
    ],
    cxxLanguageStandard: .cxx17
)

for target in package.targets where [.regular, .executable, .test].contains(target.type) {
    target.swiftSettings = (target.swiftSettings ?? []) + strictSettings
}
