/// Tables of comparisons, as text.
struct Table {
  /// The columns of times.
  let shown: [Series]
  /// Digits of the times behind their point.
  let digits: Int

  init(_ shown: [Series], digits: Int = 1) {
    self.shown = shown
    self.digits = digits
  }

  private static let nameWidth = 30

  func print(_ title: String, _ all: [Comparison]) {
    Swift.print("\n\(title)")
    let reference = (all.first?.reference ?? .stock).rawValue
    let headings = shown.map { Self.heading($0) }
    Swift.print(
      pad("", Self.nameWidth) + headings.map { right($0, width($0)) }.joined() + right("ours/\(reference)", 12)
        + right("quartiles", 11) + right("\(reference)/\(reference)", 13) + right("quartiles", 11)
        + (hasFloor ? right("ours/floor", 12) : "")
        + (hasSplit ? right("split/ours", 12) + right("quartiles", 11) : ""))
    for comparison in all { Swift.print(line(comparison)) }
  }

  /// Means of the lines of each kind.
  func printMeans(_ all: [Comparison], _ kinds: [(name: String, kinds: [String])]) {
    Swift.print("geometric means")
    let times = Self.nameWidth + shown.map { width(Self.heading($0)) }.reduce(0, +)
    for (name, kinds) in kinds {
      let chosen = all.filter { kinds.contains($0.kind) }
      guard !chosen.isEmpty else { continue }
      Swift.print(
        pad("  \(name)", times) + right(fixed(chosen.map { $0.ratios(.ours).median }.geometricMean, 2), 12)
          + right("", 11) + right(fixed(chosen.map(\.noise.median).geometricMean, 2), 13) + right("", 11)
          + (hasFloor
            ? right(fixed(chosen.map { $0.median(.ours) / $0.median(.pollingFloor) }.geometricMean, 2), 12) : ""))
    }
  }

  static func printSlower(_ all: [Comparison]) {
    let slower = all.filter(\.isSlower).map(\.title)
    let other = all.first?.reference == .diod ? "diod" : "the original"
    Swift.print(
      slower.isEmpty
        ? "nothing slower than \(other) beyond the noise"
        : "! slower than \(other) beyond the noise: \(slower.joined(separator: ", "))")
  }

  private var hasSplit: Bool { shown.contains(.oursSplit) }
  private var hasFloor: Bool { shown.contains(.pollingFloor) }

  private static func heading(_ series: Series) -> String {
    switch series {
    case .pollingFloor: "polling"
    default: series.rawValue
    }
  }

  private func width(_ heading: String) -> Int { max(9, heading.count + 2) }

  private func line(_ comparison: Comparison) -> String {
    let times = shown.map { right(fixed(comparison.median($0), digits), width(Self.heading($0))) }.joined()
    let (ratios, noise) = (comparison.ratios(.ours), comparison.noise)
    let split = comparison.ratios(.oursSplit, to: .ours)
    return pad((comparison.isSlower ? "! " : "  ") + comparison.title, Self.nameWidth) + times
      + right(fixed(ratios.median, 2), 12) + right(quartiles(ratios), 11) + right(fixed(noise.median, 2), 13)
      + right(quartiles(noise), 11)
      + (hasFloor ? right(fixed(comparison.median(.ours) / comparison.median(.pollingFloor), 2), 12) : "")
      + (hasSplit ? right(fixed(split.median, 2), 12) + right(quartiles(split), 11) : "")
  }
}

func quartiles(_ values: [Double]) -> String {
  values.count < 2 ? "" : "\(fixed(values.quantile(0.25), 2))-\(fixed(values.quantile(0.75), 2))"
}

func pad(_ text: String, _ width: Int) -> String {
  text + String(repeating: " ", count: max(0, width - text.count))
}

func right(_ text: String, _ width: Int) -> String {
  String(repeating: " ", count: max(0, width - text.count)) + text
}

/// A positive number with this many digits behind its point.
func fixed(_ value: Double, _ digits: Int) -> String {
  guard value.isFinite else { return "-" }
  var scale = 1
  for _ in 0..<digits { scale *= 10 }
  let scaled = Int((value * Double(scale)).rounded())
  guard digits > 0 else { return "\(scaled)" }
  let fraction = String(scaled % scale)
  return "\(scaled / scale)." + String(repeating: "0", count: digits - fraction.count) + fraction
}
