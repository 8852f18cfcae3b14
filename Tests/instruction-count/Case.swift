import CLinux
import Glibc
import ProxyProtocol
import Wire

/// One line of the result: requests of a type that all go the same way.
final class Case {
  let name: String
  let type: RequestType
  /// Whether errors are what is counted.
  let isRefused: Bool
  private let prepare: (String) -> Void
  private let write: (String, inout [UInt8]) throws(Malformed) -> Void

  /// - Parameters:
  ///   - prepare: makes what the request needs. It gets a name that no other request has.
  ///   - write: writes the request for that name.
  init(
    _ type: RequestType, _ variant: String = "", isRefused: Bool = false,
    after prepare: @escaping (String) -> Void = { _ in },
    _ write: @escaping (String, inout [UInt8]) throws(Malformed) -> Void
  ) {
    self.name = "\(type)\(variant)"
    self.type = type
    self.isRefused = isRefused
    self.prepare = prepare
    self.write = write
  }

  nonisolated(unsafe) private static var names = 100_000

  /// The next request. All of a case have the same length.
  func nextFrame() -> [UInt8] {
    Case.names += 1
    let name = "directory/\(Case.names)"
    prepare(name)
    var frame: [UInt8] = []
    do throws(Malformed) {
      try write(name, &frame)
    } catch {
      fatalError("\(self.name) can't be said on the wire")
    }
    return frame
  }

  /// All request types, and those ways through them that guests go most.
  static func all(for share: Share) -> [Case] {
    opens + makes + looks(share) + changes
  }
}

/// A path as QEMU sends it: with two slashes at its front, and mostly with a NUL at its end.
private func path(_ name: String, isComposed: Bool = false) -> [UInt8] {
  Array("//\(name)".utf8) + (isComposed ? [] : [0])
}

private func makeFile(_ name: String) {
  close(open(name, O_CREAT | O_RDWR, 0o644))
}

extension Case {
  private static var opens: [Case] {
    [
      Case(.open) { _, frame throws(Malformed) in
        try Request.open(path: path(Share.file).span, flags: O_RDWR).encode(into: &frame)
      },
      Case(.open, "Directory") { _, frame throws(Malformed) in
        try Request.open(path: path("directory").span, flags: O_RDONLY | O_DIRECTORY).encode(into: &frame)
      },
    ]
  }

  private static var makes: [Case] {
    let (uid, gid) = (geteuid(), getegid())
    let flags = O_CREAT | O_EXCL | O_RDWR
    func create(_ variant: String, _ uid: UInt32, _ gid: UInt32) -> Case {
      Case(.create, variant) { name, frame throws(Malformed) in
        let path = path(name, isComposed: true)
        try Request.create(path: path.span, flags: flags, mode: 0o644, uid: uid, gid: gid).encode(into: &frame)
      }
    }
    let all = [
      create("", uid, gid),
      Case(.makeNode) { name, frame throws(Malformed) in
        let path = path(name, isComposed: true)
        let mode = UInt32(0o10644)
        try Request.makeNode(path: path.span, mode: mode, device: 0, uid: uid, gid: gid).encode(into: &frame)
      },
      Case(.makeDirectory) { name, frame throws(Malformed) in
        let path = path(name, isComposed: true)
        try Request.makeDirectory(path: path.span, mode: 0o755, uid: uid, gid: gid).encode(into: &frame)
      },
      Case(.makeSymbolicLink) { name, frame throws(Malformed) in
        let (path, target) = (path(name, isComposed: true), Array("target".utf8))
        try Request.makeSymbolicLink(target: target.span, path: path.span, uid: uid, gid: gid).encode(into: &frame)
      },
      Case(.link) { name, frame throws(Malformed) in
        let (old, new) = (path(Share.file), path(name))
        try Request.link(old: old.span, new: new.span).encode(into: &frame)
      },
    ]
    // What only root can do: make something as somebody else.
    return uid == 0 ? all + [create("AsAnother", 1000, 1000)] : all
  }

  private static func looks(_ share: Share) -> [Case] {
    let attribute = Array("\(Share.attribute)\0".utf8)
    let all = [
      Case(.status) { _, frame throws(Malformed) in
        try Request.status(path: path(Share.file).span).encode(into: &frame)
      },
      Case(.status, "OfNothing", isRefused: true) { _, frame throws(Malformed) in
        try Request.status(path: path(Share.nothing).span).encode(into: &frame)
      },
      Case(.readLink) { _, frame throws(Malformed) in
        try Request.readLink(path: path(Share.symbolicLink).span, size: 4096).encode(into: &frame)
      },
      Case(.fileSystemStatus) { _, frame throws(Malformed) in
        try Request.fileSystemStatus(path: path(Share.file).span).encode(into: &frame)
      },
      Case(.getAttribute) { _, frame throws(Malformed) in
        try Request.getAttribute(path: path(Share.file).span, name: attribute.span, size: 256).encode(into: &frame)
      },
      Case(.listAttributes) { _, frame throws(Malformed) in
        try Request.listAttributes(path: path(Share.file).span, size: 256).encode(into: &frame)
      },
    ]
    let generations = [
      Case(.getVersion) { _, frame throws(Malformed) in
        try Request.getVersion(path: path(Share.file).span).encode(into: &frame)
      }
    ]
    return share.hasGenerations ? all + generations : all
  }

  private static var changes: [Case] {
    let (uid, gid) = (geteuid(), getegid())
    let attribute = Array("\(Share.attribute)\0".utf8)
    let time = ProxyProtocol.Time(seconds: 1, nanoseconds: 2)
    return [
      Case(.changeMode) { _, frame throws(Malformed) in
        try Request.changeMode(path: path(Share.file).span, mode: 0o600).encode(into: &frame)
      },
      Case(.changeOwner) { _, frame throws(Malformed) in
        try Request.changeOwner(path: path(Share.file).span, uid: uid, gid: gid).encode(into: &frame)
      },
      Case(.truncate) { _, frame throws(Malformed) in
        try Request.truncate(path: path(Share.file).span, size: 5).encode(into: &frame)
      },
      Case(.setTimes) { _, frame throws(Malformed) in
        try Request.setTimes(path: path(Share.file).span, access: time, modification: time).encode(into: &frame)
      },
      Case(.rename, after: makeFile) { name, frame throws(Malformed) in
        let (old, new) = (path(name), path(name + "-renamed"))
        try Request.rename(old: old.span, new: new.span).encode(into: &frame)
      },
      Case(.remove, after: makeFile) { name, frame throws(Malformed) in
        try Request.remove(path: path(name).span).encode(into: &frame)
      },
      Case(.setAttribute) { _, frame throws(Malformed) in
        let value = Share.value
        try Request.setAttribute(path: path(Share.file).span, name: attribute.span, value: value.span, flags: 0)
          .encode(into: &frame)
      },
      Case(
        .removeAttribute,
        after: { name in
          makeFile(name)
          setxattr(name, Share.attribute, Share.value, Share.value.count, 0)
        }
      ) { name, frame throws(Malformed) in
        try Request.removeAttribute(path: path(name).span, name: attribute.span).encode(into: &frame)
      },
    ]
  }
}
