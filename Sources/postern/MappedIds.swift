import Confinement
import ArgumentParser
import Linux

/// `GUEST:HOST:COUNT`, of `--uid-map` and `--gid-map`.
struct MappedIds: ExpressibleByArgument {
  let range: IdentityRange

  init?(argument: String) {
    guard let range = IdentityRange(argument.utf8.span) else { return nil }
    self.range = range
  }
}

extension [MappedIds] {
  /// Refuses what the kernel doesn't take.
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
