import Glibc
import ProxyProtocol

/// What a helper costs before its first request, and while nobody asks it for anything.
enum StartUpSuite {
  static func run(_ options: Options) throws(Failure) -> [Comparison] {
    let share = try Share(at: "\(options.work)/share")
    HelperBench.takePriority()
    let commands: [(series: Series, command: [String])] = [
      (.stock, [options.stock]), (.ours, [options.helper]), (.stockAgain, [options.stock]),
      (.oursInChroot, [options.helper, "--sandbox", "chroot"]),
      (.oursUnfiltered, [options.helper, "--sandbox", "chroot", "--seccomp", "none"]),
    ].map { ($0, $1 + ["-n", "-p", share.path, "-f", "{}"]) }

    var start = Comparison("start", "start to first reply", unit: "us")
    for round in 0..<options.rounds {
      progress("starting, round \(round + 1) of \(options.rounds)")
      for turn in Rounds.order(round, of: commands.count) {
        let (series, command) = commands[turn]
        let (time, peer) = try Self.start(series, command, options)
        start.append(time / 1000, of: series)
        peer.end()
      }
    }
    let rest = try afterwards(Array(commands.prefix(2)), share, options)
    progress("")

    print("\(Machine.description); medians of \(options.rounds) alternating rounds.")
    print(
      "From the start of the program with an inherited socket to the reply to its first request (lstat), microseconds:")
    Table([.ours, .stock, .oursInChroot, .oursUnfiltered], digits: 0).print("START", [start])
    print("\nSIZE AND IDLENESS" + right("ours", 24) + right("stock", 12))
    for line in rest {
      print(
        pad("  " + line.name, 31) + right(fixed(line.median(.ours), 0), 10) + right(fixed(line.median(.stock), 0), 12)
          + "  \(line.unit)")
    }
    return [start] + rest
  }

  private static func start(
    _ series: Series, _ command: [String], _ options: Options
  ) throws(Failure) -> (time: Double, peer: Peer) {
    let script = Script(Workload("lstat", .look, [.status(Share.file)]))
    let began = Script.now()
    let peer = try Peer(series.rawValue, command, at: .unpinned, log: "\(options.work)/log-\(series.rawValue)")
    try script.learn(from: peer)
    return (Script.now() - began, peer)
  }

  /// Memory, the binary, and what a helper does while there is nothing to do.
  private static func afterwards(
    _ commands: [(series: Series, command: [String])], _ share: Share, _ options: Options
  ) throws(Failure) -> [Comparison] {
    var peak = Comparison("memory", "peak memory, one request", unit: "kB")
    var own = Comparison("memory", "of it shared with no process", unit: "kB")
    var worked = Comparison("memory", "peak memory, every request", unit: "kB")
    var binary = Comparison("memory", "binary", unit: "bytes")
    var idle = Comparison("idle", "CPU time idle, a second", unit: "us")
    var switches = Comparison("idle", "wake-ups idle, a second", unit: "")
    for (series, command) in commands {
      let (_, peer) = try start(series, command, options)
      defer { peer.end() }
      peak.append(Double(try peer.peakMemory()), of: series)
      own.append(Double(try peer.privateMemory()), of: series)
      for workload in Workload.all(for: share) {
        let script = Script(workload)
        try script.learn(from: peer)
        _ = try script.run(100, on: peer)
      }
      if share.hasAttributes { try Script(.largest).learn(from: peer) }
      worked.append(Double(try peer.peakMemory()), of: series)
      var status = stat()
      guard stat(command[0], &status) == 0 else { throw Failure("can't look at \(command[0])", errno: errno) }
      binary.append(Double(status.st_size), of: series)

      let seconds = options.isQuick ? 2 : 10
      progress("\(series.rawValue) idle for \(seconds) s")
      // The last request may still keep it awake.
      sleep(1)
      let before = try peer.activity()
      sleep(UInt32(seconds))
      let after = try peer.activity()
      idle.append((after.nanoseconds - before.nanoseconds) / 1000 / Double(seconds), of: series)
      switches.append((after.switches - before.switches) / Double(seconds), of: series)
    }
    return [peak, own, worked, binary, idle, switches]
  }
}

extension Peer {
  /// What of its resident memory it shares with nobody, in kilobytes.
  func privateMemory() throws(Failure) -> Int {
    let lines = try readText("/proc/\(process)/smaps_rollup").split(separator: "\n")
    return lines.filter { $0.hasPrefix("Private_") }
      .compactMap { $0.split(separator: " ").dropFirst().first.flatMap { Int($0) } }.reduce(0, +)
  }

  /// How long all of its threads have run, and how often they were switched to.
  func activity() throws(Failure) -> (nanoseconds: Double, switches: Double) {
    var sum = (nanoseconds: 0.0, switches: 0.0)
    for thread in try threads() {
      let numbers = try readText("/proc/\(process)/task/\(thread)/schedstat").split { $0 == " " || $0 == "\n" }
      guard numbers.count == 3, let time = Double(numbers[0]), let switches = Double(numbers[2]) else {
        throw Failure("no schedstat of \(name)")
      }
      sum.nanoseconds += time
      sum.switches += switches
    }
    return sum
  }

  private func threads() throws(Failure) -> [String] {
    let path = "/proc/\(process)/task"
    guard let directory = opendir(path) else { throw Failure("can't list \(path)", errno: errno) }
    defer { closedir(directory) }
    var names: [String] = []
    while let entry = readdir(directory) {
      let name = withUnsafeBytes(of: entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
      if name.first?.isNumber == true { names.append(name) }
    }
    return names
  }
}
