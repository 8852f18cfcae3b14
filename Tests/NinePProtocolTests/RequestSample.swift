import NinePProtocol
import Testing
import Wire

/// A request: its frame, written down from the protocol's description, and what it must be read as.
struct RequestSample: CustomTestStringConvertible, Sendable {
  let name: String
  let type: RequestType
  let frame: [UInt8]
  let reading: String

  init(_ name: String, _ type: RequestType, _ frame: String, _ reading: String) {
    self.name = name
    self.type = type
    self.frame = hex(frame)
    self.reading = reading
  }

  var testDescription: String { name }
  var body: [UInt8] { Array(frame.dropFirst(7)) }

  static let all: [RequestSample] = [
    RequestSample("Tstatfs", .statfs, "0b000000 08 0100 05000000", "statfs 5"),
    RequestSample("Tlopen", .lopen, "0f000000 0c 0100 03000000 02800100", "lopen 3 98306"),
    RequestSample(
      "Tlcreate", .lcreate, "1c000000 0e 0100 04000000 0300 6e6577 41020000 a4010000 e8030000",
      "lcreate 4 new 577 420 1000"),
    RequestSample(
      "Tsymlink", .symlink, "18000000 10 0100 00000000 0100 6c 0400 2e2e2f74 07000000",
      "symlink 0 l ../t 7"),
    RequestSample(
      "Tmknod", .mknod, "21000000 12 0100 02000000 0400 6e756c6c b6210000 01000000 03000000 04000000",
      "mknod 2 null 8630 1 3 4"),
    RequestSample("Trename", .rename, "12000000 14 0100 03000000 04000000 0100 62", "rename 3 4 b"),
    RequestSample("Treadlink", .readlink, "0b000000 16 ff00 06000000", "readlink 6"),
    RequestSample(
      "Tgetattr", .getattr, "13000000 18 0000 00000000 ff17000000000000", "getattr 0 6143"),
    RequestSample(
      "Tsetattr", .setattr,
      """
      43000000 1a 0100 03000000 ff010000 ed410000 e8030000 e9030000 0000010000000000
      0b00000000000000 ffc99a3b00000000 f6ffffffffffffff 0700000000000000
      """, "setattr 3 511 16877 1000 1001 65536 11.999999999 -10.7"),
    RequestSample(
      "Txattrwalk", .xattrwalk, "17000000 1e 0100 02000000 09000000 0600 757365722e61",
      "xattrwalk 2 9 user.a"),
    RequestSample(
      "Txattrwalk of all", .xattrwalk, "11000000 1e 0100 02000000 09000000 0000",
      "xattrwalk 2 9 "),
    RequestSample(
      "Txattrcreate", .xattrcreate,
      "1f000000 20 0100 05000000 0600 757365722e61 0400000000000000 01000000", "xattrcreate 5 user.a 4 1"),
    RequestSample(
      "Treaddir", .readdir, "17000000 28 0100 07000000 0100000000000080 ff1f0000",
      "readdir 7 9223372036854775809 8191"),
    RequestSample("Tfsync", .fsync, "0f000000 32 0100 08000000 01000000", "fsync 8 true"),
    RequestSample(
      "Tlock", .lock,
      "28000000 34 0100 03000000 01 01000000 0000000000000000 0000000000000000 4d000000 0200 766d",
      "lock 3 1 exclusive 0 0 77 vm"),
    RequestSample(
      "Tgetlock", .getlock, "24000000 36 0100 03000000 02 1000000000000000 2000000000000000 4d000000 0200 766d",
      "getlock 3 unlocked 16 32 77 vm"),
    RequestSample("Tlink", .link, "12000000 46 0100 01000000 02000000 0100 68", "link 1 2 h"),
    RequestSample(
      "Tmkdir", .mkdir, "16000000 48 0100 00000000 0100 64 ed010000 05000000", "mkdir 0 d 493 5"),
    RequestSample(
      "Trenameat", .renameat, "16000000 4a 0100 01000000 0100 61 02000000 0200 6262", "renameat 1 a 2 bb"),
    RequestSample("Tunlinkat", .unlinkat, "12000000 4c 0100 00000000 0100 64 00020000", "unlinkat 0 d 512"),
    RequestSample(
      "Tversion", .version, "15000000 64 ffff 18000200 0800 395032303030 2e4c", "version 131096 9P2000.L"),
    RequestSample(
      "Tauth", .auth, "16000000 66 0100 09000000 0100 75 0200 2f78 e8030000", "auth 9 u /x 1000"),
    RequestSample(
      "Tattach", .attach, "1d000000 68 0000 00000000 ffffffff 0600 6e6f626f6479 0000 ffffffff",
      "attach 0 4294967295 nobody  4294967295"),
    RequestSample(
      "Tattach of a user", .attach, "17000000 68 0000 01000000 ffffffff 0000 0000 e8030000",
      "attach 1 4294967295   1000"),
    RequestSample("Tflush", .flush, "09000000 6c 0200 0100", "flush 1"),
    RequestSample("Twalk", .walk, "16000000 6e 0100 00000000 02000000 0100 0300 666f6f", "walk 0 2 down(foo)"),
    RequestSample("Twalk of no name", .walk, "11000000 6e 0100 00000000 02000000 0000", "walk 0 2 "),
    RequestSample(
      "Twalk of dots", .walk, "20000000 6e 0100 00000000 00000000 0400 0200 2e2e 0100 61 0100 2e 0300 2e2e2e",
      "walk 0 0 up down(a) here down(...)"),
    RequestSample("Tread", .read, "17000000 74 0100 03000000 0010000000000000 00000200", "read 3 4096 131072"),
    RequestSample(
      "Twrite", .write, "19000000 76 0100 03000000 0000000000000000 02000000 6869", "write 3 0 [104, 105]"),
    RequestSample(
      "Twrite of nothing", .write, "17000000 76 0100 03000000 ffffffffffffffff 00000000",
      "write 3 18446744073709551615 []"),
    RequestSample("Tclunk", .clunk, "0b000000 78 0100 03000000", "clunk 3"),
    RequestSample("Tremove", .remove, "0b000000 7a feff 03000000", "remove 3"),
  ]
}

