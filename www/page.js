// The page around the client: forms in, messages out, errors in words.

import { Client } from './client.js'

const MAXIMUM_SHOWN = 200
const element = (id) => document.getElementById(id)
const filters = new Set()
let client = null
let count = 0

const secure = location.protocol === 'https:'
element('url').value = `${secure ? 'wss' : 'ws'}://${location.host || 'localhost:8083'}/mqtt`
element('client-id').value = `browser-${Math.random().toString(16).slice(2, 10)}`
showSnippet()

element('url').addEventListener('input', showSnippet)
element('clear').addEventListener('click', clearMessages)

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
  attempt(() => client.publish(topic, element('payload').value, {
    qos: Number(element('qos').value), retain: element('retain').checked,
  }))
})

function connect() {
  const url = element('url').value.trim()
  if (secure && url.startsWith('ws:')) {
    return complain('A page loaded over https cannot open ws: connections. Use a wss: address.')
  }
  attempt(() => {
    client = new Client(url, {
      clientId: element('client-id').value,
      username: element('username').value,
      password: element('password').value,
    })
    show('opening', `Connecting to ${url}`)
    client.addEventListener('connected', () => show('open', `Connected to ${url}`))
    client.addEventListener('subscribed', ({ detail }) => subscribed(detail))
    client.addEventListener('message', ({ detail }) => showMessage(detail))
    client.addEventListener('closed', ({ detail }) => closed(detail))
  })
}

function closed({ reason, wanted }) {
  client = null
  filters.clear()
  showFilters()
  show('closed', 'Not connected')
  if (!wanted) complain(`Not connected: ${reason}.`)
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

function complain(text) {
  element('problem').textContent = text
  element('problem').hidden = text === ''
}

function show(state, text) {
  element('state').dataset.state = state
  element('state').textContent = text
  element('connect').textContent = state === 'closed' ? 'Connect' : 'Disconnect'
  for (const id of ['subscription', 'publication']) {
    element(id).querySelector('button').disabled = state !== 'open'
  }
}

function subscribed({ filter, refused }) {
  if (refused) return complain(`The broker refused the subscription to ${filter}.`)
  filters.add(filter)
  showFilters()
}

function showFilters() {
  element('subscriptions').replaceChildren(...[...filters].map((filter) => {
    const item = document.createElement('li')
    const remove = document.createElement('button')
    remove.type = 'button'
    remove.textContent = '×'
    remove.setAttribute('aria-label', `Unsubscribe from ${filter}`)
    remove.addEventListener('click', () => {
      client?.unsubscribe(filter)
      filters.delete(filter)
      showFilters()
    })
    item.append(filter, remove)
    return item
  }))
}

function showMessage({ topic, text, bytes, qos, retain }) {
  const item = document.createElement('li')
  const head = document.createElement('div')
  const name = document.createElement('b')
  const facts = document.createElement('small')
  const body = document.createElement('pre')
  name.textContent = topic
  const size = bytes === 1 ? '1 byte' : `${bytes} bytes`
  facts.textContent = [new Date().toLocaleTimeString(), `QoS ${qos}`, size, retain ? 'retained' : '']
    .filter(Boolean).join(' · ')
  body.textContent = text.length > 1000 ? `${text.slice(0, 1000)}…` : text
  head.append(name, facts)
  item.append(head, body)
  const list = element('messages')
  list.prepend(item)
  while (list.children.length > MAXIMUM_SHOWN) list.lastElementChild.remove()
  count += 1
  element('count').textContent = count
  element('empty').hidden = true
}

function clearMessages() {
  count = 0
  element('count').textContent = 0
  element('messages').replaceChildren()
  element('empty').hidden = false
}

function showSnippet() {
  element('snippet').textContent = `import mqtt from 'mqtt'

const client = mqtt.connect('${element('url').value}')
client.on('connect', () => client.subscribe('sensors/#'))
client.on('message', (topic, message) => console.log(topic, message.toString()))`
}
