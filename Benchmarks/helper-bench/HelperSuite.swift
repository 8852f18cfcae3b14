/// Every request type, one helper and one client.
enum HelperSuite {
  static func run(_ options: Options) throws(Failure) -> [Comparison] {
    let share = try Share(at: "\(options.work)/share")
    let workloads = Workload.all(for: share).filter { options.wants($0.name) }
    guard !workloads.isEmpty else { throw Failure("no request is called '\(options.only)'") }
    let placements = try Placement.all() + (options.unpinned ? [.unpinned] : [])
    HelperBench.takePriority()
    var results: [(Placement, [Comparison])] = []
    var peaks: [(ours: Peaks, stock: Peaks)] = []
    for placement in placements {
      try placement.pinClient()
      let peers = try Peers(options, serving: share, at: placement)
      var all: [Comparison] = []
      for (index, workload) in workloads.enumerated() {
        progress("\(placement.title): \(index + 1)/\(workloads.count) \(workload.name)")
        all.append(try Rounds.measure(workload, peers, in: placement.name, options))
      }
      progress("")
      results.append((placement, all))
      if let ours = peers[.ours], let stock = peers[.stock] {
        peaks.append((try Peaks(of: ours, share), try Peaks(of: stock, share)))
      }
      peers.end()
    }
    printHeader(options, share)
    let table = Table([.ours, .stock, .floor, .pollingFloor])
    for (placement, all) in results {
      table.print(placement.title, all)
      table.printMeans(all, groups)
      Table.printSlower(all)
    }
    Peaks.printTable(peaks.map(\.ours), peaks.map(\.stock))
    if try Placement.all().count < 2 { print("\nOnly one CPU is allowed here, so only one placement.") }
    return results.flatMap { $0.1 }
  }

  private static let groups: [(name: String, kinds: [String])] = [
    ("opening", ["open"]), ("looking", ["look"]), ("making", ["make"]), ("changing", ["change"]),
    ("all", Workload.Kind.allCases.map(\.rawValue)),
  ]

  private static func printHeader(_ options: Options, _ share: Share) {
    print(
      """
      \(Machine.description); medians of \(options.rounds) alternating rounds of \(options.requests) requests each.
      Times are microseconds per request, or per pair where a line names two. Ratios are taken within each round; beside
      each are its quartiles. stock/stock compares two processes of the original: the noise. floor is a C loop of one
      recv, the bare system call and one send, as root: no other identity is taken on for it. polling is that loop
      looking for the next request for up to 60 us before it sleeps; ours/floor is taken of this one.
      """)
    if !share.hasAttributes {
      print("The file system has no extended attributes of users: those requests are refused, by all alike.")
    }
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

  static func printTable(_ ours: [Peaks], _ stock: [Peaks]) {
    print("\nPEAK MEMORY (VmHWM, kB; the larger of the placements)")
    for (name, peaks) in [("ours", ours), ("stock", stock)] {
      let largest = peaks.compactMap(\.afterLargest).max().map { ", \($0) after the largest frames" } ?? ""
      print(pad("  \(name)", 28) + "\(peaks.map(\.after).max() ?? 0)\(largest)")
    }
  }
}
