// swift-tools-version: 6.2
// The dependency list of each target is the architecture: a target imports only what stands under it, and
// `make build` refuses any other import (docs/architecture.md draws the same picture).
import PackageDescription

/// Data-path targets use raw memory on purpose; the others promise not to.
let safe: [SwiftSetting] = [.strictMemorySafety()]

let package = Package(
    name: "sluice",
    products: [.executable(name: "sluice", targets: ["sluice"])],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
    ],
    targets: [
        // C: module maps of the system's libraries, and header-only shims.
        .target(name: "CShims"),
        // The dashboard's page, and the API's description: C, because its compiler can embed files.
        .target(name: "CDashboard", exclude: ["page"]),
        .target(name: "COpenAPI"),
        // libcurl: its header only, from libcurl4-openssl-dev. The library is loaded by whoever needs it.
        .target(name: "CCurl"),
        .systemLibrary(name: "COpenSSL", pkgConfig: "openssl", providers: [.apt(["libssl-dev"])]),
        .systemLibrary(name: "CNghttp2", pkgConfig: "libnghttp2", providers: [.apt(["libnghttp2-dev"])]),
        .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
        .systemLibrary(name: "CCrypt", pkgConfig: "libcrypt", providers: [.apt(["libcrypt-dev"])]),

        // Pure: bytes, time and randomness in, values out. No system call.
        .target(name: "Text"),
        .target(name: "Wire", dependencies: ["Text"]),
        .target(name: "Tunnel", dependencies: ["Wire"]),
        .target(name: "Configuration", dependencies: ["Text"], swiftSettings: safe),
        .target(name: "Convert", dependencies: ["Configuration"], swiftSettings: safe),
        .target(name: "Upstream", swiftSettings: safe),
        .target(name: "Limits", swiftSettings: safe),
        .target(name: "Telemetry", dependencies: ["Text"]),
        .target(name: "Top", dependencies: ["Text"], swiftSettings: safe),

        // Shell: the system.
        .target(name: "Reactor", dependencies: ["CShims", "Text"]),
        .target(name: "Records", dependencies: ["COpenSSL"]),
        .target(name: "TLS", dependencies: ["COpenSSL", "CShims", "Reactor", "Text"]),
        .target(name: "HTTP2", dependencies: ["CNghttp2", "CShims"]),
        .target(name: "Deflate", dependencies: ["CZlib"]),
        .target(
            name: "Control",
            dependencies: ["CCurl", "CShims", "Reactor", .product(name: "DequeModule", package: "swift-collections")]),
        .target(
            name: "Access",
            dependencies: [
                "CCrypt", "COpenSSL", "CShims", "Control", "Reactor", "Telemetry", "Text",
                .product(name: "DequeModule", package: "swift-collections"),
            ]),
        .target(
            name: "Gateway",
            dependencies: [
                "CDashboard", "COpenAPI", "CShims", "Text", "Wire", "Tunnel", "Configuration", "Upstream", "Limits",
                "Telemetry",
                "HTTP2", "Reactor", "TLS",
                "Control", "Deflate", "Access", .product(name: "DequeModule", package: "swift-collections"),
            ]),
        .executableTarget(
            name: "sluice",
            dependencies: [
                "Gateway", "Configuration", "Convert", "TLS", "Access", "CShims", "Control", "Reactor", "Telemetry",
                "Text",
                "Top", "CNghttp2",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ]),

        // What several test targets share: guarded memory, seeded numbers, packets, frames that break rules, an HTTP server.
        .target(name: "TestSupport", dependencies: ["Reactor", "Wire"], path: "Tests/TestSupport"),
        .testTarget(name: "TextTests", dependencies: ["TestSupport", "Text"]),
        .testTarget(name: "WireTests", dependencies: ["Wire", "TestSupport"]),
        .testTarget(name: "TunnelTests", dependencies: ["TestSupport", "Tunnel", "Wire"]),
        .testTarget(name: "ConfigurationTests", dependencies: ["TestSupport", "Configuration"], exclude: ["golden"]),
        .testTarget(name: "ConvertTests", dependencies: ["Configuration", "Convert"], exclude: ["files"]),
        .testTarget(name: "UpstreamTests", dependencies: ["TestSupport", "Upstream"]),
        .testTarget(name: "LimitsTests", dependencies: ["Limits", "TestSupport"]),
        .testTarget(name: "TelemetryTests", dependencies: ["TestSupport", "Telemetry"]),
        .testTarget(name: "TopTests", dependencies: ["Text", "Top"]),
        .testTarget(name: "ReactorTests", dependencies: ["TestSupport", "Reactor", "CShims"]),
        .testTarget(name: "HTTP2Tests", dependencies: ["HTTP2"]),
        .testTarget(name: "TLSTests", dependencies: ["TestSupport", "TLS", "COpenSSL"]),
        .testTarget(name: "RecordsTests", dependencies: ["COpenSSL", "Records", "TestSupport"]),
        .testTarget(name: "DeflateTests", dependencies: ["Deflate"]),
        .testTarget(name: "ControlTests", dependencies: ["TestSupport", "Control", "Reactor"]),
        .testTarget(
            name: "AccessTests",
            dependencies: ["TestSupport", "Access", "COpenSSL", "Control", "Reactor", "Text"]),
        .testTarget(
            name: "GatewayTests",
            dependencies: [
                "Access", "CShims", "Gateway", "Configuration", "Control", "Reactor", "TestSupport", "TLS", "Telemetry",
                "Tunnel", "Wire",
            ]),
    ],
    swiftLanguageModes: [.v6]
)
