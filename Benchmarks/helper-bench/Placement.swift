import Glibc

/// Where the scheduler may put the two ends of a connection. Left to itself it moves them, which outweighs all else.
struct Placement {
  let client: Int
  let helper: Int

  var title: String {
    client == helper
      ? "ONE CPU (client and helper on \(client))" : "DIFFERENT CPUs (client on \(client), helper on \(helper))"
  }

  /// Both placements, or only the one that a single CPU leaves.
  static func all() throws(Failure) -> [Placement] {
    let cpus = try allowed()
    // The first one is where most interrupts go.
    guard let last = cpus.last else { throw Failure("no CPU in Cpus_allowed_list") }
    let one = Placement(client: last, helper: last)
    guard let other = cpus.dropLast().last else { return [one] }
    return [Placement(client: last, helper: other), one]
  }

  /// Keeps this process on the client's CPU.
  ///
  /// The system call is `sched_setaffinity`, which Swift's Glibc doesn't show; taskset makes it for us.
  func pinClient() throws(Failure) {
    let taskset = try Peer.spawn(["taskset", "--cpu-list", "--pid", "\(client)", "\(getpid())"], socket: nil, log: nil)
    var status: CInt = 0
    guard waitpid(taskset, &status, 0) == taskset, status == 0 else { throw Failure("taskset failed") }
  }

  /// A command line that keeps a helper on its CPU from its start.
  func pinned(_ command: [String]) -> [String] {
    ["taskset", "--cpu-list", "\(helper)"] + command
  }

  private static func allowed() throws(Failure) -> [Int] {
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
    let path = "/proc/\(process)/status"
    guard let file = fopen(path, "r") else { throw Failure("can't read \(path)", errno: errno) }
    defer { fclose(file) }
    var text = [UInt8](repeating: 0, count: 16384)
    let count = fread(&text, 1, text.count, file)
    lines = String(decoding: text.prefix(count), as: UTF8.self).split(separator: "\n")
  }

  /// The value of one line, without its name and the space before it.
  subscript(_ name: String) -> Substring? {
    guard let line = lines.first(where: { $0.hasPrefix("\(name):") }) else { return nil }
    return line.dropFirst(name.utf8.count + 1).drop { $0 == " " || $0 == "\t" }
  }
}
