import Glibc

/// Work in a Linux guest on a share, served in different ways.
enum GuestSuite {
  static func run(_ options: Options) throws(Failure) -> [Comparison] {
    let (files, megabytes) = options.isQuick ? (200, 16) : (2000, 64)
    let guest = try Guest(options, files: files, megabytes: megabytes)
    HelperBench.takePriority()
    let ways: [Series] = [.stock, .ours, .stockAgain, .localPassthrough, .localMapped]
    progress("a guest to warm up")
    _ = try guest.run(.stock)
    var all: [Comparison] = []
    for round in 0..<options.rounds {
      for (place, turn) in Rounds.order(round, of: ways.count).enumerated() {
        progress("round \(round + 1) of \(options.rounds), guest \(place + 1) of \(ways.count): \(ways[turn].rawValue)")
        for (name, milliseconds) in try guest.run(ways[turn]) where options.wants(name) {
          let index =
            all.firstIndex { $0.name == name }
            ?? {
              all.append(Comparison("guest", name, kind: "guest", unit: "ms"))
              return all.count - 1
            }()
          all[index].append(milliseconds, of: ways[turn])
        }
      }
    }
    progress("")
    print(
      """
      \(Machine.description); medians of \(options.rounds) alternating rounds, a guest each.
      Milliseconds in a Linux guest with one emulated processor (QEMU, TCG), on a share in memory: its own code takes several
      times what it would with KVM, so that differences between the columns look smaller than they are. local-passthrough
      is QEMU's own driver, run by root; local-mapped the same by an ordinary user, ownership kept in extended attributes.
      """)
    let table = Table([.ours, .stock, .localPassthrough, .localMapped], digits: 0)
    table.print("GUEST", all)
    table.printMeans(all, [("all", ["guest"])])
    Table.printSlower(all)
    print("\ngit status is left out: there is no static git to put into the guest.")
    return all
  }
}

/// The guest of `script/guest-image`, and what it is to do.
private struct Guest {
  /// Whom QEMU runs as: nobody.
  private static let user: uid_t = 65_534

  private let options: Options
  private let content: String
  private let share: String

  init(_ options: Options, files: Int, megabytes: Int) throws(Failure) {
    self.options = options
    content = "\(options.work)/content"
    share = "\(options.work)/share"
    guard mkdir(content, 0o755) == 0 else { throw Failure("can't make \(content)", errno: errno) }
    try Self.run(["cp", options.guestBench, "\(content)/guest-bench"])
    guard let file = fopen("\(content)/guest-main", "w") else { throw Failure("can't write guest-main", errno: errno) }
    fputs("#!/bin/busybox sh\n/guest-bench /mnt \(files) \(megabytes)\n", file)
    fclose(file)
    chmod("\(content)/guest-main", 0o755)
  }

  /// Boots it on an empty share; returns what its work took, in milliseconds.
  func run(_ way: Series) throws(Failure) -> [(name: String, milliseconds: Double)] {
    try Self.run(["rm", "-rf", share])
    guard mkdir(share, 0o755) == 0 else { throw Failure("can't make \(share)", errno: errno) }
    let console = "\(options.work)/console"
    switch way {
    case .localPassthrough:
      try boot("local,path=\(share),security_model=passthrough", socket: nil, console)
    case .localMapped:
      chown(share, Self.user, Self.user)
      try boot("local,path=\(share),security_model=mapped-xattr", socket: nil, console)
    default:
      let program = way == .ours ? options.helper : options.stock
      let helper = try Peer(
        way.rawValue, [program, "-n", "-p", share, "-f", "{}"], at: .unpinned,
        log: "\(options.work)/log-\(way.rawValue)")
      defer { helper.end() }
      try boot("sock_fd=3", socket: helper.socket, console)
    }
    return try results(of: console, way)
  }

  private func boot(_ fsdev: String, socket: CInt?, _ console: String) throws(Failure) {
    let guest = try Peer.spawn(
      ["timeout", "--foreground", "900", options.guestRun, content, fsdev], socket: socket, log: console)
    let status = Peer.wait(for: guest)
    guard status == 0 else { throw Failure("QEMU ended with \(status):\n\(tail(of: console))") }
  }

  private func results(of console: String, _ way: Series) throws(Failure) -> [(name: String, milliseconds: Double)] {
    let prefix = "guest-bench: "
    let lines = try readText(console).split(whereSeparator: \.isNewline).filter { $0.hasPrefix(prefix) }
      .map { $0.dropFirst(prefix.count) }
    guard lines.last == "done" else { throw Failure("\(way.rawValue): the guest didn't finish:\n\(tail(of: console))") }
    return lines.dropLast().compactMap { line in
      let words = line.split(separator: " ", maxSplits: 1)
      guard words.count == 2, let time = Double(words[0]) else { return nil }
      return (String(words[1]), time / 1000)
    }
  }

  private func tail(of console: String) -> String {
    String(((try? readText(console)) ?? "").suffix(2000))
  }

  private static func run(_ command: [String]) throws(Failure) {
    guard Peer.wait(for: try Peer.spawn(command, socket: nil, log: nil)) == 0 else {
      throw Failure("\(command.joined(separator: " ")) failed")
    }
  }
}
