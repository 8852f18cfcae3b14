// swift-tools-version: 6.2
import PackageDescription

// A package of its own: it is built with sanitizers (script/fuzz), and what it links exists with them only. `Sources`
// is a link to the helper's: they are built here with coverage, and are of the same package as what runs them.

let swift: [SwiftSetting] = [
  .treatWarning("DeprecatedDeclaration", as: .warning),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("InferIsolatedConformances"),
  .enableExperimentalFeature("Lifetimes"),
]
let sanitized: [CSetting] = [.unsafeFlags(["-fsanitize=fuzzer-no-link,address"])]
let system: Target.Dependency = .product(name: "SystemPackage", package: "swift-system")

func fuzzer(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
  .executableTarget(
    name: name, dependencies: ["FuzzDriver", "FuzzTargets"] + dependencies, path: name, swiftSettings: swift,
    linkerSettings: [.unsafeFlags(["-sanitize=fuzzer"])])
}

let package = Package(
  name: "fuzz",
  dependencies: [
    .package(url: "https://github.com/apple/swift-system", from: "1.8.1")
  ],
  targets: [
    .target(name: "CLinux", cSettings: sanitized),
    .systemLibrary(name: "CSeccomp", providers: [.apt(["libseccomp-dev"])]),
    .target(name: "Linux", dependencies: ["CLinux", system], swiftSettings: swift),
    .target(name: "Confinement", dependencies: ["CLinux", "CSeccomp", "Linux", system], swiftSettings: swift),
    .target(name: "Export", dependencies: ["Linux", system], swiftSettings: swift),
    .target(name: "Wire", swiftSettings: swift),
    .target(name: "ProxyProtocol", dependencies: ["Wire"], swiftSettings: swift),
    .target(name: "NinePProtocol", dependencies: ["Wire"], swiftSettings: swift),
    .target(name: "Serving", dependencies: ["Export", "Linux", system], swiftSettings: swift),
    .target(
      name: "ProxyServer", dependencies: ["Linux", "Export", "ProxyProtocol", "Serving", "Wire", system],
      swiftSettings: swift),
    .target(name: "ProxyDriver", dependencies: ["Linux", "ProxyProtocol", "Wire", system], swiftSettings: swift),
    .target(name: "VhostUser", dependencies: ["CLinux", "Linux", "Wire", system], swiftSettings: swift),
    .target(
      name: "NinePServer", dependencies: ["Export", "Linux", "NinePProtocol", "Serving", "VhostUser", "Wire", system],
      swiftSettings: swift),
    .target(name: "MonitorProtocol", dependencies: ["Wire"], swiftSettings: swift),
    .target(
      name: "Monitor", dependencies: ["Export", "Linux", "MonitorProtocol", "Serving", "Wire", system],
      swiftSettings: swift),
    .target(
      name: "MonitoredExport", dependencies: ["Export", "Linux", "MonitorProtocol", "Serving", "Wire", system],
      swiftSettings: swift),
    .target(
      name: "FuzzTargets",
      dependencies: [
        "CLinux", "Linux", "Confinement", "Export", "ProxyDriver", "ProxyServer", "ProxyProtocol", "Monitor",
        "MonitorProtocol",
        "NinePProtocol", "MonitoredExport", "NinePServer", "Serving", "VhostUser", "Wire", system,
      ],
      path: "Targets",
      swiftSettings: swift
    ),
    .target(name: "CFuzzer", path: "CFuzzer"),
    .target(name: "FuzzDriver", dependencies: ["CFuzzer"], path: "Driver", swiftSettings: swift),
    .target(name: "CFrameMutator", path: "CFrameMutator"),
    fuzzer("fuzz-request"),
    fuzzer("fuzz-reply"),
    fuzzer("fuzz-object"),
    fuzzer("fuzz-object-serve"),
    fuzzer("fuzz-ninep"),
    fuzzer("fuzz-ninep-serve"),
    fuzzer("fuzz-ninep-split"),
    fuzzer("fuzz-vhost"),
    fuzzer("fuzz-ring"),
    fuzzer("fuzz-ring-serve"),
    fuzzer("fuzz-serve", ["CFrameMutator"]),
  ],
  swiftLanguageModes: [.v6]
)
