import CLinux
import Glibc
import Linux
import SystemPackage
import VhostHarness
@testable import VhostUser

/// A device that answers each request with the request's own bytes, on threads of its own.
final class Echo: @unchecked Sendable {
  let frontEnd: VhostFrontEnd
  let queue: Virtqueue
  private var device: Thread.Running?
  private var control: Thread.Running?
  /// Requests that aren't answered before they are let go.
  let held = Held()

  final class Held: @unchecked Sendable {
    var isHolding = false
    var tokens: [(ChainToken, [UInt8])] = []
  }

  /// Where what ends is told.
  private final class Results: @unchecked Sendable {
    var ending: BackEnd.Ending?
    var resets = 0
  }
  private let results: Results

  init(configuration: [UInt8]? = [3, 0, 97, 98, 99]) throws {
    var ends: [CInt] = [-1, -1]
    guard socketpair(AF_UNIX, CInt(SOCK_STREAM.rawValue), 0, &ends) == 0 else { throw Errno(rawValue: errno) }
    frontEnd = VhostFrontEnd(ends[0])
    let queue = try Virtqueue()
    let results = Results()
    let held = held
    let socket = ends[1]
    self.queue = queue
    self.results = results
    control = try Thread.begin {
      var backEnd = BackEnd(
        Device(features: DeviceFeatures(rawValue: 1), configuration: configuration), queues: [queue])
      let socket = Descriptor(adopting: socket)
      results.ending = backEnd.serve(socket)
    }
    device = try Thread.begin {
      var pace = RingWait()
      do throws(Errno) {
        var buffer = try Buffer(upTo: 1 << 20)
        while true {
          var room = buffer.mutableSpan(0..<buffer.capacity)
          switch queue.take(into: &room) {
          case .request(let token, let count, _, _):
            if held.isHolding {
              held.tokens.append((token, Echo.copy(buffer.span(0..<count))))
            } else {
              queue.complete(token, with: buffer.span(0..<count))
            }
          case .reset: results.resets += 1
          case .nothing:
            queue.signal()
            queue.wait(&pace)
          case .ended: return
          }
        }
      } catch {}
    }
  }

  private static func copy(_ bytes: Span<UInt8>) -> [UInt8] { bytes.indices.map { bytes[$0] } }

  /// Closes the connection, and waits for both threads.
  func finish() -> (ending: BackEnd.Ending?, resets: Int) {
    shutdown(frontEnd.socket, CInt(SHUT_RDWR))
    if let control = control.take() { control.join() }
    if let device = device.take() { device.join() }
    return (results.ending, results.resets)
  }
}
