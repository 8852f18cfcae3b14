import Glibc
import HelperHarness
import Linux
import ProxyDriver
import Testing

/// The helpers that a driver must get on with.
enum HelperKind: String, CaseIterable, CustomTestStringConvertible {
  case ours, stock
  /// Ours as an ordinary user, in a user namespace of its own.
  case rootless

  /// Those that can run here.
  static var available: [HelperKind] {
    allCases.filter { kind in
      switch kind {
      case .ours: hasRoot()
      case .stock: hasRootAndStockHelper()
      case .rootless: true
      }
    }
  }

  /// Those that act as any user.
  static var privileged: [HelperKind] { available.filter { $0 != .rootless } }

  /// Those that a client starts itself: without a word before the program's name.
  static var started: [HelperKind] { available.filter { $0 != .rootless || start.user == geteuid() } }

  var testDescription: String { rawValue }

  var program: String { self == .stock ? Programs.stockHelper : Programs.helper }

  /// Who the guest's user of a new file is, and the guest's group.
  var owner: (uid: UInt32, gid: UInt32) { self == .rootless ? (0, 0) : (1234, 4321) }

  /// Who that is on the host.
  var hostOwner: (uid: UInt32, gid: UInt32) { self == .rootless ? (Self.rootlessUser.0, Self.rootlessUser.1) : owner }

  /// What it is told beside the directory.
  var options: [String] {
    self == .rootless ? ["--uid-map", "0:\(Self.start.user):1", "--gid-map", "0:\(Self.start.group):1"] : []
  }

  static let start = Start(sandbox: "namespace", isRootless: true)
  static var rootlessUser: (UInt32, UInt32) { (start.user, start.group) }
}

/// A directory that a helper serves to a client.
final class Share {
  let kind: HelperKind
  let directory: TemporaryDirectory
  var client: ProxyClient
  private let process: Spawned?

  /// - Parameter parent: a directory, which says on what file system it is.
  init(_ kind: HelperKind, in parent: String = "/tmp") throws {
    self.kind = kind
    directory = try TemporaryDirectory(in: parent)
    guard !HelperKind.started.contains(kind) else {
      process = nil
      client = try ProxyClient(starting: helperProgram(kind.program, directory.path, kind.options))
      return
    }
    let start = HelperKind.start
    try start.own(directory.path)
    var helper = try RunningHelper(start, serving: directory.path, kind.options, output: try Output())
    client = ProxyClient(adopting: try helper.takeSocket())
    process = helper.process
  }

  /// A file that the helper may do everything with.
  func makeFile(_ name: String, _ content: String = "") throws {
    let file = open(directory.path + name, O_WRONLY | O_CREAT | O_CLOEXEC, 0o644)
    guard file >= 0, write(file, content, content.utf8.count) == content.utf8.count else {
      throw HarnessError("\(name): errno \(errno)")
    }
    fchmod(file, 0o644)
    close(file)
    try own()
  }

  /// Makes all that is there the helper's own, where it isn't root.
  func own() throws {
    if kind == .rootless { try HelperKind.start.own(directory.path) }
  }

  /// What the host says of a file.
  func status(onHost name: Bytes) throws -> stat {
    var status = stat()
    let path = Array(directory.path.utf8).map { CChar(bitPattern: $0) } + name.raw.map { CChar(bitPattern: $0) } + [0]
    guard lstat(path, &status) == 0 else { throw HarnessError("lstat: errno \(errno)") }
    return status
  }
}

/// A helper that exports a directory.
func helperProgram(_ program: String, _ directory: String, _ options: [String] = []) throws -> HelperProgram {
  let (program, directory) = (Bytes(program), Bytes(directory))
  return try HelperProgram(program.raw.span, exporting: directory.raw.span, options: options)
}
