import NinePProtocol

/// What memory a server takes for the files that a client holds.
enum NinePMemory {
  /// Far more than a thousand, whose pages would be too few to tell from what else is allocated.
  private static let fids = 5000

  /// Each starts four servers, whose memory hardly differs.
  private static let mostRounds = 5

  static func measure(_ share: NinePShare, _ options: Options) throws(Failure) -> [Comparison] {
    var peak = Comparison("memory", "with one client", unit: "kB", against: .diod)
    var own = Comparison("memory", "of it no file's", unit: "kB", against: .diod)
    var held = Comparison("memory", "more with each 1000 fids", unit: "kB", against: .diod)
    let all: [Series] = [.diod, .ours, .oursSplit, .diodAgain]
    for round in 0..<min(options.rounds, mostRounds) {
      progress("memory, round \(round + 1)")
      for turn in Rounds.order(round, of: all.count) {
        let server = try NinePServerProcess(all[turn], .unix, tree: share.path, options)
        defer { server.end() }
        let client = try server.connect()
        try client.walk(to: NinePShare.file, Fid(rawValue: 1))
        let before = try server.memory("VmHWM")
        peak.append(Double(before), of: all[turn])
        own.append(Double(try server.memory("RssAnon")), of: all[turn])
        for fid in 2..<UInt32(2 + fids) { try client.walk(to: NinePShare.file, Fid(rawValue: fid)) }
        held.append(Double(try server.memory("VmHWM") - before) * 1000 / Double(fids), of: all[turn])
      }
    }
    return [peak, own, held]
  }
}
