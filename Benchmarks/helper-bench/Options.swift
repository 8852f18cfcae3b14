/// The command line, which `script/bench` puts together.
struct Options {
  enum Suite: String {
    case helper, guest, scale, startup
    case nineP = "9p"
  }

  let suite: Suite
  var helper = ""
  var stock = ""
  var floor = ""
  /// Our server of 9P, and the other one.
  var postern = ""
  var diod = ""
  /// An empty directory, on the file system that is to be served.
  var work = ""
  /// What boots a guest, and the program that works in it.
  var guestRun = ""
  var guestBench = ""
  /// A file that gets the numbers.
  var csv = ""
  /// What of the project was measured, for that file.
  var version = "unknown"
  /// A first look, rather than numbers to rely on.
  var isQuick = false
  /// Whether the scheduler may also place the processes as it likes.
  var unpinned = false
  /// Part of the names of the lines that are wanted.
  var only = ""
  private var givenRounds: Int?
  private var givenRequests: Int?

  /// How often each takes its turn.
  var rounds: Int {
    let (usual, quick) =
      switch suite {
      case .helper: (41, 9)
      case .guest: (5, 1)
      case .scale: (21, 5)
      case .startup: (41, 9)
      case .nineP: (21, 5)
      }
    return givenRounds ?? (isQuick ? quick : usual)
  }

  /// Requests in a batch.
  var requests: Int { givenRequests ?? (isQuick ? 100 : 200) }

  init(_ arguments: [String]) throws(Failure) {
    var rest = arguments[...]
    func number(_ text: String, _ option: String) throws(Failure) -> Int {
      guard let number = Int(text), number > 0 else { throw Failure("\(option) wants a number, not '\(text)'") }
      return number
    }
    guard let suite = rest.popFirst().flatMap({ Suite(rawValue: $0) }) else { throw Failure("no suite is named") }
    self.suite = suite
    while let option = rest.popFirst() {
      switch option {
      case "--quick":
        isQuick = true
        continue
      case "--unpinned":
        unpinned = true
        continue
      default: break
      }
      guard let value = rest.popFirst() else { throw Failure("\(option) is unknown or lacks its value") }
      switch option {
      case "--helper": helper = value
      case "--stock": stock = value
      case "--floor": floor = value
      case "--postern": postern = value
      case "--diod": diod = value
      case "--work": work = value
      case "--guest-run": guestRun = value
      case "--guest-bench": guestBench = value
      case "--csv": csv = value
      case "--version": version = value
      case "--rounds": givenRounds = try number(value, option)
      case "--requests": givenRequests = try number(value, option)
      case "--only": only = value
      default: throw Failure("unknown option \(option)")
      }
    }
    guard ![helper, stock, floor, postern, diod, work, guestRun, guestBench].contains("") else {
      throw Failure("--helper, --stock, --floor, --postern, --diod, --work, --guest-run and --guest-bench are needed")
    }
  }

  /// Whether a line is wanted.
  func wants(_ name: String) -> Bool { only.isEmpty || name.contains(only) }
}
