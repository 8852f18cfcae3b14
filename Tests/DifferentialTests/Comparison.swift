import CLinux
import Glibc
import HelperHarness
import ProxyProtocol

/// Finds what two answers or files disagree about, leaving out what must differ.
struct Comparison {
  /// Since when the kernel's own times are from: only those may differ, a little.
  let start: Int64

  init() {
    var now = timespec()
    clock_gettime(CLOCK_REALTIME, &now)
    start = Int64(now.tv_sec) - 2
  }

  /// What the answers to one request disagree about, nil where they agree.
  func difference(_ type: RequestType, ours: Answer, original: Answer) -> String? {
    guard ours.errno == original.errno else { return "errno" }
    guard ours.errno == 0 else { return same(ours, original) ? nil : "the form of a failure" }
    switch (ours, original) {
    case (.word(_, let our?), .word(_, let their?)):
      return difference(our.descriptor, their.descriptor)
    case (.frame(0, let our), .frame(0, let their)) where our.count == their.count:
      switch type {
      case .status: return statusDifference(our, their)
      case .fileSystemStatus: return fileSystemDifference(our, their)
      default: return our == their ? nil : "the payload"
      }
    default:
      return "the form of a success"
    }
  }

  private func same(_ one: Answer, _ other: Answer) -> Bool {
    switch (one, other) {
    case (.frame(let type, let payload), .frame(let otherType, let otherPayload)):
      type == otherType && payload == otherPayload
    case (.word(let word, nil), .word(let otherWord, nil)): word == otherWord
    default: false
    }
  }

  private func statusDifference(_ our: [UInt8], _ their: [UInt8]) -> String? {
    guard let one = try? FileStatus(our.span), let other = try? FileStatus(their.span) else { return "the size" }
    let fields: [(String, Bool)] = [
      ("device", one.device == other.device), ("links", one.links == other.links), ("mode", one.mode == other.mode),
      ("uid", one.uid == other.uid), ("gid", one.gid == other.gid),
      ("special device", one.specialDevice == other.specialDevice), ("size", one.size == other.size),
      ("block size", one.blockSize == other.blockSize), ("blocks", one.blocks == other.blocks),
      ("access time", same(one.access, other.access)),
      ("modification time", same(one.modification, other.modification)),
      ("change time", same(one.change, other.change)),
    ]
    let wrong = fields.filter { !$0.1 }.map(\.0)
    return wrong.isEmpty ? nil : wrong.joined(separator: ", ") + ":\n    \(one)\n    \(other)"
  }

  /// What is free may change at any time.
  private func fileSystemDifference(_ our: [UInt8], _ their: [UInt8]) -> String? {
    guard let one = try? FileSystemStatus(our.span), let other = try? FileSystemStatus(their.span) else {
      return "the size"
    }
    let same =
      one.type == other.type && one.blockSize == other.blockSize && one.blocks == other.blocks
      && one.files == other.files && one.identifier == other.identifier && one.nameLength == other.nameLength
      && one.fragmentSize == other.fragmentSize
    return same ? nil : "\(one)\n    \(other)"
  }

  private func same(_ one: ProxyProtocol.Time, _ other: ProxyProtocol.Time) -> Bool {
    one == other || isRecent(one.seconds) && isRecent(other.seconds)
  }

  func isRecent(_ seconds: Int64) -> Bool {
    seconds >= start && seconds < start + 3600
  }

  // MARK: Descriptors

  /// What two received descriptors disagree about: the file, how it is open, and what happens on using it.
  private func difference(_ our: CInt, _ their: CInt) -> String? {
    let flags = (cl_get_status_flags(our), cl_get_status_flags(their))
    guard flags.0 == flags.1 else {
      return "the file's status flags: 0\(String(flags.0, radix: 8)), 0\(String(flags.1, radix: 8))"
    }
    var (one, other) = (stat(), stat())
    guard fstat(our, &one) == 0, fstat(their, &other) == 0 else { return "whether the file can be examined" }
    guard one.st_mode == other.st_mode, one.st_uid == other.st_uid, one.st_gid == other.st_gid,
      one.st_size == other.st_size, one.st_nlink == other.st_nlink
    else { return "the opened file:\n    \(one)\n    \(other)" }
    guard one.st_mode & S_IFMT == S_IFREG else { return nil }
    return useDifference(our, their, at: one.st_size)
  }

  /// Writes to both and reads from both, a little. One that isn't open for it refuses.
  private func useDifference(_ our: CInt, _ their: CInt, at size: off_t) -> String? {
    // Aligned as O_DIRECT would want it, or not, as the size has it.
    let text = Array("written at \(size)".utf8)
    let offset = min(size, 1 << 20)
    let written = [our, their].map { file in
      text.withUnsafeBytes { outcome(pwrite(file, $0.baseAddress, $0.count, offset)) }
    }
    guard written[0] == written[1] else { return "writing: \(written)" }
    let read = [our, their].map { file -> (Int, [UInt8]) in
      var bytes = [UInt8](repeating: 0, count: 200)
      let result = bytes.withUnsafeMutableBytes { outcome(pread(file, $0.baseAddress, $0.count, max(0, offset - 50))) }
      return (result, bytes)
    }
    return read[0] == read[1] ? nil : "reading: \(read)"
  }

  private func outcome(_ result: Int) -> Int {
    result < 0 ? -Int(errno) : result
  }
}
