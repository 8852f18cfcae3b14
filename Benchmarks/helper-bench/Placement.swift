import Glibc

/// Where the scheduler may put the two ends of a connection. Left to itself it moves them, which outweighs all else.
enum Placement {
  case pinned(client: Int, helper: Int)
  case unpinned

  var title: String {
    switch self {
    case .pinned(let client, let helper) where client == helper: "ONE CPU (client and helper on \(client))"
    case .pinned(let client, let helper): "DIFFERENT CPUs (client on \(client), helper on \(helper))"
    case .unpinned: "UNPINNED (where the scheduler puts them)"
    }
  }

  var name: String {
    switch self {
    case .pinned(let client, let helper): client == helper ? "one" : "different"
    case .unpinned: "unpinned"
    }
  }

  /// Both placements, or only the one that a single CPU leaves.
  static func all() throws(Failure) -> [Placement] {
    let cpus = try allowed
    // The first one is where most interrupts go.
    guard let last = cpus.last else { throw Failure("no CPU in Cpus_allowed_list") }
    let one = Placement.pinned(client: last, helper: last)
    guard let other = cpus.dropLast().last else { return [one] }
    return [.pinned(client: last, helper: other), one]
  }

  /// Keeps this process on the client's CPU, or lets it go.
  ///
  /// The system call is `sched_setaffinity`, which Swift's Glibc doesn't show; taskset makes it for us.
  func pinClient() throws(Failure) {
    let cpus =
      switch self {
      case .pinned(let client, _): "\(client)"
      case .unpinned: try Self.allowed.map { "\($0)" }.joined(separator: ",")
      }
    let taskset = try Peer.spawn(["taskset", "--cpu-list", "--pid", cpus, "\(getpid())"], socket: nil, log: nil)
    guard Peer.wait(for: taskset) == 0 else { throw Failure("taskset failed") }
  }

  /// A command line that keeps a helper on its CPU from its start.
  func pinned(_ command: [String]) -> [String] {
    guard case .pinned(_, let helper) = self else { return command }
    return ["taskset", "--cpu-list", "\(helper)"] + command
  }

  /// The CPUs that this process had at its start.
  private static var allowed: [Int] {
    get throws(Failure) {
      if let known { return known }
      let cpus = try readAllowed()
      known = cpus
      return cpus
    }
  }

  nonisolated(unsafe) private static var known: [Int]?

  private static func readAllowed() throws(Failure) -> [Int] {
    guard let list = try ProcessStatus("self")["Cpus_allowed_list"] else {
      throw Failure("no Cpus_allowed_list in /proc/self/status")
    }
    return list.split(separator: ",").flatMap { part -> [Int] in
      let ends = part.split(separator: "-").compactMap { Int($0) }
      guard let first = ends.first, let last = ends.last, first <= last else { return [] }
      return Array(first...last)
    }
  }
}

/// What `/proc/PID/status` says.
struct ProcessStatus {
  private let lines: [Substring]

  init(_ process: String) throws(Failure) {
    lines = try readText("/proc/\(process)/status").split(separator: "\n")
  }

  /// The value of one line, without its name and the space before it.
  subscript(_ name: String) -> Substring? {
    guard let line = lines.first(where: { $0.hasPrefix("\(name):") }) else { return nil }
    return line.dropFirst(name.utf8.count + 1).drop { $0 == " " || $0 == "\t" }
  }
}
