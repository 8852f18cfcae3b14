import Linux
import Serving
import Synchronization
import SystemPackage
import VhostUser

/// The thread that answers a VMM's messages, while another one serves the ring.
final class BackEndThread: Sendable {
  private let socket: Descriptor
  private let result = Mutex<BackEnd.Ending?>(nil)

  /// - Parameter socket: the connection, by a descriptor of its own.
  init(socket: consuming Descriptor) { self.socket = socket }

  func run(_ device: Device, queue: Virtqueue) {
    var backEnd = BackEnd(device, queues: [queue])
    let ending = backEnd.serve(socket)
    result.withLock { $0 = ending }
  }

  /// The end of the connection, when the VMM or its guest has broken the rules.
  var ending: Ending? {
    switch result.withLock({ $0 }) {
    case .malformed(let request)?: .violation("message \(request) of vhost-user can't be taken")
    case .ring(.memoryLost)?: .violation("the file behind the guest's memory was shortened")
    case .ring(let fault)?: .violation("the guest's ring is broken (\(fault))")
    case .failed(let error)?: .failed(error)
    case .closed?, nil: nil
    }
  }
}
