import CLinux
import Glibc

/// How a helper's time grows with what there is more of, and a 9P server's.
enum ScaleSuite {
  static func run(_ options: Options) throws(Failure) -> [Comparison] {
    let quantities = NinePQuantity.all.filter { options.wants($0.setting) }
    let all = try helpers(options) + NinePGrowth(options).measure(quantities)
    guard !all.isEmpty else {
      throw Failure("--only takes entries, levels, bytes, helpers, fids, directory, clients or locks")
    }
    return all
  }

  private static func helpers(_ options: Options) throws(Failure) -> [Comparison] {
    guard ["entries", "levels", "bytes", "helpers"].contains(where: options.wants) else { return [] }
    let share = try Share(at: "\(options.work)/share")
    guard let placement = try Placement.all().first else { throw Failure("no CPU") }
    HelperBench.takePriority()
    try placement.pinClient()
    var all: [Comparison] = []
    if options.wants("entries") { all += try measure(try entries(share, options), floors: true) }
    if options.wants("levels") { all += try measure(try levels(share), floors: true) }
    if options.wants("bytes"), share.hasAttributes { all += try measure(values, floors: false) }
    if options.wants("helpers") {
      try Placement.unpinned.pinClient()
      all += try Crowd.measure(share, options)
    }
    progress("")
    print(
      """
      \(Machine.description); medians of \(options.rounds) alternating rounds of \(options.requests) requests each.
      Times are microseconds per request, or per pair where a line names two. Client and helper are pinned:
      \(placement.title.lowercased()). With several helpers at once each has its client, the scheduler places them, and
      the time is that of all divided by the number of all requests.
      """)
    if !share.hasAttributes { print("The file system has no extended attributes of users, so no values of them.") }
    let titles = [
      ("entries", "ENTRIES of the directory"), ("levels", "LEVELS of the path"), ("bytes", "BYTES of the value"),
      ("helpers", "HELPERS at once"),
    ]
    for (setting, title) in titles {
      let chosen = all.filter { $0.setting == setting }
      guard let first = chosen.first else { continue }
      let table = Table(first.series.contains(.floor) ? [.ours, .stock, .floor, .pollingFloor] : [.ours, .stock])
      table.print(title, chosen)
      Table.printSlower(chosen)
    }
    return all

    func measure(
      _ workloads: [(setting: String, amount: Int, workload: Workload)], floors: Bool
    ) throws(Failure) -> [Comparison] {
      let peers = try Peers(options, serving: share, at: placement, floors: floors)
      defer { peers.end() }
      var all: [Comparison] = []
      for (setting, amount, workload) in workloads {
        progress("\(workload.name), \(amount) \(setting)")
        all.append(try Rounds.measure(workload, peers, in: setting, amount: amount, options))
      }
      return all
    }
  }

  /// Directories with more and more in them.
  private static func entries(_ share: Share, _ options: Options) throws(Failure) -> [(String, Int, Workload)] {
    var workloads: [(String, Int, Workload)] = []
    for count in [10, 100, 1000, 10_000, 100_000] {
      progress("filling a directory with \(count) files")
      let name = "entries-\(count)"
      try makeDirectory("\(share.path)/\(name)")
      for index in 0..<count { try makeFile("\(share.path)/\(name)/file-\(index)") }
      let (some, new) = ("\(name)/file-\(count / 2)", "\(name)/new")
      workloads += [
        ("entries", count, Workload("lstat", .look, [.status(some)])),
        ("entries", count, Workload("create + remove", .make, [.create(new, .root), .remove(new)])),
        ("entries", count, Workload("rename", .change, [.rename(some, new), .rename(new, some)], unitsPerCycle: 2)),
      ]
    }
    return workloads
  }

  /// Files further and further down.
  private static func levels(_ share: Share) throws(Failure) -> [(String, Int, Workload)] {
    var workloads: [(String, Int, Workload)] = []
    var directory = ""
    for level in 1...40 {
      let file = "\(directory)file"
      if [1, 2, 5, 10, 20, 40].contains(level) {
        try makeFile("\(share.path)/\(file)")
        workloads += [
          ("levels", level, Workload("lstat", .look, [.status(file)])),
          ("levels", level, Workload("open", .open, [.open(file, O_RDONLY)])),
        ]
      }
      directory += "level-\(level)/"
      try makeDirectory("\(share.path)/\(directory)")
    }
    return workloads
  }

  /// Longer and longer values.
  private static var values: [(String, Int, Workload)] {
    [0, 100, 1000, 4000, 10_000, 30_000, 60_000].flatMap { count in
      let (set, get) = Workload.values(of: count)
      return [("bytes", count, set), ("bytes", count, get)]
    }
  }

  private static func makeDirectory(_ path: String) throws(Failure) {
    guard mkdir(path, 0o755) == 0 else { throw Failure("can't make \(path)", errno: errno) }
  }

  private static func makeFile(_ path: String) throws(Failure) {
    let file = creat(path, 0o644)
    guard file >= 0 else { throw Failure("can't make \(path)", errno: errno) }
    close(file)
  }
}
