import CLinux
import Glibc

/// What a VMM could try that its guest took over: asks a helper, or a server of 9P, in raw requests, for a file outside the
/// share.
///
///     escape-probe [--9p] SOCKET TARGET [LINK...]
///
/// TARGET is an absolute path outside the share, each LINK a name in the share that was planted to lead there. Each
/// attempt is told in a line; the status is 0 if all of them failed.
@main
enum EscapeProbe {
  static func main() {
    var arguments = CommandLine.arguments.dropFirst()
    let speaks9P = arguments.first == "--9p"
    if speaks9P { arguments = arguments.dropFirst() }
    guard arguments.count >= 2, let path = arguments.first else {
      print("usage: escape-probe [--9p] SOCKET TARGET [LINK...]")
      exit(2)
    }
    let target = arguments[arguments.startIndex + 1]
    guard let helper = connected(to: path) else {
      print("can't connect to \(path): \(String(cString: strerror(errno)))")
      exit(2)
    }
    var escaped = false
    func attempt(_ what: String, _ succeeds: Bool, _ answer: String) {
      escaped = escaped || succeeds
      print("\(succeeds ? "LEAKS:  " : "refused:") \(what): \(answer)")
    }

    if speaks9P {
      guard let probe = NinePProbe(helper) else {
        print("the server doesn't let a client in")
        exit(2)
      }
      let names = target.split(separator: "/").map { String($0) }
      let ways =
        arguments.dropFirst(2).map { (what: "the planted link \($0)", names: [$0]) } + [
          (what: "\(names.joined(separator: "/")) by way of ..", names: Array(repeating: "..", count: 8) + names),
          (what: "the name ../..\(target)", names: ["../..\(target)"]), (what: "the name \(target)", names: [target]),
        ]
      for (what, names) in ways {
        let answer = probe.open(names)
        attempt("server asked for \(what)", answer.isOpen, answer.words)
      }
      let stays = probe.staysInShare(up: 8)
      attempt("from the share's root up by ..", !stays, stays ? "still the share" : "elsewhere")
      exit(escaped ? 1 : 0)
    }

    let links = arguments.dropFirst(2).map { (what: "the planted link \($0)", path: "//\($0)") }
    let climb = "//" + String(repeating: "../", count: 8) + target.drop { $0 == "/" }
    let climbs = [
      (what: "the path \(climb)", path: climb),
      (what: "the path \(target)", path: target),
    ]
    for (what, path) in links + climbs {
      let answer = open(path, on: helper)
      attempt("helper asked for \(what)", isSame(answer.descriptor, target), answer.words)
    }

    // A directory's descriptor, once sent, is the VMM's to use, outside of whatever holds the helper.
    let root = open("/", on: helper)
    if root.descriptor >= 0 {
      let up = openat(root.descriptor, "../../../../../../../..", O_RDONLY | O_DIRECTORY)
      let ends = isSame(up, root.descriptor)
      attempt("from the share's directory descriptor up by ..", !ends, ends ? "still the share" : "the host's root")
    } else {
      attempt("the share's own directory", false, root.words)
    }
    exit(escaped ? 1 : 0)
  }

  private static func connected(to path: String) -> CInt? {
    let helper = socket(AF_UNIX, CInt(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8.prefix($0.count - 1)) }
    let size = socklen_t(MemoryLayout<sockaddr_un>.size)
    let result = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(helper, $0, size) }
    }
    return result == 0 ? helper : nil
  }

  /// Sends T_OPEN and returns the descriptor that comes back, or -1, and the answer in words.
  private static func open(_ path: String, on helper: CInt) -> (descriptor: CInt, words: String) {
    let name = Array(path.utf8) + [0]
    var request: [UInt8] = []
    func append(_ value: some FixedWidthInteger) { withUnsafeBytes(of: value) { request += $0 } }
    append(Int32(2))
    append(Int32(2 + name.count + 4))
    append(UInt16(name.count))
    request += name
    append(Int32(O_RDONLY))
    guard send(helper, request, request.count, CInt(MSG_NOSIGNAL)) == request.count else {
      return (-1, "the helper is gone")
    }
    var status: Int32 = 0
    var descriptor: CInt = -1
    guard cl_receive_descriptor(helper, &status, 4, &descriptor, 0) == 4 else { return (-1, "the helper is gone") }
    return (descriptor, status < 0 ? String(cString: strerror(-status)) : "opened")
  }

  /// Whether a descriptor is of the very file that `path` names on the host.
  private static func isSame(_ descriptor: CInt, _ path: String) -> Bool {
    var (one, other) = (stat(), stat())
    return fstat(descriptor, &one) == 0 && stat(path, &other) == 0
      && one.st_dev == other.st_dev && one.st_ino == other.st_ino
  }

  /// Whether two descriptors are of one file.
  private static func isSame(_ first: CInt, _ second: CInt) -> Bool {
    var (one, other) = (stat(), stat())
    return fstat(first, &one) == 0 && fstat(second, &other) == 0
      && one.st_dev == other.st_dev && one.st_ino == other.st_ino
  }
}
