// The list of messages: the newest first, a bounded number of them, drawn once per frame however fast they come.

const MAXIMUM = 200
const ANNOUNCE_EVERY = 2000 // milliseconds: what is read out to those who do not see the list

export class MessageList {
  #element
  #waiting = [] // not drawn yet; never more than are shown
  #count = 0
  #frame = 0
  #announcement = 0
  #drawn = 0 // of the count
  #announced = 0 // of those

  constructor(element) { this.#element = element }

  add(message) {
    this.#count += 1
    this.#waiting.push({ ...message, time: new Date() })
    if (this.#waiting.length > MAXIMUM) this.#waiting.shift()
    // No frame comes while the page is in the background: then the last ones wait.
    this.#frame ||= requestAnimationFrame(() => this.#draw())
  }

  clear() {
    this.#waiting = []
    this.#count = this.#drawn = this.#announced = 0
    this.#element('messages').replaceChildren()
    this.#draw()
  }

  #draw() {
    this.#frame = 0
    const list = this.#element('messages')
    list.prepend(...this.#waiting.reverse().map(item))
    this.#waiting = []
    this.#drawn = this.#count
    while (list.children.length > MAXIMUM) list.lastElementChild.remove()
    this.#element('count').textContent = this.#count.toLocaleString('en')
    list.hidden = this.#count === 0
    this.#element('empty').hidden = this.#count > 0
    this.#element('older').hidden = this.#count <= MAXIMUM
    this.#announcement ||= setTimeout(() => this.#announce(), this.#announced === 0 ? 0 : ANNOUNCE_EVERY)
  }

  #announce() {
    this.#announcement = 0
    const added = this.#drawn - this.#announced
    this.#announced = this.#drawn
    if (added === 0) return
    const newest = this.#element('messages').firstElementChild
    this.#element('announcer').textContent =
      `${added === 1 ? 'One message' : `${added} messages`}, the newest: ${newest.querySelector('b').textContent}: ` +
      newest.querySelector('pre').textContent.slice(0, 200)
  }
}

function item({ topic, payload, bytes, qos, retain, time }) {
  const item = document.createElement('li')
  const head = document.createElement('div')
  const name = document.createElement('b')
  const facts = document.createElement('small')
  const body = document.createElement('pre')
  name.textContent = topic
  const size = bytes === 1 ? '1 byte' : `${bytes.toLocaleString('en')} bytes`
  facts.textContent = [time.toLocaleTimeString(), `QoS ${qos}`, size, retain ? 'retained' : '', payload.isText ? '' : 'not text']
    .filter(Boolean).join(' · ')
  body.textContent = payload.text
  head.append(name, facts)
  item.append(head, body)
  return item
}
