import Glibc
import ProxyProtocol
import Wire

/// One request, encoded once: the same bytes are sent again and again.
struct Step {
  let type: RequestType
  let frame: [UInt8]

  init(_ request: borrowing Request) {
    type = request.type
    var frame: [UInt8] = []
    do throws(Malformed) {
      try request.encode(into: &frame)
    } catch {
      fatalError("a request of the benchmark's own can't be said on the wire")
    }
    self.frame = frame
  }

  /// A path as QEMU sends it: rooted, with two slashes at its front and a NUL at its end.
  ///
  /// - Parameter isComposed: whether QEMU puts the name together itself, which it then sends without the NUL.
  static func path(_ path: String, isComposed: Bool = false) -> [UInt8] {
    Array("//\(path)".utf8) + (isComposed ? [] : [0])
  }

  static func open(_ name: String, _ flags: CInt) -> Step {
    let path = path(name)
    return Step(.open(path: path.span, flags: flags))
  }

  static func create(_ name: String, _ user: User) -> Step {
    let path = path(name, isComposed: true)
    return Step(
      .create(path: path.span, flags: O_CREAT | O_EXCL | O_RDWR, mode: 0o644, uid: user.uid, gid: user.gid))
  }

  static func makeNode(_ name: String, _ user: User) -> Step {
    let path = path(name, isComposed: true)
    return Step(
      .makeNode(path: path.span, mode: UInt32(S_IFIFO) | 0o644, device: 0, uid: user.uid, gid: user.gid))
  }

  static func makeDirectory(_ name: String, _ user: User) -> Step {
    let path = path(name, isComposed: true)
    return Step(.makeDirectory(path: path.span, mode: 0o755, uid: user.uid, gid: user.gid))
  }

  static func makeSymbolicLink(_ name: String, target: String, _ user: User) -> Step {
    let path = path(name, isComposed: true)
    let target = Array(target.utf8)
    return Step(.makeSymbolicLink(target: target.span, path: path.span, uid: user.uid, gid: user.gid))
  }

  static func link(_ old: String, _ new: String) -> Step {
    let (old, new) = (path(old), path(new))
    return Step(.link(old: old.span, new: new.span))
  }

  static func rename(_ old: String, _ new: String) -> Step {
    let (old, new) = (path(old), path(new))
    return Step(.rename(old: old.span, new: new.span))
  }

  static func remove(_ name: String) -> Step {
    let path = path(name)
    return Step(.remove(path: path.span))
  }

  static func status(_ name: String) -> Step {
    let path = path(name)
    return Step(.status(path: path.span))
  }

  static func readLink(_ name: String) -> Step {
    let path = path(name)
    return Step(.readLink(path: path.span, size: 4096))
  }

  static func fileSystemStatus(_ name: String) -> Step {
    let path = path(name)
    return Step(.fileSystemStatus(path: path.span))
  }

  static func version(_ name: String) -> Step {
    let path = path(name)
    return Step(.getVersion(path: path.span))
  }

  static func changeMode(_ name: String, _ mode: UInt32) -> Step {
    let path = path(name)
    return Step(.changeMode(path: path.span, mode: mode))
  }

  static func changeOwner(_ name: String, _ user: User) -> Step {
    let path = path(name)
    return Step(.changeOwner(path: path.span, uid: user.uid, gid: user.gid))
  }

  static func truncate(_ name: String, to size: Int64) -> Step {
    let path = path(name)
    return Step(.truncate(path: path.span, size: size))
  }

  static func setTimes(_ name: String, seconds: Int64) -> Step {
    let path = path(name)
    let time = ProxyProtocol.Time(seconds: seconds, nanoseconds: 0)
    return Step(.setTimes(path: path.span, access: time, modification: time))
  }

  static func attribute(_ file: String, _ name: String, size: Int32) -> Step {
    let (path, name) = (path(file), Array(name.utf8) + [0])
    return Step(.getAttribute(path: path.span, name: name.span, size: size))
  }

  static func attributes(_ file: String, size: Int32) -> Step {
    let path = path(file)
    return Step(.listAttributes(path: path.span, size: size))
  }

  static func setAttribute(_ file: String, _ name: String, to value: [UInt8]) -> Step {
    let (path, name) = (path(file), Array(name.utf8) + [0])
    return Step(.setAttribute(path: path.span, name: name.span, value: value.span, flags: 0))
  }

  static func removeAttribute(_ file: String, _ name: String) -> Step {
    let (path, name) = (path(file), Array(name.utf8) + [0])
    return Step(.removeAttribute(path: path.span, name: name.span))
  }
}

/// As whom a guest makes something.
struct User {
  let uid: UInt32
  let gid: UInt32

  static let root = User(uid: 0, gid: 0)
  static let ordinary = User(uid: 1000, gid: 1000)
}
