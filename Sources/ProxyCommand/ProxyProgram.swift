import Confinement
import Glibc
import Launch
import Linux
import Serving
import SystemPackage

/// `virtfs-proxy-helper` and `postern proxy`: reads the command line, becomes a daemon unless told otherwise, serves one client
/// and ends.
package enum ProxyProgram {
  /// Does what a command line asks for. It may end the process.
  ///
  /// - Parameters:
  ///   - count: the number of words on the command line.
  ///   - arguments: the words, the program's name first, and NULL. They live as long as the process; their order may change.
  ///   - name: the program's name in messages.
  ///   - misuse: the exit status for a wrong command line.
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
    do throws(StartError) {
      finish(try ProxyStartUp.run(options))
    } catch {
      Log.write(.critical, error.message)
      exit(EXIT_FAILURE)
    }
  }

  /// Logs how the connection ended, and ends the process: with success unless the client broke the protocol.
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
    case .lost, .notStarted, .violation:
      // An export in this process isn't lost, and a session of this protocol starts with its first request.
      exit(EXIT_FAILURE)
    }
    exit(EXIT_SUCCESS)
  }
}
