import Glibc
import HelperHarness

/// The names that requests are about: few enough that most requests meet something, and each other.
struct Names {
  /// Paths that exist, as far as is known, by their components.
  private(set) var known: [[[UInt8]]] = []

  private static let maximumDepth = 5
  private static let pool: [[UInt8]] =
    ["a", "b", "c", "d", "file", "dir", "link", " ", "...", "-rf", "new\nline", "käse"].map { Array($0.utf8) }
    + [
      [0xff, 0xfe, 0x01],
      [UInt8](repeating: UInt8(ascii: "x"), count: 255),
      [UInt8](repeating: UInt8(ascii: "y"), count: 254) + [0x80],
    ]
  private static let tooLong = [UInt8](repeating: UInt8(ascii: "z"), count: 256)

  mutating func add(_ path: [[UInt8]]) {
    guard !path.isEmpty, !known.contains(path) else { return }
    known.append(path)
  }

  mutating func forget(_ path: [[UInt8]]) {
    known.removeAll { $0 == path }
  }

  /// The components of a path; none for the root.
  func path(_ random: inout Random) -> [[UInt8]] {
    switch random.below(100) {
    case ..<62 where !known.isEmpty: return random.pick(known)
    case ..<94: return newPath(&random)
    case ..<96: return []
    case ..<98:
      // A way round.
      let path = random.pick(known.isEmpty ? [[]] : known)
      return path + [Array("..".utf8)] + [random.pick(Self.pool)]
    default:
      return newPath(&random).dropLast() + [Self.tooLong]
    }
  }

  /// A path for something to be made: mostly in a directory that exists, mostly not there yet.
  func newPath(_ random: inout Random) -> [[UInt8]] {
    var path: [[UInt8]] = []
    if !known.isEmpty, !random.once(in: 4) { path = random.pick(known) }
    if path.count >= Self.maximumDepth || random.once(in: 3) { path = Array(path.dropLast()) }
    path.append(random.pick(Self.pool))
    return path
  }

  /// A path's bytes: mostly as QEMU spells them.
  func spell(_ path: [[UInt8]], _ random: inout Random) -> [UInt8] {
    var bytes: [UInt8]
    if path.isEmpty {
      bytes = Array(random.pick(weighted: [(10, "/"), (1, "//"), (1, "."), (1, "/."), (1, "/.."), (1, "/../..")]).utf8)
    } else {
      bytes = Array("/".utf8)
      for component in path { bytes += [UInt8(ascii: "/")] + component }
      switch random.below(40) {
      case 0: bytes += Array("/".utf8)
      case 1: bytes += Array("/.".utf8)
      case 2: bytes += Array("/..".utf8)
      case 3: bytes.removeFirst()
      case 4: bytes.removeFirst(2)
      case 5: bytes = Array("/..".utf8) + bytes
      case 6: bytes = Array("///.//".utf8) + bytes + Array("///".utf8)
      default: break
      }
    }
    // Most of QEMU's requests have it, some not.
    if random.once(in: 2) { bytes.append(0) }
    return bytes
  }

  /// What a symbolic link may say.
  func target(_ random: inout Random) -> [UInt8] {
    func joined(_ path: [[UInt8]]) -> [UInt8] { Array(path.joined(separator: [UInt8(ascii: "/")])) }
    switch random.below(24) {
    case ..<5: return random.pick(Self.pool)
    case ..<9: return Array("../".utf8) + random.pick(Self.pool)
    case ..<14: return Array("/".utf8) + joined(path(&random))
    case ..<16: return joined(path(&random)) + Array("/".utf8)
    case 16: return Array("/".utf8)
    case 17: return Array(".".utf8)
    case 18: return Array("../../../../../../../etc/passwd".utf8)
    case 19: return Array("/proc/self/root".utf8)
    case 20: return [UInt8](repeating: UInt8(ascii: "t"), count: random.pick([59, 60, 4094, 4095, 4096, 5000]))
    case 21: return random.bytes(20).map { $0 == 0 ? 1 : $0 }
    default: return Array("nowhere".utf8)
    }
  }
}
