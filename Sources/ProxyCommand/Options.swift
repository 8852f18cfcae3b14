import CLinux
import Confinement
import Glibc
import Linux
import ProxyServer
import Serving

/// What the command line asks the program to do.
enum Command: Equatable {
  case serve(Options)
  case help
  case version
}

/// The options of a server.
struct Options: Equatable {
  /// The directory to export.
  var path: HostPath
  var connection: Connection
  var isDaemon: Bool
  /// nil for the best that works.
  var sandbox: Sandbox?
  var filter: SystemCallFilter.Mode = .kill
  var isReadOnly = false
  /// Whether the guest may give files capabilities.
  var fileCapabilities = false
  /// Which of the host's users and groups the guest's are.
  var map = IdentityMap()
  var polling = RequestWait.Polling.automatic

  /// Where the client connects.
  enum Connection: Equatable {
    /// An inherited, connected socket.
    case descriptor(CInt)
    /// A socket to make, which this user and group may connect to.
    case socket(HostPath, uid: UInt32, gid: UInt32)

    /// The inherited descriptor that start-up leaves open.
    var inherited: CInt? {
      guard case .descriptor(let number) = self else { return nil }
      return number
    }
  }
}

/// A wrong command line, in a line that says what to write instead.
struct UsageError: Error, Equatable {
  let message: String

  init(_ message: String) {
    self.message = message
  }
}

extension Command {
  /// Reads a command line as `getopt_long(3)` does: long options may be cut short, and stand in any order.
  ///
  /// `arguments` is a C vector, the program's name first, that lives as long as the process. Its order may change.
  init(
    count: CInt, arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>
  ) throws(UsageError) {
    var given = GivenOptions()
    let long = LongOptions()
    cl_reset_getopt()
    while true {
      let option = unsafe getopt_long(count, arguments, ":p:nh?f:s:u:g:", long.table, nil)
      guard option != -1 else { break }
      // Empty only for options that take none.
      let argument = unsafe cl_optarg().map { unsafe HostPath(argument: $0) } ?? HostPath("")
      switch UInt8(truncatingIfNeeded: option) {
      case UInt8(ascii: "p"): given.path = argument
      case UInt8(ascii: "s"): given.socket = argument
      case UInt8(ascii: "f"): given.descriptor = try number(argument, "-f", most: UInt32(Int32.max))
      case UInt8(ascii: "u"): given.uid = try id(argument, "-u", AccountNames.user)
      case UInt8(ascii: "g"): given.gid = try id(argument, "-g", AccountNames.group)
      case UInt8(ascii: "n"): given.isDaemon = false
      case LongOptions.sandbox: given.sandbox = try sandbox(argument)
      case LongOptions.readOnly: given.isReadOnly = true
      case LongOptions.fileCapabilities: given.fileCapabilities = try fileCapabilities(argument)
      case LongOptions.polling: given.polling = try polling(argument)
      case LongOptions.userMap: try given.map.users.add(argument, "--uid-map")
      case LongOptions.groupMap: try given.map.groups.add(argument, "--gid-map")
      case LongOptions.filter: given.filter = try filter(argument)
      case LongOptions.version:
        self = .version
        return
      case UInt8(ascii: "h"):
        self = .help
        return
      case UInt8(ascii: ":"):
        throw UsageError("\(unsafe word(before: cl_optind(), arguments)) needs a value; see --help")
      case UInt8(ascii: "?") where cl_optopt() == 0 || cl_optopt() > UInt8.max:
        let word = unsafe word(before: cl_optind(), arguments)
        // getopt says "?" of this one too, which the original knew.
        guard word != "-?" else {
          self = .help
          return
        }
        throw UsageError("unknown or ambiguous option \(word); see --help")
      case UInt8(ascii: "?") where LongOptions.takesNothing(UInt8(truncatingIfNeeded: cl_optopt())):
        throw UsageError("\(unsafe word(before: cl_optind(), arguments)): this option takes no value; see --help")
      default:
        throw UsageError(
          "unknown option -\(Character(UnicodeScalar(UInt8(truncatingIfNeeded: cl_optopt())))); see --help")
      }
    }
    guard cl_optind() == count else {
      throw UsageError("surplus word \"\(unsafe word(before: cl_optind() + 1, arguments))\"; see --help")
    }
    self = .serve(try given.options())
  }
}

