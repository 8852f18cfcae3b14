import Linux
import NinePMount
import Testing

@Suite("The options of a mount")
struct MountOptionsTests {
  private func options(_ lists: [String], export: String? = nil) throws -> MountOptions {
    try MountOptions(lists.map { HostPath(lasting: $0) }, export: export.map { HostPath(lasting: $0) })
  }

  private func text(
    _ lists: [String], export: String? = nil, for source: MountSource = .virtio(HostPath("share"))
  ) throws -> String {
    String(decoding: try options(lists, export: export).text(for: source, connection: "7"), as: UTF8.self)
  }

  @Test(
    "are sensible for each way",
    arguments: [
      (.virtio(HostPath("share")), "trans=virtio,version=9p2000.L,msize=512000,access=client"),
      (
        .tcp(host: "h", port: 1), "trans=fd,rfdno=7,wfdno=7,version=9p2000.L,msize=1048576,access=client"
      ),
      (
        .vsock(machine: 2, port: 1), "trans=fd,rfdno=7,wfdno=7,version=9p2000.L,msize=1048576,access=client"
      ),
      (
        .serial(HostPath("share")), "trans=fd,rfdno=7,wfdno=7,version=9p2000.L,msize=262144,access=client"
      ),
    ] as [(MountSource, String)])
  func usual(source: MountSource, expected: String) throws {
    #expect(try text([], for: source) == expected)
  }

  @Test("are overridden by those that are given, the last first")
  func overridden() throws {
    #expect(
      try text(["msize=8192,cache=loose", "access=any,cache=mmap"])
        == "trans=virtio,version=9p2000.L,msize=8192,access=any,cache=mmap")
    #expect(try text([], export: "home").hasSuffix(",aname=home"))
    #expect(try text(["aname=other"], export: "home").hasSuffix("access=client,aname=other"))
  }

  @Test("of mount(8) alone don't reach the kernel")
  func userSpace() throws {
    let words = "defaults,_netdev,nofail,noauto,auto,nouser,comment=a,x-systemd.automount,X-mount.mkdir=0755,uhelper=u"
    let options = try options([words])
    #expect(options.flags == [])
    #expect(try text([words, ",,"]) == text([]))
  }

  @Test(
    "that any mount takes become flags",
    arguments: [
      ("ro,nosuid,nodev,noexec", [.readOnly, .noSetUserID, .noDevices, .noExecution]), ("ro,rw", []),
      ("noatime,relatime", .relativeAccessTimes), ("relatime,strictatime", .strictAccessTimes),
      ("user", [.noSetUserID, .noDevices, .noExecution]), ("user,exec", [.noSetUserID, .noDevices]),
      ("owner", [.noSetUserID, .noDevices]),
      ("sync,dirsync,nosymfollow", [.synchronous, .synchronousDirectories, .noSymbolicLinks]),
      ("remount,ro", [.remount, .readOnly]),
    ] as [(String, MountFlags)])
  func flags(list: String, expected: MountFlags) throws {
    #expect(try options([list]).flags == expected)
  }

  @Test("of a remount are only those that are given")
  func remount() throws {
    #expect(try text(["remount,ro"]) == "")
  }

  @Test("keep their commas between quotes")
  func quotes() throws {
    #expect(try text(["context=\"a:b:c0,c1\",ro"]).hasSuffix("client,context=\"a:b:c0,c1\""))
  }

  @Test("that would go another way than the source are refused", arguments: ["trans=tcp", "rfdno=3", "ro,wfdno=4"])
  func refused(list: String) {
    #expect(throws: MountFailure.self) { try options([list]) }
  }

  @Test("can't name an export with a comma")
  func commas() {
    #expect(throws: MountFailure.self) { try options([], export: "a,b") }
  }
}
