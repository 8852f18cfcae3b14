internal import Glibc
package import SystemPackage

/// A path as system calls take it: bytes that end in NUL, in storage that is reused from one path to the next.
///
/// The kernel refuses paths of `PATH_MAX` bytes and more. A longer one is split into *pieces*, each short enough; all but
/// the last are directories that are opened on the way (``Descriptor/walk(_:)``).
@safe
package struct Path: ~Copyable {
  /// The most bytes of a path: the limit of a 16-bit count.
  package static let capacity = Int(UInt16.max)
  /// The most bytes of one piece: `PATH_MAX` counts the NUL.
  static let pieceCapacity = Int(PATH_MAX) - 1

  private let base: UnsafeMutablePointer<UInt8>
  /// The number of bytes, without the NUL.
  package private(set) var count = 0
  /// The offset of the last piece. Each earlier piece ends in a NUL right before the next.
  private(set) var lastPiece = 0
  /// True if ``set(beneathRoot:)`` replaced the root by `.`.
  package private(set) var isRoot = false

  /// An empty path with room for any other.
  package init() {
    unsafe base = .allocate(capacity: Self.capacity + 1)
    unsafe base[0] = 0
  }

  deinit {
    unsafe base.deallocate()
  }

  /// Sets the path to these bytes.
  ///
  /// - Throws: `EINVAL` if they hold a NUL; `ENAMETOOLONG` if they exceed ``capacity``, or a single component is too long for
  ///   the kernel. The path is empty then.
  package mutating func set(_ bytes: Span<UInt8>) throws(Errno) {
    count = 0
    lastPiece = 0
    isRoot = false
    unsafe base[0] = 0
    guard bytes.count <= Self.capacity else { throw .fileNameTooLong }
    let hasNUL = unsafe bytes.withUnsafeBufferPointer { source in
      guard let start = source.baseAddress else { return false }
      unsafe memcpy(base, start, source.count)
      return unsafe memchr(start, 0, source.count) != nil
    }
    guard !hasNUL else {
      unsafe base[0] = 0
      throw .invalidArgument
    }
    count = bytes.count
    unsafe base[count] = 0
    if count > Self.pieceCapacity { try split() }
  }

  /// Sets the path to the decimal digits of a number.
  package mutating func set(number: Int) throws(Errno) {
    try set(Array(String(number).utf8).span)
  }

  /// Sets the path to an absolute one without its leading slashes, or to `.` for the root.
  ///
  /// An empty path stays empty, for the kernel to refuse.
  package mutating func set(beneathRoot bytes: Span<UInt8>) throws(Errno) {
    var first = 0
    while first < bytes.count, bytes[first] == UInt8(ascii: "/") { first += 1 }
    guard first > 0, first == bytes.count else { return try set(bytes.extracting(droppingFirst: first)) }
    count = 1
    lastPiece = 0
    isRoot = true
    unsafe base[0] = UInt8(ascii: ".")
    unsafe base[1] = 0
  }

  /// Splits a path that is too long for the kernel at slashes.
  ///
  /// Each piece ends at the last slash that makes it short enough and has a name after it, so that the last piece keeps its
  /// trailing slashes, which mean "must be a directory".
  private mutating func split() throws(Errno) {
    foldSlashes()
    while count - lastPiece > Self.pieceCapacity {
      var cut = lastPiece + Self.pieceCapacity
      while cut > lastPiece, unsafe base[cut] != UInt8(ascii: "/") || base[cut + 1] == 0 { cut -= 1 }
      guard cut > lastPiece else {
        count = 0
        lastPiece = 0
        unsafe base[0] = 0
        throw .fileNameTooLong
      }
      unsafe base[cut] = 0
      lastPiece = cut + 1
    }
  }

  /// Replaces each run of slashes by one, which means the same.
  private mutating func foldSlashes() {
    var kept = 0
    for index in 0..<count {
      let isRepeated =
        unsafe base[index] == UInt8(ascii: "/") && kept > 0 && base[kept - 1] == UInt8(ascii: "/")
      guard !isRepeated else { continue }
      unsafe base[kept] = base[index]
      kept += 1
    }
    count = kept
    unsafe base[count] = 0
  }

  /// The bytes, without the NUL.
  package var bytes: Span<UInt8> {
    @_lifetime(borrow self)
    borrowing get { unsafe _overrideLifetime(Span(_unsafeStart: base, count: count), borrowing: self) }
  }

  /// The piece that starts at `offset`, for a system call. The pointer is valid until the path changes or ends.
  @unsafe
  func piece(at offset: Int) -> UnsafePointer<CChar> {
    unsafe UnsafeRawPointer(base + offset).assumingMemoryBound(to: CChar.self)
  }

  /// The offset of the piece after the one at `offset`.
  func piece(after offset: Int) -> Int {
    unsafe offset + strlen(piece(at: offset)) + 1
  }
}
