// swift-tools-version: 6.2
import PackageDescription

// A package of its own, so that nobody who uses Highwater resolves or builds it. `make bench-micro` runs it.
let benchmark: [Target.Dependency] = [
    .product(name: "Benchmark", package: "benchmark"),
    "BenchmarkEvents",
]

let package = Package(
    name: "highwater-micro",
    platforms: [.macOS(.v15)],
    dependencies: [
        .package(name: "highwater", path: "../.."),
        // Without its traits: counting allocations would preload a library into what is measured.
        .package(url: "https://github.com/ordo-one/benchmark", from: "1.38.1", traits: []),
    ],
    targets: [
        .systemLibrary(
            name: "CZstandard",
            pkgConfig: "libzstd",
            providers: [.apt(["libzstd-dev"]), .brew(["zstd"])]
        ),
        .target(
            name: "BenchmarkEvents",
            dependencies: [
                .product(name: "Benchmark", package: "benchmark"),
                .product(name: "EventJournal", package: "highwater"),
                .product(name: "Parquet", package: "highwater"),
            ]
        ),
        .executableTarget(
            name: "ParquetBenchmarks",
            dependencies: benchmark + ["CZstandard", .product(name: "Parquet", package: "highwater")],
            path: "Benchmarks/ParquetBenchmarks",
            plugins: [.plugin(name: "BenchmarkPlugin", package: "benchmark")]
        ),
        .executableTarget(
            name: "JournalBenchmarks",
            dependencies: benchmark + [
                .product(name: "EventJournal", package: "highwater"),
                .product(name: "EventImport", package: "highwater"),
                .product(name: "JMESPath", package: "highwater"),
                .product(name: "ObjectStorage", package: "highwater"),
            ],
            path: "Benchmarks/JournalBenchmarks",
            plugins: [.plugin(name: "BenchmarkPlugin", package: "benchmark")]
        ),
    ],
    swiftLanguageModes: [.v6]
)
