// A small MQTT client over WebSocket: 3.1.1 and 5.0, QoS 0 and 1. It tells what happens by events:
// "connected" {clientId, resumed}, "message" {topic, payload, bytes, qos, retain}, "subscribed" {filter, refused, why},
// "acknowledged" {topic, refused, why}, "closed" {reason, details, opened, wanted}: `reason` in words, `details` as in
// documents and logs.

import { connect, Fields, packet, Reader, string, uint16 } from './packets.js'
import { closeName, closeReason, packetName, packetReason } from './reasons.js'

const encoder = new TextEncoder()
const decoder = new TextDecoder('utf-8', { fatal: true })
const SESSION_SECONDS = 3600 // how long a 5.0 session without clean start is kept

export class Client extends EventTarget {
  #socket
  #version
  #reader = new Reader()
  #identifier = 0
  #subscriptions = new Map() // packet identifier → topic filter
  #publications = new Map() // packet identifier → topic
  #pinger
  #opened = false // the WebSocket opened
  #accepted = false // the broker accepted the CONNECT
  #reason = ''
  #details = []

  constructor(url, { clientId = '', username = '', password = '', version = 4, cleanStart = true, keepAlive = 60 } = {}) {
    super()
    this.#version = version
    const expiry = version === 5 && !cleanStart ? SESSION_SECONDS : 0
    const hello = connect({ version, clientId, username, password: username || version === 5 ? password : '', cleanStart, keepAlive, expiry })
    this.#socket = new WebSocket(url, ['mqtt'])
    this.#socket.binaryType = 'arraybuffer'
    this.#socket.onopen = () => {
      this.#opened = true
      this.#socket.send(hello)
      this.#ping(keepAlive)
    }
    this.#socket.onmessage = ({ data }) => this.#receive(data)
    this.#socket.onclose = (event) => this.#closed(event)
  }

  subscribe(filter, qos = 1) {
    const identifier = this.#nextIdentifier()
    this.#subscriptions.set(identifier, filter)
    this.#send(0x82, uint16(identifier), this.#noProperties(), string(filter), [qos])
  }

  unsubscribe(filter) {
    this.#send(0xa2, uint16(this.#nextIdentifier()), this.#noProperties(), string(filter))
  }

  publish(topic, text, { qos = 0, retain = false } = {}) {
    const identifier = qos > 0 ? this.#nextIdentifier() : 0
    if (identifier) this.#publications.set(identifier, topic)
    this.#send(0x30 | (qos << 1) | (retain ? 1 : 0), string(topic), identifier ? uint16(identifier) : [],
      this.#noProperties(), encoder.encode(text))
  }

  close() {
    this.#reason = 'you disconnected'
    if (this.#accepted) this.#send(0xe0)
    this.#socket.close(1000)
  }

  #ping(seconds) {
    clearInterval(this.#pinger)
    if (seconds > 0) this.#pinger = setInterval(() => this.#send(0xc0), seconds * 1000 / 2)
  }

  #noProperties() {
    return this.#version === 5 ? [0] : []
  }

  #send(first, ...parts) {
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.send(packet(first, ...parts))
  }

  #nextIdentifier() {
    do this.#identifier = (this.#identifier % 0xffff) + 1
    while (this.#subscriptions.has(this.#identifier) || this.#publications.has(this.#identifier))
    return this.#identifier
  }

  #tell(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }))
  }

  #fail(reason, ...details) {
    this.#reason ||= reason
    this.#details.push(...details)
    this.#socket.close()
  }

  #receive(data) {
    if (typeof data === 'string') return this.#fail('the gateway sent text where MQTT is binary')
    try {
      this.#reader.take(data, (first, body) => this.#handle(first, new Fields(body)))
    } catch (error) {
      this.#fail(error.message)
    }
  }

  #handle(first, fields) {
    switch (first >> 4) {
      case 2: return this.#answered(fields)
      case 3: return this.#message(first, fields)
      case 4: { // PUBACK
        const topic = this.#taken(this.#publications, fields)
        return this.#tell('acknowledged', { topic, ...this.#verdict('PUBACK', fields.left > 0 ? fields.byte() : 0, fields) })
      }
      case 9: { // SUBACK
        const filter = this.#taken(this.#subscriptions, fields)
        const { reason } = this.#version === 5 ? fields.properties() : {}
        const code = fields.byte()
        return this.#tell('subscribed', { filter, ...this.#words('SUBACK', code, reason) })
      }
      case 14: { // DISCONNECT: only a 5.0 server sends it
        const code = fields.left > 0 ? fields.byte() : 0
        const { reason } = fields.properties()
        return this.#fail(packetReason(5, code), packetName('DISCONNECT', code, reason))
      }
    }
  }

  #taken(map, fields) {
    const identifier = fields.uint16()
    const found = map.get(identifier)
    map.delete(identifier)
    return found
  }

  // CONNACK: the gateway closes after a refusal, and its Close belongs to the reason, so that it is waited for.
  #answered(fields) {
    const resumed = (fields.byte() & 1) === 1
    const code = fields.byte()
    const { clientId, keepAlive, reason } = this.#version === 5 ? fields.properties() : {}
    if (code !== 0) {
      this.#reason ||= packetReason(this.#version, code)
      this.#details.push(packetName('CONNACK', code, reason))
      setTimeout(() => this.#socket.close(), 2000)
      return
    }
    this.#accepted = true
    if (keepAlive !== undefined) this.#ping(keepAlive)
    this.#tell('connected', { clientId, resumed })
  }

  #verdict(name, code, fields) {
    return this.#words(name, code, code >= 0x80 ? fields.properties().reason : undefined)
  }

  #words(name, code, reason) {
    if (code < 0x80) return { refused: false }
    const words = this.#version === 5 ? packetReason(5, code) : 'the server gives no reason'
    return { refused: true, why: `${words} (${packetName(name, code, reason)})` }
  }

  #message(first, fields) {
    const qos = first >> 1 & 3
    const topic = fields.string()
    if (qos > 0) {
      const identifier = fields.bytes(2)
      if (qos === 1) this.#send(0x40, identifier)
    }
    if (this.#version === 5) fields.properties()
    const payload = fields.bytes(fields.left)
    this.#tell('message', { topic, payload: readable(payload), bytes: payload.length, qos, retain: (first & 1) === 1 })
  }

  #closed({ code, reason }) {
    clearInterval(this.#pinger)
    if (this.#opened) this.#details.push(closeName(code, reason))
    this.#tell('closed', {
      reason: this.#reason || (this.#opened ? closeReason(code) : 'the WebSocket could not be opened'),
      details: this.#details, opened: this.#opened, wanted: this.#reason === 'you disconnected',
    })
  }
}

const SHOWN = 1000 // characters of a payload, or half as many bytes of one that is not text

// The beginning of a payload: its text, or its bytes if it is not text.
function readable(payload) {
  try {
    const text = decoder.decode(payload.length > SHOWN * 4 ? cut(payload) : payload)
    return { text: text.length > SHOWN ? `${text.slice(0, SHOWN)}…` : text, isText: true }
  } catch {
    const bytes = [...payload.subarray(0, SHOWN / 2)].map((byte) => byte.toString(16).padStart(2, '0')).join(' ')
    return { text: payload.length > SHOWN / 2 ? `${bytes} …` : bytes, isText: false }
  }
}

// So much that enough is shown, with a whole character at its end.
function cut(payload) {
  let end = SHOWN * 4
  while (end > 0 && (payload[end] & 0xc0) === 0x80) end -= 1
  return payload.subarray(0, end)
}
