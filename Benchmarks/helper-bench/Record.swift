import Glibc

/// The numbers as a file that others can read: one line for each series of each comparison.
enum Record {
  static let header =
    "suite,setting,name,amount,kind,series,unit,median,quartile1,quartile3,ratio,ratio1,ratio3,rounds"

  static func write(_ all: [Comparison], _ options: Options) throws(Failure) {
    guard !options.csv.isEmpty else { return }
    var text = "# \(Machine.description); \(options.version)\n\(header)\n"
    for comparison in all {
      for series in comparison.series {
        let values = comparison.values[series] ?? []
        let ratios = comparison.ratios(series)
        let numbers = [values.median, values.quantile(0.25), values.quantile(0.75)].map { fixed($0, 3) }
        // Against the original, within each round; of stock-again it is the noise.
        let ratio = [ratios.median, ratios.quantile(0.25), ratios.quantile(0.75)].map { fixed($0, 4) }
        let words =
          [
            options.suite.rawValue, comparison.setting, comparison.name.filter { $0 != "," },
            comparison.amount.map { "\($0)" } ?? "",
            comparison.kind, series.rawValue, comparison.unit,
          ] + numbers + ratio + ["\(values.count)"]
        text += words.joined(separator: ",") + "\n"
      }
    }
    guard let file = fopen(options.csv, "w") else { throw Failure("can't write \(options.csv)", errno: errno) }
    defer { fclose(file) }
    fputs(text, file)
  }
}

/// What was measured on.
enum Machine {
  static var description: String {
    "Linux \(release), \(sysconf(CInt(_SC_NPROCESSORS_ONLN))) CPUs (\(processor))"
  }

  private static var release: String {
    var name = utsname()
    uname(&name)
    return withUnsafeBytes(of: &name.release) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
  }

  private static var processor: String {
    guard let text = try? readText("/proc/cpuinfo"),
      let line = text.split(separator: "\n").first(where: { $0.hasPrefix("model name") })
    else { return "an unknown processor" }
    let name = line.drop { $0 != ":" }.dropFirst().drop { $0 == " " }
    return String(name.filter { $0 != "," })
  }
}

/// A file's text, such as one of /proc's.
func readText(_ path: String) throws(Failure) -> String {
  guard let file = fopen(path, "r") else { throw Failure("can't read \(path)", errno: errno) }
  defer { fclose(file) }
  var text: [UInt8] = []
  var buffer = [UInt8](repeating: 0, count: 1 << 16)
  while true {
    let count = fread(&buffer, 1, buffer.count, file)
    guard count > 0 else { return String(decoding: text, as: UTF8.self) }
    text += buffer.prefix(count)
  }
}