/// What a request was read as, in words that two readings can be compared by.
func reading(_ request: borrowing Request) -> String {
  switch request {
  case .statfs(let fid): return "statfs \(fid.rawValue)"
  case .lopen(let fid, let flags): return "lopen \(fid.rawValue) \(flags.rawValue)"
  case .lcreate(let fid, let name, let flags, let mode, let gid):
    return "lcreate \(fid.rawValue) \(text(name.bytes)) \(flags.rawValue) \(mode) \(gid)"
  case .symlink(let directory, let name, let target, let gid):
    return "symlink \(directory.rawValue) \(text(name.bytes)) \(text(target)) \(gid)"
  case .mknod(let directory, let name, let mode, let major, let minor, let gid):
    return "mknod \(directory.rawValue) \(text(name.bytes)) \(mode) \(major) \(minor) \(gid)"
  case .rename(let fid, let directory, let name):
    return "rename \(fid.rawValue) \(directory.rawValue) \(text(name.bytes))"
  case .readlink(let fid): return "readlink \(fid.rawValue)"
  case .getattr(let fid, let fields): return "getattr \(fid.rawValue) \(fields.rawValue)"
  case .setattr(let fid, let change):
    return "setattr \(fid.rawValue) \(change.valid.rawValue) \(change.mode) \(change.uid) \(change.gid) "
      + "\(change.size) \(change.access.seconds).\(change.access.nanoseconds) "
      + "\(change.modification.seconds).\(change.modification.nanoseconds)"
  case .xattrwalk(let fid, let newFid, let name):
    return "xattrwalk \(fid.rawValue) \(newFid.rawValue) \(text(name))"
  case .xattrcreate(let fid, let name, let size, let flags):
    return "xattrcreate \(fid.rawValue) \(text(name)) \(size) \(flags.rawValue)"
  case .readdir(let fid, let offset, let count): return "readdir \(fid.rawValue) \(offset) \(count)"
  case .fsync(let fid, let dataOnly): return "fsync \(fid.rawValue) \(dataOnly)"
  case .lock(let fid, let flags, let lock): return "lock \(fid.rawValue) \(flags.rawValue) \(reading(lock))"
  case .getlock(let fid, let lock): return "getlock \(fid.rawValue) \(reading(lock))"
  case .link(let directory, let fid, let name): return "link \(directory.rawValue) \(fid.rawValue) \(text(name.bytes))"
  case .mkdir(let directory, let name, let mode, let gid):
    return "mkdir \(directory.rawValue) \(text(name.bytes)) \(mode) \(gid)"
  case .renameat(let oldDirectory, let oldName, let newDirectory, let newName):
    return "renameat \(oldDirectory.rawValue) \(text(oldName.bytes)) \(newDirectory.rawValue) \(text(newName.bytes))"
  case .unlinkat(let directory, let name, let flags):
    return "unlinkat \(directory.rawValue) \(text(name.bytes)) \(flags.rawValue)"
  case .version(let messageSize, let version): return "version \(messageSize) \(text(version))"
  case .auth(let fid, let userName, let tree, let user):
    return "auth \(fid.rawValue) \(text(userName)) \(text(tree)) \(user)"
  case .attach(let fid, let authentication, let userName, let tree, let user):
    return "attach \(fid.rawValue) \(authentication.rawValue) \(text(userName)) \(text(tree)) \(user)"
  case .flush(let oldTag): return "flush \(oldTag.rawValue)"
  case .walk(let fid, let newFid, let names): return "walk \(fid.rawValue) \(newFid.rawValue) \(reading(names))"
  case .read(let fid, let offset, let count): return "read \(fid.rawValue) \(offset) \(count)"
  case .write(let fid, let offset, let data): return "write \(fid.rawValue) \(offset) \(bytes(data))"
  case .clunk(let fid): return "clunk \(fid.rawValue)"
  case .remove(let fid): return "remove \(fid.rawValue)"
  }
}

func reading(_ lock: Lock) -> String {
  "\(lock.kind) \(lock.start) \(lock.length) \(lock.process) \(text(lock.client))"
}

private func reading(_ names: Names) -> String {
  var names = names
  var steps: [String] = []
  while let step = names.next() {
    switch step {
    case .here: steps.append("here")
    case .up: steps.append("up")
    case .down(let name): steps.append("down(\(text(name.bytes)))")
    }
  }
  return steps.joined(separator: " ")
}
