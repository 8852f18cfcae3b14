import HelperHarness
import Testing

/// What only root can run: the helper acts as any user. One at a time, since they watch processes and descriptors.
@Suite(
  .serialized,
  .enabled(if: hasRoot(), "needs root: the helper acts as any user, which is root's to allow"))
enum PrivilegedTests {}
