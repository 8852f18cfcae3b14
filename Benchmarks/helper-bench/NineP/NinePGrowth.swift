import Glibc

/// How the time of a request of 9P grows with what a server holds.
///
/// A server for each amount runs beside the others, and they take turns: what slows the whole machine slows all amounts.
struct NinePGrowth {
  private let options: Options

  /// The most that the time with an amount is of the time with a hundredth.
  static let flat = 1.5

  init(_ options: Options) {
    self.options = options
  }

  func measure(_ quantities: [NinePQuantity]) throws(Failure) -> [Comparison] {
    guard !quantities.isEmpty else { return [] }
    Self.raiseLimit()
    HelperBench.takePriority()
    // What is asked is how much work there is. Where the scheduler puts several threads outweighs that.
    guard let placement = try Placement.all().last else { throw Failure("no CPU") }
    try placement.pinClient()
    var all: [Comparison] = []
    var failures: [String] = []
    for quantity in quantities {
      let tree = "\(options.work)/\(quantity.setting)"
      guard mkdir(tree, 0o755) == 0 else { throw Failure("can't make \(tree)", errno: errno) }
      progress("\(quantity.setting): filling the share")
      try quantity.fill(tree, amounts(quantity))
      all += try measure(quantity, tree, &failures)
    }
    progress("")
    print(
      """
      \(Machine.description); medians of \(options.rounds) alternating rounds.
      postern 9p at a Unix socket, in one process (ours) and two (split), on one CPU with the client. Times are microseconds
      per operation, with \(NinePOperation.inFlight) requests in flight (16 about locks). Growth is the time as a multiple of
      the time with a hundredth, or with the smallest amount, in the same round; ! is beyond \(fixed(Self.flat, 1)). Memory
      is what the processes' resident memory grows by, in bytes; the kernel's isn't in it.
      """)
    for quantity in quantities { show(quantity.title, all.filter { $0.setting == quantity.setting }) }
    for failure in failures { print("not measured: \(failure)") }
    return all
  }

  /// Ten times as many each time; no more than a tenth for a first look.
  private func amounts(_ quantity: NinePQuantity) -> [Int] {
    [1000, 100, 10, 1].map { quantity.most / $0 }.filter { $0 >= quantity.least }.dropLast(options.isQuick ? 1 : 0)
  }

  private func measure(
    _ quantity: NinePQuantity, _ tree: String, _ failures: inout [String]
  ) throws(Failure) -> [Comparison] {
    var memory: [Comparison] = []
    var held: [NinePHolding] = []
    defer { for holding in held { holding.server.end() } }
    for (number, amount) in amounts(quantity).enumerated() {
      let least = held.map(\.amount).max() ?? 0
      var both: [(holding: NinePHolding, grown: Int)] = []
      for series in [Series.ours, .oursSplit] {
        progress("\(quantity.setting): \(amount), \(series.rawValue)")
        let server = try NinePServerProcess(series, .unix, tree: tree, options, number: number)
        let holding = NinePHolding(series, wanted: amount, server)
        held.append(holding)
        do throws(Failure) {
          holding.connections.append(try server.connect())
          let before = try server.memory("VmRSS")
          do throws(Failure) {
            try quantity.hold(holding)
          } catch {
            failures.append("\(amount) \(quantity.setting), \(series.rawValue): only \(holding.amount): \(error)")
            holding.hasFailed = holding.amount < 2 * least || holding.amount == 0
          }
          both.append((holding, max(0, try server.memory("VmRSS") - before)))
        } catch {
          failures.append("\(amount) \(quantity.setting), \(series.rawValue): \(error)")
          holding.hasFailed = true
        }
      }
      both.removeAll { $0.holding.hasFailed }
      // Where there is room for fewer, both are looked at with as many.
      guard let common = both.map(\.holding.amount).min() else { continue }
      var each = Comparison(
        quantity.setting, "memory of each", amount: common, kind: "memory", unit: "bytes", against: .ours)
      for (holding, grown) in both {
        each.append(Double(grown) * 1024 / Double(holding.amount), of: holding.series)
        holding.amount = common
      }
      if quantity.takesMemory { memory.append(each) }
    }
    var all: [Comparison] = []
    for operation in quantity.operations {
      progress("\(quantity.setting): \(operation.name)")
      all += measure(operation, quantity, held, &failures)
    }
    return all + memory
  }