/// Options as they were given, before they are checked together.
private struct GivenOptions {
  var path: HostPath?
  var socket: HostPath?
  var descriptor: UInt32?
  var uid: UInt32?
  var gid: UInt32?
  var isDaemon = true
  var sandbox: Sandbox?
  var filter = SystemCallFilter.Mode.kill
  var isReadOnly = false
  var fileCapabilities = false
  var map = IdentityMap()
  var polling = RequestWait.Polling.automatic

  func options() throws(UsageError) -> Options {
    guard let path, path.count > 0 else {
      throw UsageError("path not specified: give the directory to export with -p PATH")
    }
    return Options(
      path: path, connection: try connection(), isDaemon: isDaemon, sandbox: sandbox, filter: filter,
      isReadOnly: isReadOnly, fileCapabilities: fileCapabilities, map: map, polling: polling)
  }

  private func connection() throws(UsageError) -> Options.Connection {
    switch (socket, descriptor) {
    case (nil, nil):
      throw UsageError("socket or socket descriptor not specified: give -s SOCKET with -u UID -g GID, or -f FD")
    case (_?, _?):
      throw UsageError("both named socket and socket descriptor specified: give either -s or -f")
    case (nil, let descriptor?):
      return .descriptor(CInt(descriptor))
    case (let socket?, nil):
      guard socket.count > 0 else { throw UsageError("-s takes the name that the socket is to have, not \"\"") }
      guard let uid, let gid else {
        throw UsageError("owner uid:gid not specified: -s needs -u UID and -g GID, who may connect to the socket")
      }
      return .socket(socket, uid: uid, gid: gid)
    }
  }
}

/// getopt's table of long options.
@safe
private struct LongOptions: ~Copyable {
  // Beyond ASCII: no short option is meant.
  static let sandbox: UInt8 = 0x81
  static let version: UInt8 = 0x82
  static let filter: UInt8 = 0x83
  static let readOnly: UInt8 = 0x84
  static let userMap: UInt8 = 0x85
  static let groupMap: UInt8 = 0x86
  static let polling: UInt8 = 0x87
  static let fileCapabilities: UInt8 = 0x88

  /// Whether an option takes no value: getopt reports a value that is given to it like an unknown option.
  static func takesNothing(_ value: UInt8) -> Bool {
    [readOnly, version, UInt8(ascii: "n"), UInt8(ascii: "h")].contains(value)
  }

  let table: UnsafeMutablePointer<option>

  init() {
    let options: [(name: StaticString, hasArgument: CInt, value: UInt8)] = [
      ("path", required_argument, UInt8(ascii: "p")),
      ("fd", required_argument, UInt8(ascii: "f")),
      ("socket", required_argument, UInt8(ascii: "s")),
      ("uid", required_argument, UInt8(ascii: "u")),
      ("gid", required_argument, UInt8(ascii: "g")),
      ("nodaemon", no_argument, UInt8(ascii: "n")),
      ("help", no_argument, UInt8(ascii: "h")),
      // The original's options could be cut down to these; an exact name wins over ours.
      ("f", required_argument, UInt8(ascii: "f")),
      ("s", required_argument, UInt8(ascii: "s")),
      ("u", required_argument, UInt8(ascii: "u")),
      ("ui", required_argument, UInt8(ascii: "u")),
      ("g", required_argument, UInt8(ascii: "g")),
      ("gi", required_argument, UInt8(ascii: "g")),
      ("sandbox", required_argument, Self.sandbox),
      ("seccomp", required_argument, Self.filter),
      ("readonly", no_argument, Self.readOnly),
      ("uid-map", required_argument, Self.userMap),
      ("gid-map", required_argument, Self.groupMap),
      ("poll", required_argument, Self.polling),
      ("file-capabilities", required_argument, Self.fileCapabilities),
      ("p", required_argument, UInt8(ascii: "p")),
      ("version", no_argument, Self.version),
    ]
    unsafe table = .allocate(capacity: options.count + 1)
    for (index, entry) in options.enumerated() {
      // A literal lives as long as the process.
      let name = unsafe UnsafeRawPointer(entry.name.utf8Start).assumingMemoryBound(to: CChar.self)
      unsafe (table + index).initialize(
        to: option(name: name, has_arg: entry.hasArgument, flag: nil, val: CInt(entry.value)))
    }
    unsafe (table + options.count).initialize(to: option())
  }

