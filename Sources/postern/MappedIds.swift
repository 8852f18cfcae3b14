import Confinement
import ArgumentParser
import Linux

/// `CLIENT:HOST:COUNT`, of `--uid-map` and `--gid-map`.
struct MappedIds {
  let range: IdentityRange

  init(argument: String) throws {
    guard let range = IdentityRange(argument.utf8.span) else {
      throw Misuse("say CLIENT:HOST:COUNT, with ids from 0 to \(UInt32.max - 1), such as 0:100000:65536")
    }
    self.range = range
  }
}

extension [MappedIds] {
  /// Refuses overlapping ranges, and more ranges than the kernel takes.
  func validate(_ option: String) throws {
    for (index, ids) in enumerated() where self[..<index].contains(where: { $0.range.overlaps(ids.range) }) {
      throw ValidationError(
        "\(option) \(ids.range.guest):\(ids.range.host):\(ids.range.count) has ids of an earlier one.")
    }
    guard count <= IdentityMap.maximumRanges else {
      throw ValidationError("\(option) can be given \(IdentityMap.maximumRanges) times at most.")
    }
  }
}
