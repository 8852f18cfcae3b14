import CLinux
import Glibc

/// Mounts what a 9P server has that listens at a vsock port of the same machine. Linux's client has no such transport of its
/// own: it is given the connected socket.
///
///     vsock-mount PORT DIRECTORY OPTIONS
@main
enum VsockMount {
  static func main() {
    let arguments = CommandLine.arguments
    guard arguments.count == 4, let port = UInt32(arguments[1]) else {
      print("usage: vsock-mount PORT DIRECTORY OPTIONS")
      exit(2)
    }
    let socket = connected(to: port)
    let options = "trans=fd,rfdno=\(socket),wfdno=\(socket),\(arguments[3])"
    guard mount("postern", arguments[2], "9p", 0, options) == 0 else {
      perror("vsock-mount: mount")
      exit(1)
    }
  }

  /// Waits, for a few seconds, until somebody listens.
  private static func connected(to port: UInt32) -> CInt {
    var address = sockaddr_vm()
    address.svm_family = sa_family_t(AF_VSOCK)
    address.svm_cid = UInt32(VMADDR_CID_LOCAL)
    address.svm_port = port
    for _ in 0..<200 {
      let socket = Glibc.socket(AF_VSOCK, CInt(SOCK_STREAM.rawValue), 0)
      let result = withUnsafePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { general in
          connect(socket, general, socklen_t(MemoryLayout<sockaddr_vm>.size))
        }
      }
      if result == 0 { return socket }
      close(socket)
      usleep(50_000)
    }
    perror("vsock-mount: connect")
    exit(1)
  }
}
