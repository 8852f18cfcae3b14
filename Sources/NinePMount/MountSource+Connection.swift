internal import Confinement
internal import Linux
internal import SystemPackage

extension MountSource {
  /// Connects to the server's socket.
  func connect() throws(MountFailure) -> Descriptor {
    switch self {
    case .unix(let path): try Self.connect(path: path)
    case .tcp(let host, let port): try Self.connect(host: host, port: port)
    case .vsock(let machine, let port): try Self.connect(machine: machine, port: port)
    case .virtio, .serial: throw .misuse("a device isn't connected to")
    }
  }

  private static func connect(path: HostPath) throws(MountFailure) -> Descriptor {
    do throws(Errno) {
      return try UnixSocket.connect(path: path)
    } catch .noSuchFileOrDirectory {
      throw .failed("there is no socket \(path): a server of this machine makes it")
    } catch .connectionRefused {
      throw .failed("no server listens at the socket \(path)")
    } catch .fileNameTooLong {
      throw .failed("the name of a socket has \(UnixSocket.maximumPath) bytes at most: \(path)")
    } catch {
      throw .failed("can't connect to \(path): \(error)")
    }
  }

  private static func connect(host: String, port: UInt16) throws(MountFailure) -> Descriptor {
    do throws(Errno) {
      return try TCPSocket.connect(address: HostNames.address(of: host) ?? host, port: port)
    } catch .invalidArgument {
      throw .failed("\(host) is no address, and no name in /etc/hosts: give the numeric address")
    } catch .connectionRefused {
      throw .failed("no server listens at \(host), port \(port)")
    } catch .networkUnreachable {
      throw .failed("no network leads to \(host): give the machine an address, or mount later (_netdev)")
    } catch {
      throw .failed("can't connect to \(host), port \(port): \(error)")
    }
  }

  private static func connect(machine: UInt32, port: UInt32) throws(MountFailure) -> Descriptor {
    let module = machine == 1 ? KernelModule.vsockLoopback : .vsock
    module.load()
    do throws(Errno) {
      return try VsockSocket.connect(machine: machine, port: port)
    } catch .addressFamilyNotSupported {
      throw module.absence
    } catch .operationNotSupportedByDevice {
      guard module.isPresent else { throw module.absence }
      throw .failed("this machine has no vsock device: its VMM has to give it one")
    } catch .connectionReset {
      // Without a device the kernel takes the host for this machine itself, where it has the loopback transport.
      let doubt = machine == 2 && !KernelModule.vsock.isPresent ? ", or this machine has no vsock device" : ""
      throw .failed("no server listens at the vsock port \(port) of machine \(machine)\(doubt)")
    } catch {
      throw .failed("can't connect to the vsock port \(port) of machine \(machine): \(error)")
    }
  }
}
