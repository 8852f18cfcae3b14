internal import Confinement
internal import Serving
internal import SystemPackage

extension Accounts {
  /// The host's accounts; none, and a warning on the log, if they can't be read.
  static func ofHost() -> Accounts {
    do throws(Errno) {
      return try read()
    } catch {
      Log.write(.warning, "can't read /etc/passwd: \(error): users given by name (uname=) are unknown")
      return Accounts()
    }
  }
}
