import Foundation

/// One of `Tests/guest-workloads`, from its lines on the console.
struct Workload {
  let name: String
  let seconds: Double
  /// The end of what it said, where it failed.
  var failure: String?

  static func all(on console: String) -> [Workload] {
    var all: [Workload] = []
    for line in console.split(whereSeparator: \.isNewline) {
      if let told = line.wholeMatch(of: /(not )?ok (.+) \(([0-9.]+) s\)/) {
        let failure = told.output.1 == nil ? nil : ""
        all.append(Workload(name: String(told.output.2), seconds: Double(told.output.3) ?? 0, failure: failure))
      } else if line.hasPrefix("# "), let last = all.indices.last, all[last].failure != nil {
        all[last].failure?.append("\n\(line.dropFirst(2))")
      }
    }
    return all
  }

  /// Whether each is done ten times as often, for minutes.
  static let isLong = ProcessInfo.processInfo.environment["POSTERN_WORKLOADS"] == "long"

  /// How the guest mounts the share.
  enum Cache: String, CaseIterable {
    case none, loose, mmap

    /// Every workload that has to be told of.
    var workloads: Set<String> {
      // With mmap only data are handled in another way than with none.
      let everything = self != .mmap || Workload.isLong
      var stressors = dataStressors
      if everything { stressors += nameStressors }
      if self != .none { stressors += mappingStressors }
      if self == .loose { stressors += ["inotify"] }
      if Workload.isLong { stressors += ["link", "symlink"] }
      return Set(stressors.map { "stress-ng \($0)" } + fio + sqlite + (everything ? dbenchAndGit : []) + ["unmount"])
    }

    /// Those that fail, and why: what is listed has to fail.
    var failures: [String: String] {
      guard self == .none else { return [:] }
      let why = "Linux's client has no writable shared mapping with cache=none"
      return [
        "fio mmap": why,
        // The index of the log is such a mapping, if it isn't one process's own.
        "sqlite WAL": why,
        "sqlite WAL, two writers": why,
      ]
    }
  }

  private static let dataStressors = [
    "aio", "aiol", "copy-file", "fallocate", "hdd", "io", "io-uring", "iomix", "readahead", "revio", "seek", "sendfile",
    "sync-file",
  ]
  private static let nameStressors = [
    "access", "chdir", "chmod", "chown", "dentry", "dir", "dirmany", "dnotify", "fcntl", "filename", "flock", "fsize",
    "fstat", "getdent", "locka", "lockf", "lockofd", "mknod", "open", "rename", "touch", "utime", "xattr",
  ]
  private static let mappingStressors = ["mmap", "msync", "rmap"]
  private static let fio = [
    "sequential writes", "random writes", "random reads and writes", "fsync", "O_DSYNC", "two in one file",
    "asynchronous", "asynchronous and direct", "io_uring", "mmap",
  ].map { "fio \($0)" }
  private static let sqlite = [
    "rollback journal", "truncated journal", "persistent journal", "two writers", "WAL of one process", "WAL",
    "WAL, two writers",
  ].map { "sqlite \($0)" }
  private static let dbenchAndGit = [
    "dbench", "git source", "git clone", "git commit", "git gc", "git clone by links",
  ]
}
