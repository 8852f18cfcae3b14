import Linux
import NinePMount
import Testing

@Suite("The source of a mount")
struct MountSourceTests {
  @Test(
    "is a kind of way and its end",
    arguments: [
      ("virtio:share", .virtio(HostPath("share"))), ("share", .virtio(HostPath("share"))),
      ("virtio:a:b", .virtio(HostPath("a:b"))), ("vsock:5640", .vsock(machine: 2, port: 5640)),
      ("vsock:1:4294967294", .vsock(machine: 1, port: 4_294_967_294)),
      ("tcp:10.0.2.2:5640", .tcp(host: "10.0.2.2", port: 5640)), ("tcp:[fe80::1]:1", .tcp(host: "fe80::1", port: 1)),
      ("unix:/run/a:b", .unix(HostPath("/run/a:b"))), ("port:share", .serial(HostPath("share"))),
    ] as [(String, MountSource)])
  func parsed(word: String, source: MountSource) throws {
    #expect(try MountSource(HostPath(lasting: word)) == source)
  }

  @Test(
    "that is none is refused by a line that says what to type",
    arguments: [
      ("", "virtio:TAG"), ("/run/s", "say unix:/run/s"), ("./s", "say unix:./s"), ("/run/a:b", "say unix:/run/a:b"),
      ("nfs:a", "not nfs:a"), ("virtio:", "say virtio:TAG"), ("unix:", "say unix:PATH"), ("port:", "say port:NAME"),
      ("vsock:", "say vsock:PORT"), ("vsock:1:2:3", "say vsock:PORT"), ("vsock:host:1", "say vsock:PORT"),
      ("vsock:2:4294967295", "say vsock:PORT"), ("vsock:4294967295:1", "say vsock:PORT"),
      ("tcp:1", "say tcp:HOST:PORT"),
      ("tcp::1", "say tcp:HOST:PORT"), ("tcp:h:0", "1 to 65535"), ("tcp:h:65536", "1 to 65535"),
      ("tcp:::1:5640", "in brackets"),
    ])
  func refused(word: String, says: String) {
    do throws(MountFailure) {
      let source = try MountSource(HostPath(lasting: word))
      Issue.record("\(source)")
    } catch {
      #expect(error.status == 1)
      #expect(error.message.contains(says), "\(error.message)")
    }
  }
}
