// A small MQTT 3.1.1 client over WebSocket: QoS 0 and 1, clean sessions. It tells what happens by events:
// "connected", "message" {topic, text, bytes, qos, retain}, "subscribed" {filter, refused}, "closed" {reason}.

const CONNACK_REASONS = [ // MQTT 3.1.1 §3.2.2.3
  '', 'the broker does not speak MQTT 3.1.1', 'the client identifier is not allowed', 'no broker is available right now',
  'the user name or password is wrong', 'this client is not authorised',
]

const CLOSE_REASONS = { // RFC 6455 §7.4.1
  1000: 'the other side closed the connection',
  1001: 'the gateway is going away',
  1002: 'the gateway saw a WebSocket protocol error',
  1003: 'the gateway does not accept this kind of data',
  1005: 'the other side closed the connection and gave no reason',
  1006: 'the connection was lost',
  1008: 'the gateway refused the connection by its policy',
  1009: 'a message was too large',
  1011: 'the gateway had an internal error',
  1013: 'the gateway is overloaded; try again later',
}

const encoder = new TextEncoder()
const decoder = new TextDecoder()

const uint16 = (value) => [value >> 8, value & 0xff]

function string(text) {
  const bytes = encoder.encode(text)
  if (bytes.length > 0xffff) throw new Error('a name or topic is longer than MQTT allows')
  return [...uint16(bytes.length), ...bytes]
}

function packet(first, ...parts) {
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

export class Client extends EventTarget {
  #socket
  #buffer = new Uint8Array(0)
  #identifier = 0
  #subscriptions = new Map() // packet identifier → topic filter
  #pinger
  #opened = false // the WebSocket opened
  #accepted = false // the broker accepted the CONNECT
  #reason = ''

  constructor(url, { clientId = '', username = '', password = '', keepAlive = 60 } = {}) {
    super()
    this.#socket = new WebSocket(url, ['mqtt'])
    this.#socket.binaryType = 'arraybuffer'
    this.#socket.onopen = () => {
      this.#opened = true
      const flags = 0x02 | (username ? 0x80 : 0) | (username && password ? 0x40 : 0)
      this.#send(0x10, string('MQTT'), [4, flags], uint16(keepAlive), string(clientId),
        username ? string(username) : [], username && password ? string(password) : [])
      this.#pinger = setInterval(() => this.#send(0xc0), keepAlive * 1000 / 2)
    }
    this.#socket.onmessage = ({ data }) => this.#receive(data)
    this.#socket.onclose = (event) => this.#closed(event)
  }

  subscribe(filter, qos = 1) {
    const identifier = this.#nextIdentifier()
    this.#subscriptions.set(identifier, filter)
    this.#send(0x82, uint16(identifier), string(filter), [qos])
  }

  unsubscribe(filter) {
    this.#send(0xa2, uint16(this.#nextIdentifier()), string(filter))
  }

  publish(topic, text, { qos = 0, retain = false } = {}) {
    const identifier = qos > 0 ? uint16(this.#nextIdentifier()) : []
    this.#send(0x30 | (qos << 1) | (retain ? 1 : 0), string(topic), identifier, encoder.encode(text))
  }

  close() {
    this.#reason = 'you disconnected'
    if (this.#accepted) this.#send(0xe0)
    this.#socket.close(1000)
  }

  #send(first, ...parts) {
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.send(packet(first, ...parts))
  }

  #nextIdentifier() {
    this.#identifier = (this.#identifier % 0xffff) + 1
    return this.#identifier
  }

  #tell(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }))
  }

  #fail(reason) {
    this.#reason ||= reason
    this.#socket.close()
  }

  // Packets may be cut anywhere between WebSocket messages [MQTT-6.0.0-4].
  #receive(data) {
    if (typeof data === 'string') return this.#fail('the gateway sent text where MQTT is binary')
    const bytes = new Uint8Array(this.#buffer.length + data.byteLength)
    bytes.set(this.#buffer)
    bytes.set(new Uint8Array(data), this.#buffer.length)
    let start = 0
    for (;;) {
      let length = 0, digits = 0, digit = 128
      while (digit & 128 && digits < 4 && start + 1 + digits < bytes.length) {
        digit = bytes[start + 1 + digits]
        length += (digit & 127) * 128 ** digits
        digits += 1
      }
      if (digit & 128 && digits === 4) return this.#fail('the broker sent a packet with a malformed length')
      const body = start + 1 + digits
      if (digit & 128 || body + length > bytes.length) break
      this.#handle(bytes[start], bytes.subarray(body, body + length))
      start = body + length
    }
    this.#buffer = bytes.slice(start)
  }

  #handle(first, body) {
    switch (first >> 4) {
      case 2: // CONNACK
        if (body[1] !== 0) return this.#fail(CONNACK_REASONS[body[1]] ?? `the broker refused with code ${body[1]}`)
        this.#accepted = true
        return this.#tell('connected')
      case 3: // PUBLISH
        return this.#message(first, body)
      case 9: { // SUBACK
        const identifier = body[0] << 8 | body[1]
        this.#tell('subscribed', { filter: this.#subscriptions.get(identifier), refused: body[2] > 2 })
        this.#subscriptions.delete(identifier)
      }
    }
  }

  #message(first, body) {
    const qos = first >> 1 & 3
    const topicEnd = 2 + (body[0] << 8 | body[1])
    const payload = body.subarray(qos > 0 ? topicEnd + 2 : topicEnd)
    if (qos === 1) this.#send(0x40, body.subarray(topicEnd, topicEnd + 2))
    this.#tell('message', {
      topic: decoder.decode(body.subarray(2, topicEnd)), text: decoder.decode(payload),
      bytes: payload.length, qos, retain: (first & 1) === 1,
    })
  }

  #closed({ code, reason }) {
    clearInterval(this.#pinger)
    const known = this.#opened
      ? CLOSE_REASONS[code] ?? `the connection was closed with code ${code}`
      : 'the WebSocket could not be opened: nothing listens there, the path is wrong, or the certificate is not trusted'
    const text = this.#reason || known + (reason ? ` (${reason})` : '')
    this.#tell('closed', { reason: text, wanted: this.#reason === 'you disconnected' })
  }
}
