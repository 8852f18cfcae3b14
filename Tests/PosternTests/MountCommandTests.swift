import Glibc
import HelperHarness
import Testing

/// What `postern mount` makes of its words, and how it says that there is nothing to mount.
@Suite("The command line of postern mount")
struct MountCommandTests {
  private func run(_ arguments: [String], as name: String? = nil) throws -> (status: CInt?, output: Output) {
    let output = try Output()
    guard let name else {
      let process = try spawn(Programs.postern, ["mount"] + arguments, output: output)
      return (process.wait(seconds: 20), output)
    }
    let directory = try TemporaryDirectory()
    let path = "\(directory.path)/\(name)"
    #expect(symlink(Programs.postern, path) == 0)
    let process = try spawn(path, arguments, output: output)
    return (process.wait(seconds: 20), output)
  }

  @Test(
    "it prints the command of the kernel's client",
    arguments: [
      (["share", "/mnt"], "trans=virtio,version=9p2000.L,msize=512000,access=client share /mnt"),
      (
        ["port:share", "/mnt", "-o", "ro,nofail", "--export", "a b"],
        "'ro,trans=fd,rfdno=N,wfdno=N,version=9p2000.L,msize=262144,access=client,aname=a b' port:share /mnt"
      ),
      (
        ["vsock:5640", "/m n", "-o", "cache=loose", "-o", "cache=mmap,msize=8192"],
        "trans=fd,rfdno=N,wfdno=N,version=9p2000.L,access=client,cache=mmap,msize=8192 vsock:5640 '/m n'"
      ),
    ] as [([String], String)])
  func fake(arguments: [String], expected: String) throws {
    let (status, output) = try run(arguments + ["-fv"])
    #expect(status == 0)
    #expect(output.text == "mount -t 9p -o \(expected)\n")
  }

  @Test("it takes the words of mount(8) by the name that mount(8) looks for")
  func helper() throws {
    let (status, output) = try run(["share", "/mnt", "-sfnv", "-o", "rw,_netdev,noatime"], as: "mount.postern")
    #expect(status == 0)
    #expect(output.text.hasPrefix("mount -t 9p -o noatime,trans=virtio,"), "\(output.text)")
  }

  @Test(
    "wrong use is one line that says what to type, and mount(8)'s status for it",
    arguments: [
      (["share"], "Missing expected argument '<dir>'; see postern mount --help"), (["/x", "/mnt"], "say unix:/x"),
      (["tcp:5640", "/mnt"], "say tcp:HOST:PORT"), (["share", "/mnt", "-o", "trans=tcp"], "trans= isn't an option"),
      (["share", "/mnt", "--nonsense"], "Unknown option '--nonsense'"),
      (["share", "/mnt", "--export", "a,b"], "no comma"),
    ] as [([String], String)])
  func wrongUse(arguments: [String], says: String) throws {
    for name in [nil, "mount.postern"] {
      let (status, output) = try run(arguments, as: name)
      #expect(status == 1)
      #expect(output.lines.count == 1, "\(output.text)")
      #expect(output.text.hasPrefix("postern mount: ") && output.text.contains(says), "\(output.text)")
    }
  }

  @Test(
    "it says why it can't mount, with mount(8)'s status for it", .enabled(if: hasRoot(), "needs root"),
    arguments: [
      (["share", "/nothing/here"], "there is no directory /nothing/here"),
      (["share", "/etc/passwd"], "/etc/passwd is no directory"),
    ])
  func failures(arguments: [String], says: String) throws {
    let (status, output) = try run(arguments)
    #expect(status == 32)
    #expect(output.lines.count == 1 && output.text.contains(says), "\(output.text)")
  }

  @Test("it takes root", .enabled(if: !hasRoot(), "needs an ordinary user"))
  func ordinaryUser() throws {
    let (status, output) = try run(["share", "/"])
    #expect(status == 1)
    #expect(output.text == "postern mount: only root can mount\n")
  }
}
