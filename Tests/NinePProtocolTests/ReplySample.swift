import NinePProtocol
import Testing

/// A reply: its frame, written down from the protocol's description, how it is written, and what it must be read as.
struct ReplySample: CustomTestStringConvertible, Sendable {
  let name: String
  let frame: [UInt8]
  let reading: String
  let write: @Sendable (ReplyWriter, inout MutableSpan<UInt8>) throws -> Int

  init(
    _ name: String, _ frame: String, _ reading: String,
    _ write: @escaping @Sendable (ReplyWriter, inout MutableSpan<UInt8>) throws -> Int
  ) {
    self.name = name
    self.frame = hex(frame)
    self.reading = reading
    self.write = write
  }

  var testDescription: String { name }
  var type: UInt8 { frame[4] }
  var body: [UInt8] { Array(frame.dropFirst(7)) }

  private static let qid = Qid(kind: .symbolicLink, version: 5, path: 0x0102_0304_0506_0708)
  private static let qidBytes = "02 05000000 0807060504030201"

  private static func empty(_ name: String, _ type: String) -> ReplySample {
    ReplySample(name, "07000000 \(type) 0100", "empty") { $0.empty(into: &$1) }
  }

  private static func qid(_ name: String, _ type: String) -> ReplySample {
    ReplySample(name, "14000000 \(type) 0100 \(qidBytes)", "qid 2 5 72623859790382856") { $0.qid(qid, into: &$1) }
  }

  static let all: [ReplySample] =
    [
      empty("Rrename", "15"), empty("Rsetattr", "1b"), empty("Rxattrcreate", "21"), empty("Rfsync", "33"),
      empty("Rlink", "47"), empty("Rrenameat", "4b"), empty("Runlinkat", "4d"), empty("Rflush", "6d"),
      empty("Rclunk", "79"), empty("Rremove", "7b"), qid("Rsymlink", "11"), qid("Rmknod", "13"), qid("Rmkdir", "49"),
      qid("Rauth", "67"),
    ] + others

  private static let others: [ReplySample] = [
    ReplySample(
      "Rattach", "14000000 69 0000 80 c3b2a165 0200000000000000", "qid 128 1705095875 2"
    ) { $0.qid(Qid(kind: .directory, version: 0x65a1_b2c3, path: 2), into: &$1) },
    ReplySample("Rlerror", "0b000000 07 0100 02000000", "error 2") { $0.error(.noEntry, into: &$1) },
    ReplySample("Rlopen", "18000000 0d 0100 \(qidBytes) 00000000", "opened 2 5 72623859790382856 0") {
      $0.opened(qid, into: &$1)
    },
    ReplySample("Rlcreate", "18000000 0f 0100 \(qidBytes) 00200000", "opened 2 5 72623859790382856 8192") {
      $0.opened(qid, unit: 8192, into: &$1)
    },
    ReplySample(
      "Rstatfs",
      """
      43000000 09 0100 97190201 00100000 0300000000000080 0400000000000000 0500000000000000 0600000000000000
      0700000000000000 08000000 09000000 ff000000
      """, "fileSystemStatus 16914839 4096 9223372036854775811 4 5 6 7 38654705672 255"
    ) {
      var status = FileSystemStatus()
      status.type = 0x0102_1997
      status.blockSize = 4096
      status.blocks = 1 << 63 | 3
      status.freeBlocks = 4
      status.availableBlocks = 5
      status.files = 6
      status.freeFiles = 7
      status.identifier = 8 | 9 << 32
      status.nameLength = 255
      return $0.fileSystemStatus(status, into: &$1)
    },
    ReplySample("Rreadlink", "0d000000 17 0100 0400 2e2e2f74", "target ../t") {
      for (index, byte) in "../t".utf8.enumerated() { $1[Frame.targetOffset + index] = byte }
      return $0.target(count: 4, into: &$1)
    },
    ReplySample(
      "Rgetattr",
      """
      a0000000 19 0100 ff07000000000000 \(qidBytes) a4810000 e8030000 e9030000 0100000000000000 0301000000000000
      0700000000000000 0010000000000000 0800000000000000 0900000000000000 0a00000000000000 f5ffffffffffffff
      0c00000000000000 0d00000000000000 0e00000000000000 0f00000000000000 1000000000000000 1100000000000000
      1200000000000000
      """,
      """
      attributes 2047 2 5 72623859790382856 33188 1000 1001 1 259 7 4096 8 9.10 -11.12 13.14 15.16 17 18
      """
    ) { $0.attributes(attributes, into: &$1) },
    ReplySample("Rxattrwalk", "0f000000 1f 0100 0600000001000000", "size 4294967302") {
      $0.size(0x1_0000_0006, into: &$1)
    },
    ReplySample(
      "Rreaddir", "24000000 29 0100 19000000 80 00000000 0200000000000000 0100000000000000 04 0100 2e",
      "data [128, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 4, 1, 0, 46]"
    ) {
      var packer = DirectoryPacker(limit: 25)
      let qid = Qid(kind: .directory, version: 0, path: 2)
      let dot = "."
      _ = packer.append(DirectoryEntry(qid: qid, cookie: 1, kind: .directory, name: dot.utf8.span), to: &$1)
      return $0.data(count: packer.count, into: &$1)
    },
    ReplySample("Rlock", "08000000 35 0100 01", "lockStatus blocked") { $0.lockStatus(.blocked, into: &$1) },
    ReplySample(
      "Rgetlock", "20000000 37 0100 01 1000000000000000 2000000000000000 4d000000 0200 766d",
      "lock exclusive 16 32 77 vm"
    ) {
      let client = "vm"
      return try $0.lock(
        Lock(kind: .exclusive, start: 16, length: 32, process: 77, client: client.utf8.span), into: &$1)
    },
    ReplySample("Rversion", "15000000 65 ffff 00200000 0800 395032303030 2e4c", "version 8192 9P2000.L") {
      $0.version(.linux, messageSize: 8192, into: &$1)
    },
    ReplySample("Rversion of none", "14000000 65 ffff 00200000 0700 756e6b6e6f776e", "version 8192 unknown") {
      $0.version(.unknown, messageSize: 8192, into: &$1)
    },
    ReplySample("Rwalk", "16000000 6f 0100 0100 00 07000000 3412000000000000", "qids 0 7 4660") {
      ReplyWriter.put(Qid(kind: .file, version: 7, path: 0x1234), at: 0, into: &$1)
      return $0.qids(count: 1, into: &$1)
    },
    ReplySample("Rwalk of no name", "09000000 6f 0100 0000", "qids ") { $0.qids(count: 0, into: &$1) },
    ReplySample(
      "Rwalk of two names", "23000000 6f 0100 0200 80 01000000 0300000000000000 \(qidBytes)",
      "qids 128 1 3, 2 5 72623859790382856"
    ) {
      ReplyWriter.put(qid, at: 1, into: &$1)
      ReplyWriter.put(Qid(kind: .directory, version: 1, path: 3), at: 0, into: &$1)
      return $0.qids(count: 2, into: &$1)
    },
    ReplySample("Rread", "0e000000 75 0100 03000000 616263", "data [97, 98, 99]") {
      for (index, byte) in "abc".utf8.enumerated() { $1[Frame.dataOffset + index] = byte }
      return $0.data(count: 3, into: &$1)
    },
    ReplySample("Rread of nothing", "0b000000 75 0100 00000000", "data []") { $0.data(count: 0, into: &$1) },
    ReplySample("Rwrite", "0b000000 77 0100 02000000", "count 2") { $0.count(2, into: &$1) },
  ]

