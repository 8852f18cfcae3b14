package import Linux
package import SystemPackage

/// The name in the file system that a socket is going to be bound to.
package enum SocketName {
  /// Checks that a socket can be bound to this name, without a change.
  ///
  /// - Throws: if the name is too long, or is another file's than that of an abandoned socket.
  package static func check(_ path: HostPath) throws(StartError) {
    _ = try abandoned(path)
  }

  /// Removes an abandoned socket of this name, and no other file.
  ///
  /// - Throws: as ``check(_:)`` does.
  package static func clear(_ path: HostPath) throws(StartError) {
    guard let found = try abandoned(path) else { return }
    try attempt("can't remove \"\(path)\", a socket that nobody listens at") { () throws(Errno) in
      // Another socket may have taken its place meanwhile.
      guard try SocketFile.status(path).isSame(as: found) else { throw .addressInUse }
      try SocketFile.remove(path)
    }
  }

  /// Returns the status of the abandoned socket of this name, at which no process listens; nil if there is no such file.
  private static func abandoned(_ path: HostPath) throws(StartError) -> FileStatus? {
    guard path.count <= UnixSocket.maximumPath else {
      throw StartError(
        "can't listen at \"\(path)\": a socket's path has \(UnixSocket.maximumPath) bytes at most, and this has "
          + "\(path.count)")
    }
    let status: FileStatus
    do throws(Errno) {
      status = try SocketFile.status(path)
    } catch .noSuchFileOrDirectory {
      guard hasDirectory(path) else {
        throw StartError("can't listen at \"\(path)\": its directory doesn't exist: make it, or choose another name")
      }
      return nil
    } catch {
      throw StartError("can't listen at \"\(path)\": \(error)" + advice(error))
    }
    guard status.isSocket else {
      throw StartError("can't listen at \"\(path)\": it is no socket, and stays: remove it, or choose another name")
    }
    guard UnixSocket.isAbandoned(path: path) else {
      throw StartError("can't listen at \"\(path)\": another program listens there: end it, or choose another name")
    }
    return status
  }

  /// Advice for an operator if a socket can't be made in spite of a free name; empty if there is none.
  package static func advice(_ error: Errno) -> String {
    error == .permissionDenied ? ": user \(Process.uid) may make no files in its directory: choose another name" : ""
  }

  private static func hasDirectory(_ path: HostPath) -> Bool {
    do throws(Errno) {
      _ = try Descriptor.directory(path.directory)
      return true
    } catch {
      return false
    }
  }
}
