import FuzzTargets
import Glibc
import HelperHarness
import Testing

/// The seeds of the fuzz targets, among them every input that once failed: what fuzzing checks of any input holds.
@Suite struct FuzzCorpusTests {
  // A violation ends the process, so each input has one of its own.

  @Test(arguments: Seed.all(of: "fuzz-request"))
  func request(_ seed: Seed) async {
    await #expect(processExitsWith: .success) { [seed] in
      try seed.run(RequestTarget.run)
    }
  }

  @Test(arguments: Seed.all(of: "fuzz-reply"))
  func reply(_ seed: Seed) async {
    await #expect(processExitsWith: .success) { [seed] in
      try seed.run(ReplyTarget.run)
    }
  }

  @Test(arguments: Seed.all(of: "fuzz-object"))
  func object(_ seed: Seed) async {
    await #expect(processExitsWith: .success) { [seed] in
      try seed.run(ObjectTarget.run)
    }
  }

  @Test(.enabled(if: hasRoot(), "the server confines itself"), arguments: Seed.all(of: "fuzz-object-serve"))
  func objectServe(_ seed: Seed) async throws {
    let directory = try TemporaryDirectory()
    await #expect(processExitsWith: .success) { [seed, path = directory.path as String] in
      setenv("TMPDIR", path, 1)
      try seed.run(ObjectServeTarget.run)
    }
  }

  @Test(arguments: Seed.all(of: "fuzz-ninep"))
  func ninep(_ seed: Seed) async {
    await #expect(processExitsWith: .success) { [seed] in
      try seed.run(NinePTarget.run)
    }
  }

  @Test(.enabled(if: hasRoot(), "the server confines itself"), arguments: Seed.all(of: "fuzz-ninep-serve"))
  func ninepServe(_ seed: Seed) async throws {
    let directory = try TemporaryDirectory()
    await #expect(processExitsWith: .success) { [seed, path = directory.path as String] in
      setenv("TMPDIR", path, 1)
      try seed.run(NinePServeTarget.run)
    }
  }

  @Test(.enabled(if: hasRoot(), "the server confines itself"), arguments: Seed.all(of: "fuzz-ninep-split"))
  func ninepSplit(_ seed: Seed) async throws {
    let directory = try TemporaryDirectory()
    await #expect(processExitsWith: .success) { [seed, path = directory.path as String] in
      setenv("TMPDIR", path, 1)
      try seed.run(NinePSplitTarget.run)
    }
  }

  @Test(.enabled(if: hasRoot(), "the server confines itself"), arguments: Seed.all(of: "fuzz-serve"))
  func serve(_ seed: Seed) async throws {
    let directory = try TemporaryDirectory()
    await #expect(processExitsWith: .success) { [seed, path = directory.path as String] in
      setenv("TMPDIR", path, 1)
      try seed.run(ServeTarget.run)
    }
  }

  @Test(arguments: Seed.all(of: "fuzz-vhost"))
  func vhost(_ seed: Seed) async {
    await #expect(processExitsWith: .success) { [seed] in
      try seed.run(VhostTarget.run)
    }
  }

  @Test(arguments: Seed.all(of: "fuzz-ring"))
  func ring(_ seed: Seed) async {
    await #expect(processExitsWith: .success) { [seed] in
      try seed.run(RingTarget.run)
    }
  }

  @Test(.enabled(if: hasRoot(), "the server confines itself"), arguments: Seed.all(of: "fuzz-ring-serve"))
  func ringServe(_ seed: Seed) async throws {
    let directory = try TemporaryDirectory()
    await #expect(processExitsWith: .success) { [seed, path = directory.path as String] in
      setenv("TMPDIR", path, 1)
      try seed.run(RingServeTarget.run)
    }
  }

  @Test func everyTargetHasSeeds() {
    for target in [
      "fuzz-request", "fuzz-reply", "fuzz-object", "fuzz-object-serve", "fuzz-ninep", "fuzz-ninep-serve",
      "fuzz-ninep-split", "fuzz-vhost", "fuzz-ring", "fuzz-ring-serve", "fuzz-serve",
    ] {
      #expect(Seed.all(of: target).count >= 10, "\(target)")
    }
  }
}

/// A file of the corpus.
struct Seed: Codable, Sendable, CustomTestStringConvertible {
  let path: String

  var testDescription: String { String(path.split(separator: "/").last ?? "") }

  func run(_ target: (Span<UInt8>) -> Void) throws {
    let bytes = try bytes()
    target(bytes.span)
  }

  private func bytes() throws -> [UInt8] {
    let file = open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { throw HarnessError("\(path): errno \(errno)") }
    defer { close(file) }
    var bytes = [UInt8](repeating: 0, count: 1 << 17)
    let count = read(file, &bytes, bytes.count)
    return Array(bytes.prefix(max(0, count)))
  }

  static func all(of target: String) -> [Seed] {
    let root = #filePath.split(separator: "/").dropLast(3).map { "/" + $0 }.joined()
    let directory = "\(root)/Fuzz/corpus/\(target)"
    guard let entries = opendir(directory) else { return [] }
    defer { closedir(entries) }
    var seeds: [Seed] = []
    while let entry = readdir(entries) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if !name.hasPrefix(".") { seeds.append(Seed(path: "\(directory)/\(name)")) }
    }
    return seeds.sorted { $0.path < $1.path }
  }
}
