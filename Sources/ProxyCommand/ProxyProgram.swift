import Confinement
import Glibc
import Linux
import Serving
import SystemPackage

/// `virtfs-proxy-helper`, by whichever name it is called: reads its command line, becomes a daemon if it should, serves one
/// client and ends.
package enum ProxyProgram {
  /// Does all that a command line asks for. It may end the process.
  ///
  /// - Parameters:
  ///   - count: how many words the command line has.
  ///   - arguments: the words, the program's name first, and NULL. They live as long as the process; their order may change.
  ///   - name: what it calls itself.
  ///   - misuse: its status where the words are wrong.
  @unsafe
  package static func run(
    count: CInt, arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>, as name: StaticString,
    misuse: CInt
  ) {
    Log.start(ident: name, tag: "virtfs-proxy-helper")
    do throws(UsageError) {
      switch try unsafe Command(count: count, arguments: arguments) {
      case .help: print(help(of: name), terminator: "")
      case .version: print(version(of: name))
      case .serve(let options): serve(options)
      }
    } catch {
      Log.write(.critical, error.message)
      exit(misuse)
    }
  }

  private static func serve(_ options: Options) {
    Process.tidyDescriptors(keeping: options.connection.inherited)
    do throws(StartError) {
      let checked = try Checked(options)
      Process.holdTermination()
      let waiting = try Waiting(options.connection)
      let identities = try checked.identities()
      guard options.isDaemon else { finish(try StartUp.run(checked, as: identities, waiting) {}) }
      try checked.unshareProcesses()
      var readiness: Process.Readiness? = try daemonise()
      Log.openSystemLog()
      finish(
        try StartUp.run(checked, as: identities, waiting) {
          Log.leaveStandardError()
          readiness.take()?.announce()
        })
    } catch {
      Log.write(.critical, error.message)
      exit(EXIT_FAILURE)
    }
  }

  /// Goes on in a child. The first process ends here, when that is ready or has failed.
  private static func daemonise() throws(StartError) -> Process.Readiness {
    switch try attempt("daemon", { () throws(Errno) in try Process.daemonise() }) {
    case .parent(let isReady):
      // The child has said why not.
      exit(isReady ? EXIT_SUCCESS : EXIT_FAILURE)
    case .daemon(let readiness):
      return readiness
    }
  }

  /// Says how the connection ended, and ends the process: with success unless the client broke the protocol.
  private static func finish(_ ending: Ending) -> Never {
    if let signal = Process.terminationSignal {
      Log.write(.notice, "ended by signal \(signal)")
      exit(EXIT_SUCCESS)
    }
    switch ending {
    case .closed:
      Log.write(.notice, "client closed, done")
    case .cutShort:
      Log.write(.warning, "client closed within a request")
    case .nonsense(let type, let size):
      Log.write(.critical, "client doesn't speak the protocol: request type \(type) of \(size) bytes")
      exit(EXIT_FAILURE)
    case .failed(let error):
      Log.write(.critical, "socket: \(error)")
      exit(EXIT_FAILURE)
    case .lost, .notStarted:
      // An export in this process isn't lost, and a session of this protocol starts with its first request.
      exit(EXIT_FAILURE)
    }
    exit(EXIT_SUCCESS)
  }
}
