import Glibc
import NinePProtocol

/// Our server of 9P2000.L against diod.
enum NinePSuite {
  static func run(_ options: Options) throws(Failure) -> [Comparison] {
    let share = try NinePShare(at: "\(options.work)/share")
    HelperBench.takePriority()
    var all: [Comparison] = []
    var sizes: [String] = []
    for transport in NinePTransport.allCases {
      let servers = try NinePServers(transport, share, options)
      defer { servers.end() }
      sizes = try servers.messageSizes()
      for name in NinePWorkload.metadata where options.wants(name.name) {
        for depth in [1, 8, 64] {
          all.append(try servers.measure(name, clients: 1, depth: depth, in: transport.rawValue))
        }
        all.append(try servers.measure(name, clients: 8, depth: 1, in: "\(transport.rawValue)-clients"))
      }
      for (name, make) in [("read", NinePWorkload.read), ("write", NinePWorkload.write)] where options.wants(name) {
        for depth in [1, 8] {
          for size in streamed {
            all.append(try servers.stream(make(size), size, depth: depth, in: "\(transport.rawValue)-\(depth)"))
          }
        }
      }
    }
    if options.wants("memory") { all += try NinePMemory.measure(share, options) }
    progress("")
    guard !all.isEmpty else { throw Failure("nothing is called '\(options.only)'") }
    print(
      """
      \(Machine.description); medians of \(options.rounds) alternating rounds.
      ours/diod is taken within each round; beside it are its quartiles. Of rates more is better, of memory less.
      ours is one process; split/ours compares with it the two of --split. diod/diod compares two processes of diod:
      the noise. One client, a thread for all of its connections; the
      scheduler places it and the servers. The largest message (msize): \(sizes.joined(separator: ", ")).
      """)
    for (setting, title) in titles {
      let chosen = all.filter { $0.setting == setting }
      guard !chosen.isEmpty else { continue }
      Table([.ours, .oursSplit, .diod], digits: 0).print(title, chosen)
      // Of one group: names come again in each.
      if setting != "memory" { Table.printSlower(chosen) }
    }
    return all
  }

  /// Bytes of data in a message: whole pages, of which a message of 64 KiB, diod's largest, and one of 1 MiB, ours, have
  /// room for one less.
  private static let streamed = [4096, 16_384, 65_536 - 4096, 262_144, (1 << 20) - 4096]

  private static var titles: [(setting: String, title: String)] {
    NinePTransport.allCases.flatMap { transport in
      let (name, title) = (transport.rawValue, transport.title)
      return [
        (name, "\(title), one connection: operations per second, by requests in flight"),
        ("\(name)-clients", "\(title), connections with one request in flight each: operations per second"),
        ("\(name)-1", "\(title), one request in flight: MB per second, by bytes of a message's data"),
        ("\(name)-8", "\(title), eight in flight: MB per second, by bytes of a message's data"),
      ]
    } + [("memory", "MEMORY (VmHWM; RssAnon of it is no file's), kB")]
  }
}

/// The servers that take turns, each with eight connections.
private struct NinePServers {
  private typealias Server = (series: Series, process: NinePServerProcess, connections: [NinePConnection])
  private let all: [Server]
  private let share: NinePShare
  private let options: Options

  private static let clients = 8

  init(_ transport: NinePTransport, _ share: NinePShare, _ options: Options) throws(Failure) {
    self.share = share
    self.options = options
    var all: [Server] = []
    for series in [Series.diod, .ours, .oursSplit, .diodAgain] {
      let process = try NinePServerProcess(series, transport, tree: share.path, options)
      var connections: [NinePConnection] = []
      for _ in 0..<Self.clients { connections.append(try process.connect()) }
      all.append((series, process, connections))
    }
    self.all = all
  }

  func end() {
    for server in all { server.process.end() }
  }

  /// What each agreed to.
  func messageSizes() throws(Failure) -> [String] {
    all.filter { $0.series != .diodAgain }.map { "\($0.process.name) \($0.connections[0].messageSize)" }
  }

  /// Operations per second.
  func measure(
    _ workload: NinePWorkload, clients: Int, depth: Int, in setting: String
  ) throws(Failure) -> Comparison {
    // A listing is a thousand entries.
    let cycles = max(64, options.requests * (workload.isListing ? 1 : 10) / workload.unitsPerCycle)
    var comparison = Comparison(
      setting, workload.name, amount: max(clients, depth), kind: "metadata", unit: "1/s", against: .diod)
    try takeTurns(workload, clients: clients, depth: depth, cycles: cycles, all, setting) { series, time, _ in
      comparison.append(Double(cycles * workload.unitsPerCycle) / time * 1e9, of: series)
    }
    return comparison
  }

  /// Megabytes per second. Whose messages can't be as long takes no part.
  func stream(
    _ workload: NinePWorkload, _ size: Int, depth: Int, in setting: String
  ) throws(Failure) -> Comparison {
    let amount = (options.isQuick ? 8 : 32) << 20
    let cycles = max(depth, amount / size)
    var comparison = Comparison(setting, workload.name, amount: size, kind: "stream", unit: "MB/s", against: .diod)
    let able = all.filter { Int($0.connections[0].messageSize) >= size + Int(MessageSize.headerRoom) }
    try takeTurns(workload, clients: 1, depth: depth, cycles: cycles, able, setting) {
      series, time, mark throws(Failure) in
      comparison.append(Double(cycles * size) / time * 1e3, of: series)
      if workload.held?.access == .write {
        try share.checkWritten(mark, pieces: cycles, of: size, by: series.rawValue)
      }
    }
    return comparison
  }

  private func takeTurns(
    _ workload: NinePWorkload, clients: Int, depth: Int, cycles: Int, _ servers: [Server], _ setting: String,
    _ report: (_ series: Series, _ nanoseconds: Double, _ mark: UInt64) throws(Failure) -> Void
  ) throws(Failure) {
    progress("\(setting): \(workload.name), \(clients) × \(depth) in flight")
    var lanes: [NinePLanes] = []
    for server in servers {
      let own = try NinePLanes(
        workload, on: Array(server.connections.prefix(clients)), depth: depth,
        server.series == .ours || server.series == .oursSplit ? .byName : .byFid)
      // Also shows that it does it right.
      _ = try own.run(clients * depth)
      lanes.append(own)
    }
    for round in 0..<options.rounds {
      for turn in Rounds.order(round, of: servers.count) {
        let time = try lanes[turn].run(cycles)
        try report(servers[turn].series, time, lanes[turn].mark)
      }
    }
    for own in lanes { try own.end() }
  }
}
