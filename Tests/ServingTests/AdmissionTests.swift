import Linux
import Serving
import Testing

/// Which peers are admitted, and with which authority.
@Suite("Admission")
struct AdmissionTests {
  private func identity(_ uid: UInt32, _ gid: UInt32) throws -> Identity { try Identity(uid: uid, gid: gid) }

  @Test("root and the operator's choice are trusted, others are one identity")
  func authorities() throws {
    let (root, other) = (try identity(0, 0), try identity(1000, 100))
    func authority(
      _ peer: (uid: UInt32, gid: UInt32)?, own: Identity, trust: Bool = false, squash: Identity? = nil
    ) -> Authority? {
      Admission(trustsAll: trust, squash: squash, own: own).authority(of: peer)
    }
    // Root's server: root is believed, others are themselves, and who can't be known isn't let in.
    #expect(authority((0, 0), own: root) == .trusted)
    #expect(authority((1000, 100), own: root) == .one(other))
    #expect(authority((.max, 0), own: root) == nil)
    #expect(authority(nil, own: root) == nil)
    #expect(authority((1000, 100), own: root, trust: true) == .trusted)
    #expect(authority(nil, own: root, trust: true) == .trusted)
    for peer: (uid: UInt32, gid: UInt32)? in [(0, 0), (1000, 100), nil] {
      #expect(authority(peer, own: root, squash: other) == .one(other))
    }
    // Another's server does nothing but as its user, and that for itself and root only.
    #expect(authority((0, 0), own: other) == .one(other))
    #expect(authority((1000, 7), own: other) == .one(other))
    #expect(authority((1001, 100), own: other) == nil)
    #expect(authority(nil, own: other) == nil)
    #expect(authority(nil, own: other, trust: true) == .one(other))
    // Where peers can't be told apart, the socket's mode has let in who may come. Over TCP there is none.
    let blind = Admission(trustsAll: false, squash: nil, own: other, knowsPeers: false)
    #expect(blind.authority(of: (65_534, 65_534)) == .one(other))
    #expect(blind.authority(of: nil) == nil)
  }

  @Test("root and the user who serves are known by their numbers")
  func owners() throws {
    let admission = Admission(trustsAll: false, squash: nil, own: try .init(uid: 1000, gid: 1000))
    #expect(admission.user(of: (0, 5)) == .privileged)
    #expect(admission.user(of: (1000, 5)) == .privileged)
    #expect(admission.user(of: (1001, 1000)) == .user(1001))
    #expect(admission.user(of: nil) == .unknown)
    // There one number may be many users'.
    let blind = Admission(trustsAll: true, squash: nil, own: try .init(uid: 0, gid: 0), knowsPeers: false)
    #expect(blind.user(of: (0, 0)) == .unknown)
  }
}
