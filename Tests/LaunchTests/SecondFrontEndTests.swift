import Confinement
import Export
import Glibc
import HelperHarness
import Launch
import Linux
import MonitoredExport
import NinePHarness
import Serving
import SystemPackage
import Testing

/// A protocol in which a client that connects is told the size of the export's first file, and no more.
private struct SizeFrontEnd: FrontEnd {
  var name: String { "size" }

  var attachTimeout: Int { 10_000 }

  var needs: SystemCallFilter.Needs { [.contents, .threads, .identities] }

  func clientCommand(at listener: borrowing Listener, export: HostPath?) -> String? { nil }

  func serve(
    _ export: consuming Export, on socket: borrowing Descriptor, for client: ClientTerms
  ) -> Ending {
    do throws(Errno) {
      var name = Path()
      try name.set(Array("file".utf8).span)
      let file = try export.root().find(name)
      let size = [UInt8(truncatingIfNeeded: try file.status().size)]
      try socket.sendAll(size.span)
      return .closed
    } catch {
      return .failed(error)
    }
  }

  func serve(
    _ export: consuming MonitoredExport, on socket: borrowing Descriptor, for client: ClientTerms
  ) -> Ending { .lost }
}

/// Start-up knows no protocol: another than 9P is served by the same steps.
@Suite struct SecondFrontEndTests {
  @Test func anotherProtocolIsServed() async throws {
    let directory = try TemporaryDirectory()
    let path = directory.path
    mkdir(path + "/share", 0o755)
    let file = open(path + "/share/file", O_CREAT | O_WRONLY | O_CLOEXEC, 0o644)
    #expect(write(file, "hello", 5) == 5)
    close(file)
    // A process of its own, whose exit status is what its client has read.
    await #expect(processExitsWith: .exitCode(5)) { [path = path as String] in
      let client = try HostThread {
        do {
          let socket = try connected(path + "/s")
          var size: UInt8 = 0
          _exit(read(socket, &size, 1) == 1 ? CInt(size) : 101)
        } catch {
          usleep(10_000)
        }
      }
      defer { client.stop() }
      var server = ServerDescription(
        exports: [ExportedDirectory(name: hostPath("share"), path: hostPath(path + "/share"))],
        endpoint: .unix(hostPath(path + "/s")))
      server.sandbox = .none
      server.trustsAll = true
      try ServerStartUp<SizeFrontEnd>.run(.init(server, frontEnd: SizeFrontEnd()))
      _exit(102)
    }
  }
}
