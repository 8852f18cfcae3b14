import NinePProtocol
import Serving

extension LockKind {
  init(_ kind: Lock.Kind) {
    switch kind {
    case .shared: self = .shared
    case .exclusive: self = .exclusive
    case .unlocked: self = .unlocked
    }
  }
}

extension Lock.Kind {
  init(_ kind: LockKind) {
    switch kind {
    case .shared: self = .shared
    case .exclusive: self = .exclusive
    case .unlocked: self = .unlocked
    }
  }
}
