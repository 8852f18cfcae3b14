import Linux
import NinePServer
import SystemPackage

/// What the process that lets clients in tells the one that speaks with them: here is a client, and a helper for it.
struct Introduction: ~Copyable {
  let users: Users
  let client: Descriptor
  let helper: Descriptor

  init(users: Users, client: consuming Descriptor, helper: consuming Descriptor) {
    self.users = users
    self.client = client
    self.helper = helper
  }

  /// Gives both sockets away.
  consuming func release() -> (client: CInt, helper: CInt) { (client.release(), helper.release()) }

  /// Sends it over a socket of packets.
  borrowing func send(on socket: borrowing Descriptor) throws(Errno) {
    var passed = PassedDescriptors()
    passed.append(client)
    passed.append(helper)
    let (believed, identity): (UInt8, Identity?) =
      switch users {
      case .asClaimed: (1, nil)
      case .one(let identity): (0, identity)
      }
    var bytes: InlineArray<9, UInt8> = .init(repeating: 0)
    bytes[0] = believed
    for index in 0..<4 {
      bytes[1 + index] = UInt8(truncatingIfNeeded: (identity?.uid ?? 0) >> (8 * index))
      bytes[5 + index] = UInt8(truncatingIfNeeded: (identity?.gid ?? 0) >> (8 * index))
    }
    try socket.sendPacket(bytes.span, with: passed)
  }

  /// Waits for one.
  ///
  /// - Returns: nil where there won't be another.
  static func receive(from socket: borrowing Descriptor) -> Introduction? {
    var bytes: InlineArray<9, UInt8> = .init(repeating: 0)
    var passed = ReceivedDescriptors()
    while true {
      do throws(Errno) {
        var span = bytes.mutableSpan
        guard try socket.receivePacket(into: &span, &passed) == 9, let client = passed.takeFirst(),
          let helper = passed.takeFirst()
        else { return nil }
        return Introduction(users: try users(bytes), client: client, helper: helper)
      } catch .interrupted {
        continue
      } catch {
        return nil
      }
    }
  }

  private static func users(_ bytes: InlineArray<9, UInt8>) throws(Errno) -> Users {
    guard bytes[0] == 0 else { return .asClaimed }
    var (uid, gid): (UInt32, UInt32) = (0, 0)
    for index in 0..<4 {
      uid |= UInt32(bytes[1 + index]) << (8 * index)
      gid |= UInt32(bytes[5 + index]) << (8 * index)
    }
    return .one(try Identity(uid: uid, gid: gid))
  }
}
