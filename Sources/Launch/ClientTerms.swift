package import Serving

/// What a client is granted, beside the files.
package struct ClientTerms: Sendable {
  /// Whether it may name any user, or is one identity.
  package let authority: Authority
  /// Whether it may take its time to attach to an export.
  package let mayAttachLate: Bool
  /// What it shares with all other clients of the process.
  package let shared: SharedResources
}
