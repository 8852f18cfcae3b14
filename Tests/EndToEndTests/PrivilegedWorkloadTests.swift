import CLinux
import Foundation
import HelperHarness
import Testing

/// `Tests/guest-workloads`: in a guest, stress-ng, fio, dbench, git and SQLite work on a share of our 9P server, and the
/// host finds what they left.
@Suite(
  "Privileged: workloads in a guest",
  .serialized, .enabled(if: isWanted, "needs root: the server gives files any owner"))
struct PrivilegedWorkloadTests {
  /// The ways to start the server: arguments beyond those that every one has. Without any it is in two processes.
  static let servers: [[String]] = Workload.isLong ? [["--split"], ["--in-process"]] : [[]]

  @Test(
    "each is right, or known to fail", .timeLimit(.minutes(Workload.isLong ? 60 : 10)),
    arguments: servers, Workload.Cache.allCases)
  func guest(server arguments: [String], cache: Workload.Cache) throws {
    try withRig(.workloads, checks: [cache.rawValue] + (Workload.isLong ? ["long"] : [])) { rig in
      let server = try rig.startServer(["--listen", "tcp:127.0.0.1:0", "--trust"] + arguments)
      let console = try guestConsole(
        rig, "tcp=\(try port(of: server))", options: "cache=\(cache)", within: Workload.isLong ? 3500 : 580)
      let workloads = Workload.all(on: console)
      for workload in workloads {
        if let why = cache.failures[workload.name] {
          #expect(workload.failure != nil, "\(workload.name) passes, though: \(why)")
        } else {
          #expect(workload.failure == nil, "\(workload.name): \(workload.failure ?? "")")
        }
      }
      #expect(Set(workloads.map(\.name)) == cache.workloads, "the end of the console:\n\(console.suffix(2000))")
      try checkWhatIsLeft(by: cache, in: rig.share)
      try expectEndBySignal(of: server)
      print("Workloads, cache=\(cache): \(Workload.summary(of: workloads))")
    }
  }

  /// Looks from the host at what the workloads left.
  private func checkWhatIsLeft(by cache: Workload.Cache, in share: URL) throws {
    func names(in directory: String) throws -> Set<String> {
      Set(try FileManager.default.contentsOfDirectory(atPath: share.appendingPathComponent(directory).path))
    }
    // What stress-ng and dbench made is removed.
    #expect(try names(in: "stress") == [])
    if cache.workloads.contains("dbench") { #expect(try names(in: "dbench") == []) }

    // As the guest read it.
    let sums = try run(["sha256sum", "--check", "sums"], in: share)
    let files = try names(in: "fio")
    #expect(files.count == 10, "\(files)")
    #expect(sums.split(separator: "\n").count { $0.hasSuffix(": OK") } == (cache == .none ? 9 : 10), "\(sums)")

    if cache.workloads.contains("git clone") {
      #expect(try names(in: "git") == ["clone", "second"])
      for repository in ["git/clone", "git/second"] {
        try run(["git", "-C", repository, "fsck", "--full", "--strict"], in: share)
        #expect(try run(["git", "-C", repository, "status", "--porcelain"], in: share) == "")
      }
    }

    let databases = try names(in: "sqlite").filter { $0.hasSuffix(".db") }
    #expect(databases.count == 7)
    for name in databases where cache != .none || !name.hasPrefix("wal") {
      let looked = try run(["sqlite3", "-bail", "sqlite/\(name)", "PRAGMA integrity_check;"], in: share)
      #expect(looked == "ok\n", "\(name)")
    }
  }

  /// Runs a program of the host, which has to succeed, and returns what it says.
  @discardableResult
  private func run(_ words: [String], in directory: URL) throws -> String {
    let program = try Logged("/usr/bin/env", ["-C", directory.path] + words)
    let status = try program.status(within: 60)
    #expect(status == 0, "\(words.joined(separator: " ")): \(program.output)")
    return program.output
  }
}

extension Workload {
  /// How many of each program passed, and how long they took.
  fileprivate static func summary(of workloads: [Workload]) -> String {
    Dictionary(grouping: workloads) { $0.name.prefix { $0 != " " } }.sorted { $0.key < $1.key }.map { program, all in
      let seconds = all.reduce(0) { $0 + $1.seconds }
      return "\(program) \(all.count { $0.failure == nil })/\(all.count) in \(Int(seconds.rounded())) s"
    }.joined(separator: ", ")
  }
}
