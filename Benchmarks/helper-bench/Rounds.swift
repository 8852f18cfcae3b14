import Glibc

/// The peers that take turns in one placement.
struct Peers {
  let ours: Peer
  let stock: Peer
  /// A second process of the same program: what differs between the two is noise.
  let stockAgain: Peer
  let floor: Peer

  var all: [Peer] { [stock, ours, stockAgain, floor] }

  init(_ options: Options, serving share: Share, at placement: Placement) throws(Failure) {
    func helper(_ name: String, _ program: String) throws(Failure) -> Peer {
      try Peer(
        name, [program, "-n", "-p", share.path, "-f", "{}"], at: placement, log: "\(options.work)/log-\(name)")
    }
    ours = try helper("ours", options.helper)
    stock = try helper("stock", options.stock)
    stockAgain = try helper("stock-again", options.stock)
    floor = try Peer("floor", [options.floor, "{}", share.path], at: placement, log: "\(options.work)/log-floor")
  }
}

/// What was measured of one workload: for each round the microseconds of each peer.
struct Samples {
  let workload: Workload
  var ours: [Double] = []
  var stock: [Double] = []
  var stockAgain: [Double] = []
  var floor: [Double] = []

  /// Ratios within a round, whose batches ran right after each other: what slows the whole machine slows both.
  var ratios: [Double] { zip(ours, stock).map { $0 / $1 } }
  var noise: [Double] { zip(stockAgain, stock).map { $0 / $1 } }
}

enum Rounds {
  /// Requests before each batch that aren't timed: they wake the peer's caches up.
  private static let warmUp = 20

  static func measure(_ workload: Workload, _ peers: Peers, _ options: Options) throws(Failure) -> Samples {
    let script = Script(workload)
    try script.learn(from: peers.stock)
    // Also shows that each does it right.
    for peer in peers.all { _ = try script.run(2 * warmUp, on: peer) }

    var samples = Samples(workload: workload)
    let cycles = max(1, options.requests / workload.cycle.count)
    for round in 0..<options.rounds {
      for turn in order(round) {
        let peer = peers.all[turn]
        _ = try script.run(warmUp / workload.cycle.count, on: peer)
        let time = try script.run(cycles, on: peer) / Double(cycles * workload.unitsPerCycle) / 1000
        switch turn {
        case 0: samples.stock.append(time)
        case 1: samples.ours.append(time)
        case 2: samples.stockAgain.append(time)
        default: samples.floor.append(time)
        }
      }
    }
    return samples
  }

  /// Each begins a round in its turn, and every other round goes the other way, so that nobody always follows the same.
  private static func order(_ round: Int) -> [Int] {
    let order = (0..<4).map { ($0 + round / 2) % 4 }
    return round.isMultiple(of: 2) ? order : order.reversed()
  }
}
