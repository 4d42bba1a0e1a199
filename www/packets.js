// MQTT 3.1.1 and 5.0 as bytes: packets are made, and taken out of a stream.

const encoder = new TextEncoder()
const decoder = new TextDecoder()
const MAXIMUM_PACKET = 16 * 1024 * 1024

export const uint16 = (value) => [value >> 8, value & 0xff]
const uint32 = (value) => [...uint16(value >>> 16), ...uint16(value & 0xffff)]

export function string(text) {
  const bytes = encoder.encode(text)
  if (bytes.length > 0xffff) throw new Error('a name or topic is longer than MQTT allows')
  return [...uint16(bytes.length), ...bytes]
}

export function packet(first, ...parts) {
  const length = parts.reduce((sum, part) => sum + part.length, 0)
  const head = [first]
  for (let rest = length; ;) {
    head.push(rest > 127 ? (rest & 127) | 128 : rest)
    if ((rest >>= 7) === 0) break
  }
  const bytes = new Uint8Array(head.length + length)
  let offset = 0
  for (const part of [head, ...parts]) {
    bytes.set(part, offset)
    offset += part.length
  }
  return bytes
}

export function connect({ version, clientId, username, password, cleanStart, keepAlive, expiry }) {
  const flags = (cleanStart ? 0x02 : 0) | (username ? 0x80 : 0) | (password ? 0x40 : 0)
  const properties = expiry ? [0x11, ...uint32(expiry)] : [] // §3.1.2.11.2
  return packet(0x10, string('MQTT'), [version, flags], uint16(keepAlive),
    version === 5 ? [properties.length, ...properties] : [], string(clientId),
    username ? string(username) : [], password ? string(password) : [])
}

// Packets out of WebSocket messages, which may cut them anywhere [MQTT-6.0.0-4].
export class Reader {
  #bytes = new Uint8Array(4096)
  #end = 0

  // Calls `handle(first, body)` for each whole packet; throws when there is a malformed or too large one.
  take(data, handle) {
    this.#append(new Uint8Array(data))
    let start = 0
    for (;;) {
      let length = 0, digits = 0, digit = 128
      while (digit & 128 && digits < 4 && start + 1 + digits < this.#end) {
        digit = this.#bytes[start + 1 + digits]
        length += (digit & 127) * 128 ** digits
        digits += 1
      }
      if (digit & 128 && digits === 4) throw new Error('the broker sent a packet with a malformed length')
      if (length > MAXIMUM_PACKET) throw new Error('the broker sent a packet that is too large for this page')
      const body = start + 1 + digits
      if (digit & 128 || body + length > this.#end) break
      handle(this.#bytes[start], this.#bytes.subarray(body, body + length))
      start = body + length
    }
    this.#bytes.copyWithin(0, start, this.#end)
    this.#end -= start
  }

  #append(bytes) {
    if (this.#end + bytes.length > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(this.#bytes.length * 2, this.#end + bytes.length))
      larger.set(this.#bytes.subarray(0, this.#end))
      this.#bytes = larger
    }
    this.#bytes.set(bytes, this.#end)
    this.#end += bytes.length
  }
}

// The fields of one packet, in their order; what goes beyond its end throws.
export class Fields {
  #bytes
  #offset = 0

  constructor(bytes) { this.#bytes = bytes }

  get left() { return this.#bytes.length - this.#offset }

  bytes(count) {
    if (count > this.left) throw new Error('the broker sent a packet that ends too early')
    return this.#bytes.subarray(this.#offset, this.#offset += count)
  }

  byte() { return this.bytes(1)[0] }
  uint16() { const [high, low] = this.bytes(2); return high << 8 | low }
  string() { return decoder.decode(this.bytes(this.uint16())) }

  #variable() {
    let value = 0
    for (let digit = 0; digit < 4; digit += 1) {
      const byte = this.byte()
      value += (byte & 127) * 128 ** digit
      if (byte < 128) return value
    }
    throw new Error('the broker sent a malformed length')
  }

  // MQTT 5.0 §2.2.2: those that this client uses. A packet may end before its properties.
  properties() {
    const found = {}
    if (this.left === 0) return found
    const fields = new Fields(this.bytes(this.#variable()))
    while (fields.left > 0) {
      const identifier = fields.#variable()
      switch (identifier) {
        case 0x12: found.clientId = fields.string(); break
        case 0x13: found.keepAlive = fields.uint16(); break
        case 0x1f: found.reason = fields.string(); break
        case 0x03: case 0x08: case 0x09: case 0x15: case 0x16: case 0x1a: case 0x1c: // strings and binary data
          fields.bytes(fields.uint16()); break
        case 0x26: fields.string(); fields.string(); break
        case 0x02: case 0x11: case 0x18: case 0x27: fields.bytes(4); break
        case 0x21: case 0x22: case 0x23: fields.bytes(2); break
        case 0x0b: fields.#variable(); break
        default: fields.bytes(1)
      }
    }
    return found
  }
}
