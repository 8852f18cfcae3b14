/// An array of elements that can't be copied, which `Array` can't hold. Only growing allocates.
@safe
package struct OwnedArray<Element: ~Copyable>: ~Copyable {
  private var base: UnsafeMutablePointer<Element>
  private var capacity: Int
  /// The number of elements.
  package private(set) var count: Int

  /// An empty array with room for 16 elements.
  package init() {
    capacity = 16
    unsafe base = .allocate(capacity: capacity)
    count = 0
  }

  deinit {
    unsafe base.deinitialize(count: count)
    unsafe base.deallocate()
  }

  /// An element. An index out of bounds traps.
  package subscript(index: Int) -> Element {
    unsafeAddress { unsafe UnsafePointer(pointer(to: index)) }
    unsafeMutableAddress { unsafe pointer(to: index) }
  }

  /// Returns the address of an element, for the addressors of a type that owns the array. It is valid until the array
  /// changes or ends. An index out of bounds traps.
  @unsafe
  package func pointer(to index: Int) -> UnsafeMutablePointer<Element> {
    precondition(index >= 0 && index < count)
    return unsafe base + index
  }

  /// Appends an element.
  package mutating func append(_ element: consuming Element) {
    if count == capacity { grow() }
    unsafe (base + count).initialize(to: element)
    count += 1
  }

  /// Removes and returns an element. The last element gets its index.
  package mutating func take(_ index: Int) -> Element {
    precondition(index >= 0 && index < count)
    let element = unsafe (base + index).move()
    count -= 1
    if index < count { unsafe (base + index).moveInitialize(from: base + count, count: 1) }
    return element
  }

  /// Removes all elements.
  package mutating func removeAll() {
    let had = count
    count = 0
    unsafe base.deinitialize(count: had)
  }

  private mutating func grow() {
    let larger = UnsafeMutablePointer<Element>.allocate(capacity: capacity * 2)
    unsafe larger.moveInitialize(from: base, count: count)
    unsafe base.deallocate()
    unsafe base = larger
    capacity *= 2
  }
}