  private static let attributes: FileAttributes = {
    var attributes = FileAttributes()
    attributes.valid = .basic
    attributes.qid = qid
    attributes.mode = 0o100644
    attributes.uid = 1000
    attributes.gid = 1001
    attributes.links = 1
    attributes.specialDevice = 0x103
    attributes.size = 7
    attributes.blockSize = 4096
    attributes.blocks = 8
    attributes.access = Time(seconds: 9, nanoseconds: 10)
    attributes.modification = Time(seconds: -11, nanoseconds: 12)
    attributes.change = Time(seconds: 13, nanoseconds: 14)
    attributes.birth = Time(seconds: 15, nanoseconds: 16)
    attributes.generation = 17
    attributes.dataVersion = 18
    return attributes
  }()
}

/// What a reply was read as, in words that two readings can be compared by.
func reading(_ reply: borrowing Reply) -> String {
  switch reply {
  case .error(let number): return "error \(number.rawValue)"
  case .empty: return "empty"
  case .qid(let qid): return "qid \(reading(qid))"
  case .opened(let qid, let unit): return "opened \(reading(qid)) \(unit)"
  case .qids(let qids):
    var qids = qids
    var all: [String] = []
    while let qid = qids.next() { all.append(reading(qid)) }
    return "qids \(all.joined(separator: ", "))"
  case .data(let data): return "data \(bytes(data))"
  case .count(let count): return "count \(count)"
  case .target(let target): return "target \(text(target))"
  case .attributes(let it):
    return "attributes \(it.valid.rawValue) \(reading(it.qid)) \(it.mode) \(it.uid) \(it.gid) \(it.links) "
      + "\(it.specialDevice) \(it.size) \(it.blockSize) \(it.blocks) \(reading(it.access)) "
      + "\(reading(it.modification)) \(reading(it.change)) \(reading(it.birth)) \(it.generation) \(it.dataVersion)"
  case .fileSystemStatus(let it):
    return "fileSystemStatus \(it.type) \(it.blockSize) \(it.blocks) \(it.freeBlocks) \(it.availableBlocks) "
      + "\(it.files) \(it.freeFiles) \(it.identifier) \(it.nameLength)"
  case .size(let size): return "size \(size)"
  case .lockStatus(let status): return "lockStatus \(status)"
  case .lock(let lock): return "lock \(reading(lock))"
  case .version(let messageSize, let version): return "version \(messageSize) \(text(version))"
  }
}

private func reading(_ qid: Qid) -> String { "\(qid.kind.rawValue) \(qid.version) \(qid.path)" }
private func reading(_ time: Time) -> String { "\(time.seconds).\(time.nanoseconds)" }
