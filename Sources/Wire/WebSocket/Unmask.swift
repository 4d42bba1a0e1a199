/// XORs `count` bytes with the repeated masking key while moving them down, or not at all: `destination <= source`
/// (RFC 6455 §5.3). `mask` holds the key as it lies in memory, rotated so that its first byte meets the first byte here;
/// returns it as the byte after them needs it.
///
/// Plain words on purpose: LLVM turns them into vector code, but not SIMD64<UInt8> (six times slower).
@inline(__always)
func unmask(
    from source: UnsafeMutableRawPointer, to destination: UnsafeMutableRawPointer, count: Int, mask: UInt32
) -> UInt32 {
    let wide = UInt64(mask) | UInt64(mask) << 32
    var i = 0
    while count &- i >= 32 {  // read before written, so that LLVM needs no check for an overlap
        let one = (source + i).loadUnaligned(as: UInt64.self)
        let two = (source + i + 8).loadUnaligned(as: UInt64.self)
        let three = (source + i + 16).loadUnaligned(as: UInt64.self)
        let four = (source + i + 24).loadUnaligned(as: UInt64.self)
        (destination + i).storeBytes(of: one ^ wide, as: UInt64.self)
        (destination + i + 8).storeBytes(of: two ^ wide, as: UInt64.self)
        (destination + i + 16).storeBytes(of: three ^ wide, as: UInt64.self)
        (destination + i + 24).storeBytes(of: four ^ wide, as: UInt64.self)
        i &+= 32
    }
    while count &- i >= 8 {
        let word = (source + i).loadUnaligned(as: UInt64.self)
        (destination + i).storeBytes(of: word ^ wide, as: UInt64.self)
        i &+= 8
    }
    if count & 4 != 0 {
        let word = (source + i).loadUnaligned(as: UInt32.self)
        (destination + i).storeBytes(of: word ^ mask, as: UInt32.self)
        i &+= 4
    }
    if count & 2 != 0 {
        let word = (source + i).loadUnaligned(as: UInt16.self)
        (destination + i).storeBytes(of: word ^ UInt16(truncatingIfNeeded: mask), as: UInt16.self)
        i &+= 2
    }
    let turn = UInt32(truncatingIfNeeded: i & 3) &* 8
    var rotated = turn == 0 ? mask : mask &>> turn | mask &<< (32 &- turn)
    if count & 1 != 0 {
        let byte = (source + i).load(as: UInt8.self)
        (destination + i).storeBytes(of: byte ^ UInt8(truncatingIfNeeded: rotated), as: UInt8.self)
        rotated = rotated &>> 8 | rotated &<< 24
    }
    return rotated
}
