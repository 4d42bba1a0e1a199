// The page around the client: forms in, messages out, errors in words.

import { Client } from './client.js'
import { MessageList } from './messages.js'
import { httpReason } from './reasons.js'

const element = (id) => document.getElementById(id)
const filters = new Set()
const messages = new MessageList(element)
let client = null

const secure = location.protocol === 'https:'
element('url').value = `${secure ? 'wss' : 'ws'}://${location.host || 'localhost:8083'}/mqtt`
element('client-id').value = `browser-${Math.random().toString(16).slice(2, 10)}`
for (const id of ['url', 'version']) element(id).addEventListener('input', showSnippet)
showSnippet()

element('clear').addEventListener('click', () => messages.clear())

element('connection').addEventListener('submit', (event) => {
  event.preventDefault()
  complain('')
  if (client) client.close()
  else connect()
})

element('subscription').addEventListener('submit', (event) => {
  event.preventDefault()
  attempt(() => client.subscribe(element('filter').value))
})

element('publication').addEventListener('submit', (event) => {
  event.preventDefault()
  const topic = element('topic').value
  if (/[+#]/.test(topic)) return complain('A message needs a topic without + and #; they are only for filters.')
  const qos = Number(element('qos').value)
  attempt(() => {
    client.publish(topic, element('payload').value, { qos, retain: element('retain').checked })
    element('published').textContent = qos === 0 ? `Sent to ${topic}` : `Sent to ${topic}, waiting for the broker`
  })
})

function connect() {
  const url = element('url').value.trim()
  if (secure && url.startsWith('ws:')) {
    return complain('A page loaded over https cannot open ws: connections. Use a wss: address.')
  }
  const options = {
    clientId: element('client-id').value,
    username: element('username').value,
    password: element('password').value,
    version: Number(element('version').value),
    cleanStart: element('clean-start').checked,
  }
  // [MQTT-3.1.3-7], [MQTT-3.1.2-22]
  if (options.version === 4 && !options.cleanStart && !options.clientId) {
    return complain('MQTT 3.1.1 needs a client id to continue a session.')
  }
  if (options.version === 4 && options.password && !options.username) {
    return complain('MQTT 3.1.1 allows a password only with a user name.')
  }
  attempt(() => {
    client = new Client(url, options)
    show('opening', `Connecting to ${url}`)
    client.addEventListener('connected', ({ detail }) => connected(url, detail))
    client.addEventListener('subscribed', ({ detail }) => subscribed(detail))
    client.addEventListener('acknowledged', ({ detail }) => acknowledged(detail))
    client.addEventListener('message', ({ detail }) => messages.add(detail))
    client.addEventListener('closed', ({ detail }) => closed(url, detail))
  })
}

function connected(url, { clientId, resumed }) {
  if (clientId) element('client-id').value = clientId // the broker's choice
  show('open', `Connected to ${url}${resumed ? ', with the session of before' : ''}`)
}

async function closed(url, { reason, details, opened, wanted }) {
  client = null
  filters.clear()
  showFilters()
  element('published').textContent = ''
  show('closed', 'Not connected')
  if (wanted) return
  complain(`Not connected: ${reason}.`, details)
  if (opened) return
  const why = await askOverHTTP(url)
  if (!client) complain(`Not connected: ${reason}: ${why.reason}.`, why.details)
}

// A browser does not tell why a WebSocket was not opened; the status of the same address may.
async function askOverHTTP(url) {
  const address = new URL(url, location)
  address.protocol = address.protocol.replace('ws', 'http')
  address.hash = ''
  if (address.origin !== location.origin) {
    return { reason: 'nothing listens there, the path is wrong, or the certificate is not trusted', details: [] }
  }
  try {
    const { status, statusText } = await fetch(address, { cache: 'no-store', redirect: 'manual' })
    return {
      reason: httpReason(status) ?? 'the gateway refuses requests for it',
      details: status ? [`HTTP ${status} ${statusText}`.trim()] : [],
    }
  } catch {
    return { reason: 'the gateway does not answer', details: [] }
  }
}

// Runs what may throw, and reports an error in words.
function attempt(action) {
  complain('')
  try {
    action()
  } catch (error) {
    complain(`That did not work: ${error.message}`)
  }
}

function complain(text, details = []) {
  element('problem-text').textContent = text
  element('problem-details').replaceChildren(...details.map((detail) => {
    const item = document.createElement('li')
    item.textContent = detail
    return item
  }))
  element('problem').hidden = text === ''
}

function show(state, text) {
  element('state').dataset.state = state
  element('state').textContent = text
  element('connect').textContent = { closed: 'Connect', opening: 'Cancel', open: 'Disconnect' }[state]
  for (const id of ['subscription', 'publication']) {
    element(id).querySelector('button').disabled = state !== 'open'
  }
}

function subscribed({ filter, refused, why }) {
  if (refused) return complain(`The subscription to ${filter} was refused: ${why}.`)
  filters.add(filter)
  showFilters()
}

function acknowledged({ topic, refused, why }) {
  if (refused) complain(`The message to ${topic} was refused: ${why}.`)
  element('published').textContent = refused ? '' : `The broker has the message to ${topic}`
}

function showFilters() {
  element('subscriptions').replaceChildren(...[...filters].map((filter) => {
    const item = document.createElement('li')
    const name = document.createElement('span')
    const remove = document.createElement('button')
    name.textContent = filter
    remove.type = 'button'
    remove.textContent = '×'
    remove.setAttribute('aria-label', `Unsubscribe from ${filter}`)
    remove.addEventListener('click', () => {
      client?.unsubscribe(filter)
      filters.delete(filter)
      showFilters()
      const next = element('subscriptions').querySelector('button') ?? element('filter')
      next.focus()
    })
    item.append(name, remove)
    return item
  }))
}

function showSnippet() {
  element('snippet').textContent = `import mqtt from 'mqtt'

const client = mqtt.connect('${element('url').value}', { protocolVersion: ${element('version').value} })
client.on('connect', () => client.subscribe('sensors/#'))
client.on('message', (topic, message) => console.log(topic, message.toString()))`
}
