import Glibc

/// The table.
enum Report {
  static func header(_ options: Options, _ share: Share) {
    var name = utsname()
    uname(&name)
    let release = withUnsafeBytes(of: &name.release) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
    print(
      """
      Linux \(release), \(sysconf(CInt(_SC_NPROCESSORS_ONLN))) CPUs; medians of \(options.rounds) alternating rounds of \
      \(options.requests) requests each.
      Times are microseconds per request, or per pair where a line names two. Ratios are taken within each round; beside
      each are its quartiles. stock/stock compares two processes of the original: the noise. floor is a C loop of one
      recv, the bare system call and one send, as root: no other identity is taken on for it.
      """)
    if !share.hasAttributes {
      print("The file system has no extended attributes of users: those requests are refused, by all alike.")
    }
  }

  static func table(_ placement: Placement, _ all: [Samples]) {
    print("\n\(placement.title)")
    print(
      pad("", 27) + right("ours", 8) + right("stock", 8) + right("floor", 8) + right("ours/stock", 13)
        + right("quartiles", 12) + right("stock/stock", 14) + right("quartiles", 12) + right("ours/floor", 12))
    for samples in all { print(line(samples)) }
    print("geometric means")
    for (name, kinds) in groups {
      let chosen = all.filter { kinds.contains($0.workload.kind) }
      guard !chosen.isEmpty else { continue }
      print(
        pad("  \(name)", 27) + right("", 24) + right(fixed(chosen.map(\.ratios.median).geometricMean, 2), 13)
          + right("", 12) + right(fixed(chosen.map(\.noise.median).geometricMean, 2), 14) + right("", 12)
          + right(fixed(chosen.map { $0.ours.median / $0.floor.median }.geometricMean, 2), 12))
    }
    let slower = all.filter(isSlower)
    print(
      slower.isEmpty
        ? "nothing slower than the original beyond the noise"
        : "! slower than the original beyond the noise: \(slower.map(\.workload.name).joined(separator: ", "))")
  }

  static func memory(_ rows: [(name: String, after: Int, afterLargest: Int?)]) {
    print("\nPEAK MEMORY (VmHWM, kB; the larger of the placements)")
    for row in rows {
      let largest = row.afterLargest.map { ", \($0) after the largest frames" } ?? ""
      print(pad("  \(row.name)", 27) + "\(row.after)\(largest)")
    }
  }

  private static let groups: [(String, [Workload.Kind])] = [
    ("opening", [.open]), ("looking", [.look]), ("making", [.make]), ("changing", [.change]),
    ("all", Workload.Kind.allCases),
  ]

  /// Whether three quarters of the rounds say so, and by more than two processes of one program differ.
  private static func isSlower(_ samples: Samples) -> Bool {
    let noise = max(samples.noise.quantile(0.75), 1 / samples.noise.quantile(0.25), 1)
    return samples.ratios.quantile(0.25) > 1 && samples.ratios.median > noise
  }

  private static func line(_ samples: Samples) -> String {
    pad((isSlower(samples) ? "! " : "  ") + samples.workload.name, 27)
      + right(fixed(samples.ours.median, 1), 8) + right(fixed(samples.stock.median, 1), 8)
      + right(fixed(samples.floor.median, 1), 8) + right(fixed(samples.ratios.median, 2), 13)
      + right(quartiles(samples.ratios), 12) + right(fixed(samples.noise.median, 2), 14)
      + right(quartiles(samples.noise), 12) + right(fixed(samples.ours.median / samples.floor.median, 2), 12)
  }

  private static func quartiles(_ values: [Double]) -> String {
    "\(fixed(values.quantile(0.25), 2))-\(fixed(values.quantile(0.75), 2))"
  }

  private static func pad(_ text: String, _ width: Int) -> String {
    text + String(repeating: " ", count: max(0, width - text.count))
  }

  private static func right(_ text: String, _ width: Int) -> String {
    String(repeating: " ", count: max(0, width - text.count)) + text
  }

  /// A positive number with this many digits behind its point.
  private static func fixed(_ value: Double, _ digits: Int) -> String {
    guard value.isFinite else { return "-" }
    let scale = Int(pow(10, Double(digits)))
    let scaled = Int((value * Double(scale)).rounded())
    let fraction = String(scaled % scale)
    return "\(scaled / scale)." + String(repeating: "0", count: digits - fraction.count) + fraction
  }
}
