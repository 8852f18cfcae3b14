import ArgumentParser
import Confinement

/// `--seccomp`.
enum FilterArgument: String, CaseIterable, ExpressibleByArgument {
  case kill, log, none

  var mode: SystemCallFilter.Mode {
    switch self {
    case .kill: .kill
    case .log: .log
    case .none: .none
    }
  }
}
