// What an application with MQTT.js does, for test_browsers_mqttjs.py: it shows the reason when it is refused.
'use strict'
const clients = []
const origin = location.origin.replace('http', 'ws')

function say (text) {
  document.querySelector('#said').textContent = text
}

// Connects; the number of the client. Fails with what MQTT.js says.
function open (options = {}, address = origin + '/mqtt') {
  return new Promise((resolve, reject) => {
    const client = mqtt.connect(address, { reconnectPeriod: 0, ...options })
    client.received = []
    client.on('message', (topic, payload) => client.received.push([topic, payload.toString(), payload.length]))
    client.on('connect', () => resolve(clients.push(client) - 1))
    client.on('error', (error) => { say(error.message); reject(error) })
    client.on('close', () => { say(document.querySelector('#said').textContent || 'closed'); reject(new Error('closed')) })
  })
}

function refusal (options, address) {
  say('')
  return open(options, address).then(() => '', () => new Promise((resolve) => setTimeout(() => resolve(document.querySelector('#said').textContent), 100)))
}

function subscribe (number, topic, qos) {
  return new Promise((resolve, reject) => clients[number].subscribe(topic, { qos }, (error) => error ? reject(error) : resolve()))
}

function publish (number, topic, payload, qos) {
  return new Promise((resolve, reject) => clients[number].publish(topic, payload, { qos }, (error) => error ? reject(error) : resolve()))
}

function end (number) {
  return new Promise((resolve) => clients[number].end(false, {}, resolve))
}

// One after the other: opens a socket, waits until it is open, closes it; how many were clean.
async function openAndClose (count) {
  let clean = 0
  for (let number = 0; number < count; number += 1) {
    clean += await new Promise((resolve) => {
      const socket = new WebSocket(origin + '/mqtt', 'mqtt')
      socket.onopen = () => socket.close(1000)
      socket.onclose = (event) => resolve(event.wasClean ? 1 : 0)
    })
  }
  return clean
}
