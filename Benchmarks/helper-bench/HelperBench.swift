import Glibc

/// Measures our helper against the original and against the floor.
@main
enum HelperBench {
  static func main() {
    do throws(Failure) {
      try run(try Options(Array(CommandLine.arguments.dropFirst())))
    } catch {
      say("bench: \(error)\n")
      exit(EXIT_FAILURE)
    }
  }

  private static func run(_ options: Options) throws(Failure) {
    let share = try Share(at: "\(options.work)/share")
    let workloads = Workload.all(for: share).filter { options.only.isEmpty || $0.name.contains(options.only) }
    guard !workloads.isEmpty else { throw Failure("no request is called '\(options.only)'") }
    let placements = try Placement.all()
    // For the helpers too, which inherit it: whatever else runs gets what is left of the CPUs.
    _ = nice(-20)
    var results: [(Placement, [Samples])] = []
    var peaks: [(ours: Peaks, stock: Peaks)] = []
    for placement in placements {
      try placement.pinClient()
      let peers = try Peers(options, serving: share, at: placement)
      var all: [Samples] = []
      for (index, workload) in workloads.enumerated() {
        progress("\(placement.title): \(index + 1)/\(workloads.count) \(workload.name)")
        all.append(try Rounds.measure(workload, peers, options))
      }
      progress("")
      results.append((placement, all))
      peaks.append((try Peaks(of: peers.ours, share), try Peaks(of: peers.stock, share)))
      for peer in peers.all { peer.end() }
    }
    Report.header(options, share)
    for (placement, all) in results { Report.table(placement, all) }
    Report.memory([Peaks.row("ours", peaks.map(\.ours)), Peaks.row("stock", peaks.map(\.stock))])
    if placements.count < 2 { print("\nOnly one CPU is allowed here, so only one placement.") }
  }

  /// One line that is written over, for whoever watches.
  private static func progress(_ text: String) {
    if isatty(STDERR_FILENO) == 1 { say("\r\u{1b}[K\(text)") }
  }

  /// To standard error: what isn't the result.
  private static func say(_ text: String) {
    _ = Array(text.utf8).withUnsafeBytes { write(STDERR_FILENO, $0.baseAddress, $0.count) }
  }
}

/// What a helper needed at most: for the benchmark, and for the largest frames that there are.
struct Peaks {
  let after: Int
  let afterLargest: Int?

  init(of peer: Peer, _ share: Share) throws(Failure) {
    after = try peer.peakMemory()
    guard share.hasAttributes else {
      afterLargest = nil
      return
    }
    try Script(.largest).learn(from: peer)
    afterLargest = try peer.peakMemory()
  }

  static func row(_ name: String, _ peaks: [Peaks]) -> (name: String, after: Int, afterLargest: Int?) {
    (name, peaks.map(\.after).max() ?? 0, peaks.compactMap(\.afterLargest).max())
  }
}
