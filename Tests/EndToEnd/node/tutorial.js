// The program of MQTT.js tutorials, as people paste it; only the address comes from outside.
const mqtt = require('mqtt')
const client = mqtt.connect(process.argv[2])

client.on('connect', () => {
  console.log('Connected')
  client.subscribe('sensors/temperature', (err) => {
    if (!err) {
      client.publish('sensors/temperature', 'Hello World')
    }
  })
})

client.on('message', (topic, message) => {
  console.log(`${topic}: ${message.toString()}`)
  client.end()
})

client.on('error', (err) => {
  console.error(err)
  process.exit(1)
})
