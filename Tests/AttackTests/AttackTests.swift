import HelperHarness
import Testing

/// What a client that was taken over tries against the built program, which is started in every way that shuts it in.
///
/// The tests are one client at a time: they watch processes, descriptors and what lies beside the export.
@Suite(.serialized) enum AttackTests {
  /// Says why only half of each test's ways are there where that is so.
  @Suite struct WaysOfStartingTests {
    @Test(.enabled(if: hasRoot(), "needs root: helpers of ordinary users alone are attacked without"))
    func rootsHelpersAreAttackedToo() {
      #expect(Start.all.count == 4)
      #expect(Start.asRoot.count == 2 && Start.namespaces.count == 2)
    }
  }
}

extension Start {
  static let namespaces = all.filter { $0.sandbox == "namespace" }
  /// Root's ways alone, for what the host's root has to prepare or the helper needs root for.
  static let asRoot = all.filter { !$0.isRootless }

  /// No boundary at all: shows that an attack would succeed if nothing stood in its way.
  static let open = Start(sandbox: "none", isRootless: false)
}

let needsRoot: Comment = "needs root: the host's part can't be played without"
