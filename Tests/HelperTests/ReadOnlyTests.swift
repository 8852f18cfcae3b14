import Export
import Glibc
import HelperHarness
import Linux
import ProxyDriver
import ProxyProtocol
import Testing

extension PrivilegedTests {
  /// An export that nobody may change.
  @Suite struct ReadOnlyTests {
    static let sandboxes = ["namespace", "chroot"]

    private func tree() throws -> TemporaryDirectory {
      let directory = try TemporaryDirectory()
      let file = open(directory.path + "/file", O_CREAT | O_WRONLY, 0o666)
      write(file, "content", 7)
      close(file)
      // Whoever reopens the file may write it, as far as permissions go.
      chmod(directory.path + "/file", 0o666)
      mkdir(directory.path + "/directory", 0o755)
      symlink("file", directory.path + "/symlink")
      return directory
    }

    private func listing(_ directory: TemporaryDirectory) throws -> String {
      let output = try Output()
      try spawn("/bin/ls", ["-lRn", "--time-style=full-iso", directory.path], output: output).wait()
      return output.text
    }

    private func status(_ outcome: consuming ProxyConnection.Outcome) -> Int32? {
      guard case .status(let status) = consume outcome else { return nil }
      return status
    }

    @Test(arguments: sandboxes)
    func everyChangeIsRefused(sandbox: String) throws {
      let directory = try tree()
      let before = try listing(directory)
      let output = try Output()
      var helper = try RunningHelper(
        serving: directory.path, ["--readonly", "--sandbox", sandbox], output: output)
      var connection = try helper.connect()
      let (file, new, name) = (Array("/file".utf8), Array("/new".utf8), Array("user.a".utf8))
      let (gone, removable) = (Array("/none".utf8), Array("/directory".utf8))
      let time = ProxyProtocol.Time(seconds: 1, nanoseconds: 0)
      let create: Int32 = O_CREAT | O_RDWR
      var answers: [Int32?] = []
      for flags in [O_WRONLY, O_RDWR, O_RDONLY | O_TRUNC] {
        answers.append(status(try connection.exchange(.open(path: file.span, flags: flags))))
      }
      for path in [file, new] {
        answers.append(
          status(try connection.exchange(.create(path: path.span, flags: create, mode: 0o644, uid: 0, gid: 0))))
        answers.append(
          status(try connection.exchange(.makeNode(path: path.span, mode: 0o644, device: 0, uid: 5, gid: 5))))
        answers.append(status(try connection.exchange(.makeDirectory(path: path.span, mode: 0o755, uid: 5, gid: 5))))
        answers.append(
          status(try connection.exchange(.makeSymbolicLink(target: file.span, path: path.span, uid: 0, gid: 0))))
      }
      answers.append(status(try connection.exchange(.link(old: file.span, new: new.span))))
      answers.append(status(try connection.exchange(.rename(old: file.span, new: new.span))))
      for path in [file, gone, removable] { answers.append(status(try connection.exchange(.remove(path: path.span)))) }
      answers.append(status(try connection.exchange(.changeMode(path: file.span, mode: 0o600))))
      answers.append(status(try connection.exchange(.changeOwner(path: file.span, uid: 5, gid: 5))))
      answers.append(status(try connection.exchange(.truncate(path: file.span, size: 0))))
      answers.append(status(try connection.exchange(.setTimes(path: file.span, access: time, modification: time))))
      answers.append(
        status(try connection.exchange(.setAttribute(path: file.span, name: name.span, value: name.span, flags: 0))))
      answers.append(status(try connection.exchange(.removeAttribute(path: file.span, name: name.span))))
      #expect(answers.count == 22)
      #expect(answers.allSatisfy { $0 == -EROFS }, "\(answers)")
      #expect(try listing(directory) == before)
      #expect(output.text.contains("readonly"))
    }

    @Test(arguments: sandboxes)
    func readingGoesOn(sandbox: String) throws {
      let directory = try tree()
      var helper = try RunningHelper(
        serving: directory.path, ["--readonly", "--sandbox", sandbox], output: try Output())
      var connection = try helper.connect()
      let (file, link) = (Array("/file".utf8), Array("/symlink".utf8))
      guard case .payload = try connection.exchange(.status(path: file.span)),
        case .payload = try connection.exchange(.readLink(path: link.span, size: 100)),
        case .payload = try connection.exchange(.fileSystemStatus(path: file.span)),
        case .descriptor(let opened) = try connection.exchange(.open(path: file.span, flags: O_RDONLY))
      else {
        Issue.record("something can't be read")
        return
      }
      var content = [UInt8](repeating: 0, count: 7)
      #expect(pread(opened.rawValue, &content, 7, 0) == 7)
      #expect(content == Array("content".utf8))
    }

    /// Under `namespace` the mount itself is read-only, so that a descriptor is no way to a better one.
    @Test func aDescriptorIsNoWayToWrite() throws {
      let directory = try tree()
      var helper = try RunningHelper(serving: directory.path, ["--readonly"], output: try Output())
      var connection = try helper.connect()
      let (file, root) = (Array("/file".utf8), Array("/".utf8))
      guard case .descriptor(let opened) = try connection.exchange(.open(path: file.span, flags: O_RDONLY)),
        case .descriptor(let top) = try connection.exchange(.open(path: root.span, flags: O_DIRECTORY))
      else {
        Issue.record("something can't be opened")
        return
      }
      for flags in [O_WRONLY, O_RDWR, O_RDONLY | O_TRUNC] {
        #expect(Glibc.open("/proc/self/fd/\(opened.rawValue)", flags) < 0 && errno == EROFS)
        #expect(openat(top.rawValue, "file", flags) < 0 && errno == EROFS)
      }
      #expect(fchmod(opened.rawValue, 0o777) < 0 && errno == EROFS)
      #expect(unlinkat(top.rawValue, "file", 0) < 0 && errno == EROFS)
      #expect(mkdirat(top.rawValue, "new", 0o755) < 0 && errno == EROFS)
    }
  }
}