  deinit {
    unsafe table.deallocate()
  }
}

private func word(before index: CInt, _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>) -> String {
  guard let word = unsafe arguments[Int(index) - 1] else { return "" }
  return unsafe String(cString: word)
}

private func number(_ text: HostPath, _ option: StaticString, most: UInt32) throws(UsageError) -> UInt32 {
  guard let value = UInt32(digits: text.bytes), value <= most else {
    throw UsageError("\(option) takes a number from 0 to \(most), not \"\(text)\"")
  }
  return value
}

/// A user or a group, by its name or number.
private func id(
  _ text: HostPath, _ option: StaticString, _ find: (Span<UInt8>) throws(AccountNames.Unknown) -> UInt32
) throws(UsageError) -> UInt32 {
  let first = text.count > 0 ? text.bytes[0] : UInt8(ascii: "-")
  // No name begins so: it is meant as a number.
  guard first != UInt8(ascii: "-"), !(UInt8(ascii: "0")...UInt8(ascii: "9")).contains(first) else {
    return try number(text, option, most: .max - 1)
  }
  do throws(AccountNames.Unknown) {
    return try find(text.bytes)
  } catch {
    throw UsageError("\(option): \(error)")
  }
}

extension [IdentityRange] {
  /// Adds the range that GUEST:HOST:COUNT says.
  fileprivate mutating func add(_ text: HostPath, _ option: StaticString) throws(UsageError) {
    guard let range = IdentityRange(text.bytes) else {
      throw UsageError(
        "\(option) takes GUEST:HOST:COUNT, with ids from 0 to \(UInt32.max - 1), such as 0:100000:65536, not \"\(text)\""
      )
    }
    if contains(where: { $0.overlaps(range) }) {
      throw UsageError("\(option) \"\(text)\" has ids that an earlier one has")
    }
    guard self.count < IdentityMap.maximumRanges else {
      throw UsageError("\(option) can be given \(IdentityMap.maximumRanges) times at most")
    }
    append(range)
  }
}

private func sandbox(_ text: HostPath) throws(UsageError) -> Sandbox? {
  if text == HostPath("auto") { return nil }
  if text == HostPath("namespace") { return .namespace }
  if text == HostPath("chroot") { return .chroot }
  if text == HostPath("none") { return .absent }
  throw UsageError("--sandbox takes auto, namespace, chroot or none, not \"\(text)\"")
}

private func filter(_ text: HostPath) throws(UsageError) -> SystemCallFilter.Mode {
  if text == HostPath("kill") { return .kill }
  if text == HostPath("log") { return .log }
  if text == HostPath("none") { return .none }
  throw UsageError("--seccomp takes kill, log or none, not \"\(text)\"")
}

private func fileCapabilities(_ text: HostPath) throws(UsageError) -> Bool {
  if text == HostPath("allow") { return true }
  if text == HostPath("refuse") { return false }
  throw UsageError("--file-capabilities takes allow or refuse, not \"\(text)\"")
}

private func polling(_ text: HostPath) throws(UsageError) -> RequestWait.Polling {
  if text == HostPath("auto") { return .automatic }
  if text == HostPath("never") { return .never }
  guard let microseconds = UInt32(digits: text.bytes), (1...1_000_000).contains(microseconds) else {
    throw UsageError("--poll takes auto, never or a number of microseconds from 1 to 1000000, not \"\(text)\"")
  }
  return .always(microseconds: microseconds)
}
