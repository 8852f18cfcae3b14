import NinePProtocol
import Wire

/// A request's frame at a place of its own, to be sent again and again.
final class NinePFrame {
  private let memory: UnsafeMutableBufferPointer<UInt8>

  init(_ frame: [UInt8]) {
    memory = .allocate(capacity: frame.count)
    _ = memory.initialize(from: frame)
  }

  deinit { memory.deallocate() }

  var bytes: UnsafeBufferPointer<UInt8> { UnsafeBufferPointer(memory) }

  /// Where a `Tread`, `Twrite` or `Treaddir` has its offset: behind the fid.
  private static let offsetPlace = Frame.headerSize + 4
  /// Where a `Twrite` has its data: behind offset and count.
  private static let dataPlace = offsetPlace + 8 + 4

  func set(offset: UInt64) { set(offset, at: Self.offsetPlace) }

  /// Makes the first eight bytes to be written these.
  func set(firstWord word: UInt64) { set(word, at: Self.dataPlace) }

  private func set(_ word: UInt64, at place: Int) {
    UnsafeMutableRawBufferPointer(memory).storeBytes(of: word.littleEndian, toByteOffset: place, as: UInt64.self)
  }

  /// - Parameter room: as many bytes as it has at most.
  static func encoded(_ request: borrowing Request, tag: Tag, room: Int = NinePConnection.largest) -> [UInt8] {
    var frame = [UInt8](repeating: 0, count: room)
    var span = frame.mutableSpan
    guard let size = try? request.encode(tag: tag, into: &span) else {
      fatalError("a request of the benchmark is too long")
    }
    return Array(frame[..<size])
  }

  /// Checks a name of the benchmark's own.
  @_lifetime(copy bytes)
  static func name(_ bytes: Span<UInt8>) -> Name {
    guard let name = try? Name(bytes) else { fatalError("a name of the benchmark is none") }
    return name
  }

  /// A walk to a name; without one, a second fid for the same file.
  static func walk(from: Fid, to name: String?, _ fid: Fid, tag: Tag) -> [UInt8] {
    walk(from: from, along: name.map { [$0] } ?? [], fid, tag: tag)
  }

  /// A walk along names.
  static func walk(from: Fid, along path: [String], _ fid: Fid, tag: Tag) -> [UInt8] {
    var packed = [UInt8](repeating: 0, count: path.reduce(0) { $0 + 2 + $1.utf8.count })
    var end = 0
    for name in path {
      let text = Array(name.utf8)
      var room = packed.mutableSpan
      try? Names.pack(text.span, into: &room, end: &end)
    }
    guard let names = try? Names(count: path.count, packed: packed.span.extracting(first: end)) else {
      fatalError("'\(path)' can't be walked along")
    }
    return encoded(.walk(fid: from, newFid: fid, names: names), tag: tag, room: 64 + packed.count)
  }
}