  private func measure(
    _ operation: NinePOperation, _ quantity: NinePQuantity, _ held: [NinePHolding], _ failures: inout [String]
  ) -> [Comparison] {
    var comparisons: [Int: Comparison] = [:]
    for round in -1..<options.rounds {
      for turn in Rounds.order(max(0, round), of: held.count) where !held[turn].hasFailed {
        let holding = held[turn]
        do throws(Failure) {
          let time = try operation.run(holding, max(1, options.requests / 12))
          // The first round wakes caches up.
          guard round >= 0 else { continue }
          comparisons[
            holding.amount,
            default: Comparison(
              quantity.setting, operation.name, amount: holding.amount, kind: "9p", unit: "us", against: .ours)
          ].append(time / 1000, of: holding.series)
        } catch {
          failures.append("\(operation.name) with \(holding.amount) \(quantity.setting), \(holding.series): \(error)")
          holding.hasFailed = true
        }
      }
    }
    let all = comparisons.values.sorted { ($0.amount ?? 0) < ($1.amount ?? 0) }
    return all.map { comparison in
      var comparison = comparison
      comparison.smaller = all.first { ($0.amount ?? 0) * 100 >= comparison.amount ?? 0 }?.values
      return comparison
    }
  }

  private func show(_ title: String, _ all: [Comparison]) {
    print("\n\(title)")
    print(
      pad("", 38) + right("ours", 10) + right("growth", 10) + right("split", 10) + right("growth", 10)
        + right("split/ours", 12))
    var tooMuch: [String] = []
    for comparison in all {
      var line = ""
      for series in [Series.ours, .oursSplit] {
        let growth = comparison.smaller == nil ? .nan : comparison.ratios(series).median
        line += right(fixed(comparison.median(series), comparison.kind == "memory" ? 0 : 2), 10)
        line += right(fixed(growth, 2), 10)
        if growth > Self.flat {
          tooMuch.append("\(comparison.title), \(series.rawValue)")
        }
      }
      let split = comparison.ratios(.oursSplit, to: .ours).median
      print(pad("  \(comparison.title)", 38) + line + right(fixed(split, 2), 12))
    }
    print(
      tooMuch.isEmpty
        ? "nothing grows beyond \(fixed(Self.flat, 1))"
        : "! grows beyond \(fixed(Self.flat, 1)): \(tooMuch.joined(separator: "; "))")
  }

  /// As many descriptors as there may be, for us and for the servers; only some users may have more than the hard limit.
  private static func raiseLimit() {
    let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
    var limit = rlimit(rlim_cur: 1 << 20, rlim_max: 1 << 20)
    guard setrlimit(resource, &limit) != 0, getrlimit(resource, &limit) == 0 else { return }
    limit.rlim_cur = limit.rlim_max
    setrlimit(resource, &limit)
  }
}

/// A server that holds so many of something.
final class NinePHolding {
  let series: Series
  let wanted: Int
  /// As many as it has.
  var amount = 0
  let server: NinePServerProcess
  var connections: [NinePConnection] = []
  /// Whether it takes no further part.
  var hasFailed = false

  init(_ series: Series, wanted: Int, _ server: NinePServerProcess) {
    self.series = series
    self.wanted = wanted
    self.server = server
  }
}

/// One operation, whose time is looked at.
struct NinePOperation {
  let name: String
  /// Does it `inFlight` times for each of so many turns.
  ///
  /// - Returns: nanoseconds of one.
  let run: (_ holding: NinePHolding, _ turns: Int) throws(Failure) -> Double

  static let inFlight = 32
  static var numbers: Range<Int> { 0..<inFlight }
}
