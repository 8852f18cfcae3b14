import Glibc
import HelperHarness
import Testing

/// QEMU's own helper and ours get the same requests, in directories of their own: answers and trees must come out alike.
///
/// Sequences are random, from a seed that is printed. In the environment:
/// - `POSTERN_SEEDS`: how many sequences; `POSTERN_REQUESTS`: how long each is.
/// - `POSTERN_SEED`: this sequence only.
@Suite(.serialized)
struct DifferentialTests {
  private static let requests = number("POSTERN_REQUESTS") ?? 3000
  private static let seeds: [UInt64] =
    number("POSTERN_SEED").map { [UInt64($0)] } ?? (1...UInt64(number("POSTERN_SEEDS") ?? 20)).map { $0 }
  /// A disk's file system and one in memory: they differ in what they support.
  private static let parents = ["/tmp", "/dev/shm"]

  @Test(
    .enabled(if: hasRootAndStockHelper(), "needs root and QEMU's own helper, to hold ours against it"), arguments: seeds
  )
  func answersAndTreesAreTheSame(seed: UInt64) throws {
    let parent = Self.parents[Int(seed % 2)]
    var twins = try Twins(seed: seed, in: parent)
    let difference = try twins.run(Self.requests)
    let met = twins.met.values.reduce(0, +)
    print(
      "seed \(seed) in \(parent): \(Self.requests) requests, \(twins.successes) successes, "
        + "\(met) known differences, \(difference == nil ? "all alike" : "A DIFFERENCE")")
    if let difference {
      Issue.record("seed \(seed): \(difference)\n  again: POSTERN_SEED=\(seed) swift test --filter DifferentialTests")
    }
  }

  /// No exception stays that isn't needed: each comes up.
  @Test(.enabled(if: hasRootAndStockHelper(), "needs root and QEMU's own helper, to hold ours against it"))
  func knownDifferencesComeUp() throws {
    var twins = try Twins(seed: 0, in: Self.parents[0])
    let difference = try twins.run(6000)
    #expect(difference == nil)
    for known in KnownDifference.allCases {
      let count = twins.met[known] ?? 0
      print("known difference \(known): \(known.handling.rawValue), \(count) times; \(known.reason)")
      // Neither is for the generator to decide.
      if known.handling != .avoided, known != .deviceOnNodev { #expect(count > 0, "\(known)") }
    }
  }

  private static func number(_ name: String) -> Int? {
    getenv(name).flatMap { Int(String(cString: $0)) }
  }
}
