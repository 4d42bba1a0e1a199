// What codes of MQTT and WebSocket mean, in words.

const CONNACK_3 = { // MQTT 3.1.1 §3.2.2.3
  1: 'the broker does not speak MQTT 3.1.1',
  2: 'the client identifier is not allowed',
  3: 'no broker is available right now',
  4: 'the user name or password is wrong',
  5: 'this client is not authorised',
}

const MQTT_5 = { // MQTT 5.0 §2.4
  0x00: 'normal end',
  0x04: 'the end, with the Will',
  0x80: 'an error without a further reason',
  0x81: 'a packet was malformed',
  0x82: 'a rule of MQTT was broken',
  0x83: 'an error of the server itself',
  0x84: 'the server does not speak MQTT 5.0',
  0x85: 'the client identifier is not allowed',
  0x86: 'the user name or password is wrong',
  0x87: 'this client is not authorised',
  0x88: 'no broker is available right now',
  0x89: 'the server is busy; try again later',
  0x8a: 'this client is banned',
  0x8b: 'the server is shutting down',
  0x8c: 'the authentication method is not supported',
  0x8d: 'the client was silent for too long',
  0x8e: 'another client with the same client id has taken over the session',
  0x8f: 'the topic filter is not allowed',
  0x90: 'the topic is not allowed',
  0x93: 'too many messages were under way',
  0x95: 'a packet was too large',
  0x96: 'messages came too fast',
  0x97: 'a quota was exceeded',
  0x98: 'the operator ended the connection',
  0x99: 'the payload is not in the announced format',
  0x9a: 'retained messages are not supported',
  0x9b: 'the quality of service is not supported',
  0x9c: 'another server is to be used for now',
  0x9d: 'the service has moved to another server',
  0x9e: 'shared subscriptions are not supported',
  0x9f: 'connections came too fast',
  0xa0: 'the connection lasted as long as it is allowed to',
  0xa1: 'subscription identifiers are not supported',
  0xa2: 'wildcards are not supported',
}

const WEBSOCKET = { // RFC 6455 §7.4.1 and the registry that it founded
  1000: 'the other side closed the connection',
  1001: 'the gateway is going away',
  1002: 'the gateway saw a WebSocket protocol error',
  1003: 'the gateway does not accept this kind of data',
  1005: 'the other side closed the connection and gave no reason',
  1006: 'the connection was lost',
  1007: 'the gateway saw text that is not UTF-8',
  1008: 'the gateway refused the connection by its policy',
  1009: 'a message was too large',
  1011: 'the gateway had an internal error',
  1012: 'the service is restarting',
  1013: 'the gateway is overloaded; try again later',
}

const hexadecimal = (code) => `0x${code.toString(16).toUpperCase().padStart(2, '0')}`

// The words for a code of a packet that refuses or ends something; `version` is 4 or 5.
export function packetReason(version, code) {
  return (version === 5 ? MQTT_5 : CONNACK_3)[code] ?? `the server gives code ${hexadecimal(code)}`
}

// As it is named in documents and logs: CONNACK 0x86, with the server's own words.
export function packetName(packet, code, text) {
  return `${packet} ${hexadecimal(code)}${text ? `, “${text}”` : ''}`
}

export function closeReason(code) {
  return WEBSOCKET[code] ?? `the connection was closed with code ${code}`
}

export function closeName(code, text) {
  return `WebSocket Close ${code}${text ? `, “${text}”` : ''}`
}

// What an HTTP status at the address of a WebSocket says about it; null if nothing.
export function httpReason(status) {
  return {
    403: 'the gateway does not allow this client',
    404: 'nothing is at this path',
    421: 'the gateway does not serve this name here',
    426: 'MQTT is at this address, but the WebSocket was not accepted: the origin of this page may not be allowed',
    429: 'too many connections came from here',
    503: 'the gateway is overloaded; try again later',
  }[status] ?? (status < 400 ? 'something else than MQTT is at this path' : null)
}
