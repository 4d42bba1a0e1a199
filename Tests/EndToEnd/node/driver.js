// One MQTT.js client that does what lines of JSON on standard input say, and prints what happens as lines of JSON.
// The contract is that of clients/driver.py, with some more.
'use strict'
const crypto = require('crypto')
const fs = require('fs')
const readline = require('readline')
const mqtt = require('mqtt')

let client

function tell (event, more) {
  process.stdout.write(JSON.stringify({ event, ...more }) + '\n')
}

// A payload that both sides can make: every byte follows from its place and the seed.
function pattern (size, seed) {
  const block = crypto.createHash('sha256').update(seed).digest('hex')
  return Buffer.alloc(size, block)
}

function digest (payload) {
  return crypto.createHash('sha256').update(payload).digest('hex')
}

const commands = {
  connect ({ url, options }) {
    if (options.protocolVersion === 3) options.protocolId = 'MQIsdp'
    if (options.ca) options.ca = fs.readFileSync(options.ca)
    if (options.will) options.will.payload = Buffer.from(options.will.payload)
    client = mqtt.connect(url, { reconnectPeriod: 0, ...options })
    client.on('connect', (packet) => tell('connect', { packet }))
    client.on('error', (error) => tell('error', { message: error.message, code: error.code }))
    client.on('disconnect', (packet) => tell('disconnect', { reason: packet.reasonCode }))
    client.on('close', () => tell('close'))
    client.on('message', (topic, payload, packet) => tell('message', {
      topic,
      size: payload.length,
      hash: digest(payload),
      text: payload.length <= 4096 ? payload.toString() : undefined,
      qos: packet.qos,
      retain: packet.retain,
      dup: packet.dup,
      properties: packet.properties
    }))
  },

  subscribe ({ topic, options }) {
    client.subscribe(topic, options, (error, granted) => tell('subscribed', { error: error && error.message, granted }))
  },

  publish ({ topic, payload, options }) {
    client.publish(topic, payload, options, (error) => tell('published', { error: error && error.message }))
  },

  publishPattern ({ topic, size, seed, options }) {
    const payload = pattern(size, seed)
    client.publish(topic, payload, options, () => tell('published', { hash: digest(payload) }))
  },

  publishMany ({ topic, count, options }) {
    let left = count
    for (let index = 0; index < count; index++) {
      client.publish(topic, String(index), options, () => { if (--left === 0) tell('published', { count }) })
    }
  },

  end () {
    client.end(false, {}, () => {
      tell('ended')
      process.stdin.destroy()
    })
  }
}

readline.createInterface({ input: process.stdin }).on('line', (line) => {
  const { command, ...rest } = JSON.parse(line)
  commands[command](rest)
})
