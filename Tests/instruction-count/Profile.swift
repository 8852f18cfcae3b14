import Glibc

/// Where the instructions of one request go: the functions that execute them, without those that they call.
enum Profile {
  /// The functions of a case that was counted, the most costly first.
  static func functions(of name: String, in directory: String) throws(Failure) -> [(name: String, instructions: Int)] {
    guard let (few, many) = try Count.dumps(of: name, in: directory) else { throw Failure("nothing is called \(name)") }
    var costs = try Self.costs(in: many)
    for (function, cost) in try Self.costs(in: few) { costs[function, default: 0] -= cost }
    // What serving costs once has cancelled out.
    return costs.map { ($0.key, $0.value / Batch.difference) }.filter { $0.1 > 0 }
      .sorted { ($1.1, $0.0) < ($0.1, $1.0) }
  }

  /// The format is callgrind's: after a line `fn=…` come the costs of that function, a line of numbers each; the line after
  /// `calls=…` is what a called function cost.
  private static func costs(in path: String) throws(Failure) -> [String: Int] {
    var costs: [String: Int] = [:]
    var function = ""
    var isCall = false
    for line in try text(of: path).split(separator: "\n") {
      if line.hasPrefix("fn=") {
        function = String(line.dropFirst(3))
      } else if line.hasPrefix("calls=") {
        isCall = true
      } else if line.first?.isNumber == true {
        let numbers = line.split(separator: " ")
        if !isCall, numbers.count > 1 { costs[function, default: 0] += Int(numbers[1]) ?? 0 }
        isCall = false
      }
    }
    return costs
  }
}
