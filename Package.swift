// swift-tools-version: 6.2
import PackageDescription

let swift: [SwiftSetting] = [
  .strictMemorySafety(),
  .treatAllWarnings(as: .error),
  .treatWarning("DeprecatedDeclaration", as: .warning),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("InferIsolatedConformances"),
  .enableExperimentalFeature("Lifetimes"),
]
/// Modules on the path of a request: no existentials, no returned arrays.
let path = swift + [.treatWarning("PerformanceHints", as: .error)]
/// Tests and the programs only tests run: they use pointers freely, so strict memory safety would only add noise.
let tests: [SwiftSetting] = [
  .treatAllWarnings(as: .error),
  .treatWarning("DeprecatedDeclaration", as: .warning),
  .enableExperimentalFeature("Lifetimes"),
]
let c: [CSetting] = [.treatAllWarnings(as: .error), .enableWarning("all"), .enableWarning("extra")]

let argumentParser: Target.Dependency = .product(name: "ArgumentParser", package: "swift-argument-parser")
let system: Target.Dependency = .product(name: "SystemPackage", package: "swift-system")

let package = Package(
  name: "postern",
  products: [
    .executable(name: "virtfs-proxy-helper", targets: ["virtfs-proxy-helper"]),
    .executable(name: "postern", targets: ["postern"]),
    // With the modules of the types that its interface names.
    .library(name: "ProxyDriver", targets: ["ProxyDriver", "ProxyProtocol", "Linux"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-system", from: "1.8.1"),
  ],
  targets: [
    .target(name: "CLinux", cSettings: c),
    .systemLibrary(name: "CSeccomp", providers: [.apt(["libseccomp-dev"])]),
    .target(name: "Linux", dependencies: ["CLinux", system], swiftSettings: path),
    .target(name: "Confinement", dependencies: ["CLinux", "CSeccomp", "Linux", system], swiftSettings: swift),
    .target(name: "Export", dependencies: ["Linux", "Wire", system], swiftSettings: path),
    .target(name: "Serving", dependencies: ["Export", "Linux", system], swiftSettings: path),
    .target(name: "Wire", swiftSettings: path),
    .target(name: "ProxyProtocol", dependencies: ["Wire"], swiftSettings: path),
    .target(name: "VhostUser", dependencies: ["CLinux", "Linux", "Wire", system], swiftSettings: swift),
    .target(
      name: "ProxyServer", dependencies: ["Linux", "Export", "ProxyProtocol", "Serving", "Wire", system],
      swiftSettings: path),
    .target(name: "NinePProtocol", dependencies: ["Wire"], swiftSettings: path),
    .target(
      name: "NinePServer", dependencies: ["Export", "Linux", "NinePProtocol", "Serving", "VhostUser", "Wire", system],
      swiftSettings: path),
    .target(name: "MonitorProtocol", dependencies: ["Wire"], swiftSettings: path),
    .target(
      name: "Monitor", dependencies: ["Export", "Linux", "MonitorProtocol", "Serving", "Wire", system],
      swiftSettings: path),
    .target(
      name: "MonitoredExport", dependencies: ["Export", "Linux", "MonitorProtocol", "Serving", "Wire", system],
      swiftSettings: path),
    .target(name: "NinePMount", dependencies: ["Confinement", "Linux", system], swiftSettings: swift),
    .target(name: "ProxyDriver", dependencies: ["Linux", "ProxyProtocol", "Wire", system], swiftSettings: path),
    .target(
      name: "Launch",
      dependencies: [
        "Confinement", "Export", "Linux", "Monitor", "MonitorProtocol", "MonitoredExport", "Serving", "Wire", system,
      ],
      swiftSettings: swift
    ),
    .target(
      name: "ProxyCommand",
      dependencies: ["CLinux", "Linux", "Confinement", "Export", "Launch", "ProxyServer", "Serving", system],
      swiftSettings: swift
    ),
    .executableTarget(name: "virtfs-proxy-helper", dependencies: ["ProxyCommand"], swiftSettings: swift),
    .executableTarget(
      name: "postern",
      dependencies: [
        "Linux", "Confinement", "Export", "Launch", "MonitoredExport", "NinePMount", "NinePServer", "ProxyCommand",
        "Serving", "VhostUser",
        argumentParser,
      ],
      swiftSettings: swift
    ),
    .target(name: "CRawCalls", path: "Tests/CRawCalls", cSettings: c),
    .target(name: "CAllocationCount", path: "Tests/CAllocationCount", cSettings: c),
    .executableTarget(
      name: "allocation-count",
      dependencies: ["CAllocationCount", "CLinux", "Linux", "Export", "ProxyServer", "ProxyProtocol"],
      path: "Tests/allocation-count",
      swiftSettings: tests
    ),
    .executableTarget(
      name: "instruction-count",
      dependencies: ["CLinux", "Linux", "Export", "ProxyServer", "ProxyProtocol", "Wire"],
      path: "Tests/instruction-count",
      exclude: ["accepted"],
      swiftSettings: tests
    ),
    .executableTarget(
      name: "escape-probe", dependencies: ["CLinux"], path: "Tests/escape-probe", swiftSettings: tests),
    .target(name: "GuestChecks", path: "Tests/GuestChecks", swiftSettings: tests),
    .executableTarget(
      name: "guest-suite", dependencies: ["CLinux", "GuestChecks"], path: "Tests/guest-suite", swiftSettings: tests),
    .executableTarget(
      name: "posix-suite", dependencies: ["CLinux", "CRawCalls", "GuestChecks"], path: "Tests/posix-suite",
      swiftSettings: tests),
    .testTarget(
      name: "ProxyProtocolTests", dependencies: ["HelperHarness", "ProxyProtocol", "Wire"], swiftSettings: tests),
    .testTarget(
      name: "MonitorProtocolTests", dependencies: ["HelperHarness", "MonitorProtocol", "Wire"],
      swiftSettings: tests),
    .testTarget(name: "WireTests", dependencies: ["Wire"], swiftSettings: tests),
    .testTarget(name: "NinePProtocolTests", dependencies: ["NinePProtocol", "Wire"], swiftSettings: tests),
    .target(name: "VhostHarness", dependencies: ["CLinux"], path: "Tests/VhostHarness", swiftSettings: tests),
    .testTarget(
      name: "VhostUserTests", dependencies: ["CLinux", "Linux", "VhostHarness", "VhostUser", "Wire", system],
      swiftSettings: tests),
    .testTarget(name: "NinePMountTests", dependencies: ["Linux", "NinePMount"], swiftSettings: tests),
    .testTarget(
      name: "NinePServerTests",
      dependencies: [
        "HelperHarness", "NinePHarness", "NinePProtocol", "NinePServer", "Serving", "Linux", "CLinux", system,
      ],
      swiftSettings: tests
    ),
    .testTarget(
      name: "ServingTests",
      dependencies: ["HelperHarness", "NinePHarness", "Serving", "Linux", system],
      swiftSettings: tests),
    .testTarget(
      name: "PosternTests",
      dependencies: [
        "CRawCalls", "HelperHarness", "MonitorProtocol", "NinePHarness", "ProxyDriver", "ProxyProtocol", "Linux",
        "CLinux", "Wire", system,
      ],
      swiftSettings: tests
    ),
    .testTarget(
      name: "LaunchTests",
      dependencies: [
        "Confinement", "Export", "HelperHarness", "Launch", "Linux", "MonitoredExport", "NinePHarness", "Serving",
        system,
      ],
      swiftSettings: tests
    ),
    .testTarget(
      name: "NinePAttackTests", dependencies: ["HelperHarness", "NinePHarness", "CLinux"], swiftSettings: tests),
    .target(
      name: "NinePHarness",
      dependencies: [
        "CRawCalls", "HelperHarness", "Monitor", "MonitoredExport", "NinePServer", "ProxyServer", "Serving", "Export",
        "Linux", "CLinux", system, "VhostHarness", "VhostUser", "Wire",
      ],
      path: "Tests/NinePHarness",
      swiftSettings: tests
    ),
    .executableTarget(
      name: "ninep-allocation-count",
      dependencies: ["CAllocationCount", "CLinux", "NinePHarness"],
      path: "Tests/ninep-allocation-count",
      swiftSettings: tests
    ),
    .testTarget(
      name: "LinuxTests", dependencies: ["HelperHarness", "Linux", "CLinux", system], swiftSettings: tests),
    .testTarget(
      name: "ExportTests", dependencies: ["HelperHarness", "Export", "Linux", "CLinux", "Wire", system],
      swiftSettings: tests),
    .target(
      name: "HelperHarness",
      dependencies: ["CRawCalls", "ProxyDriver", "ProxyProtocol", "Linux", "CLinux", system],
      path: "Tests/HelperHarness",
      swiftSettings: tests
    ),
    .testTarget(
      name: "HelperTests",
      dependencies: [
        "CRawCalls", "Confinement", "HelperHarness", "ProxyDriver", "ProxyCommand", "ProxyServer",
        "ProxyProtocol", "Serving", "Linux", "CLinux", system,
      ],
      swiftSettings: tests
    ),
    .testTarget(
      name: "ProxyDriverTests",
      dependencies: ["HelperHarness", "ProxyDriver", "ProxyProtocol", "Linux", "CLinux", system],
      swiftSettings: tests
    ),
    .testTarget(
      name: "DifferentialTests",
      dependencies: ["HelperHarness", "ProxyDriver", "ProxyProtocol", "Linux", "CLinux", system],
      swiftSettings: tests
    ),
    .testTarget(
      name: "AttackTests",
      dependencies: ["HelperHarness", "ProxyProtocol", "Linux", "CLinux", system],
      swiftSettings: tests
    ),
    .executableTarget(
      name: "helper-bench",
      dependencies: ["CLinux", "NinePProtocol", "ProxyProtocol", "Wire"],
      path: "Benchmarks/helper-bench",
      swiftSettings: tests
    ),
    .executableTarget(
      name: "guest-bench", dependencies: ["CLinux"], path: "Benchmarks/guest-bench", swiftSettings: tests),
    .executableTarget(name: "floor", path: "Benchmarks/floor", cSettings: c),
    .target(
      name: "FuzzTargets",
      dependencies: [
        "CLinux", "Linux", "Confinement", "Export", "Monitor", "MonitorProtocol", "MonitoredExport",
        "NinePProtocol", "NinePServer", "ProxyDriver", "ProxyProtocol", "ProxyServer", "Serving", "VhostUser", "Wire",
        system,
      ],
      path: "Fuzz/Targets",
      swiftSettings: tests
    ),
    .testTarget(name: "FuzzCorpusTests", dependencies: ["FuzzTargets", "HelperHarness"], swiftSettings: tests),
    .testTarget(name: "EndToEndTests", dependencies: ["HelperHarness", "CLinux"], swiftSettings: tests),
  ],
  swiftLanguageModes: [.v6]
)
