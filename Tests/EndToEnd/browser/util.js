// Of Node.js's `util`, what MQTT.js asks for in a browser.
exports.inherits = require('inherits')
exports.inspect = Object.assign((value) => String(value), { custom: Symbol('inspect') })
exports.deprecate = (it) => it
exports.debuglog = () => () => {}
