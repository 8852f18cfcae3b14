import Glibc

/// Helpers that take turns in one placement.
struct Peers {
  let all: [(series: Series, peer: Peer)]

  /// - Parameter floors: whether the floors take part.
  init(_ options: Options, serving share: Share, at placement: Placement, floors: Bool = true) throws(Failure) {
    func start(_ series: Series, _ command: [String]) throws(Failure) -> (Series, Peer) {
      (series, try Peer(series.rawValue, command, at: placement, log: "\(options.work)/log-\(series.rawValue)"))
    }
    func helper(_ program: String) -> [String] { [program, "-n", "-p", share.path, "-f", "{}"] }
    var all = [
      try start(.stock, helper(options.stock)), try start(.ours, helper(options.helper)),
      try start(.stockAgain, helper(options.stock)),
    ]
    if floors {
      all.append(try start(.floor, [options.floor, "{}", share.path]))
      all.append(try start(.pollingFloor, [options.floor, "{}", share.path, "\(Self.polling)"]))
    }
    self.all = all
  }

  /// How long the polling floor looks for a request, in microseconds: as long as our helper does at most.
  private static let polling = 60

  subscript(_ series: Series) -> Peer? { all.first { $0.series == series }?.peer }

  func end() {
    for (_, peer) in all { peer.end() }
  }
}

enum Rounds {
  /// Requests before each batch that aren't timed: they wake the peer's caches up.
  private static let warmUp = 20

  /// Measures what each peer needs for a request of a workload, in microseconds.
  static func measure(
    _ workload: Workload, _ peers: Peers, in setting: String, amount: Int? = nil, _ options: Options
  ) throws(Failure) -> Comparison {
    let script = Script(workload)
    if let stock = peers[.stock] { try script.learn(from: stock) }
    // Also shows that each does it right.
    for (_, peer) in peers.all { _ = try script.run(2 * warmUp, on: peer) }

    var comparison = Comparison(
      setting, workload.name, amount: amount, kind: workload.kind.rawValue, unit: "us")
    let cycles = max(1, options.requests / workload.cycle.count)
    for round in 0..<options.rounds {
      for turn in order(round, of: peers.all.count) {
        let (series, peer) = peers.all[turn]
        _ = try script.run(warmUp / workload.cycle.count, on: peer)
        let time = try script.run(cycles, on: peer) / Double(cycles * workload.unitsPerCycle) / 1000
        comparison.append(time, of: series)
      }
    }
    return comparison
  }

  /// Each begins a round in its turn, and every other round goes the other way, so that nobody always follows the same.
  static func order(_ round: Int, of count: Int) -> [Int] {
    let order = (0..<count).map { ($0 + round / 2) % count }
    return round.isMultiple(of: 2) ? order : order.reversed()
  }
}
