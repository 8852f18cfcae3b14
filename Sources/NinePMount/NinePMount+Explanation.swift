internal import SystemPackage

extension NinePMount {
  /// Says what an error of `mount(2)` means here, as far as it can be told.
  func explanation(of error: Errno) -> MountFailure {
    switch error {
    case .operationNotSupportedByDevice where !KernelModule.client.isPresent: KernelModule.client.absence
    case .invalidArgument, .protocolNotSupported:
      // What is built in can't be told from what is missing, so that the options are named as well.
      transport.isPresent
        ? refusedOptions : MountFailure.failed("\(refusedOptions.message); or \(transport.absence.message)")
    case .argListTooLong: .misuse("the options are too long: the kernel takes 4095 bytes")
    case .resourceBusy:
      source.isDevice
        ? .failed("the device \(name) is in use: it can be mounted at one directory; findmnt -t 9p shows where")
        : .failed("\(directory) is busy")
    case .noSuchFileOrDirectory: absentExport
    case .notPermitted:
      .failed("not permitted: mounting takes CAP_SYS_ADMIN, which root of a container may lack, or the server refuses")
    case .permissionDenied: .failed("the server doesn't let this client in")
    case .ioError, .brokenPipe, .connectionReset:
      .failed("the server ended the connection: its log may say why, or it doesn't speak 9P2000.L")
    default: .failed("can't mount \(name) at \(directory): \(error)")
    }
  }

  private var transport: KernelModule { source.isDevice ? .virtio : .descriptors }

  private var refusedOptions: MountFailure {
    options.isRemount
      ? .failed("nothing is mounted at \(directory), or it doesn't take these options")
      : .failed("the kernel doesn't take one of these options; dmesg may say which")
  }

  private var absentExport: MountFailure {
    if let export = options.value(of: "aname") { return .failed("the server has no export \"\(export)\"") }
    if case .virtio(let tag) = source, VirtioDevice.tags.isEmpty { return VirtioDevice.absence(of: tag, among: []) }
    return .failed("the server has several exports: say which, by --export NAME")
  }
}
