internal import Confinement
package import Linux
internal import SystemPackage

/// A mount of a 9P server's files, to be made by the kernel's client.
package struct NinePMount {
  let source: MountSource
  /// The source's name in `/proc/mounts`.
  let name: HostPath
  let directory: HostPath
  let options: MountOptions

  /// Takes the word for the source, see ``MountSource``, and the directory to mount at.
  package init(_ source: HostPath, at directory: HostPath, options: MountOptions) throws(MountFailure) {
    self.source = try MountSource(source)
    if case .virtio(let tag) = self.source { name = tag } else { name = source }
    self.directory = directory
    self.options = options
  }

  /// The words that `mount -t 9p` would take for it. `N` stands for the number of a connected socket.
  package var words: (options: [UInt8], source: HostPath, directory: HostPath) {
    ((options.flagWords + options.text(for: source, connection: "N")), name, directory)
  }

  /// Mounts. For a serial port a process stays that carries the bytes, and ends with the mount.
  package func make() throws(MountFailure) {
    guard Process.uid == 0 else { throw .misuse("only root can mount") }
    try requireDirectory()
    if options.isRemount { return try mount(connection: nil) }
    KernelModule.client.load()
    if HostText.exists("/proc/filesystems"), !KernelModule.client.isPresent { throw KernelModule.client.absence }
    switch source {
    case .virtio(let tag):
      try VirtioDevice.require(tag)
      try mount(connection: nil)
    case .serial(let port): try mount(through: port)
    case .unix, .tcp, .vsock:
      KernelModule.descriptors.load()
      let socket = try source.connect()
      try mount(connection: socket.rawValue, waiting: socket)
    }
  }

  private func requireDirectory() throws(MountFailure) {
    do throws(Errno) {
      _ = try Descriptor.directory(directory.bytes)
    } catch .noSuchFileOrDirectory {
      throw .failed("there is no directory \(directory): make it first")
    } catch .notDirectory {
      throw .failed("\(directory) is no directory")
    } catch {
      throw .failed("can't mount at \(directory): \(error)")
    }
  }

  /// Mounts by a process in the background, which then goes on to carry the bytes. This one waits for the mount.
  private func mount(through name: HostPath) throws(MountFailure) {
    KernelModule.descriptors.load()
    let side: Process.Side
    do throws(Errno) {
      side = try Process.daemonise()
    } catch {
      throw .system("can't start the process that carries the port's bytes: \(error)")
    }
    switch consume side {
    case .parent(let isReady):
      // The other has said why.
      guard isReady else { throw MountFailure(message: "", status: 32) }
    case .daemon(let readiness):
      Process.ignoreFatalSignals()
      let port = try SerialPort.open(name)
      let pair = try needed { () throws(Errno) in try SocketPair() }
      let relay = PortRelay(
        port: port, socket: try needed { () throws(Errno) in try pair.theirs.duplicate() })
      try needed { () throws(Errno) in try Thread.start { relay.carryDown() } }
      let up = try needed { () throws(Errno) in try Thread.begin { relay.carryUp() } }
      do {
        let kernels = pair.keep()
        try mount(connection: kernels.rawValue, waiting: kernels)
      }
      leaveDirectory()
      readiness.announce()
      up.join()
      Process.end(0)
    }
  }

  /// Gets what the process needs to carry bytes.
  private func needed<Value: ~Copyable>(_ body: () throws(Errno) -> Value) throws(MountFailure) -> Value {
    do throws(Errno) {
      return try body()
    } catch {
      throw .system("can't carry the port's bytes: \(error)")
    }
  }

  /// Goes to the root directory, so that the process keeps no other file system busy.
  private func leaveDirectory() {
    do throws(Errno) {
      try Descriptor.directory(HostPath("/").bytes).becomeWorkingDirectory()
    } catch {
      // Then it stays where it was started.
    }
  }

  /// Mounts by a connected socket, which the kernel mustn't wait on: one of its workers would be blocked.
  private func mount(connection: CInt, waiting socket: borrowing Descriptor) throws(MountFailure) {
    do throws(Errno) {
      try socket.setStatusFlags(.nonBlocking | .readWrite)
    } catch {
      throw .system("can't set up the connection: \(error)")
    }
    try mount(connection: connection)
  }

  private func mount(connection: CInt?) throws(MountFailure) {
    let text = options.text(for: source, connection: connection.map { "\($0)" } ?? "")
    do throws(Errno) {
      try Mount.mount(name, at: directory, type: "9p", flags: options.flags, options: text.span)
    } catch {
      throw explanation(of: error)
    }
  }
}
