/// Whoever is measured, in the order of the columns.
enum Series: String, CaseIterable {
  case ours
  /// Ours, where a process of no privilege speaks with clients.
  case oursSplit = "ours-split"
  case stock
  /// A second process of the same program as `stock`: what differs between the two is noise.
  case stockAgain = "stock-again"
  case oursInChroot = "ours-chroot"
  case oursUnfiltered = "ours-unfiltered"
  case floor
  /// The floor that looks for the next request before it sleeps.
  case pollingFloor = "polling-floor"
  /// QEMU's own driver, without a helper.
  case localPassthrough = "local-passthrough"
  case localMapped = "local-mapped"
  /// The other server of 9P, and a second process of it.
  case diod
  case diodAgain = "diod-again"

  /// The second process of the same program, where there is one.
  var again: Series { self == .diod ? .diodAgain : .stockAgain }
}

/// One line of a table: what each needed for the same work, round by round. Less is better, but of what is done in a
/// second.
struct Comparison {
  /// What its neighbours have in common: a placement, a group.
  let setting: String
  let name: String
  /// What of this there is more and more of, from line to line.
  let amount: Int?
  /// What it counts towards in the means, if anything.
  let kind: String
  let unit: String
  /// Whom all are compared with.
  let reference: Series
  private(set) var values: [Series: [Double]] = [:]
  /// What each needed with less of the amount, in the same rounds. Where it is known, all are compared with themselves.
  var smaller: [Series: [Double]]?

  init(
    _ setting: String, _ name: String, amount: Int? = nil, kind: String = "", unit: String,
    against reference: Series = .stock
  ) {
    self.setting = setting
    self.name = name
    self.amount = amount
    self.kind = kind
    self.unit = unit
    self.reference = reference
  }

  /// Its name in a table.
  var title: String { amount.map { "\(name), \($0)" } ?? name }

  mutating func append(_ value: Double, of series: Series) {
    values[series, default: []].append(value)
  }

  /// Those that were measured, in their order.
  var series: [Series] { Series.allCases.filter { values[$0] != nil } }

  func median(_ series: Series) -> Double { (values[series] ?? []).median }

  /// Ratios within a round, whose batches ran right after each other: what slows the whole machine slows both.
  func ratios(_ series: Series, to other: Series? = nil) -> [Double] {
    let others = other == nil ? smaller?[series] ?? values[reference] : values[other ?? reference]
    return zip(values[series] ?? [], others ?? []).map { $0 / $1 }
  }

  var noise: [Double] { ratios(reference.again) }

  /// Whether three quarters of the rounds say so, and by more than two processes of one program differ.
  var isSlower: Bool {
    // Of a rate the inverse is a time's.
    let ratios = unit.hasSuffix("/s") ? ratios(.ours).map { 1 / $0 } : ratios(.ours)
    guard !ratios.isEmpty, !noise.isEmpty else { return false }
    let most = max(noise.quantile(0.75), 1 / noise.quantile(0.25), 1)
    return ratios.quantile(0.25) > 1 && ratios.median > most
  }
}
