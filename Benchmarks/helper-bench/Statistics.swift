import Glibc

extension [Double] {
  /// The value that this part of them doesn't exceed; between two neighbours, a mean of both.
  func quantile(_ part: Double) -> Double {
    guard !isEmpty else { return .nan }
    let sorted = sorted()
    let place = part * Double(count - 1)
    let below = Int(place)
    let above = Swift.min(below + 1, count - 1)
    return sorted[below] + (sorted[above] - sorted[below]) * (place - Double(below))
  }

  var median: Double { quantile(0.5) }

  var geometricMean: Double {
    exp(reduce(0) { $0 + log($1) } / Double(count))
  }
}
