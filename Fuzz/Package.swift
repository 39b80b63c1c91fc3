// swift-tools-version: 6.2
import PackageDescription

// A package of its own, so that nobody who uses Highwater resolves or builds it. `make fuzz` builds it with
// libFuzzer and the address sanitizer, which go through Highwater's modules as well.
let package = Package(
    name: "highwater-fuzz",
    platforms: [.macOS(.v15)],
    dependencies: [.package(name: "highwater", path: "..")],
    targets: [
        .target(name: "CFuzzer"),
        .executableTarget(
            name: "ParquetReader",
            dependencies: ["CFuzzer", .product(name: "Parquet", package: "highwater")]
        ),
    ]
)
