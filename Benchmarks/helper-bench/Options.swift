/// The command line, which `script/bench` puts together.
struct Options {
  var helper = ""
  var stock = ""
  var floor = ""
  /// An empty directory, on the file system that is to be served.
  var work = ""
  var rounds = 41
  /// Requests in a batch.
  var requests = 200
  /// Part of the names of the workloads that are wanted.
  var only = ""

  init(_ arguments: [String]) throws(Failure) {
    var rest = arguments[...]
    func number(_ text: String, _ option: String) throws(Failure) -> Int {
      guard let number = Int(text), number > 0 else { throw Failure("\(option) wants a number, not '\(text)'") }
      return number
    }
    while let option = rest.popFirst() {
      if option == "--quick" {
        rounds = 9
        requests = 100
        continue
      }
      guard let value = rest.popFirst() else { throw Failure("\(option) is unknown or lacks its value") }
      switch option {
      case "--helper": helper = value
      case "--stock": stock = value
      case "--floor": floor = value
      case "--work": work = value
      case "--rounds": rounds = try number(value, option)
      case "--requests": requests = try number(value, option)
      case "--only": only = value
      default: throw Failure("unknown option \(option)")
      }
    }
    guard ![helper, stock, floor, work].contains("") else {
      throw Failure("--helper, --stock, --floor and --work are needed")
    }
  }
}
