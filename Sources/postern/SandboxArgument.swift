import ArgumentParser
import Launch

/// `--sandbox`.
enum SandboxArgument: String, CaseIterable, ExpressibleByArgument {
  case auto, namespace, none

  var choice: ServerDescription.SandboxChoice {
    switch self {
    case .auto: .automatic
    case .namespace: .namespace
    case .none: .none
    }
  }
}
